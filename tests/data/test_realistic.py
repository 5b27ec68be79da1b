"""What `test_real` holds of the real files, on fleets of which we know what happened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.build import from_frame
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare, prepare_panel
from forecastctl.data.read.files import read_panel
from forecastctl.records import Rejection, Series
from tests import panels
from tests.data.test_real import NOW, left_out_of, stored_as_read

DECEMBER = 12


@pytest.fixture
def load(tmp_path):
    """Write a table to a file of that name, read and prepare it."""

    def make(frame, name="fleet.csv", **settings):
        path = tmp_path / name
        frame.to_csv(path, index=False)
        spec = DataSpec(str(path), **settings)
        panel = read_panel(spec)
        return panel, spec, prepare(panel, spec, as_of=None, today=NOW)

    return make


def in_memory(fleet):
    rows, spec = fleet.rows(), DataSpec(None)
    return from_frame(rows["airport"], rows["date"], rows["passengers"], spec, "fleet"), spec


def entries_of(fleet, as_of=None):
    panel, spec = in_memory(fleet)
    prepared = prepare_panel(panel, spec, as_of=as_of, today=NOW)
    return {e.airport: e for e in prepared.entries}, prepared.warnings


def left_out(fleet, dates):
    return left_out_of(*in_memory(fleet), dates)


def months(first, last):
    return [str(m) for m in pd.period_range(first, last, freq="M")]


def true(fleet, entry):
    """What flew in the months of a series."""
    return fleet.true.loc[pd.DatetimeIndex(entry.ds), entry.airport].to_numpy()


# Forms of files


def filed_fleet(seed=1):
    return panels.make(seed, 6, 180, "1995-01", attack="2001-09", opened=1, yearly_totals=1)


def test_both_forms_of_a_file_agree(load):
    fleet = filed_fleet()
    filed, _, entries = load(fleet.filed())
    tidy, _, others = load(fleet.rows())
    assert filed.digest == tidy.digest
    assert [e.airport for e in entries] == [e.airport for e in others] == list(fleet.table)
    for one, other in zip(entries, others, strict=True):
        assert (one.digest, one.n) == (other.digest, other.n)
        np.testing.assert_array_equal(one.y, true(fleet, one))
    n = {e.airport: e.n for e in entries}
    for airport, event in fleet.of("opened").items():
        assert n.pop(airport) == len(months(event.first, event.last))
    for airport, event in fleet.of("yearly_totals").items():
        assert n.pop(airport) == 180 - len(months(event.first, event.last))
    assert set(n.values()) == {180}


def test_yearly_totals_filed_under_december_are_left_out(load):
    fleet = filed_fleet()
    entries = {e.airport: e for e in load(fleet.filed())[2]}
    ((airport, event),) = fleet.of("yearly_totals").items()
    decembers = [m for m in months(event.first, event.last) if m.endswith("-12")]
    entry = entries[airport]
    assert str(entry.ds[0])[:7] == str(pd.Period(event.last) + 1)
    span = f"{len(decembers)} rows from {decembers[0]}-01 to {decembers[-1]}-01"
    assert entry.notes == (f"left out {span}: a year apart, probably totals",)
    assert all(not e.notes for a, e in entries.items() if a != airport)


def test_another_column_of_passengers_is_a_setting(load):
    fleet = filed_fleet()
    for entry in load(fleet.filed(), value="Domestic Passengers")[2]:
        np.testing.assert_array_equal(entry.y, np.floor(panels.DOMESTIC * true(fleet, entry)))


def test_series_of_other_names_are_read_and_only_what_is_unusual_is_called_so(load):
    fleet = panels.make(5, 40, 150, noise=0.04, smallest=3_000, local_shocks=8)
    rows = fleet.rows().set_axis(["series", "date", "value"], axis=1)
    rows.insert(1, "set", "train")
    panel, spec, entries = load(rows, "fleet.csv.gz", airport="series")
    assert [e.airport for e in entries] == list(fleet.table)
    assert all(isinstance(e, Series) and not e.left_out for e in entries)
    report = check_panel(panel, spec, as_of=None, today=NOW)
    found = {(a.airport, f.kind): f.periods for a in report.airports for f in a.findings}
    assert {kind for _, kind in found} == {"outliers"}
    unusual = {(airport, month) for (airport, _), at in found.items() for month in at}
    shocks = {(e.airport, e.first) for e in fleet.of("local_shock").values()}
    assert shocks <= unusual
    assert len(unusual - shocks) < 0.003 * len(panel.frame)


def test_days_are_read_and_those_missing_filled(load):
    fleet = panels.make(1, 6, 26, "2019-01", epidemic="2020-03")
    rows = fleet.days(missing=0.02)
    panel, _, entries = load(rows, "days.csv.gz")
    assert (panel.freq, panel.season_length, len(panel.frame)) == ("D", 7, len(rows))
    assert [e.airport for e in entries] == list(fleet.table)
    for entry in entries:
        published = rows[rows["airport"] == entry.airport].set_index("date")["passengers"]
        assert (np.diff(entry.ds) == np.timedelta64(1, "D")).all()
        at = np.isin(entry.ds, published.index.to_numpy("datetime64[D]"))
        assert 0 < (~at).sum() == len(entry.ds) - len(published)
        np.testing.assert_array_equal(entry.y[at], published)


# Events are no faults


def test_an_epidemic_is_an_event_and_every_airport_is_accounted_for():
    fleet = panels.make(2, 40, 39, "2019-01", smallest=1_000, epidemic="2020-03")
    late = list(fleet.table)[7:30:11]
    fleet.table.loc[:"2022-01", late] = np.nan  # two months are left
    panel, spec = in_memory(fleet)
    entries = prepare(panel, spec, as_of=None, today=NOW)
    assert [e.airport for e in entries] == list(fleet.table)
    rejected = {e.airport: e.reason for e in entries if isinstance(e, Rejection)}
    assert list(rejected) == late
    assert all(reason.startswith("too short: 2 months") for reason in rejected.values())
    report = check_panel(panel, spec, as_of=None, today=NOW)
    kinds = {f.kind for a in report.airports for f in a.findings}
    assert not kinds & {"unit", "label", "zero", "unpublished"}


def test_through_an_epidemic_only_the_first_zeros_of_a_closure_are_left_out():
    """One or two zeros may be months not published; from the third on it has closed."""
    fleet = panels.make(
        0, 24, 48, "2019-01", smallest=5_000, epidemic="2020-03", closed=1, grounded=3
    )
    ((closed, event),) = fleet.of("closed").items()
    third = str(pd.Period(event.first) + 2)
    dates = ["2020-03", "2020-04", "2020-05", "2020-07", "2021-04", *months(event.first, third)]
    found, said = left_out(fleet, dates)
    assert found == {closed: {event.first, str(pd.Period(event.first) + 1)}}
    assert [as_of for as_of, _ in said] == ["2020-03", "2020-04", "2020-05", third]
    flying = 24 - len(fleet.of("grounded"))
    assert all(f"{flying} of {flying} airports" in text for _, text in said[:3])
    assert said[-1][1].startswith(f"'{closed}' has zeros since {event.first}: closed, or not")


@pytest.mark.slow
def test_months_without_faults_are_never_left_out():
    fleet = panels.make(0, 20, 132, "1996-01", attack="2001-09", intermittent=2, local_shocks=4)
    found, said = left_out(fleet, months("1999-01", "2006-12")[::3])
    assert found == {}
    for _, text in said:  # now and then the same month is empty in the few years that tell
        assert text.split("'")[1] in fleet.of("intermittent")
        assert "on another scale" in text


# Faults are found


@pytest.mark.slow
def test_one_fault_in_the_last_month_is_found():
    fleet = panels.make(3, 6, 120, smallest=3_000, attack="2012-09")
    last = str(fleet.table.index[-1])[:7]
    for airport in fleet.table:
        for factor in (1000.0, 100.0, 10.0, 0.001, 0.0):
            entries, warnings = entries_of(fleet.scaled(airport, last, last, factor))
            gone = {a: (e.left_out, e.ahead) for a, e in entries.items() if e.left_out}
            assert gone == {airport: ((f"{last}-01",), 1)}, (airport, factor)
            assert not warnings


@pytest.mark.parametrize("count", [1, 6, 7, 8, 10, 12, 20])
def test_a_new_unit_is_seen_however_many_airports_have_it(count):
    fleet = panels.make(3, 20, 60, smallest=3_000)
    last = str(fleet.table.index[-1])[:7]
    wrong, bad = fleet, list(fleet.table)[:count]
    for airport in bad:
        wrong = wrong.scaled(airport, last, last, 1000.0)
    entries, _ = entries_of(wrong)
    assert {a: e.left_out for a, e in entries.items() if e.left_out} == dict.fromkeys(
        bad, (f"{last}-01",)
    )


@pytest.mark.parametrize("seed", range(3))
def test_of_every_airport_what_was_put_in_is_said(seed):
    fleet = panels.make(
        seed, 20, 120, smallest=3_000, closed=1, reopened=1, idle=1, opened=1, intermittent=1,
        thousandfold=3, missing=2, duplicates=1, local_shocks=2,
    )  # fmt: skip
    entries, warnings = entries_of(fleet)
    for airport in fleet.of("idle"):
        assert entries.pop(airport).reason.startswith("all zeros")
    for airport, event in fleet.of("duplicate").items():
        assert event.first in entries.pop(airport).reason
    for airport, event in fleet.of("thousandfold").items():
        entry = entries.pop(airport)
        assert entry.left_out == (f"{event.first}-01",)
        assert f"{event.first} about 1,000 times the level: left out" in entry.suspects[0]
        assert entry.y[-1] == fleet.true[airport].iloc[-1]
    for airport, event in fleet.of("missing").items():
        entry, gone = entries.pop(airport), months(event.first, event.last)
        assert entry.notes[-1].endswith(f": {', '.join(gone)}")
        at = np.isin(entry.ds.astype("datetime64[M]").astype(str), gone)
        np.testing.assert_allclose(entry.y[at], true(fleet, entry)[at], rtol=0.3)
        np.testing.assert_array_equal(entry.y[~at], true(fleet, entry)[~at])
    for entry in entries.values():
        assert not entry.left_out
        np.testing.assert_array_equal(entry.y, true(fleet, entry))
    since = {text.partition(":")[0] for text in warnings if "zeros since" in text}
    assert since == {f"'{a}' has zeros since {e.first}" for a, e in fleet.of("closed").items()}


@pytest.fixture(scope="module")
def decembers():
    """Cargo in every December, nothing published of the last ten months, some never active."""
    fleet = panels.make(
        4, 30, 168, "2007-01", smallest=3_000, cargo_month=DECEMBER, unpublished=10, idle=12
    )
    active = [a for a in fleet.table if a not in fleet.of("idle")]
    cargo = sorted({e.first for e in fleet.events if e.kind == "cargo"} - {"2020-12"})
    return fleet, active, cargo


def test_a_month_of_another_quantity_is_caught(decembers):
    fleet, active, cargo = decembers
    rows = fleet.rows()
    rows["airport"] = rows["airport"].replace(active[1], active[0].lower())
    spec = DataSpec(None)
    panel = from_frame(rows["airport"], rows["date"], rows["passengers"], spec, "fleet")
    entries = prepare(panel, spec, as_of=None, today=NOW)
    zeros = [e.airport for e in entries if isinstance(e, Rejection)]
    assert zeros == [a for a in fleet.table if a in fleet.of("idle")]
    report = check_panel(panel, spec, as_of=None, today=NOW)
    label = {a.airport: f for a in report.airports for f in a.findings if f.kind == "label"}
    assert set(label) == {active[0].lower() if a == active[1] else a for a in active}
    for finding in label.values():
        assert "every December is about 1/" in finding.message
        assert list(finding.periods) == cargo
    panel_wide = {f.kind: f.message for f in report.findings}
    assert panel_wide["label"].startswith("December is on another scale")
    assert "in 18 of 18 airports with passengers" in panel_wide["label"]
    assert "18 of 18 airports with passengers hold zeros since 2020-03" in panel_wide["unpublished"]
    assert repr(active[0]) in panel_wide["name"]
    assert repr(active[0].lower()) in panel_wide["name"]


@pytest.mark.parametrize("policy", ["recent", "missing"])
def test_another_quantity_and_what_is_not_published_are_not_modelled(decembers, policy):
    fleet, active, cargo = decembers
    panel, _ = in_memory(fleet)
    entries = prepare(panel, DataSpec(None, suspects=policy), as_of=None, today=NOW)
    series = {e.airport: e for e in entries if isinstance(e, Series)}
    assert list(series) == active
    for entry in series.values():
        assert entry.cutoff == "2020-02-01"
        at = np.isin(entry.ds.astype("datetime64[M]").astype(str), cargo)
        assert at.sum() == len(cargo)
        np.testing.assert_array_equal(entry.y[~at], true(fleet, entry)[~at])
        np.testing.assert_allclose(entry.y[at], true(fleet, entry)[at], rtol=0.3)
        if policy == "recent":
            assert entry.ahead == 10
            gone = [d for d in entry.left_out if d < "2020-03"]
            assert gone == entry.ds[at].astype(str).tolist()
            assert entry.suspects
        else:
            assert any("every December" in n and "taken as missing" in n for n in entry.notes)


def everything(seed):
    return panels.make(
        seed, 24, 132, epidemic="2020-03", grounded=1, opened=1, closed=1, reopened=1, intermittent=2, idle=2,
        local_shocks=1, thousandfold=2, swapped=1, shifted=1, yearly_totals=1, missing=2,
        duplicates=1,
    )  # fmt: skip


@pytest.mark.parametrize(("fleet_of", "seed"), [(filed_fleet, 1), (everything, 6), (everything, 7)])
def test_stored_panels_are_prepared_as_they_were(fleet_of, seed):
    fleet = fleet_of(seed)
    panel, spec = in_memory(fleet)
    assert stored_as_read(panel, spec) == len(fleet.table.columns)
