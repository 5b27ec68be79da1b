"""What a job says where nobody looks: few plain lines, and nothing with --quiet if all is well."""

import pytest

from forecastctl.cli.output.mail import MOST_LINES, WIDTH, paragraph, summary_lines
from forecastctl.cli.output.render import tally
from forecastctl.jobs.summary import Summary, SummaryLine
from tests.cli.conftest import QUICK, panel

COST = {"wall_seconds": 60.0, "airports_per_minute": 30.0}


def line(airport, status="ok", reason=None):
    return SummaryLine(airport, status, reason, 0.5 if status == "ok" else None, None, None)


def lines_of(*accounts, sums=()):
    summary = Summary("20260101-000000-abcdef", "r" * 32, "ok", accounts, None, COST)
    by_status = tally(summary.counts)
    return summary_lines(
        summary, tally=by_status, out="f.csv", store="sqlite:///m.db", loss="mase", sums=sums
    )


def test_what_was_done():
    assert lines_of(line("JFK"), line("LGA")) == [
        "2 airports: 2 ok",
        "median mase 0.500 in validation, by which the models were chosen",
        "forecasts   f.csv",
        "recorded    sqlite:///m.db",
        f"job         20260101-000000-abcdef (run {'r' * 32})",
        "took        60 s, 30 airports/min",
    ]


def test_what_went_wrong_stands_together_by_its_reason_the_gravest_first():
    found = lines_of(
        line("JFK"),
        line("BAI", "ok-with-fallback", "too short"),
        line("LGA", "rejected", "no data"),
        line("EWR", "failed", "ValueError: " + "far " * 100),
        line("BOS", "rejected", "no data"),
    )
    assert found[1] == "failed: EWR"
    assert found[2].startswith("  ValueError: far far")
    assert found[3].endswith(" ...")
    assert found[4:8] == ["rejected: LGA, BOS", "  no data", "ok-with-fallback: BAI", "  too short"]
    assert found[-2].startswith("next        'forecastctl history airports --status failed --job")
    assert found[-1].startswith("next        'forecastctl check'")


@pytest.mark.parametrize("n", [1, 7, 12, 13, 14, 15, 16, 17, 300])
@pytest.mark.parametrize("alike", [True, False])
def test_however_many_there_are_it_fits_a_page(n, alike):
    accounts = [
        line(f"A{i:04d} " + "x" * 30, "failed", "E: " + "y " * 200 + ("" if alike else str(i)))
        if i % 2
        else line(f"A{i:04d}", "rejected", f"no data {0 if alike else i}")
        for i in range(n)
    ]
    found = lines_of(*accounts, sums=[f"group {i}" for i in range(30)])
    assert len(found) <= MOST_LINES
    assert all(len(text) <= WIDTH for text in found if not text.startswith("next"))
    if n == 300 and not alike:
        (more,) = (text for text in found if text.startswith("... and "))
        named = sum(text.startswith(("failed: ", "rejected: ")) for text in found)
        assert int(more.split()[2]) == n - named


def test_a_name_cannot_make_a_line():
    assert lines_of(line("A\nnext   rm -rf", "failed", "x\r\ny"))[1:3] == [
        "failed: A next rm -rf",
        "  x y",
    ]


def test_one_paragraph():
    text = paragraph(
        "run",
        {"total": 9, "ok": 2, "failed": 7, "rejected": 0},
        [(f"A{i}", "ValueError: " + "z" * 1000 if i == 0 else "no.") for i in range(7)],
        "Next: look.",
    )
    said = " ".join(text.split())
    assert said.startswith("forecastctl run: 9 airports, 7 failed, 2 ok. A0: ValueError: zzz")
    assert " A4: no. And 2 more. Next: look." in " ".join(text.split())
    assert "\n\n" not in text
    assert len(text) < 500


def test_quiet_says_what_failed_in_a_paragraph_and_nothing_else(cli, monkeypatch):
    def broken(task):
        if task.series.airport == "JFK":
            raise ValueError("no such luck")
        return real(task)

    from forecastctl.jobs import run as module

    real = module.work
    monkeypatch.setattr(module, "work", broken)
    cli.write(panel(["JFK", "LGA"]))
    result = cli("run", "--data", "air.csv", *QUICK, "--backend", "serial", "--quiet", code=4)
    assert result.stdout == ""
    said = " ".join(result.stderr.split())
    assert said.startswith("forecastctl run: 2 airports, 1 failed, 1 ok. JFK: ValueError: ")
    assert "no such luck" in said
    (job,) = cli.json("history")
    assert f"history airports --status failed --job {job['job_id']}'" in said


def test_quiet_says_why_nothing_could_be_used(cli):
    cli.write("airport,date,passengers\nJFK,2015-01,1\n")
    result = cli("run", "--data", "air.csv", *QUICK, "--quiet", code=3)
    said = " ".join(result.stderr.split())
    assert said.startswith("forecastctl run: 1 airport, 1 rejected. JFK: too short")


def test_quiet_says_nothing_where_all_is_well(cli):
    cli.write(panel(["JFK"]))
    result = cli("run", "--data", "air.csv", *QUICK, "--quiet")
    assert (result.stdout, result.stderr) == ("", "")
