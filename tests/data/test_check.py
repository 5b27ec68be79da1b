from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.check.check import check, check_panel, panel_findings
from forecastctl.data.check.findings import NAMED
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from forecastctl.records import Series
from tests.data.conftest import TODAY, long_csv, months, panel_of, wave


def checked(airports, as_of=None, **settings):
    spec = DataSpec(None, **settings)
    return check(panel_of(airports, spec), spec, as_of=as_of, today=TODAY)


def kinds(entry):
    return {f.kind: f.severity for f in entry.findings}


GOOD = (months(60), wave(60))


def test_a_clean_airport():
    (entry,) = checked({"A": GOOD})
    assert (entry.airport, entry.first, entry.last, entry.n, entry.expected) == (
        "A",
        "2012-01",
        "2016-12",
        60,
        60,
    )
    assert entry.status_if_run == "ok"
    assert entry.findings == ()
    assert entry.action == "modelled on 60 months, 2012-01 to 2016-12"


def changed(**at):
    y = wave(60)
    for position, value in at.items():
        y[int(position[1:])] = value
    return months(60), y


def doubled():
    return np.append(months(60), months(60)[5]), np.append(wave(60), 5.0)


@pytest.mark.parametrize(
    ("data", "kind", "severity", "period"),
    [
        (changed(_20=np.nan, _21=np.nan), "gaps", "warning", "2013-09"),
        (changed(_20=0.0), "zero", "warning", "2013-09"),
        (changed(_20=0.0, _21=0.0, _22=0.0), "zeros", "info", "2013-09"),
        (changed(_57=0.0, _58=0.0, _59=0.0), "unpublished", "warning", "2016-10"),
        (changed(_20=np.inf), "non-finite", "reject", "2013-09"),
        (changed(_20=-4.0), "negative", "reject", "2013-09"),
        (changed(_20=16_000.0), "outliers", "info", "2013-09"),
        (changed(_20=wave(60)[20] * 1000), "unit", "warning", "2013-09"),
        (changed(**{f"_{i}": 80.0 for i in range(11, 60, 12)}), "label", "warning", "2012-12"),
        (doubled(), "duplicates", "reject", "2012-06"),
        ((months(2), [1.0, 2.0]), "short", "reject", None),
        ((months(60), [3.0] * 60), "constant", "reject", None),
        ((months(60), [0.0] * 60), "zeros", "reject", None),
        ((months(60)[:30], wave(30)), "stale", "warning", None),
        ((months(200), wave(200)), "future", "reject", None),
        ((months(60)[::12], wave(5)), "frequency", "reject", None),
    ],
)
def test_what_is_found(data, kind, severity, period):
    entry, other = checked({"A": data, "B": GOOD})
    assert kinds(entry)[kind] == severity
    found = next(f for f in entry.findings if f.kind == kind)
    assert period is None or found.periods[0] == period
    assert entry.status_if_run == ("rejected" if severity == "reject" else "ok")
    assert entry.action.startswith("rejected: " if severity == "reject" else "modelled on")
    assert other.findings == ()


def test_text_and_dates_are_found_by_line(write):
    path = write(
        long_csv({"A": 24}) + "A,2014-01-01,x\nA,soon,5\n" + long_csv({"B": 24}).partition("\n")[2]
    )
    spec = DataSpec(path)
    entry, other = check(read_panel(spec), spec, as_of=None, today=TODAY)
    assert kinds(entry) == {"text": "reject", "date": "reject"}
    assert {f.message for f in entry.findings} == {
        "line 26, column passengers: 'x' is not a number",
        "line 27, column date: 'soon' is not a date",
    }
    assert (entry.n, entry.expected) == (24, 24)
    assert other.status_if_run == "ok"


