"""Generated pages are in step with the code that they describe."""

from pathlib import Path

import pytest

from docs._tools import PAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_what_the_code_says(path):
    written = (ROOT / path).read_text(encoding="utf-8")
    assert written == PAGES[path](), "run 'make pages'"


def test_the_check_notices_a_stale_page(monkeypatch):
    from docs import _tools

    path = "docs/reference/exit-codes.md"
    monkeypatch.setitem(_tools.PAGES, path, lambda: "something else")
    assert path in _tools.stale()
    assert "docs/reference/settings.md" not in _tools.stale()


def test_the_cli_reference_has_every_flag_of_help():
    import re

    import typer
    from typer.testing import CliRunner

    from docs._tools import cli_reference
    from forecastctl.cli.app import app

    page = cli_reference.page()
    sections = dict(
        re.findall(r"^## forecastctl (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    )
    names = list(typer.main.get_command(app).commands)
    assert list(sections) == names
    for name in names:
        text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output
        flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - {"--help"}
        assert flags, name
        assert {f for f in flags if f"`{f}" not in sections[name]} == set(), name


def test_the_picture_shows_every_layer_of_the_contract():
    import tomllib

    from docs._tools import layers

    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in content["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    modules = [
        m.strip().removeprefix("forecastctl.") for r in contract["layers"] for m in r.split("|")
    ]
    picture = layers.picture()
    drawn = [m for m in modules if m != "__main__"]  # it only starts the command line
    assert [m for m in drawn if f">{m}</text>" not in picture] == []
