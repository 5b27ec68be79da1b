"""Series with many zeros: each method against its definition, and what a search makes of them."""

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.models import family
from forecastctl.models.intermittent import is_closed
from forecastctl.models.make import make_model
from forecastctl.records import SearchSpec
from forecastctl.search.pool import (
    INTERMITTENT,
    INTERMITTENT_MEANS,
    INTERMITTENT_SEASONAL,
    PLAIN,
    SEASONAL,
    asks_for_counts,
    is_intermittent,
    pool_keys,
    pool_of_counts,
)
from forecastctl.search.tune import tune
from tests.series import make_series

MODEL = family("intermittent")
Y = np.array([0.0, 3.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0, 0.0, 1.0])


def level(y, m=12, **options):
    mean, _ = MODEL.forecast(MODEL.fit(y, m, options), m, options, 4)
    return mean.tolist()


def test_zero_forecasts_nobody():
    assert level(Y, method="zero") == [0.0] * 4


def test_the_median_without_smoothing_is_the_lower_median():
    y = np.array([4.0, 0.0, 7.0, 1.0, 9.0, 2.0])
    assert level(y, method="median", alpha=0.0, seasonal="none") == [2.0] * 4
    assert level(y[:5], method="median", alpha=0.0, seasonal="none") == [4.0] * 4


def test_newer_periods_weigh_more_in_the_median():
    """Of 12 periods with 5 passengers and 20 older ones without."""
    y = np.array([0.0] * 20 + [5.0] * 12)
    assert level(y, method="median", alpha=0.01, seasonal="none") == [0.0] * 4
    assert level(y, method="median", alpha=0.1, seasonal="none") == [5.0] * 4


def test_the_seasonal_median_is_that_of_each_place_in_the_season():
    y = np.array([0.0, 8.0, 1.0, 0.0, 6.0, 1.0, 9.0, 7.0, 0.0])
    found = level(y, 3, method="median", alpha=0.0, seasonal="full")
    assert found == [0.0, 7.0, 1.0, 0.0]


def test_it_goes_on_at_the_place_where_the_data_end():
    y = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])
    assert level(y, 3, method="median", alpha=0.1, seasonal="full") == [2.0, 3.0, 1.0, 2.0]


REGULAR = np.tile(np.arange(90.0, 102.0), 6)
"""Six years of an airport that never rested."""


def test_nobody_is_expected_once_nobody_came_for_a_whole_season():
    median = {"method": "median", "alpha": 0.03, "seasonal": "none"}
    rested, closed = (np.array([*REGULAR, *[0.0] * n]) for n in (11, 12))
    assert level(rested, **median)[0] > 0
    assert level(closed, **median) == [0.0] * 4
    assert level(closed, **median | {"seasonal": "full"}) == [0.0] * 4
    assert level(np.array([*closed, 5.0]), **median)[0] > 0  # it has opened again


def test_the_longer_nobody_has_come_the_less_passengers_of_the_past_widen_an_interval():
    def sigma(rest, **more):
        y = np.array([*REGULAR, *[0.0] * rest])
        return MODEL.fit(y, 12, {"method": "median", "alpha": 0.05, **more}).sigma

    weights = (1 - 2 / 12) ** np.arange(len(REGULAR) + 11, -1, -1.0)
    past = np.sum(weights[: len(REGULAR)] * REGULAR**2) / np.sum(weights)
    assert sigma(12) == pytest.approx(np.sqrt(past))
    assert sigma(12, seasonal="full") == sigma(12)
    assert sigma(24) == pytest.approx(sigma(12) * (1 - 2 / 12) ** 6, rel=1e-3)


@pytest.mark.parametrize(
    ("season", "rest", "closed"),
    [(12, 11, False), (12, 12, True), (7, 7, False), (7, 13, False), (7, 14, True), (1, 50, False)],
)
def test_a_short_season_has_to_pass_twice(season, rest, closed):
    y = np.array([*REGULAR, *[0.0] * rest])
    assert is_closed(y, season) is closed
    assert not is_closed(y[len(REGULAR) :], season)  # nothing else is known


def test_of_a_closed_airport_medians_are_averaged_unless_errors_are_squared():
    closed = np.array([*REGULAR, *[0.0] * 12])
    assert not is_intermittent(closed)
    assert asks_for_counts(closed, 12, "mase")
    assert not asks_for_counts(closed, 12, "rmse")
    assert not asks_for_counts(closed[:-1], 12, "mase")
    found = tune(make_series(np.array([*REGULAR, *REGULAR, *[0.0] * 12])), SearchSpec())
    assert members(found) == pool_keys(INTERMITTENT)  # though less than a tenth is zero


def test_tsb_is_a_share_times_a_size():
    """Teunter, Syntetos and Babai (2011), equations 3 to 5, updated in every period."""
    share, size = np.mean(Y[:5] > 0), np.mean([3.0, 2.0, 5.0, 1.0])
    for y in Y:
        share += 0.2 * ((y > 0) - share)
        if y > 0:
            size += 0.2 * (y - size)
    assert level(Y, method="tsb", alpha=0.2) == pytest.approx([share * size] * 4)


