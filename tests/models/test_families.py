"""What every family promises; a new family is added to the registry and nothing here."""

import warnings

import numpy as np
import pytest

from forecastctl.errors import ModelError, UsageError
from forecastctl.models import Fit, family, family_names
from forecastctl.models.base import checked, fitting, residual_sd
from forecastctl.testing.family import FamilyContract, points
from tests.series import seasonal_data

POSITIVE = seasonal_data(84)
WITH_ZEROS = np.where(np.arange(84) % 17 == 5, 0.0, POSITIVE)


class TestFamilies(FamilyContract):
    @pytest.fixture(params=family_names())
    def family(self, request):
        return family(request.param)


@pytest.mark.parametrize("name", family_names())
def test_seasonal_models_come_near_positive_monthly_data(name):
    for options in points(family(name), POSITIVE, 12, count=6):
        fit = family(name).fit(POSITIVE, 12, options)
        mean, _ = family(name).forecast(fit, 12, options, 12)
        if options.get("seasonal", "add") != "none" and options.get("D") != 0:
            assert np.all(np.abs(mean / POSITIVE[-12:] - 1) < 0.5), options


def test_an_unknown_family_is_a_usage_error():
    with pytest.raises(UsageError, match="no model family 'prophet'") as caught:
        family("prophet")
    assert "holt_winters" in caught.value.hint


def test_zeros_leave_out_what_needs_positive_data():
    hw = family("holt_winters").space(WITH_ZEROS, 12, 60)
    assert {(v["seasonal"], v["transform"]) for v in hw["shape"].values} == {
        (season, transform) for season in ("add", "none") for transform in ("none", "boxcox")
    }
    assert family("ets").space(WITH_ZEROS, 12, 60)["error"].values == ("add",)
    assert "log" not in family("sarimax").space(WITH_ZEROS, 12, 60)["transform"].values


def test_short_training_windows_leave_out_the_season():
    hw = family("holt_winters").space(POSITIVE, 12, 23)
    assert {v["seasonal"] for v in hw["shape"].values} == {"none"}
    assert family("ets").space(POSITIVE, 12, 23)["seasonal"].values == ("none",)
    assert family("seasonal_naive").space(POSITIVE, 12, 23)["drift"].values == (False,)
    assert family("sarimax").space(POSITIVE, 12, 23) is None


def test_weeks_are_not_for_models_with_many_states():
    y = seasonal_data(160, 52)
    offered = [n for n in family_names() if family(n).space(y, 52, 120) is not None]
    assert offered == ["seasonal_naive", "holt_winters", "theta", "annual", "pooled"]
    assert family("holt_winters").space(y, 52, 120)["initial"].values == ("heuristic",)


def test_seasonal_naive_repeats_the_last_season():
    naive = family("seasonal_naive")
    y = np.arange(1.0, 30.0)
    fit = naive.fit(y, 12, {"drift": False})
    mean, sd = naive.forecast(fit, 12, {"drift": False}, 26)
    assert list(mean[:12]) == list(y[-12:])
    assert list(mean[24:]) == list(y[-12:-10])
    assert fit.sigma == 12.0
    np.testing.assert_allclose(sd[[0, 11, 12, 24]], 12.0 * np.sqrt([1, 1, 2, 3]))


def test_seasonal_naive_drift_goes_on_growing():
    naive = family("seasonal_naive")
    y = np.arange(1.0, 37.0) + np.tile([0.0, 5.0, 0.0], 12)
    fit = naive.fit(y, 12, {"drift": True})
    mean, sd = naive.forecast(fit, 12, {"drift": True}, 24)
    np.testing.assert_allclose(mean, np.arange(37.0, 61.0) + np.tile([0.0, 5.0, 0.0], 8))
    np.testing.assert_allclose(sd, 0.0, atol=1e-9)


def test_drift_widens_the_interval():
    naive = family("seasonal_naive")
    y = np.tile([10.0, 12.0], 18)[:30] + np.arange(30) % 5
    plain = naive.forecast(naive.fit(y, 6, {"drift": False}), 6, {"drift": False}, 12)
    fit = naive.fit(y, 6, {"drift": True})
    drift = naive.forecast(fit, 6, {"drift": True}, 12)
    # 24 changes are four seasons: variances 1 (1 + 1/4) and 2 (1 + 2/4) times sigma squared
    np.testing.assert_allclose(drift[1][[0, 6]] ** 2 / fit.sigma**2, [1.25, 3.0])
    np.testing.assert_allclose(plain[1][6] / plain[1][0], np.sqrt(2))


LAST = {"drift": False, "seasonal": "none"}


@pytest.mark.parametrize("n", [1, 2, 11])
def test_naive_repeats_the_last_value_of_less_than_a_season(n):
    naive = family("seasonal_naive")
    y = np.arange(5.0, 5.0 + n) ** 2
    fit = naive.fit(y, 12, LAST)
    mean, sd = naive.forecast(fit, 12, LAST, 13)
    assert list(mean) == [y[-1]] * 13
    step = np.sqrt(np.mean(np.diff(y) ** 2)) if n > 1 else 0.0
    np.testing.assert_allclose(sd, step * np.sqrt(np.arange(1, 14)))
    assert naive.label(LAST) == "Naive"
    assert naive.label({**LAST, "drift": True}) == "Naive drift"
    with pytest.raises(ModelError, match=f"^there are {n} observations of a season of 12$"):
        naive.fit(y, 12, {"drift": False})


