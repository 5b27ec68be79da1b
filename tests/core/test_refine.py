"""What a search proposes that knows an earlier one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.models import (
    Choice,
    Uniform,
    family,
    family_names,
)
from forecastctl.models.make import make_model
from forecastctl.records import Learned, SearchSpec, Start
from forecastctl.records.learning import Known
from forecastctl.search.learned.neighbours import STEPS, drawn, neighbours
from forecastctl.search.learned.surrogate import (
    NOISE,
    RELATED,
    Features,
    Surrogate,
    improvement,
)
from forecastctl.search.space import placed
from forecastctl.search.tune import tune

SEARCH = SearchSpec(families=("ets", "holt_winters", "annual"), max_evals=25, horizon=6, combine=1)
ETS = {"error": "mul", "trend": "add", "seasonal": "mul", "initial": "heuristic"}
ANNUAL = {"drift": 0.5, "gamma": 0.3, "recent": 0.5, "transform": "boxcox", "lambda": 0.5}


@pytest.fixture
def spaces(series):
    found = {name: family(name).space(series.y, 12, 60) for name in family_names()}
    shocks = {"data": Choice(({"shocks": "replaced"}, {}))}
    return {name: {**space, **shocks} for name, space in found.items() if space is not None}


def options_of(models):
    return [dict(m.options) for m in models]


def test_neighbours_differ_in_one_choice(spaces):
    only = {"ets": {k: v for k, v in spaces["ets"].items() if k != "data"}}
    found = options_of(neighbours(only, make_model("ets", ETS)))
    assert len(found) == 1 + 2 + 2 + 1  # error, trend, seasonal, initial
    assert all(sum(o[k] != ETS[k] for k in ETS) == 1 for o in found)


def test_neighbours_move_numbers_by_steps_and_stay_inside(spaces):
    low = make_model("annual", {**ANNUAL, "drift": 0.0})
    drifts = {o["drift"] for o in options_of(neighbours(spaces, low))}
    assert drifts == {0.0, *STEPS}
    lambdas = {
        o["lambda"]
        for o in options_of(neighbours(spaces, make_model("annual", ANNUAL)))
        if "lambda" in o
    }
    assert lambdas == {round(0.5 + s * k, 4) for s in STEPS for k in (-1, 0, 1)}


def test_what_hangs_on_a_choice_comes_and_goes_with_it(spaces):
    found = options_of(neighbours(spaces, make_model("annual", ANNUAL)))
    assert {"drift": 0.5, "gamma": 0.3, "recent": 0.5, "transform": "log"} in found
    without = make_model(
        "annual", {k: v for k, v in ANNUAL.items() if k != "lambda"} | {"transform": "log"}
    )
    back = [o for o in options_of(neighbours(spaces, without)) if o["transform"] == "boxcox"]
    assert sorted(o["lambda"] for o in back) == [0.2, 0.5, 0.8]
    assert {**dict(without.options), "shocks": "replaced"} in options_of(
        neighbours(spaces, without)
    )


@pytest.mark.parametrize("name", family_names())
def test_all_that_is_drawn_and_all_next_to_it_lies_inside(name, spaces):
    only = {name: spaces[name]}
    rng = np.random.default_rng(1)
    for model in [drawn(only, {}, 0.1, rng) for _ in range(15)]:
        assert placed(only, model)[1] == model
        around = neighbours(only, model)
        assert model not in around
        assert len({m.key for m in around}) == len(around) > 0
        assert all(placed(only, m)[1] == m for m in around)


def test_families_are_drawn_as_they_win(spaces):
    rng = np.random.default_rng(0)
    prior = {"ets": 0.9, "annual": 0.1}
    found = [drawn(spaces, prior, 0.0, rng).family for _ in range(200)]
    assert set(found) == {"ets", "annual"}
    assert 150 < found.count("ets") < 195


def test_the_closer_the_options_the_closer_the_coordinates(spaces):
    features = Features(spaces)
    base = features.of(make_model("annual", ANNUAL))

    def far(name, options):
        return float(np.square(features.of(make_model(name, options)) - base).sum())

    assert far("annual", ANNUAL) == 0.0
    assert far("annual", {**ANNUAL, "drift": 0.6}) < far("annual", {**ANNUAL, "drift": 0.9})
    log = {k: v for k, v in ANNUAL.items() if k != "lambda"} | {"transform": "log"}
    assert far("annual", log) == pytest.approx(far("annual", {**ANNUAL, "lambda": 0.0}))
    assert far("ets", ETS) > far("annual", log)


def covariance(features, models, past):
    where = np.array([features.of(m) for m in models])
    r = np.sqrt(np.square(where[:, None] - where[None]).sum(axis=2))
    same = np.array(past)[:, None] == np.array(past)[None]
    return (1.0 + r) * np.exp(-r) * np.where(same, 1.0, RELATED)


def test_the_surrogate_is_a_gaussian_process(spaces):
    features, rng = Features(spaces), np.random.default_rng(3)
    models = list({m.key: m for m in (drawn(spaces, {}, 1.0, rng) for _ in range(40))}.values())
    known, candidates = models[:12], models[12:]
    past = [True] * 5 + [False] * 7
    values = rng.normal(size=12)
    surrogate = Surrogate(features)
    for model, old in zip(known[:8], past[:8], strict=True):
        surrogate.add(model, past=old)
    surrogate.consider(candidates[:10])
    for model in known[8:]:  # rows are added to candidates that there are
        surrogate.add(model)
    surrogate.consider(candidates[10:])
    mean, sd = surrogate.expect(list(values))

    whole = covariance(features, [*known, *candidates], past + [False] * len(candidates))
    inverse = np.linalg.inv(whole[:12, :12] + NOISE * np.eye(12))
    centre = np.median(values)
    cross = whole[12:, :12]
    assert mean == pytest.approx(centre + cross @ inverse @ (values - centre))
    left = 1.0 - np.einsum("ci,ij,cj->c", cross, inverse, cross)
    assert sd == pytest.approx(np.sqrt(np.mean((values - centre) ** 2) * left), abs=1e-7)


def test_expected_improvement_is_the_mean_of_what_is_gained():
    draws = 0.3 + 0.5 * np.random.default_rng(0).standard_normal(400_000)
    gained = np.maximum(0.1 - draws, 0.0).mean()
    found = improvement(np.array([0.3, 0.3, -1.0]), np.array([0.5, 0.0, 0.0]), 0.1)
    assert found == pytest.approx([gained, 0.0, 1.1], rel=0.01)


def learned(*models, known=()):
    starts = tuple(Start(m, "own") for m in models)
    return Learned(starts, {"annual": 0.7, "ets": 0.3}, math.inf, ("r",), (), known)


def test_proposals_are_new_say_where_from_and_respect_the_limit(series):
    given = learned(make_model("ets", ETS), known=(Known(make_model("annual", ANNUAL), 0.5),))
    result = tune(series, SEARCH, learned=given)
    assert len(result.trials) == SEARCH.max_evals
    keys = [t.model.key for t in result.trials]
    assert len(set(keys)) == len(keys)
    assert {t.start for t in result.trials[2:]} <= {"near", "prior", "pool", "family"}
    assert {"near", "prior"} & {t.start for t in result.trials}
    assert make_model("annual", ANNUAL) in [t.model for t in result.trials]
    assert tune(series, SEARCH, learned=given) == result


def test_the_earlier_search_says_where_to_look(series):
    start = make_model("ets", ETS)
    near = {**ANNUAL, "drift": 0.31}
    good = tuple(Known(make_model("annual", {**near, "gamma": g}), 0.1) for g in (0.2, 0.3))
    bad = tuple(Known(make_model("annual", {**near, "gamma": g}), 9.0) for g in (0.2, 0.3))
    other = (Known(start, 0.5),)
    search = replace(SEARCH, max_evals=4, families=("ets", "annual"))
    tried = [
        tune(series, search, learned=learned(start, known=(*other, *k))).trials[-1]
        for k in (good, bad)
    ]
    assert [t.model.family for t in tried] == ["annual", "ets"]


def test_a_search_with_nothing_left_to_try_is_over(series):
    drift = make_model("seasonal_naive", {"drift": True})
    search = replace(SEARCH, families=("seasonal_naive",))
    result = tune(series, search, learned=learned(drift))
    assert result.stopped == "unlikely"
    assert len(result.trials) == 2


def test_the_timeout_is_looked_at_before_each_proposal(series):
    ticks = iter(range(0, 10**9, 100))
    search = replace(SEARCH, timeout=2.0)
    result = tune(series, search, lambda: (next(ticks), 0.0), learned(make_model("ets", ETS)))
    assert result.stopped == "timeout"
    assert 2 < len(result.trials) < SEARCH.max_evals


def test_ranges_of_one_name_are_those_of_a_number():
    spaces = {"x": {"a": Uniform(0.0, 2.0)}, "y": {"b": Choice(("u", "v"))}}
    assert len(Features(spaces).of(make_model("ets", ETS))) == 2 + 2 * 2 + 2
