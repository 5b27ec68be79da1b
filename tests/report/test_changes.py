"""What is different from one job to the next."""

from forecastctl.report.changes import compare
from forecastctl.report.values import Change, Changes


def line(airport, status="ok", model="ETS"):
    return {"airport": airport, "status": status, "model": model}


def test_airports_that_came_and_went_and_are_others():
    before = [line("A"), line("B"), line("C", "failed", None), line("D"), line("E")]
    after = [line("E", "skipped", "HW"), line("F"), line("C"), line("B", model="HW"), line("A")]
    found = compare(before, after, "j1", 5)
    assert (found.job_id, found.started_ms) == ("j1", 5)
    assert (found.added, found.gone) == (("F",), ("D",))
    assert found.status == (Change("C", "failed", "ok"),)
    assert found.model == (Change("B", "ETS", "HW"),)


def test_equal_jobs_have_no_changes():
    found = compare([line("A")], [line("A")], "j1", 5)
    assert found == Changes("j1", 5)
