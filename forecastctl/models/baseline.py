"""The baseline of every search, which also stands in where no other model can be had. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.models.make import make_model
from forecastctl.models.seasonal_naive import NO_SEASON

if TYPE_CHECKING:
    from forecastctl.records import Model

BASELINE = "seasonal_naive"


def baseline(n: int, season_length: int) -> Model:
    """The seasonal naive; the plain naive, which repeats the last value, below one season.

    Args:
        n: Observations.
        season_length: Observations per season.
    """
    options = {"drift": False} if n >= season_length else {"drift": False, **NO_SEASON}
    return make_model(BASELINE, options)


def called(label: str) -> str:
    """A baseline in words, by its label."""
    return "the naive forecast (last value)" if label.startswith("Naive") else "the seasonal naive"
