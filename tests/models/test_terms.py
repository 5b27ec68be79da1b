"""Effects of regressors are recovered, taken out, put back, and never known before they happen."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.models import family
from forecastctl.models.base import fit_prefixes, fit_until
from forecastctl.models.calendar_regression import Coefficient
from forecastctl.models.combination.advance import advance
from forecastctl.models.combination.fit_and_predict import fit, passengers_of_effects, predict
from forecastctl.models.make import make_model
from forecastctl.models.shocks import REPLACED, FoundShock, without_shocks
from forecastctl.models.terms import OUT, _as_replaced, _shrunk, effects_until, factor, taken_out
from forecastctl.records import Effect, FittedModel, Member, SearchSpec, Specification, Terms
from forecastctl.records.calendar import period_of
from forecastctl.records.feasts import EASTER, shares
from forecastctl.records.terms import CALENDAR, EVENT, REGRESSOR
from forecastctl.search.backtest import backtest
from forecastctl.search.folds import validation_splits
from forecastctl.search.terms import COMPARED
from forecastctl.search.tune import tune
from tests.series import make_series, seasonal_data

M = 12
AHEAD = 24
NAIVE = ("seasonal_naive", {"drift": False})


def with_terms(y, beta, **columns):
    """A series of months with regressors, each of which changes its logarithm by ``beta`` times it.

    Args:
        y: Passengers without effects.
        beta: Effect by name.
        columns: Kind and values by name, for all periods and `AHEAD` more.
    """
    series = make_series(y)
    x = np.column_stack([values for _, values in columns.values()])
    change = sum(b * columns[name][1][: len(y)] for name, b in beta.items())
    kinds = tuple(kind for kind, _ in columns.values())
    first = period_of(series.ds[0], "M")
    terms = Terms(tuple(columns), kinds, "M", first, x)
    return replace(series, y=y * np.exp(change), terms=terms)


def easter(n):
    first = period_of(make_series(np.ones(1)).ds[0], "M")
    return CALENDAR, shares(EASTER, np.arange(first, first + n + AHEAD), "M")


def at_easter(beta=0.12, n=120, seed=0, noise=0.02, **more):
    y = seasonal_data(n, noise=noise, seed=seed)
    return with_terms(y, {"Easter": beta}, Easter=easter(n), **more)


def test_an_effect_is_recovered_within_its_standard_error():
    found = [effects_until(at_easter(seed=seed), 120) for seed in range(40)]
    assert all(len(effects) == 1 for effects in found)
    z = np.array([(effect.beta - 0.12) / effect.se for (effect,) in found])
    assert abs(np.mean(z)) < 0.6
    assert 0.7 < np.sqrt(np.mean(z**2)) < 1.5


def test_an_airport_without_an_effect_gets_none():
    found = sum(len(effects_until(at_easter(0.0, seed=seed), 120)) for seed in range(100))
    assert found <= 8  # 5 in a hundred are clear by chance


@pytest.mark.parametrize("kind", [EVENT, REGRESSOR])
def test_events_and_regressors_of_a_file_are_recovered(kind):
    x = np.zeros(120 + AHEAD)
    if kind == EVENT:
        x[[30, 55, 91, 121]] = 3.0, 10.0, 7.0, 5.0
    else:
        x = np.cumsum(np.random.default_rng(3).normal(0, 0.05, 120 + AHEAD)) + 11.0
    beta = {"x": 0.03 if kind == EVENT else 0.7}
    (effect,) = effects_until(with_terms(seasonal_data(120, noise=0.02), beta, x=(kind, x)), 120)
    assert effect.kind == kind
    assert abs(effect.beta - beta["x"]) < 2.5 * effect.se
    usual = 0.0 if kind == EVENT else x[108:120]
    np.testing.assert_allclose(effect.ahead[:12], x[120:132] - usual)


def test_each_of_several_effects_is_told_apart():
    rng = np.random.default_rng(1)
    days = CALENDAR, rng.choice([-3.0, 0.5, 4.0], 120 + AHEAD)
    y = seasonal_data(120, noise=0.01)
    series = with_terms(y, {"Easter": 0.1, "days": 0.004}, Easter=easter(120), days=days)
    found = {effect.name: effect for effect in effects_until(series, 120)}
    assert found["Easter"].beta == pytest.approx(0.1, abs=0.025)
    assert found["days"].beta == pytest.approx(0.004, abs=0.0015)


def test_what_is_usual_of_the_calendar_stays_with_the_season():
    series = at_easter()
    (effect,) = effects_until(series, 120)
    x = series.terms.values[:, 0]
    usual = np.array([x[month:120:12].mean() for month in range(12)])
    np.testing.assert_allclose(effect.ahead[:12], x[120:132] - usual)
    expected = np.exp(-effect.beta * (x[:120] - np.tile(usual, 10)))
    np.testing.assert_allclose(taken_out(series, 120, [effect]), expected)


def test_in_a_season_of_a_week_no_feast_is_usual():
    rng = np.random.default_rng(0)
    x = np.zeros(800)
    x[30:700:97] = 1.0
    y = np.exp(8 + 0.1 * np.sin(2 * np.pi * np.arange(700) / 7) + rng.normal(0, 0.02, 700))
    series = make_series(y * np.exp(-0.3 * x[:700]), season_length=7, freq="D")
    first = period_of(series.ds[0], "D")
    series = replace(series, terms=Terms(("Feast",), (CALENDAR,), "D", first, x[:, None]))
    (effect,) = effects_until(series, 700)
    assert effect.beta == pytest.approx(-0.3, abs=0.04)
    assert effect.ahead == tuple(x[700:])


@pytest.mark.parametrize(
    ("y", "m"),
    [
        (np.where(np.arange(120) == 7, 0.0, 100.0), 12),
        (seasonal_data(30), 12),
        (seasonal_data(120), 1),
        (np.full(120, 5.0), 12),
    ],
    ids=["a zero", "short", "no season", "constant"],
)
def test_nothing_is_made_up(y, m):
    series = replace(with_terms(y, {}, Easter=easter(len(y))), season_length=m)
    assert effects_until(series, len(y)) == ()


def test_two_columns_that_say_the_same_say_nothing():
    kind, x = easter(120)
    series = with_terms(seasonal_data(120), {"a": 0.2}, a=(kind, x), b=(kind, 2 * x))
    assert effects_until(series, 120) == ()


def test_a_series_that_its_terms_do_not_reach_has_no_effects():
    series = at_easter()
    cut = replace(series, terms=series.terms.cut(period_of(series.ds[-2], "M")))
    assert effects_until(cut, 120) == ()
    assert len(effects_until(cut, 119)) == 1


def test_a_shock_hides_no_effect():
    series = at_easter(n=144, noise=0.01)
    y = series.y.copy()
    y[100:116] *= np.exp(np.linspace(-2.0, -0.1, 16))
    (effect,) = effects_until(replace(series, y=y), 144)
    assert abs(effect.beta - 0.12) < 3 * effect.se
    assert effect.se < 0.03


def test_regressors_of_a_shock_are_those_of_what_replaces_it():
    """The season before it is repeated, with Easter where it was in that season."""
    x = np.arange(60.0)[:, None]
    moved = _as_replaced(x, [FoundShock(24, 40, -0.3)], M)
    np.testing.assert_array_equal(moved[:24], x[:24])
    np.testing.assert_array_equal(moved[24:40, 0], [*range(12, 24), *range(12, 16)])
    np.testing.assert_array_equal(moved[40:], x[40:])


def test_what_a_regressor_explains_is_no_shock():
    """Capacity that is cut to a tenth for a year, and passengers with it."""
    rng = np.random.default_rng(2)
    seats = np.exp(np.cumsum(rng.normal(0, 0.03, 144 + AHEAD)) + 11.0)
    seats[96:110] *= 0.1
    y = seasonal_data(144, noise=0.02)
    series = with_terms(y, {"seats": 1.0}, seats=(REGRESSOR, np.log(seats)))
    assert without_shocks(series.y, M)[1]
    (effect,) = effects_until(series, 144)
    assert abs(effect.beta - 1.0) < 2.5 * effect.se
    assert effect.se < 0.05


def test_an_effect_is_shrunk_by_its_own_uncertainty():
    half_a_unit = _shrunk(Coefficient(0.2, 0.1, 9), 2.0)
    assert (half_a_unit.value, half_a_unit.se) == (pytest.approx(0.075), 0.05)
    assert _shrunk(Coefficient(0.1, 0.2, 9), 1.0).value == 0.0


@pytest.mark.parametrize(("kind", "known"), [(CALENDAR, 0), (EVENT, 1)])
def test_what_was_there_once_is_an_event_and_no_term_of_the_calendar(kind, known):
    x = np.zeros(120 + AHEAD)
    x[70] = 1.0
    series = with_terms(seasonal_data(120, noise=0.01), {"x": 0.3}, x=(kind, x))
    assert len(effects_until(series, 120)) == known


def test_fits_of_prefixes_are_each_without_their_own_effects():
    series, options = at_easter(), {**family("holt_winters").starts[0], **OUT}
    of = family("holt_winters")
    fits = list(fit_prefixes(of, series, (120, 100), options))
    assert fits == [fit_until(of, series, end, options) for end in (120, 100)]
    assert fits[0].effects != fits[1].effects


@settings(max_examples=15, deadline=None)
@given(at=st.integers(40, 119), seed=st.integers(0, 1000))
def test_what_comes_after_an_origin_changes_nothing_at_it(at, seed):
    series = at_easter()
    later = np.random.default_rng(seed).uniform(1.0, 1e6, 120)
    changed = replace(series, y=np.where(np.arange(120) >= at, later, series.y))
    assert effects_until(series, at) == effects_until(changed, at)


def test_a_backtest_does_not_know_what_comes():
    series = at_easter()
    model = make_model("annual", {**family("annual").starts[0], **OUT})
    splits = validation_splits(series.n, 12, 4, 6, M)
    changed = replace(series, y=np.where(np.arange(120) >= splits[1].end, 1e6, series.y))
    for k in (0, 1):
        ours, theirs = (backtest(s, model, splits)[k] for s in (series, changed))
        assert ours.mean.tobytes() == theirs.mean.tobytes()
        assert ours.sd.tobytes() == theirs.sd.tobytes()


@pytest.mark.parametrize("name", ["holt_winters", "sarimax", "theta", "annual", "pooled"])
def test_every_family_can_be_fitted_without(name):
    series, options = at_easter(), family(name).starts[0]
    effects = effects_until(series, 120)
    y = series.y * taken_out(series, 120, effects)
    found = fit_until(family(name), series, 120, {**options, **OUT})
    assert found == replace(family(name).fit(y, M, options), effects=effects)
    assert make_model(name, {**options, **REPLACED, **OUT}).label.endswith(" shocks out terms out")


def test_without_terms_the_option_changes_nothing():
    series = replace(at_easter(), terms=None)
    name, options = NAIVE
    assert fit_until(family(name), series, 120, {**options, **OUT}) == fit_until(
        family(name), series, 120, options
    )


def fitted(series, *options, horizon=12):
    members = tuple(
        Member(make_model(NAIVE[0], {**NAIVE[1], **more}), 1 / len(options)) for more in options
    )
    return fit(series, Specification(members), horizon=horizon)[0]


def test_effects_are_multiplied_onto_the_forecast_and_its_spread():
    series = at_easter()
    model = fitted(series, OUT)
    plain = replace(model, effects=())
    ours, without = predict(model, 12), predict(plain, 12)
    by = np.exp(model.effects[0].beta * np.array(model.effects[0].ahead[:12]))
    np.testing.assert_allclose(ours.mean, without.mean * by)
    np.testing.assert_allclose(ours.sd, without.sd * by)
    np.testing.assert_allclose(
        passengers_of_effects(model, 12)["Easter"], ours.mean - without.mean, atol=1e-9
    )


def test_passengers_of_effects_are_those_of_the_members_that_have_them():
    model = fitted(at_easter(), OUT, {})
    difference = predict(model, 12).mean - predict(replace(model, effects=()), 12).mean
    np.testing.assert_allclose(passengers_of_effects(model, 12)["Easter"], difference, atol=1e-9)
    assert passengers_of_effects(fitted(at_easter(), {}), 12) == {}


def test_a_replay_needs_the_row_alone_and_has_the_same_bits():
    model = fitted(at_easter(), OUT, {})
    row = json.loads(json.dumps(model.to_row()))
    again = FittedModel.from_row(row)
    assert row["version"] == 5
    assert len(row["effects"][0]["ahead"]) == 24
    for h in (12, 24, 40):
        ours, theirs = predict(model, h), predict(again, h)
        assert ours.mean.tobytes() == theirs.mean.tobytes()
        assert ours.sd.tobytes() == theirs.sd.tobytes()


def test_further_than_is_stored_the_effect_is_none():
    effects = [Effect("x", EVENT, 0.5, 0.1, (1.0, 2.0))]
    np.testing.assert_allclose(factor(effects, 4), [np.exp(0.5), np.exp(1.0), 1.0, 1.0])


def test_a_row_without_effects_is_what_it_was():
    model = fitted(replace(at_easter(), terms=None), {})
    row = model.to_row()
    assert "effects" not in row
    assert row["version"] == 4
    assert FittedModel.from_row(json.loads(json.dumps(row))) == model


def test_a_model_is_run_on_without_the_effects_of_what_came():
    whole = at_easter()
    start = replace(whole, ds=whole.ds[:110], y=whole.y[:110])
    model = fitted(start, OUT, {})
    on = advance(model, whole, lambda member: member)
    known = np.array(model.effects[0].ahead[:10])
    assert on.effects[0].ahead == model.effects[0].ahead[10:]
    taken = whole.y[110:] / np.exp(model.effects[0].beta * known)
    np.testing.assert_allclose(on.members[0].states["last"][-10:], taken)
    np.testing.assert_allclose(on.members[1].states["last"][-10:], whole.y[110:])


def models_of(result):
    return [trial.model for trial in result.trials]


def test_a_search_takes_what_the_backtest_gains_by():
    search = SearchSpec(families=("annual", "holt_winters", "seasonal_naive"), max_evals=12)
    series = at_easter(0.25)
    result = tune(series, search)
    plain = tune(replace(series, terms=None), search)
    assert all("terms" in m.model.options for m in result.specification.members)
    assert result.by_origin["terms"] == 2 * COMPARED
    assert len(result.trials) <= search.max_evals
    assert result.loss < 0.8 * plain.loss


def test_a_search_without_an_effect_is_as_it_was():
    search = SearchSpec(families=("annual", "seasonal_naive"), max_evals=6)
    series = at_easter(0.0, seed=1)
    assert effects_until(series, 120) == ()
    assert tune(series, search) == tune(replace(series, terms=None), search)


def losses_of(result):
    """Of the models that were compared: as they are, and without effects."""
    compared = [trial for trial in result.trials if trial.start == "terms"]
    plain = sum(trial.loss for trial in compared if "terms" not in trial.model.options)
    return plain, sum(trial.loss for trial in compared if "terms" in trial.model.options)


def test_a_backtest_that_gains_next_to_nothing_leaves_the_pool_as_it_was():
    series = at_easter(0.015, noise=0.01, seed=5)
    assert effects_until(series, 120) != ()
    result = tune(series, SearchSpec(families=("annual", "seasonal_naive"), max_evals=10))
    plain, without = losses_of(result)
    assert 0.98 * plain < without < plain
    pool = [trial.model.options for trial in result.trials if trial.start == "pool"]
    assert pool
    assert not any("terms" in options for options in pool)
    assert not any("terms" in m.model.options for m in result.specification.members)


def test_an_effect_that_is_gone_is_not_taken():
    series = at_easter(0.0, noise=0.01)
    gone = np.where(np.arange(120) < 72, 0.15, -0.1) * series.terms.values[:120, 0]
    series = replace(series, y=series.y * np.exp(gone))
    assert effects_until(series, 120) != ()
    result = tune(series, SearchSpec(families=("annual", "seasonal_naive"), max_evals=10))
    assert not any("terms" in m.model.options for m in result.specification.members)


def test_an_event_to_come_is_taken_where_the_backtest_does_not_speak_against_it():
    x = np.zeros(120 + AHEAD)
    x[[20, 45, 124]] = 1.0
    series = with_terms(seasonal_data(120, noise=0.02), {"Games": 0.4}, Games=(EVENT, x))
    search = SearchSpec(families=("annual", "seasonal_naive"), max_evals=10)
    model = fit(series, tune(series, search).specification, horizon=12)[0]
    without = replace(model, effects=())
    ratio = predict(model, 12).mean / predict(without, 12).mean
    assert ratio[4] == pytest.approx(np.exp(0.4), rel=0.1)
    np.testing.assert_allclose(np.delete(ratio, 4), 1.0)
