"""What a user, or a name in the data, might say to upset the command or the terminal."""

import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from tests.data.conftest import long_csv


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "9" * 5000 + "w"],
        ["--since", "0001-01-01T00:00:00+23:59"],
        ["--since", "\x1b[31m\u202ex"],
        ["--status", "\x1b[31m"],
        ["--filter", "tags.x = '" + "y" * 100_000],
        ["--filter", "attributes.start_time > " + "9" * 30],
        ["--experiment", "\x1b[31m"],
    ],
    ids=lambda a: " ".join(a)[:24].replace("\x1b", ""),
)
def test_what_is_asked_of_the_record(cli, arguments):
    result = CliRunner().invoke(app, ["history", *arguments])
    assert result.exit_code in (0, 2, 6), result.output
    assert len(result.stderr) < 5000
    assert all(c.isprintable() or c == "\n" for c in result.stderr)


def test_names_that_speak_to_the_terminal(cli):
    """An airport's name cannot colour, move or turn what stands on the screen or in the log."""
    names = ["\x1b[31mred", "\u202egnp", "\x07bell", "[bold]x"]
    cli.write(long_csv(dict.fromkeys(names, 5)))
    for command in (["check"], ["run", "--family", "seasonal_naive", "--no-charts", "--jobs", "1"]):
        shown = cli(*command, "--data", "air.csv", "--as-of", "2013-01", "--verbose", code=0)
        text = shown.stdout + shown.stderr
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "\\x1b[31mred" in text
        assert "[bold]x" in text
