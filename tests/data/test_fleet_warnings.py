"""What only the fleet shows: found where it was put, and said of nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fleet_warnings import FAULTS, REAL, found_rates, real, up_to, warned
from forecastctl.data.prepare.fleet_warnings.sentences import fleet_warnings
from forecastctl.data.prepare.fleet_warnings.table import median, spread
from forecastctl.data.prepare.rules import Grid
from tests import panels

YEAR = 12


@pytest.fixture(scope="module")
def found():
    return {row["fault"]: row for row in found_rates(20)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_and_nothing_else(found, fault):
    row = found[fault]
    assert row["found"] >= (18 if FAULTS[fault][0] else 0)
    assert row["other"] == 0


def fleet(seed=3, airports=12):
    return panels.make(seed, airports, 72, smallest=1000).table.copy()


def test_swapped_labels_are_named_with_their_first_month():
    table = fleet()
    sizes = table.median().sort_values()
    one, other = sizes.index[2], sizes.index[-1]
    table.iloc[-3:, [table.columns.get_loc(one), table.columns.get_loc(other)]] = (
        table[[other, one]].iloc[-3:].to_numpy()
    )
    said = warned(table)
    first, second = sorted((one, other), key=list(table).index)
    assert said == {
        "swapped": f"{first!r} and {second!r} since 1975-10 continue each other's values: labels "
        "swapped?"
    }


def test_a_name_that_bears_anothers_values_for_good_is_no_exchange():
    table = fleet()
    sizes = table.median().sort_values()
    table.loc[table.index[-3:], sizes.index[0]] = table[sizes.index[-1]].iloc[-3:].to_numpy()
    assert "swapped" not in warned(table)


def test_duplicates_say_since_when_and_small_counts_are_none():
    table = fleet()
    a, b = list(table)[:2]
    table.loc[table.index[-20:], a] = table[b].iloc[-20:].to_numpy()
    assert warned(table) == {
        "duplicate": f"{a!r} and {b!r} hold equal values since 1974-05: one airport twice?"
    }
    assert "duplicate" not in warned(fleet().mod(3))
    table = fleet()
    table.loc[table.index[-11:], a] = table[b].iloc[-11:].to_numpy()
    assert warned(table) == {}


def test_a_shock_differs_between_airports_and_a_part_of_a_month_does_not():
    table = fleet()
    table.iloc[-1] *= 0.4
    assert (
        "nearly the same share at most of 12 airports: published in part?" in warned(table)["low"]
    )
    rng = np.random.default_rng(1)
    table.iloc[-1] *= np.exp(rng.normal(0, 0.2, table.shape[1]))
    assert "not yet published, or a shock?" in warned(table)["low"]


def test_zeros_in_a_shock_are_true_and_missing_rows_are_missing():
    table = panels.make(2, 20, 72, "2015-05", smallest=1000, epidemic="2020-04", grounded=4).table
    assert "part" not in warned(table.copy())
    table.iloc[-1, :6] = np.nan
    assert "published in part?" in warned(table)["part"]


def test_airports_that_end_one_by_one_are_not_published_in_part():
    table = fleet(airports=40)
    for i in range(24):
        table.iloc[72 - 1 - i // 2 :, i] = np.nan
    assert warned(table) == {}


def test_a_unit_that_changed_back_is_not_said_any_more():
    table = fleet()
    table.iloc[-4:-2] *= 1000
    assert "unit" not in warned(table)


def test_days_and_single_airports_are_left_alone():
    y = np.arange(100.0)
    assert fleet_warnings(["A", "B"], [Grid(0, y), Grid(0, y)], 99, "D", 7) == {}
    assert fleet_warnings(["A"], [Grid(0, y)], 99, "M", 12) == {}
    assert fleet_warnings(["A", "B"], [None, None], None, "M", 12) == {}


def test_medians_and_spreads_are_those_of_numpy():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(40, 9))
    values[rng.random(values.shape) < 0.3] = np.nan
    for axis in (0, 1):
        np.testing.assert_allclose(median(values, axis), np.nanmedian(values, axis=axis))
    middle = np.nanmedian(values, axis=1, keepdims=True)
    expected = 1.4826 * np.nanmedian(np.abs(values - middle), axis=1)
    np.testing.assert_allclose(spread(values), expected)
    assert np.isnan(median(np.full((2, 3), np.nan))).all()
    assert np.isnan(median(np.empty((2, 0)))).all()


def counted(name, origins):
    names, grids = real(name)
    last = max(g.start + len(g.y) - 1 for g in grids if g is not None)
    return [
        (kind, text)
        for back in origins
        for kind, text in fleet_warnings(
            names, [up_to(g, last - back) for g in grids], last - back, "M", YEAR
        ).items()
    ]


@pytest.mark.parametrize("name", REAL)
def test_real_months_are_hardly_ever_warned_of(shared_data, name):
    """A sample of the origins; ``benchmarks/fleet_warnings.py`` counts all of them."""
    assert shared_data.exists()
    said = counted(name, range(1, 60, 6) if name != "TSA" else range(1, 22, 4))
    if name == "M1":  # it holds equal series
        said = [(kind, text) for kind, text in said if kind != "duplicate"]
    assert len(said) <= 1
