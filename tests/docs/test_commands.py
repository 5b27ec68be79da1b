"""Every forecastctl command line in the documentation parses, and every link resolves."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer

from forecastctl.cli.app import app
from forecastctl.cli.boundary import _with_wait

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    + [p for p in (ROOT / "examples").glob("*") if p.is_file()]
)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
RUNNABLE = {"console", "sh", "bash", "cron"}
END_OF_COMMAND = {"|", "||", "&&", ";", "&", ">", ">>", "2>", "2>>", "<", "2>&1", ")"}
STARTS = {"forecastctl", ".venv/bin/forecastctl", "/srv/forecasts/.venv/bin/forecastctl"}


def command_lines(page):
    """Arguments of every forecastctl command in a page's runnable blocks, or in a crontab."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        blocks = [(kind, body) for kind, body in FENCE.findall(text) if kind in RUNNABLE]
    else:
        blocks = [("cron", text)] if page.name == "crontab" else []
    for kind, body in blocks:
        for raw in body.replace("\\\n", " ").splitlines():
            line = raw.strip()
            if kind == "console":
                line = line.removeprefix("$ ") if line.startswith("$ ") else ""  # not output
            if re.search(r"forecastctl(\s|$)", line) and not line.startswith("#"):
                yield from _commands(line)


def _commands(line):
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    for at, word in enumerate(words):
        starts = word in STARTS or (word == "forecastctl" and words[max(at - 1, 0)] == "-m")
        if not starts:
            continue
        rest = words[at + 1 :]
        ends = [i for i, w in enumerate(rest) if w in END_OF_COMMAND]
        yield rest[: ends[0]] if ends else rest


@cache
def program():
    """All commands with their flags: to make them takes longer than to parse a line."""
    return typer.main.get_command(app)


def assert_parses(arguments):
    """Parse as the program would, without running anything."""
    root = program()
    known = {option for param in root.params for option in param.opts} | {"--help", "-h"}
    if not arguments or arguments[0].startswith("-"):
        assert set(arguments) <= known, arguments
        return
    name, *rest = arguments
    assert name in root.commands, f"no command {name}"
    if not {"--help", "-h"} & set(rest):
        root.commands[name].make_context(name, _with_wait(rest))


CASES = [(page, arguments) for page in PAGES for arguments in command_lines(page)]


@pytest.mark.parametrize(
    ("page", "arguments"),
    CASES,
    ids=[f"{p.relative_to(ROOT)}: {shlex.join(a)[:60]}" for p, a in CASES],
)
def test_a_documented_command_parses(page, arguments):
    assert_parses(arguments)


def test_the_documentation_shows_every_command():
    shown = {arguments[0] for _, arguments in CASES if arguments}
    assert set(program().commands) <= shown


@pytest.mark.parametrize("line", ["run --no-such-flag", "runn --data x", "retry"])
def test_a_wrong_command_would_be_noticed(line):
    with pytest.raises(Exception, match=r"No such option|no command|[Mm]issing"):
        assert_parses(line.split())


def test_commands_are_found_among_pipes_prompts_and_comments(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ forecastctl run --data 'a b.csv' \\\n    --json | jq .status\n"
        "forecastctl this is output\n$ cd /srv && forecastctl check > out.txt\n```\n"
        "```text\nforecastctl not runnable\n```\n"
        "```sh\n# forecastctl a comment\nX=1 .venv/bin/forecastctl history\n```\n"
    )
    assert list(command_lines(page)) == [
        ["run", "--data", "a b.csv", "--json"],
        ["check"],
        ["history"],
    ]
