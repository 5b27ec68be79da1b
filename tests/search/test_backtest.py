import numpy as np
import pytest

from forecastctl.errors import DivergedError
from forecastctl.models.combination.path import Path, guard
from forecastctl.models.make import make_model
from forecastctl.models.metrics import score
from forecastctl.search.backtest import backtest, fold_errors, fold_scores
from forecastctl.search.folds import Split
from tests.series import make_series

NAIVE = make_model("seasonal_naive", {"drift": False})


def test_each_origin_sees_nothing_that_comes_later(fake):
    y = np.arange(1.0, 61.0)
    splits = (Split(36, 12), Split(48, 12))
    paths = backtest(make_series(y), make_model("fake", {"bias": "none"}), splits)
    assert [n for n, _ in fake.fitted] == [48, 36]  # the newest origin first
    assert list(paths[0].mean) == list(y[24:36])
    assert list(paths[1].mean) == list(y[36:48])


def test_scores_and_errors_of_the_folds():
    y = np.arange(1.0, 61.0)
    series, splits = make_series(y), (Split(36, 12), Split(48, 6))
    paths = backtest(series, NAIVE, splits)
    folds, metrics = fold_scores(series, splits, paths)
    assert [f.cutoff for f in folds] == ["2003-12-01", "2004-12-01"]
    assert [f.h for f in folds] == [12, 6]
    assert folds[0].metrics == score(y[36:48], y[24:36], paths[0].sd, 12.0)
    assert metrics["mase"] == 1.0
    errors = fold_errors(series, splits, paths)
    assert errors == ((-12.0,) * 12, (-12.0,) * 6)


def test_negative_forecasts_count_as_zero():
    y = np.tile([1.0, 40.0], 20) - np.arange(40.0) * 0.02
    model = make_model(
        "holt_winters", {"trend": "add", "smoothing": "given", "alpha": 0.9, "beta": 0.2}
    )
    paths = backtest(make_series(y, 2), model, (Split(35, 5),))
    assert np.min(paths[0].mean) >= 0.0


Y = np.array([10.0, 20.0, 15.0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 50.1, -20.1, 1e12])
def test_guard_refuses(value):
    with pytest.raises(DivergedError):
        guard(np.array([12.0, value]), np.ones(2), Y)


@pytest.mark.parametrize("value", [49.9, -19.9, 0.0])
def test_guard_lets_pass(value):
    assert guard(np.array([12.0, value]), np.ones(2), Y) is None


def test_guard_refuses_an_undefined_spread():
    with pytest.raises(DivergedError, match="not finite"):
        guard(np.ones(2), np.array([1.0, np.nan]), Y)


def test_guard_names_the_reach():
    with pytest.raises(DivergedError, match="reaches 1e\\+06 where the data lie between 10 and 20"):
        guard(np.array([12.0, 1e6]), np.ones(2), Y)


def test_guard_of_constant_and_empty_airports():
    guard(np.array([19.0]), np.ones(1), np.full(5, 5.0))
    guard(np.array([2.9]), np.ones(1), np.zeros(5))
    with pytest.raises(DivergedError):
        guard(np.array([21.0]), np.ones(1), np.full(5, 5.0))


def test_path_is_plain_data():
    path = Path(np.ones(2), np.zeros(2))
    assert path.mean.shape == path.sd.shape
