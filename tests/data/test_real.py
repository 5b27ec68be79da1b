"""The real files, where they are."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.columnar import read_rows
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare, prepare_panel, prepare_rows
from forecastctl.data.read.files import read_panel
from forecastctl.records import Rejection, Series

NOW = date(2024, 1, 1)


def load(path, **settings):
    spec = DataSpec(str(path), **settings)
    panel = read_panel(spec)
    return panel, spec, prepare(panel, spec, as_of=None, today=NOW)


def airports_in(path, column=0):
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    with io.StringIO(text.decode(), newline="") as file:
        next(file)
        return list(dict.fromkeys(record[column] for record in csv.reader(file)))


@pytest.mark.parametrize("name", ["port_authority_raw.csv", "port_authority.csv"])
def test_both_forms_of_the_port_authority_agree(shared_data, name):
    panel, _, entries = load(shared_data / name)
    assert [e.airport for e in entries] == ["ACY", "EWR", "JFK", "LGA", "SWF"]
    assert all(isinstance(e, Series) for e in entries)
    assert [e.n for e in entries] == [48, 468, 468, 468, 120]
    assert panel.digest == load(shared_data / "port_authority.csv")[0].digest


def test_swf_files_yearly_totals_under_december_before_2006(shared_data):
    _, _, entries = load(shared_data / "port_authority_raw.csv")
    swf = entries[-1]
    assert str(swf.ds[0]) == "2006-01-01"
    assert swf.y.max() < 120_000  # the totals are up to 730,032
    assert swf.notes == (
        "left out 12 rows from 1994-12-01 to 2005-12-01: a year apart, probably totals",
    )


def test_domestic_passengers_are_a_setting(shared_data):
    _, _, entries = load(shared_data / "port_authority_raw.csv", value="Domestic Passengers")
    assert entries[0].y[0] == 104_219 or entries[0].y[0] > 0
    total = load(shared_data / "port_authority_raw.csv")[2][2]
    assert (entries[2].y < total.y).all()


@pytest.mark.slow
def test_tsa_monthly(shared_data):
    path = shared_data / "tsa_monthly.csv"
    panel, spec, entries = load(path)
    assert [e.airport for e in entries] == airports_in(path)
    reasons = {e.airport: e.reason for e in entries if isinstance(e, Rejection)}
    assert len(entries) == 438
    assert len(reasons) == 2
    assert all(r.startswith("too short") for r in reasons.values())
    report = check_panel(panel, spec, as_of=None, today=NOW)
    suspected = [
        a.airport for a in report.airports for f in a.findings if f.kind in {"unit", "label"}
    ]
    assert suspected == []  # the crash of 2020 is an event


def left_out(shared_data, name, dates, **settings):
    panel, spec, _ = load(shared_data / name, **settings)
    return left_out_of(panel, spec, dates)


def left_out_of(panel, spec, dates):
    """Months left out by airport, over many as-of dates, and the sentences about the panels."""
    found, said = {}, []
    for as_of in dates:
        prepared = prepare_panel(panel, spec, as_of=as_of, today=NOW)
        said += [(as_of, text) for text in prepared.warnings]
        for entry in prepared.entries:
            if isinstance(entry, Series) and entry.left_out:
                found.setdefault(entry.airport, set()).update(d[:7] for d in entry.left_out)
    return found, said


@pytest.mark.slow
def test_through_the_epidemic_nothing_of_tsa_is_left_out(shared_data):
    """But MCE, which closes in January 2022, for the two months in which nobody can tell."""
    dates = ("2020-03", "2020-04", "2020-05", "2020-07", "2021-04", "2022-02", "2022-03")
    found, said = left_out(shared_data, "tsa_monthly.csv", dates)
    assert found == {"MCE": {"2022-01", "2022-02"}}
    assert [as_of for as_of, _ in said] == ["2020-03", "2020-04", "2020-05", "2022-03"]
    assert said[-1][1].startswith("'MCE' has zeros since 2022-01: closed, or not published?")


@pytest.mark.slow
def test_real_months_are_hardly_ever_left_out(shared_data):
    years = range(1979, 2015)
    port = [f"{y}-{m:02d}" for y in years for m in (1, 7)]
    assert left_out(shared_data, "port_authority.csv", port)[0] == {}
    sfo = [f"{y}-{m:02d}" for y in range(2007, 2023) for m in range(1, 13, 2)]
    assert left_out(shared_data, "sfo.csv", sfo)[0] == {}
    hospital = [f"{y}-06" for y in range(2001, 2005)]
    assert left_out(shared_data, "hospital_monthly.csv.gz", hospital, airport="series")[0] == {}
    m1 = [f"19{y}-{m:02d}" for y in range(48, 62) for m in (3, 9)]
    found, _ = left_out(shared_data, "m1_monthly.csv.gz", m1, airport="series")
    assert set(found) <= {"MRB2"}  # one August of a tenth, in a year of a series that varies
    tourism = [f"{y}-{m:02d}" for y in range(1980, 2008, 3) for m in (1, 5, 9)]
    series = {"airport": "series", "totals": "keep"}
    found, _ = left_out(shared_data, "tourism_monthly.csv.gz", tourism, **series)
    assert found == {"M175": {"2004-01"}}  # a month of none, counted in hundreds


def test_one_fault_in_real_months_is_found(shared_data):
    panel, spec, entries = load(shared_data / "port_authority.csv")
    frame = panel.frame
    for entry in entries:
        last = (frame["airport"] == entry.airport) & (
            frame["ds"] == np.datetime64(entry.ds[-1], "s")
        )
        clear = (10.0,) if entry.airport != "SWF" else ()  # it once had five times as many
        for factor in (1000.0, 100.0, 0.001, 0.0, *clear):
            wrong = replace(
                panel, frame=frame.assign(y=frame["y"].where(~last, frame["y"] * factor))
            )
            found = prepare_panel(wrong, spec, as_of=None, today=NOW).entries
            gone = {e.airport: (e.left_out, e.ahead) for e in found if e.left_out}
            assert gone == {entry.airport: ((entry.cutoff,), 1)}, (entry.airport, factor)


@pytest.mark.slow
def test_tsa_daily(shared_data):
    path = shared_data / "tsa_daily.csv.gz"
    panel, _, entries = load(path)
    assert (panel.freq, panel.season_length, len(panel.frame)) == ("D", 7, 492_613)
    assert [e.airport for e in entries] == airports_in(path)
    series = [e for e in entries if isinstance(e, Series)]
    assert len(series) > 400
    for s in series:
        assert (np.diff(s.ds) == np.timedelta64(1, "D")).all()


@pytest.mark.slow
def test_tourism_is_readable_and_hardly_ever_suspected(shared_data):
    path, series = shared_data / "tourism_monthly.csv.gz", {"airport": "series"}
    panel, spec, entries = load(path, **series, totals="keep")
    assert len(entries) == 366
    assert all(isinstance(e, Series) for e in entries)
    report = check_panel(panel, spec, as_of=None, today=NOW)
    kinds = [f.kind for a in report.airports for f in a.findings]
    assert kinds.count("label") == 0
    assert kinds.count("unit") == 0
    points = sum(
        len(f.periods) for a in report.airports for f in a.findings if f.kind == "outliers"
    )
    assert points < 0.003 * len(panel.frame)


@pytest.mark.slow
def test_the_sums_among_real_series_are_those_that_are_sums(shared_data):
    """In tourism, groups of four, five and seventeen series precede their sum; no other has any."""
    panel, _, entries = load(shared_data / "tourism_monthly.csv.gz", airport="series")
    assert len(entries) == 366 - 32
    assert panel.understood.notes[0].startswith("32 airports are sums of others, 'M36', 'M54',")
    for name in ("hospital_monthly.csv.gz", "m1_monthly.csv.gz"):
        assert load(shared_data / name, airport="series")[0].understood.notes == ()
    for name in ("port_authority.csv", "russia_raw.csv.gz", "tsa_monthly.csv", "tsa_daily.csv.gz"):
        assert load(shared_data / name)[0].understood.notes == ()


def test_the_decembers_of_russia_are_caught(shared_data):
    path = shared_data / "russia_raw.csv.gz"
    panel, spec, entries = load(path)
    assert [e.airport for e in entries] == airports_in(path)
    assert len(entries) == 298
    zeros = [e for e in entries if isinstance(e, Rejection) and e.reason.startswith("all zeros")]
    assert len(zeros) == 183
    report = check_panel(panel, spec, as_of=None, today=NOW)
    label = {a.airport: f for a in report.airports for f in a.findings if f.kind == "label"}
    assert len(label) >= 80
    assert "every December" in label["Saint Petersburg (Pulkovo)"].message
    assert all(p.endswith("-12") for f in label.values() for p in f.periods)
    panel_wide = {f.kind: f.message for f in report.findings}
    assert panel_wide["label"].startswith("December is on another scale")
    assert "hold zeros since 2020-03" in panel_wide["unpublished"]
    assert "'Ust-Kut', 'Ust-kut'" in panel_wide["name"]


def test_russia_by_default_is_without_cargo_and_what_is_not_published(shared_data):
    _, _, entries = load(shared_data / "russia_raw.csv.gz")
    series = {e.airport: e for e in entries if isinstance(e, Series)}
    pulkovo = series["Saint Petersburg (Pulkovo)"]
    assert (pulkovo.cutoff, pulkovo.ahead) == ("2020-02-01", 10)
    months = [d[5:7] for d in pulkovo.left_out if d < "2020-03"]
    assert months == ["12"] * 13
    assert pulkovo.y[11::12].min() > 0.7 * pulkovo.y[10::12].min()
    assert len([e for e in series.values() if e.suspects]) > 80


def test_russia_without_its_suspects(shared_data):
    _, _, entries = load(shared_data / "russia_raw.csv.gz", suspects="missing")
    pulkovo = next(e for e in entries if e.airport == "Saint Petersburg (Pulkovo)")
    assert pulkovo.cutoff == "2020-02-01"
    december = pulkovo.y[11::12]
    november, january = pulkovo.y[10::12], pulkovo.y[12::12]
    assert (december > 0.7 * np.minimum(november, january)).all()
    assert (december < 1.4 * np.maximum(november, january)).all()
    assert any("every December" in n and "taken as missing" in n for n in pulkovo.notes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["port_authority_raw.csv", "tsa_monthly.csv", "russia_raw.csv.gz"])
def test_stored_panels_are_prepared_as_the_files_were(shared_data, name):
    panel, spec, _ = load(shared_data / name)
    assert stored_as_read(panel, spec)


def stored_as_read(panel, spec):
    """Prepare what is stored of a panel and the panel itself, the same; how many airports."""
    buffer = io.BytesIO()
    panel.frame.to_parquet(buffer, index=False)
    rows = read_rows(buffer.getvalue())
    entries = prepare_rows(rows, spec, "stored", as_of=None)
    expected = prepare(replace(panel, unit="line"), spec, as_of=None, today=date.max)
    assert len(entries) == len(expected) == len(rows.names)
    for found, entry in zip(entries, expected, strict=True):
        if isinstance(entry, Rejection):
            assert found == entry
            continue
        for field in fields(Series):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(entry, field.name))
    return len(entries)
