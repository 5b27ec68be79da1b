"""Simulated nights: small ones with exact answers, and what holds for all of them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from nights.facts import Cost, Facts, Stored, fitted
from nights.night import Night
from nights.simulation import simulate

TEN = Facts(models=(10.0,))
"""Airports of ten seconds, and nothing else that takes time."""
ALL = Facts(
    models=(0.2, 0.3, 0.9),
    driver=Cost(fixed=0.5, mine=0.01),
    starting=1.0,
    worker=2.0,
    reading=Cost(fixed=0.4, whole=0.001),
    planning=Cost(fixed=0.1, whole=0.001, recorded=0.002),
    publishing=Cost(fixed=0.1, mine=0.02, recorded=0.001),
    looking=Cost(recorded=0.001),
    closing=Cost(fixed=0.2, whole=0.003),
    pilot=20,
)
"""Something of everything."""
ROUGH = Night(
    *(1000, 20, 4),
    stores=3,
    shares=4,
    worker_deaths=40.0,
    machine_deaths=60.0,
    slow=0.4,
    slowness=3.0,
    seed=7,
)
"""Everything that may go wrong."""


def test_one_core_takes_the_sum():
    result = simulate(TEN, Night(airports=12))
    assert result.wall == pytest.approx(120.0)
    assert result.phases["working"] == pytest.approx(120.0)
    assert result.models == pytest.approx(120.0)


def test_cores_divide_the_work_and_the_last_round_is_waited_for():
    """Seven airports on three cores are three rounds."""
    assert simulate(TEN, Night(7, cores=3)).wall == pytest.approx(30.0)


def test_the_store_takes_one_share_after_the_other():
    """Each of five machines has done its ten airports at once; recording takes two seconds each."""
    facts = Facts(models=(0.0,), publishing=Cost(mine=2.0))
    result = simulate(facts, Night(50, cores=5, machine=1))
    assert result.wall == pytest.approx(50 * 2.0)
    assert result.store_busy == pytest.approx([100.0])
    # The second waits for one share of 20 seconds, the fifth for four.
    assert result.phases["waiting to record"] == pytest.approx(20 * (1 + 2 + 3 + 4))


def test_two_stores_halve_what_is_waited_for():
    facts = Facts(models=(0.0,), publishing=Cost(mine=2.0))
    result = simulate(facts, Night(50, cores=2, machine=1, stores=2))
    assert result.wall == pytest.approx(50.0)
    assert result.store_busy == pytest.approx([50.0, 50.0])


def test_the_whole_job_is_read_and_planned_by_each_share_and_closed_by_the_last():
    """Two shares of five: both read for 10, plan after one another for 20, and work for 50."""
    facts = replace(TEN, reading=Cost(whole=1.0), planning=Cost(whole=2.0), closing=Cost(fixed=7.0))
    result = simulate(facts, Night(10, cores=2, machine=1))
    second_planned = 10 + 20 + 20
    assert result.worked == pytest.approx(second_planned + 50)
    assert result.wall == pytest.approx(second_planned + 50 + 20 + 7)  # planned again, closed


def test_what_is_recorded_makes_what_comes_later_dearer():
    """Two shares one after the other on one core, a second for each airport that is recorded."""
    facts = Facts(models=(0.0,), publishing=Cost(recorded=1.0), planning=Cost(recorded=1.0))
    result = simulate(facts, Night(10, shares=2))
    # The second plans beside 5 and records beside 5; closing plans beside all 10.
    assert result.wall == pytest.approx(5 + 5 + 10)


def test_widths_are_seen_from_airports_of_other_shares_until_one_is_recorded():
    facts = replace(TEN, pilot=4)
    together = simulate(facts, Night(8, cores=2, machine=1))
    assert together.pilots == pytest.approx(2 * 2 * 10.0)  # each share searches two of the other
    assert together.wall == pytest.approx(20 + 40)
    after = simulate(facts, Night(8, cores=1, shares=2))
    assert after.pilots == pytest.approx(2 * 10.0)  # the second one finds them recorded


def test_the_driver_takes_cores_from_the_workers():
    """Four airports of ten seconds and a second of the driver each, on one core: 44 seconds."""
    result = simulate(replace(TEN, driver=Cost(mine=1.0)), Night(4))
    assert result.wall == pytest.approx(44.0)
    assert result.driver == pytest.approx(4.0)


def test_a_driver_that_is_slower_than_its_workers_decides():
    """Ten workers make ten results in ten seconds; the driver takes three seconds for each."""
    result = simulate(replace(TEN, driver=Cost(mine=3.0)), Night(100, cores=10))
    assert result.wall == pytest.approx(10 + 100 * 3.0)


def test_a_workers_death_costs_exactly_its_redo():
    calm = simulate(replace(TEN, worker=3.0), Night(100))
    result = simulate(replace(TEN, worker=3.0), Night(100, worker_deaths=36.0, seed=1))
    assert result.dead_workers > 0
    assert 0 < result.lost < result.dead_workers * 10.0
    assert result.starts == pytest.approx(3.0 * (1 + result.dead_workers))
    assert result.wall - calm.wall == pytest.approx(result.lost + 3.0 * result.dead_workers)
    assert result.models == calm.models


def test_a_machines_death_costs_exactly_what_it_had_done():
    """One core: what is lost is begun anew, and reading and planning with it."""
    facts = replace(TEN, starting=5.0)
    result = simulate(facts, Night(20, machine_deaths=18.0, seed=3))
    assert result.dead_machines > 0
    again = 5.0 * result.dead_machines
    assert result.wall == pytest.approx(5.0 + 200.0 + result.phases["lost"] + again)
    assert result.lost <= result.phases["lost"]
    assert result.done == 20


def test_a_slow_machine_is_waited_for():
    """One of two machines is three times slower, and both have the same number of airports."""
    result = simulate(TEN, Night(8, cores=2, machine=1, slow=0.5, slowness=3.0))
    assert result.wall == pytest.approx(4 * 30.0)
    assert result.phases["idle"] == pytest.approx(120.0 - 40.0)


@pytest.mark.parametrize("seed", range(5))
def test_every_airport_is_recorded_once_whatever_dies(seed):
    result = simulate(ALL, replace(ROUGH, seed=seed))
    assert result.dead_workers + result.dead_machines
    assert len(result.airports) == 3 * 4
    assert result.done == 1000
    by_job = [sum(n for (job, _), n in result.airports.items() if job == at) for at in range(3)]
    assert by_job == [334, 333, 333]


@pytest.mark.parametrize("night", [ROUGH, Night(300, cores=7, machine=3), Night(50)])
def test_all_of_the_night_is_accounted_for(night):
    result = simulate(ALL, night)
    places = sum(workers for _, workers in night.places)
    assert sum(result.phases.values()) == pytest.approx(places * result.wall)
    assert min(result.phases.values()) >= -1e-6
    assert result.part(*result.phases) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_night_and_another_one_does_not():
    assert simulate(ALL, ROUGH) == simulate(ALL, ROUGH)
    assert simulate(ALL, ROUGH) != simulate(ALL, replace(ROUGH, seed=8))


def test_more_cores_are_never_slower():
    """The same shares on more machines, with all that takes time."""
    walls = [simulate(ALL, Night(400, cores=n * 2, machine=2, shares=16)).wall for n in range(1, 9)]
    assert walls == sorted(walls, reverse=True)
    assert walls[0] > 2 * walls[-1]


def test_larger_pieces_change_hardly_anything():
    fine, coarse = (simulate(ALL, Night(4000, cores=16, machine=4, grain=g)) for g in (1, 10))
    assert coarse.done == fine.done == 4000
    assert coarse.wall == pytest.approx(fine.wall, rel=0.03)


def test_machines_hold_as_many_shares_as_their_cores_allow():
    assert Night(1, cores=70, machine=32).places == [(0, 32), (1, 32), (2, 6)]
    assert Night(1, cores=2, machine=2, workers=1).places == [(0, 1), (0, 1)]


def test_a_cost_is_found_again_from_what_was_seen():
    cost = Cost(fixed=1.5, mine=0.02, recorded=0.003)
    sizes = [{"mine": n, "recorded": r} for n, r in [(20, 0), (20, 20), (100, 0), (100, 200)]]
    found = fitted([(size, cost.of(**size)) for size in sizes], "mine", "recorded")
    assert (found.fixed, found.mine, found.recorded) == pytest.approx((1.5, 0.02, 0.003))
    assert fitted([], "mine") == Cost()


def test_no_part_of_a_cost_is_negative():
    found = fitted([({"mine": 10}, 3.0), ({"mine": 100}, 2.0)], "mine")
    assert found.mine == 0
    assert 2 < found.fixed < 3


def test_facts_go_into_json_and_come_back():
    facts = replace(ALL, stored=Stored(rows=89.0), said={"airports": 300})
    assert Facts.from_dict(facts.to_dict()) == facts
