"""The reference engine: the same models fitted by statsmodels, in place of the compiled engine."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX

from forecastctl.errors import ModelError, UsageError
from forecastctl.models import (
    ENGINES,
    base,
    family,
    family_names,
    fitter,
    working_engine,
)
from forecastctl.models.base import FitsPrefixes
from forecastctl.models.combination import fit_and_predict as forecast
from forecastctl.models.make import make_model
from forecastctl.models.parts.transforms import back, forward
from forecastctl.records import Member, SearchSpec, Specification
from forecastctl.search.backtest import backtest
from forecastctl.search.folds import validation_splits
from forecastctl.search.tune import tune
from tests.series import make_series, seasonal_data

ROOT = Path(__file__).parents[2]
H = 18
GIVEN = {"smoothing": "given", "alpha": 0.3, "beta": 0.1, "gamma": 0.2, "phi": 0.9}


def hw(trend, seasonal, transform="none", initial="estimated", **more):
    return {
        "trend": trend,
        "seasonal": seasonal,
        "transform": transform,
        "initial": initial,
        "smoothing": "estimated",
        **more,
    }


def ets(error, trend, seasonal, initial="heuristic"):
    return {"error": error, "trend": trend, "seasonal": seasonal, "initial": initial}


def sarima(*orders, drift=False, transform="none"):
    return {**dict(zip("pdqPDQ", orders, strict=True)), "drift": drift, "transform": transform}


# Relative distance of the forecasts, for models that suit the data. Where a model does not, or has
# many initial states to estimate, the engines may end in different optima.
HW = [
    (hw("damped", "mul"), 1e-4),
    (hw("none", "add", "log"), 1e-3),
    (hw("add", "add"), 1e-3),
    (hw("none", "none", initial="heuristic"), 1e-3),
    (hw("damped", "add", "boxcox", **{"lambda": 0.4}), 1e-3),
    (hw("add", "add", "log", initial="heuristic"), 1e-3),
    (hw("damped", "mul", initial="heuristic", **GIVEN), 1e-12),
    (hw("none", "add", initial="heuristic", **GIVEN), 1e-12),
]
ETS = [
    (ets("mul", "add", "mul"), 1e-3),
    (ets("add", "none", "mul"), 1e-3),
    (ets("add", "damped", "add"), 1e-3),
    (ets("mul", "damped", "mul"), 1e-3),
    (ets("add", "add", "add", "estimated"), 1e-3),
]
SARIMA = [
    (sarima(1, 0, 1, 0, 1, 1, drift=True), 2e-3),
    (sarima(0, 1, 1, 0, 1, 1, transform="log"), 1e-3),
    (sarima(1, 1, 1, 1, 1, 1, transform="log"), 1e-3),
    (sarima(1, 0, 0, 1, 1, 0, drift=True), 1e-3),
    (sarima(0, 1, 0, 0, 1, 0), 1e-10),
]
CASES = [
    *(("holt_winters", *case) for case in HW),
    *(("ets", *case) for case in ETS),
    *(("sarimax", *case) for case in SARIMA),
]


THEIRS = ("holt_winters", "ets", "sarimax")
"""Families that statsmodels has as well."""


def shape_of(values):
    return {name: (type(value), np.shape(value)) for name, value in values.items()}


@pytest.mark.parametrize(("name", "options", "close"), CASES)
def test_both_engines_forecast_the_same(name, options, close):
    y = seasonal_data(84, seed=1)
    fits = [family(name, engine).fit(y, 12, options) for engine in ENGINES]
    (mean, sd), (reference, reference_sd) = (
        family(name).forecast(fit, 12, options, H) for fit in fits
    )
    assert shape_of(fits[0].params) == shape_of(fits[1].params)
    assert shape_of(fits[0].states) == shape_of(fits[1].states)
    np.testing.assert_allclose(mean, reference, rtol=close)
    np.testing.assert_allclose(sd, reference_sd, rtol=10 * close)
    assert fits[0].sigma == pytest.approx(fits[1].sigma, rel=10 * close)


def none(value):
    return None if value == "none" else value


def components(options):
    return {
        "trend": None if options["trend"] == "none" else "add",
        "damped_trend": options["trend"] == "damped",
        "seasonal": none(options["seasonal"]),
        "seasonal_periods": None if options["seasonal"] == "none" else 12,
        "initialization_method": options["initial"],
    }


@pytest.mark.parametrize("options", [options for options, _ in HW])
def test_holt_winters_forecast_is_that_of_statsmodels(options):
    y, lam = seasonal_data(84, seed=2), None
    if options["transform"] != "none":
        lam = options.get("lambda", 0.0)
    given = {}
    if options["smoothing"] == "given":
        given = {"smoothing_level": 0.3, "optimized": False}
        given |= {"smoothing_trend": 0.1} if options["trend"] != "none" else {}
        given |= {"smoothing_seasonal": 0.2} if options["seasonal"] != "none" else {}
        given |= {"damping_trend": 0.9} if options["trend"] == "damped" else {}
    result = ExponentialSmoothing(forward(y, lam), **components(options)).fit(**given)
    expected, _ = back(np.asarray(result.forecast(H)), np.zeros(H), lam)
    ours = family("holt_winters", "statsmodels")
    mean, _ = ours.forecast(ours.fit(y, 12, options), 12, options, H)
    # statsmodels up to 0.15.0 takes the season's estimate before last at lead 12 (issue 9538)
    sound = (np.arange(1, H + 1) % 12 != 0) | (options["seasonal"] == "none")
    np.testing.assert_allclose(mean[sound], expected[sound], rtol=1e-8)


@pytest.mark.parametrize("options", [options for options, _ in ETS])
def test_ets_forecast_is_that_of_statsmodels(options):
    y = seasonal_data(84, seed=2)
    model = ETSModel(y, error=options["error"], **components(options))
    expected = model.fit(disp=0, maxiter=500).forecast(H)
    ours = family("ets", "statsmodels")
    mean, _ = ours.forecast(ours.fit(y, 12, options), 12, options, H)
    np.testing.assert_allclose(mean, expected, rtol=1e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [options for options, _ in SARIMA])
def test_sarima_forecast_is_that_of_statsmodels(options):
    """Theirs is of the differenced series: ours is differenced to compare."""
    y = seasonal_data(84, seed=2)
    z, d = (np.log(y) if options["transform"] == "log" else y), options["d"]
    model = SARIMAX(
        z,
        order=[options[k] for k in "pdq"],
        seasonal_order=[*(options[k] for k in "PDQ"), 12],
        trend="c" if options["drift"] else "n",
        simple_differencing=True,
        concentrate_scale=True,
    )
    values = np.empty(0)
    if model.param_names:
        values = model.fit(disp=0, maxiter=50, maxfun=300, return_params=True)
    expected = model.filter(values, cov_type="none").forecast(H)
    ours = family("sarimax", "statsmodels")
    mean, _ = ours.forecast(ours.fit(y, 12, options), 12, options, H)
    path = np.append(z, np.log(mean) if options["transform"] == "log" else mean)
    differenced = np.diff(path[12:] - path[:-12], d)[-H:]
    np.testing.assert_allclose(differenced, expected, rtol=1e-8, atol=1e-8 * np.ptp(z))


def test_it_only_fits_differently():
    for name in family_names():
        compiled, reference = (family(name, engine) for engine in ENGINES)
        assert isinstance(reference, type(compiled))
        if name not in THEIRS:
            assert type(reference) is type(compiled)
            continue
        assert not isinstance(reference, FitsPrefixes)
        own = {n for n in vars(type(reference)) if not n.startswith("__")}
        assert own == {"fit", "fit_prefixes"}
    assert family("seasonal_naive", "statsmodels").label({}) == "SNaive"


def test_folds_are_fitted_one_by_one(series):
    """The fit of a fold does not depend on those before it."""
    model = make_model("holt_winters", hw("add", "add"))
    splits = validation_splits(series.n, 6, 3, 3, 12)
    ours = family("holt_winters", "statsmodels")
    for split, path in zip(splits, backtest(series, model, splits, "statsmodels"), strict=True):
        fit = ours.fit(series.y[: split.end], 12, model.options)
        mean, _ = ours.forecast(fit, 12, model.options, split.h)
        assert path.mean.tobytes() == mean.tobytes()


@pytest.mark.parametrize(
    ("name", "options", "y", "reason"),
    [
        ("holt_winters", hw("none", "add"), seasonal_data(23), "two seasons"),
        ("holt_winters", hw("none", "none"), np.full(40, np.nan), "cannot be fitted"),
        ("holt_winters", hw("none", "none", "log"), np.zeros(40), "positive"),
        ("ets", ets("add", "none", "add"), seasonal_data(21), "more than 21 observations"),
        ("ets", ets("mul", "none", "add"), np.arange(40.0), "cannot be fitted"),
        ("sarimax", sarima(1, 1, 1, 1, 1, 1), seasonal_data(28), "not 28"),
        ("sarimax", sarima(1, 0, 1, 0, 1, 1), np.full(60, 5.0), "does not vary"),
    ],
)
def test_what_cannot_be_fitted_is_a_model_error(name, options, y, reason):
    with pytest.raises(ModelError, match=reason):
        family(name, "statsmodels").fit(y, 12, options)


@pytest.mark.slow
def test_search_and_fit_with_it_are_deterministic(monkeypatch):
    """The compiled engine, which would be quicker, is not asked."""
    monkeypatch.setitem(sys.modules, "forecastctl.models.kernels.engine", None)
    monkeypatch.delattr("forecastctl.models.kernels.engine", raising=False)
    series = make_series(seasonal_data(48, seed=3))
    families = ("seasonal_naive", "annual", *THEIRS)
    search = SearchSpec(families, max_evals=8, horizon=6, folds=2, engine="statsmodels")
    results = [tune(series, search) for _ in range(2)]
    assert results[0] == results[1]
    trials = results[0].trials
    assert {t.model.family for t in trials} == set(families)
    assert {t.status for t in trials} <= {"ok", "pruned"}
    specification = results[0].specification
    models = [forecast.fit(series, specification, engine="statsmodels") for _ in range(2)]
    assert models[0] == models[1]
    assert models[0][1] is None
    assert np.all(np.isfinite(forecast.predict(models[0][0], 6).mean))


@pytest.mark.parametrize("horizon", [6, 60])
def test_unknown_engine_is_refused(series, horizon):
    """Also where the series is too short for the search to fit anything."""
    for refused in (
        lambda: family("ets", "magic"),
        lambda: fitter("ets", "magic"),
        lambda: working_engine("magic"),
        lambda: tune(series, SearchSpec(horizon=horizon, engine="magic")),
        lambda: forecast.fit(
            series, Specification((Member(make_model("seasonal_naive", {})),)), engine="magic"
        ),
    ):
        with pytest.raises(UsageError, match="no engine 'magic'") as caught:
            refused()
        assert caught.value.hint == "Engines are compiled, statsmodels."


@pytest.fixture
def asked_anew():
    base._engine_loads.cache_clear()
    yield
    base._engine_loads.cache_clear()


def test_the_compiled_engine_is_the_default_where_it_works(asked_anew, caplog):
    assert SearchSpec().engine == working_engine("compiled") == "compiled"
    assert fitter("ets") is family("ets", "compiled")
    assert type(family("ets")) is type(family("ets", "compiled"))
    assert not caplog.records


def test_a_broken_numba_is_as_good_as_none(tmp_path):
    """In a process of its own, for which nothing has been compiled yet."""
    (tmp_path / "numba.py").write_text("raise OSError('no libllvm')")
    code = (
        "import logging; logging.basicConfig(format='%(levelname)s %(message)s')\n"
        "from forecastctl.models import fitter\n"
        "print(*[type(fitter(name)).__name__ for name in ('ets', 'sarimax', 'ets')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == ["ReferenceEts", "ReferenceSarimax", "ReferenceEts"]
    assert done.stderr.count("WARNING") == 1
    assert "no libllvm" in done.stderr


def test_the_reference_does_not_ask_for_numba(asked_anew, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert fitter("ets", "statsmodels") is family("ets", "statsmodels")
    assert not caplog.records


@pytest.mark.slow
def test_without_numba_statsmodels_takes_over():
    """In a process of its own, which never had it: a warning once, and the reference's forecast."""
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import logging; logging.basicConfig(format='WARNED %(message)s')\n"
        "from forecastctl.search.tune import tune\n"
        "from forecastctl.models.combination import fit_and_predict as forecast\n"
        "from forecastctl.records import SearchSpec\n"
        "from tests.series import make_series, seasonal_data\n"
        "series = make_series(seasonal_data(48, seed=3))\n"
        "result = tune(series, SearchSpec(families=('ets',), max_evals=3, horizon=6, folds=1))\n"
        "model, _ = forecast.fit(series, result.specification)\n"
        "print([t.status for t in result.trials], forecast.predict(model, 6).mean.tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr.count("WARNED The compiled engine does not work here") == 1
    series = make_series(seasonal_data(48, seed=3))
    search = SearchSpec(families=("ets",), max_evals=3, horizon=6, folds=1)
    result = tune(series, replace(search, engine="statsmodels"))
    model, _ = forecast.fit(series, result.specification, engine="statsmodels")
    expected = forecast.predict(model, 6).mean.tobytes().hex()
    assert done.stdout.split("] ")[1].strip() == expected