def test_one_season_is_repeated_as_sure_as_its_months_change():
    naive = family("seasonal_naive")
    y = np.array([30.0, 10.0, 20.0, 50.0])
    fit = naive.fit(y, 4, {"drift": False})
    mean, sd = naive.forecast(fit, 4, {"drift": False}, 9)
    assert list(mean) == [30.0, 10.0, 20.0, 50.0, 30.0, 10.0, 20.0, 50.0, 30.0]
    step = np.sqrt((400 + 100 + 900) / 3)
    np.testing.assert_allclose(sd, step * np.sqrt([1, 1, 1, 1, 2, 2, 2, 2, 3]))
    assert fit.sigma == pytest.approx(step)


def test_seasonal_changes_take_the_place_of_steps_one_by_one():
    naive = family("seasonal_naive")
    y = np.array([30.0, 10.0, 20.0, 50.0, 36.0, 18.0, 21.0, 53.0])
    changes = np.array([36.0, 64.0, 1.0, 9.0])
    for known in range(5):
        steps = np.mean(np.diff(y[: 4 + known]) ** 2)
        squares = np.sum(changes[:known]) + (4 - known) * steps
        fit = naive.fit(y[: 4 + known], 4, {"drift": False})
        assert fit.sigma == pytest.approx(np.sqrt(squares / 4))
        assert fit.states["last"] == list(y[known : 4 + known])


def test_residual_sd():
    assert residual_sd(np.array([3.0, 4.0, 0.0]), 1) == pytest.approx((25 / 2) ** 0.5)
    assert residual_sd(np.array([3.0]), 4) == 3.0


def test_what_is_not_finite_is_not_a_fit():
    with pytest.raises(ModelError, match="HW cannot be fitted: seasonal is not finite"):
        checked(Fit({"alpha": 0.1}, {"seasonal": [1.0, float("nan")]}, 1.0), "HW")
    with pytest.raises(ModelError, match="sigma"):
        checked(Fit({}, {}, float("inf")), "HW")


def test_library_errors_become_model_errors():
    with pytest.raises(ModelError, match="HW cannot be fitted: singular"), fitting("HW"):
        raise np.linalg.LinAlgError("singular")
    with pytest.raises(ModelError, match="ETS cannot be fitted: 'phi'"), fitting("ETS"):
        raise KeyError("phi")


def test_warnings_of_a_fit_stay_inside(recwarn):
    with fitting("ETS"):
        warnings.warn("did not converge", stacklevel=1)
        assert np.log(np.zeros(1))[0] == -np.inf
    assert not recwarn.list


@pytest.mark.parametrize(
    ("options", "y"),
    [
        ({"transform": "log"}, WITH_ZEROS),
        ({"transform": "boxcox", "lambda": 0.0}, WITH_ZEROS),
        ({"transform": "boxcox", "lambda": 0.3}, POSITIVE - 1500.0),
    ],
)
def test_a_transform_needs_data_in_its_range(options, y):
    with pytest.raises(ModelError, match="positive"):
        family("holt_winters").fit(y, 12, {"seasonal": "add", **options})


def test_box_cox_takes_zeros():
    options = {"seasonal": "add", "transform": "boxcox", "lambda": 0.5}
    fit = family("holt_winters").fit(WITH_ZEROS, 12, options)
    mean, _ = family("holt_winters").forecast(fit, 12, options, 12)
    assert np.all(mean > 0)


def test_a_window_is_the_end_of_the_series():
    options = {"trend": "none", "seasonal": "add", "transform": "boxcox", "lambda": 0.5}
    hw, y = family("holt_winters"), seasonal_data(120)
    assert hw.fit(y, 12, {**options, "window": 5}) == hw.fit(y[-60:], 12, options)
    ends = (120, 114, 96)
    for end, fit in zip(ends, hw.fit_prefixes(y, ends, 12, {**options, "window": 5}), strict=True):
        assert fit == hw.fit(y[end - 60 : end], 12, options)


def test_multiplicative_models_need_positive_data():
    with pytest.raises(ModelError, match="need positive data"):
        family("holt_winters").fit(WITH_ZEROS, 12, {"seasonal": "mul"})
    with pytest.raises(ModelError, match="need positive data"):
        family("ets").fit(WITH_ZEROS, 12, {"error": "mul"})


def test_a_season_needs_two_seasons_of_data():
    with pytest.raises(ModelError, match="two seasons"):
        family("holt_winters").fit(POSITIVE[:20], 12, {"seasonal": "add"})
    with pytest.raises(ModelError, match="more than 20"):
        family("ets").fit(POSITIVE[:20], 12, {"seasonal": "add"})
