"""The guides for those who come from elsewhere name what there is, here and there."""

import inspect
import re
from pathlib import Path

import pytest

from forecastctl.settings import SECTIONS, load_settings
from tests.docs.test_commands import program

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs/how-to").glob("from-*.md"))
SETTINGS = {name for name, *_ in load_settings({}, environ={}).items()}
KEY = re.compile(rf"`((?:{'|'.join(SECTIONS)})\.[a-z_]+)`")
FLAG = re.compile(r"`(--[a-z][a-z-]+)[ `]")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_settings_and_flags_of_a_guide_exist(page):
    text = page.read_text(encoding="utf-8")
    commands = program().commands.values()
    flags = {flag for command in commands for param in command.params for flag in param.opts}
    assert set(KEY.findall(text)) <= SETTINGS
    assert set(FLAG.findall(text)) <= flags
    assert len(set(FLAG.findall(text))) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_settings_files_of_a_guide_can_be_read(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    for number, block in enumerate(
        re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ):
        path = tmp_path / f"{number}.toml"
        path.write_text(block)
        assert load_settings({}, config=path, environ={}).data.source


def test_hyperopt_has_the_parameters_that_the_guide_names():
    import hyperopt

    text = (PAGES[0].parent / "from-sparktrials.md").read_text(encoding="utf-8")
    ours = {"max_evals", "algo", "timeout", "early_stop_fn", "rstate", "loss_threshold", "trials"}
    assert ours <= set(inspect.signature(hyperopt.fmin).parameters)
    spark = {"parallelism", "timeout", "spark_session", "loss_threshold"}
    assert spark <= set(inspect.signature(hyperopt.SparkTrials.__init__).parameters)
    assert [name for name in ours | spark if name not in text] == []


EXPLANATIONS = sorted((PAGES[0].parents[1] / "explanation").glob("*.md"))


@pytest.mark.parametrize("page", EXPLANATIONS, ids=lambda p: p.name)
def test_an_explanation_ends_with_its_sources(page):
    _, found, sources = page.read_text(encoding="utf-8").rpartition("\n## Sources\n")
    assert found
    assert "\n## " not in sources
    assert re.findall(r"\b(19|20)\d\d\b", sources), "a work and its year"
