"""What a search learns from earlier ones, and when it stops."""

import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.models import family, family_names
from forecastctl.models.make import make_model
from forecastctl.records import Learned, Model, Past, SearchSpec, Start, Trial
from forecastctl.search.folds import validation_splits
from forecastctl.search.learned.shape import shape
from forecastctl.search.learned.starts import (
    KEPT,
    KEPT_BEST,
    KEPT_OF_FAMILY,
    OWN_STARTS,
    STARTS,
    PastSearches,
    portfolio,
    proposals,
    remember,
)
from forecastctl.search.pool import COUNTS, pool, pool_keys
from forecastctl.search.space import placed
from forecastctl.search.stopping import CLEAR, UNLIKELY, chance
from forecastctl.search.tune import tune
from tests.models.test_shocks import shocked
from tests.series import make_series, seasonal_data

SEARCH = SearchSpec(families=("ets", "holt_winters"), max_evals=20, horizon=6, combine=1)
ETS = {"error": "mul", "trend": "add", "seasonal": "mul", "initial": "heuristic"}


def model(name):
    return Model("fake", {"name": name}, name)


def past(airport, names, features=(1.0, 2.0), **more):
    best = tuple(model(n) for n in names)
    losses = tuple(1.0 + i for i in range(len(best)))
    return Past(airport, f"run-{airport}", "2020-01-01", features, best, losses, **more)


def trials(losses, starts=None):
    starts = starts or [None] * len(losses)
    return [
        Trial(i, model(str(i)), "ok" if v is not None else "failed", v, start=s)
        for i, (v, s) in enumerate(zip(losses, starts, strict=True))
    ]


def labels(models):
    return [m.label for m in models]


def test_shape_tells_trend_from_season_from_noise():
    rng = np.random.default_rng(0)
    t = np.arange(120)
    wave = np.exp(0.3 * np.sin(2 * np.pi * t / 12))
    seasonal = shape(1000.0 * wave, 12)
    trending = shape(1000.0 * np.exp(0.02 * t), 12)
    noisy = shape(1000.0 * np.exp(0.2 * rng.standard_normal(120)), 12)
    assert seasonal[0] == trending[0] == math.log(120)
    assert seasonal[1] == pytest.approx(np.log1p(1000.0 * wave[-12:]).mean())
    assert seasonal[3] > 0.95
    assert trending[2] > 0.95
    assert max(noisy[2], noisy[3]) < 0.5
    assert noisy[4] > 3 * seasonal[4]
    assert trending[5] == pytest.approx(12 * 0.02, abs=1e-4)


@pytest.mark.parametrize("y", [[5.0], [0.0] * 30, [1.0, 2.0, 3.0], list(range(25))])
@pytest.mark.parametrize("season_length", [1, 12])
def test_shape_is_finite_whatever_the_series(y, season_length):
    found = shape(np.array(y), season_length)
    assert len(found) == 6
    assert np.isfinite(found).all()


def test_what_is_remembered_are_the_best_models_no_trial_twice():
    losses = [3.0, 1.0, None, 2.0, 1.0]
    given = [*trials(losses), replace(trials([1.0])[0], number=5, duplicate_of=1)]
    found = remember("JFK", "r1", "2020-01-01", (1.0,), given)
    assert labels(found.best) == ["1", "4", "3", "0"]
    assert found.losses == (1.0, 1.0, 2.0, 3.0)
    assert remember("JFK", "r1", "2020-01-01", (1.0,), trials([None, None])) is None


def test_many_of_one_family_do_not_keep_out_the_others():
    given = trials([float(i) for i in range(60)])
    families = ["a"] * 30 + ["bcdefgh"[i % 7] for i in range(30)]
    given = [
        replace(t, model=Model(f, {"name": t.number}, str(t.number)))
        for t, f in zip(given, families, strict=True)
    ]
    found = remember("JFK", "r1", "2020-01-01", (1.0,), given)
    assert labels(found.best[:KEPT_BEST]) == [str(i) for i in range(KEPT_BEST)]
    assert labels(found.best[KEPT_BEST:]) == [str(30 + i) for i in range(KEPT - KEPT_BEST)]
    assert KEPT_OF_FAMILY < KEPT_BEST  # so that none of the first family is added
    assert found.losses == tuple(sorted(found.losses))


def test_proposals_are_neither_the_baseline_nor_starts():
    losses = [5.0, 4.0, 3.5, 3.0, None, 3.0 * (1 - CLEAR / 2), 2.0, 1.0, 0.5, 0.6]
    starts = [
        "baseline",
        "own",
        "shocks",
        "pool",
        "random",
        "tpe",
        "tpe",
        "family",
        "near",
        "prior",
    ]
    assert proposals(trials(losses, starts)) == (5, 2)
    older = [None, "own", "family", "pool", None, None, None, "family", "near", "prior"]
    assert proposals(trials(losses, older)) == (5, 2)