def test_croston_is_a_size_over_an_interval_and_sba_less_its_bias():
    """Croston (1972); Syntetos and Boylan (2005), equation 11."""
    sizes, gaps = [3.0, 2.0, 5.0, 1.0], [2.0, 3.0, 1.0, 4.0]
    size, gap = np.mean(sizes), np.mean(gaps)
    for z, p in zip(sizes, gaps, strict=True):
        size += 0.2 * (z - size)
        gap += 0.2 * (p - gap)
    assert level(Y, method="croston", alpha=0.2) == pytest.approx([size / gap] * 4)
    assert level(Y, method="sba", alpha=0.2) == pytest.approx([0.9 * size / gap] * 4)


def test_adida_smooths_sums_over_the_usual_interval():
    """Ten periods with four flights: sums of two, 3 0 7 0 1, begun with their mean."""
    total = 11.0 / 5.0
    for block in (3.0, 0.0, 7.0, 0.0, 1.0):
        total += 0.2 * (block - total)
    assert level(Y, method="adida", alpha=0.2) == pytest.approx([total / 2.0] * 4)


@pytest.mark.parametrize("method", ["tsb", "croston", "sba", "adida"])
def test_without_a_single_passenger_the_mean_is_zero(method):
    assert level(np.zeros(10), method=method, alpha=0.1) == [0.0] * 4


def test_the_deviation_is_that_of_what_came_from_the_forecast():
    fit = MODEL.fit(np.array([0.0, 0.0, 0.0, 4.0]), 12, {"method": "zero"})
    assert fit.sigma == pytest.approx(2.0)


def test_less_than_a_season_has_no_seasonal_median():
    with pytest.raises(ModelError, match="needs more than 5"):
        MODEL.fit(Y[:5], 12, {"method": "median", "alpha": 0.1, "seasonal": "full"})


def test_it_is_searched_where_a_tenth_is_zero_and_nothing_below():
    assert MODEL.space(np.array([0.0, *[1.0] * 10]), 12, 11) is None
    assert MODEL.space(np.array([0.0, *[1.0] * 9]), 12, 10) is not None
    assert MODEL.space(np.array([0.0, -1.0, *[0.0] * 9]), 12, 11) is None


def sparse(n=60, seed=0, share=0.4):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < share, 1.0 + rng.poisson(2, n), 0.0)


def test_a_quarter_of_zeros_makes_a_series_intermittent():
    assert is_intermittent(np.array([0.0, 1.0, 1.0, 1.0]))
    assert not is_intermittent(np.array([0.0, *[1.0] * 4]))


def test_which_models_are_averaged_depends_on_season_and_loss():
    assert pool_of_counts(sparse(), 12, "mase") == INTERMITTENT
    assert pool_of_counts(sparse(), 12, "rmse") == INTERMITTENT_MEANS
    weekdays = np.resize([5.0, 0.0, 0.0, 7.0, 0.0, 6.0, 0.0], 140)
    assert pool_of_counts(weekdays, 7, "mase") == INTERMITTENT_SEASONAL


def members(result):
    return {m.model.key for m in result.specification.members}


def test_a_search_averages_the_medians_and_nothing_else():
    """A year ahead of an airport that flies in two of five months: the median is zero."""
    series = make_series(sparse())
    found = tune(series, SearchSpec())
    assert members(found) == pool_keys(INTERMITTENT)
    assert len(found.trials) == SearchSpec().max_evals
    by_squares = tune(series, SearchSpec(loss="rmse"))
    assert members(by_squares) == pool_keys(INTERMITTENT_MEANS)


def test_what_cannot_be_validated_is_no_repetition_of_the_last_season():
    """All that came lies after the origins of the backtest, where no scale is known."""
    late = np.zeros(48)
    late[[40, 45]] = 2.0, 3.0
    found = tune(make_series(late), SearchSpec())
    assert members(found) == pool_keys(INTERMITTENT)
    assert "mase is not defined" in found.reason
    assert found.reason.endswith("mean of 3: Median 0.05 + Median 0.03 + Median 0.10 stands in")


def test_a_loss_of_zero_keeps_all_members():
    """A backtest in which nobody came makes every median perfect, and any other hopeless."""
    y = np.zeros(60)
    y[[2, 9, 15, 21]] = 1.0
    assert members(tune(make_series(y), SearchSpec())) == pool_keys(INTERMITTENT)


def test_the_best_alone_is_still_the_best_alone():
    found = tune(make_series(sparse()), SearchSpec(combine=1))
    best = min((t for t in found.trials if t.loss is not None), key=lambda t: t.loss)
    assert members(found) == {best.model.key}


def test_without_the_family_the_search_is_as_ever():
    families = tuple(f for f in SearchSpec().families if f != "intermittent")
    found = tune(make_series(sparse()), SearchSpec(families=families))
    assert all("intermittent" not in key for key in members(found))
    assert members(found) & pool_keys((*PLAIN, *SEASONAL))


def test_labels_say_method_season_and_smoothing():
    options = {"method": "median", "alpha": 0.1, "seasonal": "full"}
    assert make_model("intermittent", options).label == "Median(S) 0.10"
    assert make_model("intermittent", {"method": "sba", "alpha": 0.1}).label == "SBA 0.10"
    assert make_model("intermittent", {"method": "zero"}).label == "Zero"
