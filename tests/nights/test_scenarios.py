"""What is said of simulated nights: what stores must take, and the tables."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from nights import told
from nights.facts import Cost, Facts, Stored
from nights.measure import quiet, usual
from nights.night import Night
from nights.scenarios import demands, in_parquet, played, scenarios
from nights.simulation import simulate

STORED = Stored(
    rows=90.0,
    bytes=15_000.0,
    written=30_000.0,
    files=5.0,
    file_bytes=40_000.0,
    trial_bytes=24_000.0,
    parquet_bytes=6_000.0,
)
FACTS = Facts(
    models=(0.3,),
    publishing=Cost(mine=0.01),
    stored=STORED,
)


def test_what_a_store_must_take():
    night = Night(1000, cores=8, machine=4, stores=2)
    found = demands(FACTS, night, simulate(FACTS, night))
    assert found["rows"] == 90_000
    assert found["bytes"] == 15_000_000
    assert found["bytes_a_month"] == 30 * 15_000_000
    assert found["bytes_a_year"] == 365 * 15_000_000
    assert found["rows_a_second"] == pytest.approx(90 / 0.01)
    assert found["written_a_second"] == pytest.approx(30_000 / 0.01)
    # 500 airports a store: 125 rounds of four workers, and 0.01 s each to record.
    assert found["rows_a_second_of_night"] == pytest.approx(500 * 90 / (125 * 0.3 + 5))


def test_trials_in_parquet_are_one_file_less_and_smaller():
    stored = in_parquet(FACTS).stored
    assert (stored.files, stored.file_bytes) == (4.0, 22_000.0)
    assert (stored.rows, stored.bytes) == (90.0, 15_000.0)


def test_all_scenarios_record_the_whole_fleet_and_end_in_json():
    known = dict.fromkeys(("nested", "flat", "batched"), FACTS)
    night = Night(2000, cores=20, machine=4, grain=5)
    found = [played(one) for one in scenarios(known, night)]
    assert [one["reckoned"] for one in found] == [False] * (len(found) - 1) + [True]
    for one in found:
        assert sum(one["phases"].values()) == pytest.approx(1.0)
        assert one["rows"] == 2000 * 90
    by_name = {one["name"]: one for one in found}
    assert by_name["flat, 5 stores"]["hours"] < by_name["flat, one store"]["hours"]
    assert json.loads(json.dumps(found)) == found


def test_tables_are_markdown_with_a_cell_for_each_column():
    known = {"nested": FACTS, "flat": replace(FACTS, planning=Cost(recorded=0.002))}
    ways = {"nested": FACTS, "flat": FACTS, "batched": FACTS}
    found = [played(one) for one in scenarios(ways, Night(200, cores=4, machine=2))]
    check = {"rows": {"wall seconds": (90.0, 100.0), "none": (1.0, 0.0)}}
    for text in (told.measured(known), told.nights(found), told.stores(found), told.checked(check)):
        lines = text.splitlines()
        assert len({line.count("|") for line in lines}) == 1
        assert set(lines[1]) == {"|", "-", " "}
    assert "| planning, of the record | 0 | 2 |" in told.measured(known)
    assert "| wall seconds | 90 | 100 | 0.90 |" in told.checked(check)
    assert "(reckoned)" in told.stores(found)


@pytest.mark.parametrize(
    ("number", "said"),
    [(3, "3 B"), (0.5, "0.5 B"), (999, "999 B"), (15_800, "15.8 kB"), (4.4e6, "4.4 MB")],
)
def test_numbers_are_short(number, said):
    assert told.short(number, "B") == said


def test_what_other_work_took_is_no_part_of_a_step():
    assert quiet({"wall": 5.0, "delayed": 4.2, "cpu": 0.5}) == pytest.approx(0.8)
    assert quiet({"wall": 5.0, "delayed": 4.9, "cpu": 0.5}) == 0.5  # it has worked at least


def test_imports_of_a_worker_are_no_cost_of_an_airport():
    assert usual([0.3, 4.0, 0.2, 0.3, 0.3]) == [0.3, 0.3, 0.3, 0.3, 0.2]
    assert usual([0.3, 0.5, 0.2]) == [0.5, 0.3, 0.2]
    assert usual([]) == []