def test_chance_falls_with_every_trial_in_vain_and_rises_with_a_better_one():
    losses = [5.0, 4.0, 4.5, None]
    assert chance(losses[:2], 2, 0.5) == 0.5
    assert chance(losses, 2, 0.5) == 2.0 * 0.5 / (2.0 + 2)
    assert chance([*losses, 4.0 * (1 - CLEAR / 2)], 2, 0.5) == 2.0 * 0.5 / (2.0 + 3)
    assert chance([*losses, 3.0], 2, 0.5) == 0.5
    assert chance([*losses, 3.0, 3.0], 2, 0.25) == 2.0 * 0.25 / 3.0
    assert chance(losses, 4, 0.5) == 0.5  # what had to be tried says nothing


def test_a_portfolio_serves_airports_that_the_most_frequent_winner_does_not():
    pasts = [past("A", "ab"), past("B", "ab"), past("C", "cb"), past("D", "ad")]
    assert labels(portfolio(pasts, 2)) == ["a", "c"]
    assert labels(portfolio(pasts, 9)) == ["a", "c"]  # the others serve nobody better
    assert labels(portfolio(pasts, 2, [model("a")])) == ["c"]
    assert labels(portfolio(pasts[::-1], 2)) == ["a", "c"]
    assert portfolio([], 3) == []


def test_own_winners_come_first_then_similar_then_the_fleet():
    near = [past(f"N{i}", "xyz", (1.0, 2.0 + i / 100)) for i in range(5)]
    far = [past(f"F{i}", "pqr", (50.0 + i, 90.0)) for i in range(9)]
    own = past("JFK", "abcdefgh", (1.0, 2.0))
    found = PastSearches.of([own, *near, *far], ["job"]).learned("JFK", (1.0, 2.0))
    assert [(s.model.label, s.origin) for s in found.starts] == [
        *((c, "own") for c in "abcde"),
        ("x", "similar"),
        ("p", "fleet"),
    ]
    assert found.counts == {"own": OWN_STARTS, "similar": 1, "fleet": 1}
    assert found.runs == ("run-JFK", "job")
    assert set(found.airports) == {p.airport for p in near}
    assert found.families == ("fake",)


def test_an_airport_without_history_starts_from_the_others():
    others = [past(f"N{i}", [f"{i}a", f"{i}b"], (1.0, float(i))) for i in range(20)]
    found = PastSearches.of(others, ["job"]).learned("JFK", (1.0, 3.1))
    assert found.airports[0] == "N3"
    assert found.counts == {"similar": 5, "fleet": STARTS - 5}
    assert found.starts[0].model.label in {"1a", "2a", "3a", "4a", "5a"}
    assert found.runs == ("job",)
    again = PastSearches.of(others[::-1], ["job"]).learned("JFK", (1.0, 3.1))
    assert again == found
    assert PastSearches.of([]).learned("JFK", (1.0, 2.0)) is None


def test_families_and_rate_are_those_of_all_searches():
    hw = Past("A", "r", "2020-01-01", (1.0,), (Model("hw", {}, "hw"),), (1.0,), 10, 2)
    ets = Past("B", "r", "2020-01-01", (9.0,), (Model("ets", {}, "ets"),), (1.0,), 10, 1)
    found = PastSearches.of([hw, ets]).learned("A", (1.0,))
    assert found.families == ("ets", "hw")
    assert found.rate == (1 + 3) / (2 + 20)
    assert Learned.from_dict(found.to_dict()) == found


@pytest.mark.parametrize("name", family_names())
def test_every_start_of_a_family_is_placed_where_it_is(name, series):
    shortest = validation_splits(series.n, 6, 4, None, 12)[0].end
    y = np.where(np.arange(series.n) % 3 == 1, 0.0, series.y) if name == COUNTS else series.y
    spaces = {name: family(name).space(y, 12, shortest)}
    placings = [
        (make_model(name, o), placed(spaces, make_model(name, o))) for o in family(name).starts
    ]
    inside = [(m, p) for m, p in placings if p is not None]
    assert inside
    assert all(found == m for m, (_, found) in inside)


def test_what_lies_outside_is_nowhere_and_unknown_options_are_dropped(series):
    spaces = {"ets": family("ets").space(series.y, 12, 60)}
    assert placed(spaces, Model("gone", {}, "Gone")) is None
    assert placed(spaces, Model("ets", {**ETS, "error": "no"}, "ETS")) is None
    point, found = placed(spaces, Model("ets", {**ETS, "novel": 1}, "ETS"))
    assert found == make_model("ets", ETS)
    assert point["ets/seasonal"] >= 0


# The search itself -----------------------------------------------------------------------------


def learned(*models, rate=0.5, origin="own"):
    return Learned(tuple(Start(m, origin) for m in models), ("ets",), rate, ("r",))


