"""Shocks are found, replaced, recorded, and never known before they happen."""

import json
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.models import family
from forecastctl.models.base import fit_prefixes
from forecastctl.models.combination import fit_and_predict as forecast
from forecastctl.models.combination.weights import sd_weights
from forecastctl.models.make import make_model
from forecastctl.models.shocks import (
    KEPT,
    REPLACED,
    estimation_data,
    without_shocks,
)
from forecastctl.records import FittedModel, Member, SearchSpec, Shock, Specification
from forecastctl.search.backtest import backtest
from forecastctl.search.folds import validation_splits
from forecastctl.search.tune import tune
from tests.series import make_series, seasonal_data

M = 12


def shocked(n=108, at=72, length=14, depth=-2.0, after=-0.3, seed=0):
    """Data that fall at a month, climb back over so many months, and settle at another level."""
    y = np.log(seasonal_data(n, noise=0.02, seed=seed))
    y[at : at + length] += np.linspace(depth, after, length)[: n - at]
    y[at + length :] += after
    return np.exp(y)


def test_a_shock_is_found_and_its_season_put_back():
    y, usual = shocked(), seasonal_data(108, noise=0.02)
    clean, (found,) = without_shocks(y, M)
    assert found.start == 72
    assert 80 <= found.end <= 90
    assert found.shift == pytest.approx(-0.3, abs=0.1)
    assert clean[found.end :] == pytest.approx(y[found.end :])
    np.testing.assert_allclose(clean[:72], usual[:72] * np.exp(found.shift))
    np.testing.assert_allclose(clean[72 : found.end] / usual[72 : found.end], 0.74, atol=0.15)


def test_a_shock_that_is_still_on_keeps_the_newest_periods():
    y = shocked(n=80)
    clean, (found,) = without_shocks(y, M)
    assert (found.start, found.end) == (72, 80 - KEPT)
    np.testing.assert_allclose(clean[-KEPT:], y[-KEPT:])
    assert np.all(clean[:72] < 0.9 * y[:72])


def test_two_shocks_are_two():
    y = shocked()
    y[30:36] *= 0.2
    assert [f.start for f in without_shocks(y, M)[1]] == [30, 72]


@pytest.mark.parametrize(
    ("y", "m"),
    [
        (seasonal_data(108), M),
        (seasonal_data(108, noise=0.4), M),
        (shocked(), 1),
        (np.where(np.arange(108) == 3, 0.0, shocked()), M),
        (shocked(length=1), M),
        (shocked()[:14], M),
        (np.full(60, 5.0), M),
        (np.exp(np.cumsum(np.full(108, 0.08))), M),
    ],
    ids=["quiet", "noisy", "no season", "zeros", "one month", "short", "constant", "growth"],
)
def test_nothing_is_made_up(y, m):
    clean, found = without_shocks(y, m)
    assert found == ()
    assert clean is y


def test_another_regime_is_no_shock():
    y = seasonal_data(140, noise=0.02)
    y[60:] *= np.exp(np.cumsum(np.random.default_rng(1).normal(-0.03, 0.4, 80)))
    assert without_shocks(y, M)[1] == ()


def test_a_backtest_does_not_know_what_comes():
    """A fold sees the shocks of its own past alone."""
    series = make_series(shocked())
    model = make_model("annual", {**family("annual").starts[0], **REPLACED})
    splits = validation_splits(series.n, 12, 4, 6, M)
    changed = replace(series, y=np.where(np.arange(108) >= splits[1].end, 1e6, series.y))
    for k in (0, 1):
        ours, theirs = (backtest(s, model, splits)[k] for s in (series, changed))
        assert ours.mean.tobytes() == theirs.mean.tobytes()


