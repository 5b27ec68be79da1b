"""Every trial says where it came from, and a run what searched."""

import itertools
import math
from dataclasses import replace

import pytest

from forecastctl.models import family
from forecastctl.models.make import make_model
from forecastctl.models.pretrained import PRETRAINED
from forecastctl.records import Learned, SearchSpec, Start, TuneResult
from forecastctl.records.learning import ORIGINS, algorithm
from forecastctl.search.pool import pool, pool_keys
from forecastctl.search.tune import MOST_STARTS, tune
from tests.models.test_shocks import shocked
from tests.series import make_series, seasonal_data

FAKE = SearchSpec(families=("fake",), max_evals=25, horizon=6)


def origins(result):
    return [t.start for t in result.trials]


def test_by_default_nothing_is_left_for_hyperopt(series):
    result = tune(series, SearchSpec(horizon=6))
    assert result.by_origin == {"baseline": 1, "pool": 14, "family": 5}
    assert origins(result)[:15] == ["baseline", *["pool"] * 14]
    keys = pool_keys([*pool(series.y, 12), ("pretrained", PRETRAINED)])
    assert {t.model.key for t in result.trials if t.start == "pool"} == keys
    assert algorithm(result.by_origin) == "fixed candidates"


@pytest.mark.slow
def test_with_more_evaluations_tpe_proposes_the_rest(series):
    result = tune(series, SearchSpec(horizon=6, folds=1, max_evals=30))
    proposed = 30 - 1 - 14 - MOST_STARTS
    assert origins(result)[-proposed:] == ["tpe"] * proposed
    assert result.by_origin["tpe"] == proposed
    assert algorithm(result.by_origin) == "tpe.suggest"


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, {"baseline": 1, "pool": 14, "family": 5}),
        (0.2, {"baseline": 1, "pool": 14, "family": 1, "tpe": 4}),
        (1.0, {"baseline": 1, "pool": 14, "tpe": 5}),  # what is averaged comes first
    ],
)
def test_starting_points_leave_hyperopt_its_share(series, share, expected):
    result = tune(series, SearchSpec(horizon=6, folds=1, tpe_share=share))
    assert result.by_origin == expected


def test_without_an_average_the_share_counts_for_all_starting_points(series):
    search = SearchSpec(families=("ets",), horizon=6, folds=1, combine=1, max_evals=8)
    assert tune(series, search).by_origin == {"baseline": 1, "pool": 1, "family": 4, "tpe": 2}
    halved = tune(series, replace(search, tpe_share=0.5))
    assert halved.by_origin == {"baseline": 1, "pool": 1, "family": 2, "tpe": 4}
    several = replace(search, families=("ets", "theta"), tpe_share=1.0)  # too many for the average
    assert tune(series, several).by_origin == {"baseline": 1, "random": 1, "tpe": 6}


def test_the_share_leaves_learned_starts_their_place(series):
    own = [make_model("ets", o) for o in family("ets").starts[:3]]
    learned = Learned(tuple(Start(m, "own") for m in own), (), math.inf, ("r",))
    search = SearchSpec(families=("ets",), horizon=6, folds=1, combine=1, max_evals=8)
    result = tune(series, replace(search, tpe_share=1.0), learned=learned)
    assert result.by_origin == {"baseline": 1, "own": 3, "tpe": 4}


def test_the_space_is_what_was_searched(fake, series):
    three = SearchSpec(families=("theta", "ets", "seasonal_naive"), max_evals=3, horizon=6, folds=1)
    assert tune(series, three).space == ("theta", "ets")  # no more was tried
    assert tune(series, replace(three, max_evals=1)).space == ()
    assert tune(series, FAKE).space == ("fake",)
    given = replace(three, max_evals=8, tpe_share=1.0, combine=1)
    assert tune(series, given).space == three.families  # Hyperopt could choose any
    short = replace(three, families=("sarimax", "seasonal_naive"))
    assert tune(make_series(seasonal_data(20)), short).space == ("seasonal_naive",)


def test_the_families_own_starts_come_in_turn(fake, series):
    result = tune(series, FAKE)
    starts = [t for t in result.trials if t.start == "family"]
    assert [t.model.options["bias"] for t in starts] == ["none", "given"]  # the third is not in it