def test_starts_come_right_after_the_baseline_and_say_where_from(series):
    first, second = make_model("ets", ETS), make_model("ets", {**ETS, "trend": "damped"})
    result = tune(series, SEARCH, learned=learned(first, second))
    assert [t.model for t in result.trials[1:3]] == [first, second]
    assert [t.start for t in result.trials[:3]] == ["baseline", "own", "own"]
    assert {t.start for t in result.trials[3:]} == {"family", "pool", "tpe"}


def test_starts_that_are_unknown_or_outside_are_skipped(series):
    known = make_model("ets", ETS)
    odd = [
        Model("gone", {}, "Gone"),
        Model("ets", {**ETS, "error": "no"}, "ETS"),
        make_model("sarimax", family("sarimax").starts[0]),
    ]
    result = tune(series, SEARCH, learned=learned(*odd, known, known))
    assert [t.start for t in result.trials].count("own") == 1
    assert result.trials[1].model == known


def test_a_cold_search_is_what_it_was_and_says_what_is_a_start(series):
    cold, nothing = tune(series, SEARCH), tune(series, SEARCH, learned=Learned())
    assert cold == nothing
    assert cold.stopped == "max_evals"
    assert cold.by_origin == {"baseline": 1, "pool": 6, "family": 9, "tpe": 4}


def test_it_stops_when_the_next_trial_is_unlikely_to_improve(series):
    start = make_model("ets", ETS)
    search = replace(SEARCH, max_evals=40)
    soon = tune(series, search, learned=learned(start, rate=0.05))
    late = tune(series, search, learned=learned(start, rate=math.inf))
    assert soon.stopped == "unlikely"
    assert late.stopped == "max_evals"
    losses = [t.loss for t in late.trials]
    assert [t.loss for t in soon.trials] == losses[: len(soon.trials)]
    assert chance([t.loss for t in soon.trials], 2, 0.05) <= UNLIKELY
    assert chance([t.loss for t in soon.trials[:-1]], 2, 0.05) > UNLIKELY


def test_the_pool_is_tried_whole_where_it_is_averaged():
    series = make_series(seasonal_data(72))
    search = SearchSpec(horizon=6)
    keys = pool_keys([(n, o) for n, o in pool(series.y, 12) if n in search.families])
    own = [
        make_model("ets", {**ETS, "trend": t, "seasonal": s})
        for t in ("none", "damped")
        for s in ("none", "add", "mul")
    ]
    own += [make_model("theta", o) for o in family("theta").starts]
    own += [make_model("ces", o) for o in family("ces").starts]
    result = tune(series, search, learned=learned(*own, rate=0.01))
    assert keys <= {t.model.key for t in result.trials}
    assert len(result.trials) <= search.max_evals
    alone = tune(series, replace(search, combine=1), learned=learned(*own[:2], rate=0.01))
    assert len(alone.trials) == 3
    assert alone.stopped == "unlikely"


def test_starting_points_of_families_that_won_are_not_tried_again(series):
    own = make_model("ets", ETS)
    tried = {}
    for origin in ("own", "fleet"):
        result = tune(series, SEARCH, learned=learned(own, rate=math.inf, origin=origin))
        tried[origin] = [t for t in result.trials if t.start in ("family", "pool")]
    assert {t.model.family for t in tried["own"]} == {"holt_winters"}
    assert {t.model.family for t in tried["fleet"]} == {"holt_winters", "ets"}


@pytest.mark.slow
@pytest.mark.parametrize("shocks", [False, True])
def test_starts_never_take_the_room_of_the_averaged_pool(shocks):
    series = make_series(shocked(n=80) if shocks else seasonal_data(72))
    search = SearchSpec(horizon=6, max_evals=22)
    cold = tune(series, search)
    members = {t.model.key for t in cold.trials if t.start in ("pool", "shocks")}
    own = [make_model("ets", {**ETS, "trend": t}) for t in ("none", "damped", "add")]
    own += [make_model("theta", o) for o in family("theta").starts]
    own += [make_model("ces", o) for o in family("ces").starts]
    found = tune(series, search, learned=learned(*own, rate=math.inf))
    assert members <= {t.model.key for t in found.trials}
    assert "own" in found.by_origin
    assert len(found.trials) == search.max_evals


def test_the_timeout_is_looked_at_before_each_start(series):
    starts = [make_model("ets", {**ETS, "trend": t}) for t in ("none", "damped", "add")]
    ticks = iter(range(0, 10**9, 100))
    search = replace(SEARCH, timeout=0.8)
    result = tune(series, search, lambda: (next(ticks), 0.0), learned(*starts))
    assert result.stopped == "timeout"
    assert [t.start for t in result.trials] == ["baseline", "own", "own"]


def test_a_learned_search_is_the_same_again(series):
    given = learned(make_model("ets", ETS), rate=0.2)
    assert tune(series, SEARCH, learned=given) == tune(series, SEARCH, learned=given)