@pytest.mark.parametrize("name", ["holt_winters", "sarimax", "theta"])
def test_every_family_can_be_fitted_without(name):
    y, options = shocked(), family(name).starts[0]
    clean = without_shocks(y, M)[0]
    (found,) = fit_prefixes(family(name), make_series(y, M), (108,), {**options, **REPLACED})
    assert found == family(name).fit(clean, M, {**options, **REPLACED})
    assert found != family(name).fit(y, M, options)
    assert estimation_data(y, M, options) is y
    assert make_model(name, {**options, **REPLACED}).label.endswith(" shocks out")


def test_half_of_the_pool_sees_a_shock_that_is_still_on():
    result = tune(make_series(shocked(n=80)), SearchSpec(horizon=6))
    models = [m.model for m in result.specification.members]
    out = [m for m in models if "shocks" in m.options]
    assert 5 <= len(out) <= 7
    assert 5 <= len(models) - len(out) <= 8


def test_two_models_see_a_shock_that_is_over_and_it_is_recorded():
    series = make_series(shocked(seed=2))
    result = tune(series, SearchSpec(horizon=6))
    members = result.specification.members
    out = [m for m in members if "shocks" in m.model.options]
    assert len(out) >= 11
    assert 1 <= len(members) - len(out) <= 2  # a hopeless one stays out
    model, reason = forecast.fit(series, result.specification, horizon=6, spread=result.spread)
    assert reason is None
    assert model.shocks == (Shock("2007-01-01", model.shocks[0].last, model.shocks[0].shift),)
    again = FittedModel.from_row(json.loads(json.dumps(model.to_row())))
    assert again == model
    assert forecast.predict(again, 6).mean.tobytes() == forecast.predict(model, 6).mean.tobytes()


def test_shocks_may_be_kept():
    series = make_series(shocked())
    result = tune(series, SearchSpec(horizon=6, shocks="keep"))
    assert not any("shocks" in t.model.options for t in result.trials)
    assert forecast.fit(series, result.specification)[0].shocks == ()


def test_the_backtest_may_speak_against_it(monkeypatch):
    """Where the judges do far worse without the shock, all models see all data."""
    from forecastctl.models import base

    monkeypatch.setattr(base, "estimation_data", lambda y, *_: np.full(len(y), 1.0))
    result = tune(make_series(shocked(n=120)), SearchSpec(horizon=6))
    tried = [t for t in result.trials if t.model.options.get("shocks")]
    assert len(tried) >= 3
    assert not any("shocks" in m.model.options for m in result.specification.members)


def test_in_older_rows_widths_come_from_those_that_saw_the_shock():
    plain = make_model("seasonal_naive", {"drift": False})
    out = make_model("seasonal_naive", {"drift": False, **REPLACED})
    members = [Member(plain, 0.2), Member(out, 0.5), Member(plain, 0.3)]
    assert sd_weights(members) == [0.4, 0.0, 0.6]
    assert sd_weights(members[1:2]) == [0.5]
    assert sd_weights(members[::2]) == [0.2, 0.3]
    series = make_series(shocked())
    both, _ = forecast.fit(series, Specification((Member(plain, 0.5), Member(out, 0.5))), widths=())
    alone, _ = forecast.fit(series, Specification((Member(plain, 1.0),)), widths=())
    np.testing.assert_allclose(forecast.predict(both, 3).sd, forecast.predict(alone, 3).sd)
    now, _ = forecast.fit(series, Specification((Member(plain, 0.5), Member(out, 0.5))))
    assert np.all(forecast.predict(now, 3).sd < forecast.predict(both, 3).sd)


@pytest.mark.parametrize(
    ("source", "airport", "first"),
    [("sfo.csv", "SFO", "2020-03"), ("tsa_monthly.csv", "ATL", "2020-03")],
)
def test_the_epidemic_is_found_where_it_was(shared_data, source, airport, first):
    import pandas as pd

    frame = pd.read_csv(shared_data / source)
    rows = frame[frame.airport == airport].sort_values("date")
    series = make_series(rows.iloc[:, -1].to_numpy(float))
    found, *_ = without_shocks(series.y, M)[1]
    assert str(rows.date.iloc[found.start]).startswith(first)
    assert found.shift < 0
