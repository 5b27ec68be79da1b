"""The files that a project's workflows and tools read hold together."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _commands(workflow):
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("path", sorted(GITHUB.glob("workflows/*.yml")), ids=lambda p: p.name)
def test_a_workflow_calls_what_there_is(path):
    commands = _commands(path)
    assert commands
    made = {name for c in commands for name in re.findall(r"^make ([a-z-]+)", c, re.MULTILINE)}
    assert made <= TARGETS


def test_a_pull_request_passes_what_every_change_must():
    (command,) = _commands(GITHUB / "workflows" / "ci.yml")
    script = ROOT / command.split()[-1]
    assert script == ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111


def test_the_release_reads_the_version_that_the_package_has():
    import subprocess

    import forecastctl

    (step, *_) = _commands(GITHUB / "workflows" / "release.yml")
    (code,) = re.findall(r"python3 -c '(.*)'\)", step)
    said = subprocess.run(
        ["python3", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == forecastctl.__version__


def test_each_commit_is_checked_as_lint_checks():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["entry"].removeprefix(".venv/bin/").split()[0] for hook in repo["hooks"]}
    assert hooks == {"ruff", "mypy", "lint-imports", "python"}


@pytest.mark.parametrize("path", sorted(GITHUB.glob("*.md")), ids=lambda p: p.name)
def test_what_contributors_read_names_things_that_are_there(path):
    text = path.read_text()
    assert {*re.findall(r"`make ([a-z-]+)`", text)} <= TARGETS
    for link in re.findall(r"\]\((\.[^)#]+)\)", text):
        assert (path.parent / link).exists(), link
