"""What every loss promises, as tests; see `LossContract`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

ACTUAL = np.array([100.0, 120.0, 90.0, 0.0])
SD = np.array([5.0, 6.0, 7.0, 8.0])


class LossContract:
    """For any loss. Define the fixture ``loss``, which gives one.

    A loss is a function of the actuals, the forecast, its standard deviation (shape ``(h,)`` each)
    and the error of the seasonal naive in the training data (`forecastctl.models.metrics.scale`).
    Smaller is better, and nothing is below zero: searches compare ratios.
    """

    def test_it_is_a_number_of_at_least_zero(self, loss: Callable[..., float]) -> None:
        for error in (0.0, 3.0, -3.0, 1e6, -1e6):
            assert float(loss(ACTUAL, ACTUAL + error, SD, 12.0)) >= 0.0

    def test_a_larger_miss_of_the_same_kind_costs_more(self, loss: Callable[..., float]) -> None:
        for side in (1.0, -1.0):
            costs = [loss(ACTUAL, ACTUAL + side * miss, SD, 12.0) for miss in (40.0, 80.0, 160.0)]
            assert costs[0] < costs[1] < costs[2]

    def test_the_same_forecast_costs_the_same(self, loss: Callable[..., float]) -> None:
        kept = ACTUAL.copy(), ACTUAL + 7.0, SD.copy()
        first = loss(*kept, 12.0)
        assert first == loss(ACTUAL, ACTUAL + 7.0, SD, 12.0)
        assert kept[0].tobytes() == ACTUAL.tobytes()

    def test_what_is_not_known_gives_no_finite_loss(self, loss: Callable[..., float]) -> None:
        """NaN, which the search takes as a failed trial; never an error and never a number."""
        missing = np.where(np.arange(4) == 2, np.nan, ACTUAL)
        assert math.isnan(loss(missing, ACTUAL, SD, 12.0))
        assert math.isnan(loss(ACTUAL, missing, SD, 12.0))

    def test_a_scale_of_zero_is_no_error(self, loss: Callable[..., float]) -> None:
        with np.errstate(all="ignore"):
            assert not loss(ACTUAL, ACTUAL + 1.0, SD, 0.0) < 0.0
