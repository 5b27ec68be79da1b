"""What a search finds with several evaluations under way depends on their number and no duration."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.records import Learned, SearchSpec, Start, no_clock
from forecastctl.records.learning import BASELINE, FAMILY, POOL, SHOCKS, TPE
from forecastctl.search.evaluation import Evaluated, carried_out, evaluate
from forecastctl.search.tune import steps, tune
from tests.models.test_shocks import shocked
from tests.series import make_series, seasonal_data

FAKE = SearchSpec(families=("fake",), max_evals=12, horizon=6, tpe_share=0.7)
QUICK = SearchSpec(
    families=("ets", "holt_winters"), max_evals=12, horizon=6, folds=1, combine=2, tpe_share=1.0
)


@pytest.fixture(scope="module")
def series():
    return make_series(seasonal_data(66))


class Driver:
    """Does what a search asks for in a random order, and holds results back until their turn."""

    def __init__(self, series, search, seed=0):
        self.search, self.random, self.asked, self.told = search, np.random.default_rng(seed), [], 0
        self.most = 0
        self.series = series
        self.known = {}
        """How many results the search knew when it asked for an evaluation."""

    def found(self, do=None):
        do = do or (lambda e: evaluate(self.series, self.search, e, no_clock))
        search, todo, held = steps(self.series, self.search), [], {}
        result = None
        try:
            while True:
                new = search.send(result) if self.told or result else next(search)
                self.known |= {e.number: (e.origin, self.told) for e in new}
                self.asked += new
                todo += new
                self.most = max(self.most, len(todo))
                while self.told not in held:
                    evaluation = todo.pop(int(self.random.integers(len(todo))))
                    held[evaluation.number] = do(evaluation)
                result = held.pop(self.told)
                self.told += 1
        except StopIteration as over:
            return over.value


@pytest.mark.parametrize("parallelism", [1, 2, 3, 8])
def test_the_order_in_which_they_are_done_changes_nothing(fake, series, parallelism):
    search = replace(FAKE, parallelism=parallelism)
    one_by_one = tune(series, search)
    for seed in range(2):
        assert Driver(series, search, seed).found() == one_by_one


def test_real_models_with_shocks_are_found_again_in_any_order():
    series = make_series(shocked(n=80))
    search = replace(QUICK, families=("ets", "theta"), tpe_share=0.5, parallelism=3)
    one_by_one = tune(series, search)
    assert SHOCKS in one_by_one.by_origin
    assert Driver(series, search).found() == one_by_one


@pytest.mark.parametrize("parallelism", [1, 2, 5])
def test_a_proposal_knows_all_before_it_but_for_the_last_ones(fake, series, parallelism):
    driver = Driver(series, replace(FAKE, parallelism=parallelism))
    driver.found()
    proposed = {number: known for number, (origin, known) in driver.known.items() if origin == TPE}
    assert len(proposed) >= 7
    expected = {number: max(number - parallelism + 1, 0) for number in proposed}
    assert proposed == expected


def test_proposals_differ_by_what_they_know(series):
    one, two = (tune(series, replace(QUICK, parallelism=p)) for p in (1, 2))
    assert one.trials[:2] == two.trials[:2]  # the baseline, and what is proposed without knowing it
    assert one.trials != two.trials


def test_one_after_the_other_is_the_search_as_it_was(series):
    """That it is what Hyperopt's own ``fmin`` does is tried in `test_origins`."""
    driver = Driver(series, QUICK)
    assert driver.found() == tune(series, QUICK)
    assert driver.most == 1


def test_what_is_tried_in_any_case_is_all_asked_for_at_once(series):
    search = SearchSpec(horizon=6, folds=1, max_evals=24, parallelism=2)
    driver = Driver(series, search)
    driver.found()
    first = [origin for origin, known in driver.known.values() if known == 0]
    assert first.count(BASELINE) == 1
    assert first.count(POOL) == 14
    assert first.count(FAMILY) == 9
    assert driver.most == 24


def test_no_more_is_asked_for_than_may_be(fake, series):
    driver = Driver(series, replace(FAKE, max_evals=7, parallelism=8))
    assert len(driver.found().trials) == len(driver.asked) == 7


def test_what_was_not_begun_in_time_is_no_trial(fake, series):
    search = replace(FAKE, parallelism=4, timeout=10.0)

    def do(evaluation):
        if evaluation.number >= 3:
            assert evaluation.until_ms == 10_000
            return evaluate(series, search, evaluation, lambda: (10_000, 0.0))
        return evaluate(series, search, evaluation, no_clock)

    found = Driver(series, search).found(do)
    assert [trial.number for trial in found.trials] == [0, 1, 2]
    assert found.stopped == "timeout"
    all_begun = replace(search, max_evals=4)
    assert Driver(series, all_begun).found(do).stopped == "timeout"
    assert evaluate(series, search, replace(_any(series), until_ms=0), no_clock) == Evaluated(None)


def _any(series):
    return next(iter(next(steps(series, QUICK))))


def test_a_search_that_stops_early_says_so_though_a_late_trial_improves(fake, series):
    search = replace(FAKE, early_stop=3, parallelism=4)
    found = Driver(series, search).found()
    assert found.stopped == "early_stop"
    assert found == Driver(series, search, seed=9).found()


def test_learned_starts_are_known_in_order_too(fake, series):
    from forecastctl.models.make import make_model

    start = make_model("fake", {"bias": "given", "amount": 0.25})
    learned = Learned((Start(start, "own"),), (), 0.9, ("r",))
    search = replace(FAKE, parallelism=3)
    one = tune(series, search, learned=learned)
    again = carried_out(
        steps(series, search, learned=learned), lambda e: evaluate(series, search, e, no_clock)
    )
    assert one == again
    assert one.trials[1].start == "own"
