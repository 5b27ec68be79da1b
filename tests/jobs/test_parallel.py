"""What is done at the same time, and why."""

import pytest

from forecastctl.jobs.parallel import (
    AIRPORTS,
    BOTH,
    TRIALS,
    Parallel,
    as_recorded,
    choose,
    spread_as_asked,
)
from forecastctl.jobs.trial_cost import decided_before, recorded_seconds, tried_out_seconds
from forecastctl.settings.sections import Settings
from tests.harness import SEARCH, make_series
from tests.jobs.test_spread import Shuffled


@pytest.mark.parametrize(
    ("airports", "workers", "seconds", "how", "reason"),
    [
        (2, 1, 9.0, AIRPORTS, "there is one worker"),
        (4, 4, 9.0, AIRPORTS, "4 airports keep 4 workers busy"),
        (3, 4, 9.0, AIRPORTS, "3 airports leave some of 4 workers without work, but handing"),
        (2, 4, 9.0, BOTH, "2 airports leave some of 4 workers without work, and trials are worth"),
        (1, 4, 9.0, TRIALS, "1 airport leaves some of 4 workers without work, and trials are"),
        (1, 4, 0.001, AIRPORTS, "1 airport leaves some of 4 workers without work, but handing"),
        (1, 4, None, AIRPORTS, "1 airport leaves some of 4 workers without work, but how long"),
    ],
)
def test_what_is_best_at_the_same_time(airports, workers, seconds, how, reason):
    chosen, why = choose(airports, workers, lambda: seconds)
    assert chosen == how
    assert why.startswith(reason)


def test_where_airports_decide_no_trial_is_timed():
    def never():
        raise AssertionError

    assert choose(9, 4, never)[0] == AIRPORTS


@pytest.mark.parametrize(("seconds", "how"), [(0.11, AIRPORTS), (0.12, TRIALS)])
def test_trials_are_handed_out_where_they_take_longer_than_handing_them_out(seconds, how):
    """One airport, two workers: 0.02 s and 5/8 of the trial's time against 4/5 of it."""
    chosen, _ = choose(1, 2, lambda: seconds)
    assert chosen == how


@pytest.mark.parametrize(
    ("how", "given", "airports", "workers", "parallelism", "spreads"),
    [
        ("airports", None, 1, 8, 1, False),
        ("airports", 4, 1, 8, 1, False),
        ("trials", None, 3, 8, 8, True),
        ("trials", 1, 3, 8, 1, True),
        ("trials", 12, 3, 8, 12, True),
        ("both", None, 3, 8, 3, True),
        ("both", None, 9, 8, 1, False),
        ("both", None, 0, 8, 8, True),
        ("both", 2, 9, 8, 2, True),
    ],
)
def test_how_many_trials_are_under_way(how, given, airports, workers, parallelism, spreads):
    found = spread_as_asked(how, given, airports, workers, 9.0)
    assert (found.how, found.parallelism, found.spreads) == (how, parallelism, spreads)


def test_only_where_it_decides_it_is_a_setting_that_decides():
    one = Settings()
    asked = Settings.model_validate({"run": {"parallel": "trials", "parallelism": 3}})
    assert one.result_digest() == asked.result_digest() == one.result_digest(1)
    assert one.result_digest(2) != one.result_digest()
    assert one.result_digest(2) != one.result_digest(3)


def test_how_long_a_trial_takes_is_recorded_or_tried_out(harness):
    assert recorded_seconds(harness.tracker, SEARCH) is None
    series = [make_series(n=4), make_series(n=48)]
    executor = Shuffled(2)
    assert tried_out_seconds(series, SEARCH, executor) > 0
    assert {piece.series.n for piece in executor.tasks} == {48}
    assert tried_out_seconds(series[:1], SEARCH, executor) is None
    harness.run()
    assert recorded_seconds(harness.tracker, SEARCH) > 0


def test_a_retry_does_what_the_job_did(harness):
    decided = Parallel(TRIALS, 2, 9.0, "2 airports", "why not")
    for parallel in (decided, Parallel(limit=9.0)):
        run = harness.tracker.get(harness.run(parallel=parallel).run_id)
        assert as_recorded(run.tags, 9.0) == parallel
    assert as_recorded({}, None) == Parallel()


def test_the_next_job_of_the_same_does_the_same(harness):
    assert decided_before(harness.tracker, "run", "2 airports") is None
    decided = Parallel(TRIALS, 2, None, "2 airports", "why not")
    harness.run(parallel=decided)
    assert decided_before(harness.tracker, "run", "2 airports") == ("trials", "why not")
    assert decided_before(harness.tracker, "tune", "2 airports") is None
    assert decided_before(harness.tracker, "run", "3 airports") is None
