"""A panel of Parquet that workers read is the panel that is read here, whatever is in it."""

import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare_panel
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.shared import NOT_LOOKED_FOR, read_shared
from forecastctl.records import Rejection, SharedSeries
from tests.panels import make

TODAY = date(2021, 6, 15)


def by_airport(rows, folder):
    rows.to_parquet(folder, partition_cols=["airport"], index=False)


def by_year(rows, folder):
    folder.mkdir()
    for year, some in rows.groupby(rows["date"].dt.year):
        some.to_parquet(folder / f"{year}.parquet", index=False, row_group_size=50)


def one_file(rows, folder):
    rows.to_parquet(folder, index=False)


LAYOUTS = {"by airport": by_airport, "by year": by_year, "one file": one_file}


def faulty():
    """Airports with zeros, a unit, a month of cargo, holes, rows twice, ends and short series."""
    panel = make(
        7, 40, 72, "2015-01", epidemic="2020-03", opened=3, closed=3, reopened=2, intermittent=3,
        zeros=4, thousandfold=4, swapped=2, missing=5, duplicates=2, cargo_month=2, unpublished=4,
    )  # fmt: skip
    return panel.rows()


def both(tmp_path, rows, *, layout="by year", as_of=None, **more):
    """What the workers make of rows, and what is made of them here, without the one sentence."""
    folder = tmp_path / "panel"
    LAYOUTS[layout](rows, folder)
    there = read_shared(
        DataSpec(source=f"parquet:{folder}", **more), str(folder), SerialExecutor(),
        as_of=as_of, today=TODAY,
    )  # fmt: skip
    spec = DataSpec(source=str(folder), **more)
    panel = read_panel(spec)
    here = panel, prepare_panel(panel, spec, as_of=as_of, today=TODAY)
    said = there[1].warnings
    assert (said[:1] == (NOT_LOOKED_FOR,)) is (more.get("totals") != "keep")
    assert len(list(there[0].snapshot())) > 1, "the panel is read in one part"
    said = tuple(text for text in said if text != NOT_LOOKED_FOR)
    return (there[0], replace(there[1], warnings=said)), here


def facts(entry):
    if isinstance(entry, Rejection):
        return entry
    series = entry.here()
    return {
        name: getattr(series, name).tolist() if name in ("ds", "y") else getattr(series, name)
        for name in series.__slots__
    }


def assert_equal(there, here):
    assert there[0].digest == here[0].digest
    assert (there[0].freq, there[0].season_length) == (here[0].freq, here[0].season_length)
    assert there[0].profile == here[0].profile
    assert [e.airport for e in there[1].entries] == [e.airport for e in here[1].entries]
    for entry, other in zip(there[1].entries, here[1].entries, strict=True):
        assert facts(entry) == facts(other)
        if not isinstance(entry, Rejection):
            assert (entry.n, entry.cutoff) == (other.n, other.cutoff)
    assert list(there[1].warnings) == list(here[1].warnings)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_series_reasons_and_warnings(tmp_path, layout):
    there, here = both(tmp_path, faulty(), layout=layout)
    assert_equal(there, here)
    assert any(e.suspects for e in here[1].entries)
    assert any(isinstance(e, Rejection) for e in here[1].entries)
    assert here[1].warnings


@pytest.mark.parametrize("as_of", ["2019-11", "2020-06-20"])
@pytest.mark.parametrize("suspects", ["recent", "missing"])
def test_nothing_after_the_as_of_date_counts(tmp_path, as_of, suspects):
    assert_equal(*both(tmp_path, faulty(), as_of=as_of, suspects=suspects))


