"""Sums of airports among the rows: found by arithmetic, by name and by where they stand."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.data.read.subtotals import sums_among
from forecastctl.data.read.totals import total_airports

MONTHS = [str(month) for month in pd.period_range("2015-01", periods=24, freq="M")]
LEVELS = {"JFK": 1e5, "LGA": 3e4, "MIA": 5e4, "ATL": 2e5}


def some(level, seed, n=24):
    return np.rint(level * (1 + 0.1 * np.random.default_rng(seed).normal(size=n)))


AIRPORTS = {name: some(level, seed) for seed, (name, level) in enumerate(LEVELS.items())}
NORTH, SOUTH = AIRPORTS["JFK"] + AIRPORTS["LGA"], AIRPORTS["MIA"] + AIRPORTS["ATL"]
SUMS = {"North": NORTH, "South": SOUTH, "Total": NORTH + SOUTH}
ALL = {**AIRPORTS, **SUMS}


def text_of(rows):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def long_rows(names, of=ALL):
    rows = [(n, m, f"{y:.10g}") for n in names for m, y in zip(MONTHS, of[n], strict=True)]
    return [("airport", "date", "passengers"), *rows]


def across(rows):
    """A row per airport: its keys, and the name of its series or nothing."""
    header, *body = rows
    return [
        [*header, *MONTHS],
        *([*keys, *(f"{y:.0f}" for y in ALL[n])] if n else list(keys) for *keys, n in body),
    ]


def values_of(panel):
    return {a: rows["y"].tolist() for a, rows in panel.frame.groupby("airport", sort=False)}


PLAIN = {name: y.tolist() for name, y in AIRPORTS.items()}


@pytest.mark.parametrize(
    "names",
    [
        ("Total", "North", "JFK", "LGA", "South", "MIA", "ATL"),
        ("JFK", "LGA", "North", "MIA", "ATL", "South"),
        ("North", "South", "JFK", "LGA", "MIA", "ATL"),
        ("JFK", "MIA", "North", "LGA", "Total", "ATL", "South"),
    ],
    ids=["above", "below", "first", "anywhere"],
)
def test_sums_of_regions_are_left_out_wherever_they_stand(write, names):
    path = write(text_of(long_rows(names)))
    panel = read_panel(DataSpec(path))
    assert values_of(panel) == PLAIN
    notes = " ".join(panel.understood.notes)
    assert "'North' is the sum of 'JFK' and 'LGA': left out" in notes
    assert "'South' is the sum of 'MIA' and 'ATL': left out" in notes
    assert ("'Total' is the sum of the others" in notes) == ("Total" in names)
    kept = read_panel(DataSpec(path, totals="keep"))
    assert set(values_of(kept)) == set(names)
    assert "'North' is the sum of 'JFK' and 'LGA': kept as an airport" in kept.understood.notes


def test_many_sums_are_said_in_one_sentence(write):
    airports = {f"A{i}": some(10 ** (3 + i % 4), i) for i in range(40)}
    regions = {f"R{i}": sum(list(airports.values())[8 * i : 8 * i + 8]) for i in range(5)}
    rows = long_rows([*regions, *airports], {**airports, **regions})
    panel = read_panel(DataSpec(write(text_of(rows))))
    assert list(values_of(panel)) == list(airports)
    (said,) = [note for note in panel.understood.notes if "sums" in note]
    assert said.startswith("5 airports are sums of others, 'R0', 'R1', 'R2', 'R3', 'R4': left out;")


def test_sums_of_rounded_numbers_and_of_one_airport_with_a_month_missing(write):
    thousands = {name: np.round(y / 1000, 1) for name, y in ALL.items()}
    thousands["LGA"][3] = np.nan
    names = ("North", "JFK", "LGA", "South", "MIA", "ATL")
    panel = read_panel(DataSpec(write(text_of(long_rows(names, thousands)))))
    assert list(values_of(panel)) == ["JFK", "LGA", "MIA", "ATL"]


def test_the_sum_of_a_region_of_one_airport_stands_where_the_others_do(write):
    of = {**ALL, "West": AIRPORTS["MIA"]}
    names = ("North", "JFK", "LGA", "West", "MIA")
    panel = read_panel(DataSpec(write(text_of(long_rows(names, of)))))
    assert list(values_of(panel)) == ["JFK", "LGA", "MIA"]
    assert any("'West' stands where sums do" in note for note in panel.understood.notes)


PIVOTS = {
    "merged regions, blank airports of the sums": [
        ("Region", "Airport"),
        ("North", "JFK", "JFK"),
        ("", "LGA", "LGA"),
        ("North Total", "", "North"),
        ("South", "MIA", "MIA"),
        ("", "ATL", "ATL"),
        ("South Total", "", "South"),
        ("Grand Total", "", "Total"),
    ],
    "the name of the sum is Total": [
        ("Region", "Airport"),
        ("North", "JFK", "JFK"),
        ("North", "LGA", "LGA"),
        ("North", "Total", "North"),
        ("South", "MIA", "MIA"),
        ("South", "ATL", "ATL"),
        ("South", "Total", "South"),
    ],
    "airports set below their region": [
        ("Airport",),
        ("North", "North"),
        ("  JFK", "JFK"),
        ("  LGA", "LGA"),
        ("South", "South"),
        ("  MIA", "MIA"),
        ("  ATL", "ATL"),
    ],
    "rows with nothing but a region": [
        ("Airport",),
        ("North", ""),
        ("JFK", "JFK"),
        ("LGA", "LGA"),
        ("South", ""),
        ("MIA", "MIA"),
        ("ATL", "ATL"),
    ],
}


@pytest.mark.parametrize("rows", PIVOTS.values(), ids=PIVOTS)
def test_pivot_tables_give_their_airports_alone(write, rows):
    assert values_of(read_panel(DataSpec(write(text_of(across(rows)))))) == PLAIN


def test_rows_of_a_region_without_an_airport_are_its_sum(write):
    places = [("North", "JFK"), ("North", "LGA"), ("North", ""), ("South", "MIA"), ("South", "ATL")]
    places += [("South", ""), ("", "")]
    rows = [
        (region, airport, month, f"{ALL[airport or region or 'Total'][t]:.0f}")
        for t, month in enumerate(MONTHS)
        for region, airport in places
    ]
    header = ("Region", "Airport", "Date", "Passengers")
    assert values_of(read_panel(DataSpec(write(text_of([header, *rows]))))) == PLAIN


def test_a_name_that_says_total_is_a_sum_whatever_it_is_the_sum_of(write):
    of = {**AIRPORTS, "Total North": 3 * AIRPORTS["LGA"], "ALL": AIRPORTS["LGA"] + 1}
    panel = read_panel(DataSpec(write(text_of(long_rows([*of], of)))))
    assert list(values_of(panel)) == [*AIRPORTS, "ALL"]  # ALL is the code of Albenga
    assert any("'Total North' is called a total" in note for note in panel.understood.notes)


def test_no_sum_is_seen_where_there_is_none():
    rng = np.random.default_rng(0)
    nothing, one = np.zeros(24), some(1e5, 9)
    copies = np.stack([one, one, nothing, nothing + 100, nothing + 100, nothing + 200])
    assert sums_among(copies) == {}
    assert sums_among(rng.integers(0, 3, size=(8, 24)).astype(float)) == {}
    for k, p in ((438, 132), (40, 240), (600, 12)):
        levels = np.exp(rng.normal(10, 1.5, size=(k, 1)))
        fleet = np.rint(levels * (1 + 0.1 * rng.normal(size=(k, p)))).clip(0)
        assert sums_among(fleet) == {}


def test_very_many_days_with_few_airports_each_are_looked_at_in_part():
    codes = np.repeat(np.arange(1500), 2)
    days = np.arange(3000)  # each airport has days of its own
    names = np.array([f"A{i}" for i in range(1500)], dtype=object)
    assert total_airports(codes, names, days, days + 1.0, np.ones(3000, dtype=bool)) == {}


def test_numbers_below_a_region_are_no_header_of_days(write):
    """Passengers of an airport such as 41,183 are day numbers of Excel as well."""
    rows = [["Airport", "", ""], ["North"], *([f"A{i}", 41183 + i, 41000 + i] for i in range(3))]
    rows[0][1:] = ["2015-01", "2015-02"]
    panel = read_panel(DataSpec(write(text_of(rows)), freq="M"))
    assert values_of(panel)["A1"] == [41184, 41001]


def test_multiples_of_each_other_are_no_sums():
    months, shape = 240, np.tile(np.arange(5.0, 17.0), 20)
    days = np.tile(np.arange(months) * 30, 3)
    for series in (
        [shape, 2 * shape, 3 * shape],
        [np.rint(1e4 * n * shape / 7) for n in (1, 2, 3)],
    ):
        values = np.concatenate(series)
        codes, names = np.repeat(np.arange(3), months), np.array(["A", "B", "C"], dtype=object)
        every = np.ones(len(values), dtype=bool)
        assert total_airports(codes, names, days, values, every) == {}


def test_parts_that_are_multiples_but_for_rounding_are_a_sum():
    shape = 1 + 0.2 * np.sin(np.arange(60))
    jfk, lga = np.rint(41987.52 * shape), np.rint(20993.76 * shape)
    lga[::2] += 1
    assert sums_among(np.stack([jfk, lga, jfk + lga])) == {2: [0, 1]}


def test_no_small_counts_are_sums():
    random = np.random.default_rng(11)
    for _ in range(60):
        k, p = int(random.integers(3, 60)), int(random.integers(12, 120))
        counts = random.integers(0, 51, (k, p)) * (random.random((k, p)) < random.uniform(0.1, 1))
        level = np.repeat(random.integers(0, 51, (k, 1)), p, axis=1)
        level += (random.random((k, p)) < 0.03) * random.integers(0, 5, (k, p))
        for values in (counts, level):
            days, names = np.arange(p) * 30, np.array([f"A{i}" for i in range(k)], dtype=object)
            every = np.ones(k * p, dtype=bool)
            found = total_airports(
                np.repeat(np.arange(k), p), names, np.tile(days, k), values.ravel() * 1.0, every
            )
            assert found == {}