def test_names_that_nearly_agree():
    airports = {"Ust-Kut": GOOD, "ust-kut ": GOOD, "Ust-Kut\n2": GOOD}
    spec = DataSpec(None)
    panel = panel_of(airports)
    one, two, three = check(panel, spec, as_of=None, today=TODAY)
    assert "'ust-kut '" in one.findings[0].message
    assert kinds(two) == {"name": "warning"}
    assert "line break" in three.findings[0].message
    name, twice = panel_findings(panel, spec, as_of=None, today=TODAY)
    assert name.kind == "name"
    assert name.severity == "warning"
    assert "hold equal values since" in twice.message


def test_panel_findings_count_airports():
    y = wave(60)
    y[11::12] = 80.0
    zeros = wave(60)
    zeros[-5:] = 0
    airports = {f"L{i}": (months(60), y) for i in range(3)} | {
        f"Z{i}": (months(60), zeros) for i in range(2)
    }
    spec = DataSpec(None)
    panel = panel_of({**airports, "A": GOOD, "S": (months(2), [1, 2])})
    found = panel_findings(panel, spec, as_of=None, today=TODAY)
    texts = {f.kind: f.message for f in found}
    assert texts["label"].startswith(
        "December is on another scale than its neighbours in every year in 3 of 7 airports"
    )
    assert texts["unpublished"].startswith(
        "2 of 7 airports with passengers hold zeros since 2016-08"
    )
    assert texts["rejected"] == "1 of 7 airports rejected (stale): 'S'" or texts[
        "rejected"
    ].endswith("(short): 'S'")


def test_one_airport_far_ahead_is_pointed_out():
    ahead = (np.append(months(60), np.datetime64("2019-12-01")), np.append(wave(60), 9000.0))
    ahead = (months(96), wave(96))
    airports = {"AHEAD": ahead, **{f"A{i}": GOOD for i in range(4)}}
    spec = DataSpec(None)
    found = panel_findings(panel_of(airports), spec, as_of=None, today=TODAY)
    stale = next(f for f in found if f.kind == "stale")
    assert (
        "4 of 5 airports end more than 12 months before 2019-12, which 'AHEAD' reaches"
        in stale.message
    )


@pytest.mark.parametrize("gaps", ["interpolate", "longest", "reject"])
@pytest.mark.parametrize("suspects", ["keep", "missing", "reject"])
@pytest.mark.parametrize("duplicates", ["reject", "sum"])
def test_check_and_prepare_agree(gaps, suspects, duplicates):
    airports = {
        "gap": changed(_20=np.nan),
        "unit": changed(_20=wave(60)[20] * 1000),
        "twice": doubled(),
        "tail": changed(_57=0.0, _58=0.0, _59=0.0),
        "negative": changed(_1=-1.0),
        "good": GOOD,
    }
    spec = DataSpec(None, gaps=gaps, suspects=suspects, duplicates=duplicates)
    panel = panel_of(airports, spec)
    entries = prepare(panel, spec, as_of="2016-12", today=TODAY)
    reports = check(panel, spec, as_of="2016-12", today=TODAY)
    for entry, report in zip(entries, reports, strict=True):
        ok = isinstance(entry, Series)
        assert report.airport == entry.airport
        assert report.status_if_run == ("ok" if ok else "rejected")
        assert ok == all(f.severity != "reject" for f in report.findings)
        text = "; ".join(entry.notes) if ok else entry.reason
        assert report.action.endswith(text)


def test_a_wrong_year_among_days_names_the_first_of_tens_of_thousands_missing(write):
    days = pd.date_range("2010-01-01", periods=60).strftime("%Y-%m-%d")
    rows = "".join(f"JFK,{day},{100 + i}\n" for i, day in enumerate(["1820-01-01", *days]))
    spec = DataSpec(write(f"airport,date,passengers\n{rows}"), freq="D")
    found = check_panel(read_panel(spec), spec, as_of=None, today=TODAY)
    (gap,) = [f for f in found.airports[0].findings if f.kind == "gaps"]
    assert gap.message.startswith("69,396 days missing in 1 hole")
    assert len(gap.periods) == NAMED
    assert gap.periods[0] == "1820-01-02"