def months(values, start="2016-01"):
    """Rows of airports by name, each a list of months."""
    parts = [
        pd.DataFrame({
            "airport": name,
            "date": pd.date_range(start, periods=len(y), freq="MS"),
            "passengers": np.asarray(y, dtype=float),
        })
        for name, y in values.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def fleet(airports=8, n=60):
    t = np.arange(n)
    return {
        f"A{i}": np.round(1000 * (i + 2) * (1 + 0.2 * np.sin(2 * np.pi * (t + i) / 12)) + 7 * t)
        for i in range(airports)
    }


def test_zeros_that_many_begin_together_are_left_out_as_here(tmp_path):
    values = fleet()
    for name in ("A1", "A2", "A3", "A4"):
        values[name][-4:] = 0
    there, here = both(tmp_path, months(values))
    assert_equal(there, here)
    assert sum(len(e.left_out) == 4 for e in here[1].entries) == 4


def test_a_unit_that_the_panel_changed_to_is_found_as_here(tmp_path):
    values = {name: np.array(y) for name, y in fleet().items()}
    for y in values.values():
        y[-1] *= 1000
    there, here = both(tmp_path, months(values))
    assert_equal(there, here)
    assert all(e.left_out for e in here[1].entries)


def test_a_month_on_another_scale_at_most_airports_is_left_out_as_here(tmp_path):
    values = fleet()
    for name in list(values)[:6]:
        values[name][2::12] = np.round(values[name][2::12] / 40)
    there, here = both(tmp_path, months(values))
    assert_equal(there, here)
    assert sum(len(e.left_out) == 5 for e in here[1].entries) == 6


@pytest.mark.parametrize("freq", ["W-MON", "D", "QS"])
def test_other_frequencies(tmp_path, freq):
    rng = np.random.default_rng(3)
    rows = pd.concat(
        [
            pd.DataFrame({
                "airport": name,
                "date": pd.date_range("2017-01-02", periods=90, freq=freq),
                "passengers": rng.integers(900, 1100, 90) * (i + 1),
            })
            for i, name in enumerate("ABCD")
        ],
        ignore_index=True,
    )  # fmt: skip
    today = rows["date"] < "2021-06-01"
    there, here = both(tmp_path, rows[today])
    assert_equal(there, here)
    assert here[0].freq == {"W-MON": "W-SUN", "D": "D", "QS": "Q"}[freq]


def test_bad_numbers_and_blank_ones_are_the_rows_that_they_are_here(tmp_path):
    rows = months(fleet(4))
    rows.loc[10, "passengers"] = -5
    rows.loc[70:72, "passengers"] = np.nan
    rows.loc[130, "passengers"] = np.inf
    there, here = both(tmp_path, rows, layout="one file")
    assert_equal(there, here)
    assert [isinstance(e, Rejection) for e in here[1].entries] == [True, False, True, False]


def test_where_totals_are_kept_nothing_is_said_of_them(tmp_path):
    assert_equal(*both(tmp_path, months(fleet(4)), totals="keep"))


def test_a_series_crosses_processes_without_its_values_and_reads_them_there(tmp_path):
    there, here = both(tmp_path, months(fleet(3)))
    series = there[1].entries[1]
    assert isinstance(series, SharedSeries)
    sent = pickle.dumps(series)
    assert len(sent) < 3000
    again = pickle.loads(sent)  # noqa: S301 - made here
    assert facts(again) == facts(here[1].entries[1])
    assert (again.n, again.cutoff, again.notes) == (series.n, series.cutoff, series.notes)


def test_rows_that_change_under_a_job_are_an_error_of_their_airport(tmp_path):
    there, _ = both(tmp_path, months(fleet(3)), layout="one file")
    changed = months(fleet(3))
    changed.loc[70, "passengers"] += 1
    one_file(changed, tmp_path / "panel")
    first, second, third = there[1].entries
    assert first.here().n == third.here().n == 60
    with pytest.raises(DataError, match=r"rows of 'A1' .* have changed since the job began"):
        second.here()


def refused(tmp_path, rows, match, *, layout="one file", **more):
    LAYOUTS[layout](rows, tmp_path / "panel")
    folder = str(tmp_path / "panel")
    with pytest.raises(DataError, match=match) as caught:
        read_shared(
            DataSpec(source=f"parquet:{folder}", **more), folder, SerialExecutor(),
            as_of=None, today=TODAY,
        )  # fmt: skip
    assert caught.value.hint


def test_what_needs_all_rows_together_is_refused(tmp_path):
    values = fleet(3)
    refused(
        tmp_path, months({**values, "Total": sum(values.values())}), "'Total' is called a total"
    )
    refused(
        tmp_path, months({**values, "A1\u200b": values["A1"]}), "differ only in what nobody sees"
    )
    extra = months(values).assign(carrier="X")
    refused(tmp_path, extra, "duplicates = sum is not done by the workers", duplicates="sum")
    undated = months(values)
    undated.loc[3, "date"] = None
    refused(tmp_path, undated, "1 rows have no date, the first of airport 'A0'")


def test_what_is_no_table_of_this_form_is_refused(tmp_path):
    rows = months(fleet(3))
    refused(tmp_path, rows.assign(date=rows["date"].astype(str)), "'date' holds .*string, no date")
    refused(tmp_path, rows.assign(passengers=rows["passengers"].astype(str)), "no value")
    refused(tmp_path, rows.drop(columns="passengers"), "no column that looks like the passengers")
    refused(tmp_path, rows, "no column 'pax'", value="pax")
    refused(tmp_path, rows.assign(airport=None).astype({"airport": str}), "airport")
    refused(tmp_path, rows[:0], "holds no rows")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda folder: None, "There is no folder"),
        (lambda folder: folder.mkdir(), "holds no file of Parquet"),
        (lambda folder: folder.write_text("airport,date"), "cannot be read"),
    ],
)
def test_a_folder_that_is_not_there_or_holds_nothing(tmp_path, make, match):
    folder = tmp_path / "nowhere"
    make(folder)
    with pytest.raises(DataError, match=match) as caught:
        read_shared(DataSpec(source="x"), str(folder), SerialExecutor(), as_of=None, today=TODAY)
    assert caught.value.hint