def test_with_no_trial_to_go_by_the_first_proposal_is_random(fake, series, monkeypatch):
    monkeypatch.setattr(fake, "starts", ())
    result = tune(series, replace(FAKE, max_evals=4))
    assert origins(result) == ["baseline", "random", "tpe", "tpe"]
    two = tune(series, replace(FAKE, max_evals=2))
    assert two.by_origin == {"baseline": 1, "random": 1}
    assert algorithm(two.by_origin) == "rand.suggest"


@pytest.mark.parametrize("learns", [False, True])
def test_hyperopt_itself_proposes_the_same(fake, series, learns):
    """The origin is seen without changing a proposal: TPE with its own rule for beginning.

    What repeats a model is no trial of ours, and changes nothing of what comes next. Learned starts
    are points to evaluate like the others, so that TPE knows their losses.
    """
    import hyperopt
    import numpy as np

    from forecastctl.search.hyperopt import hyperopt_space, queued
    from forecastctl.search.space import decode, labels
    from forecastctl.search.tune import airport_seed

    start = make_model("fake", {"bias": "given", "amount": 0.25})
    learned = Learned((Start(start, "own"),), (), math.inf, ("r",))
    result = tune(series, FAKE, learned=learned if learns else None)
    loss = {t.model.key: t.loss for t in result.trials}
    seen = []

    def objective(sample):
        model = decode(sample)
        seen.append(model.key)
        if loss[model.key] is None:
            return {"status": "fail"}
        return {"status": "ok", "loss": loss[model.key]}

    spaces = {"fake": fake().space(series.y, 12, 60)}
    points = [
        {"family": 0, "fake/bias": 0},
        {"family": 0, "fake/bias": 5, "fake/bias/5/amount": 0.5},
    ]
    if learns:
        points.insert(0, {"family": 0, "fake/bias": 5, "fake/bias/5/amount": 0.25})
    hyperopt.fmin(
        objective,
        hyperopt_space(spaces),
        algo=hyperopt.partial(hyperopt.tpe.suggest, n_startup_jobs=len(points)),
        max_evals=24 + result.repeats,
        trials=queued(points, labels(spaces)),
        rstate=np.random.default_rng(airport_seed(0, "JFK")),
        verbose=False,
        show_progressbar=False,
    )
    assert len(seen) > len(set(seen))
    assert list(dict.fromkeys(seen)) == [t.model.key for t in result.trials[1:]]


def test_what_judges_shocks_says_so():
    result = tune(make_series(shocked(n=80)), SearchSpec(horizon=6))
    assert origins(result)[:7] == ["baseline", *["shocks"] * 6]
    assert set(origins(result)[7:]) == {"pool", "family"}
    judges = [t.model.options.get("shocks") for t in result.trials[1:7]]
    assert judges == [None, "replaced"] * 3


def test_a_learned_search_says_what_it_started_from_and_what_hyperopt_proposed(series):
    search = SearchSpec(families=("ets",), horizon=6, folds=2, max_evals=14, combine=1)
    own = make_model("ets", family("ets").starts[0])
    learned = Learned((Start(own, "own"),), ("ets",), 0.9, ("r",))
    result = tune(series, search, learned=learned)
    assert origins(result) == ["baseline", "own", *["tpe"] * 12]
    assert algorithm(result.by_origin) == "tpe.suggest"


def test_learned_starts_come_after_what_judges_shocks():
    own = make_model("ets", family("ets").starts[0])
    learned = Learned((Start(own, "own"),), (), 0.5, ("r",))
    result = tune(make_series(shocked(n=80)), SearchSpec(horizon=6), learned=learned)
    assert origins(result)[:8] == ["baseline", *["shocks"] * 6, "own"]
    assert list(result.by_origin) == ["baseline", "shocks", "own", "pool", "family"]


@pytest.mark.parametrize("change", [{"timeout": 10.0}, {"early_stop": 3, "max_evals": 50}])
def test_a_search_that_stops_early_has_no_trial_without_an_origin(fake, series, change):
    ticks = itertools.count(step=400)
    result = tune(series, replace(FAKE, **change), lambda: (next(ticks), 0.0))
    assert result.stopped in change
    assert sum(result.by_origin.values()) == len(result.trials) < 25
    assert set(origins(result)) <= set(ORIGINS)


def test_a_series_too_short_for_a_search_was_searched_by_nothing():
    result = tune(make_series(seasonal_data(5)), FAKE)
    assert (result.by_origin, algorithm(result.by_origin)) == ({}, "none")
    assert isinstance(result, TuneResult)
