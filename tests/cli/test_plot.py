"""The plot command: files, their names, and what is refused."""

import pytest

from tests.cli.conftest import QUICK, panel


def test_a_chart_is_a_file_that_says_what_it_is(cli):
    cli("run", "--data", cli.write(panel(["JFK", "a/b c"])), *QUICK)
    said = cli("plot", "a/b c").stdout
    name = said.partition(" written")[0]
    assert name.startswith("a-b-c-forecast-")
    assert (cli.folder / name).read_bytes().startswith(b"\x89PNG")
    out = cli.folder / "x.svg"
    found = cli.json("plot", "JFK", "--kind", "backtest", "--out", out)
    assert (found["airport"], found["kind"], found["file"]) == ("JFK", "backtest", str(out))
    assert out.read_bytes().startswith(b"<?xml")
    assert "Did you mean 'JFK'?" in cli("plot", "JFKK", code=6).stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--kind", "trial"], "Did you mean 'trials'?"),
        (["--out", "x.pdf"], "neither .png nor .svg"),
        (["--out", "no/x.png"], "cannot be written"),
        (["--date", "2018-01"], "--date says nothing about --kind forecast."),
        (["--kind", "parts", "--as-of", "2018-01"], "--as-of says nothing about --kind parts."),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_a_store_is_opened(bare, given, said):
    assert said in bare("plot", "JFK", *given, code=2).stderr
    assert list(bare.folder.iterdir()) == []
