"""How large a miss is in words: what may be called usual, and what may not. Pure.

The sentence of the verdict, the headline of the page and its label all ask here, so that they never
contradict each other.
"""

from __future__ import annotations

from forecastctl.figures import TINY, number, percent

LARGE = 0.5
"""Share of the actual beyond which a reader calls a miss large, whatever the model stated."""

STATED = 95
"""Level in percent of the interval that decides whether a miss was to be expected."""

HALF_WIDTH = 1.959964
"""Standard deviations from the middle of that interval to its ends, where it is not recorded."""

WELL, USUAL, INSIDE, POOR = "well", "usual", "inside", "poor"


def met(miss: float, actual: float) -> bool:
    """Whether a forecast was met exactly, but for what rounding leaves of a mean of models."""
    return abs(miss) <= TINY * abs(actual)


def off(miss: float, actual: float) -> str:
    """How far off a forecast was, and on which side: ``12,345 too high (4 %)``.

    Args:
        miss: Forecast minus actual.
        actual: What came true.
    """
    if met(miss, actual):
        return "exactly as forecast"
    share = f" ({percent(abs(miss / actual))})" if actual else ""
    return f"{number(abs(miss))} {'too high' if miss > 0 else 'too low'}{share}"


def large(miss: float, actual: float) -> bool:
    """Whether a miss is more than half of the actual; true of any miss where the actual is zero."""
    return abs(miss) > LARGE * abs(actual)


def stated_ends(
    mean: float, sd: float, recorded: tuple[float, float] | None
) -> tuple[float, float]:
    """Ends of the 95 % interval: as recorded, else from the standard deviation.

    Args:
        mean: Point forecast.
        sd: Its standard deviation.
        recorded: ``(lo, hi)`` of level `STATED`, where the job made that level.
    """
    if recorded is not None:
        return recorded
    return max(mean - HALF_WIDTH * sd, 0.0), mean + HALF_WIDTH * sd


def usualness(
    miss: float, actual: float, percentile: float | None, share: float | None = None
) -> str:
    """What a miss inside its 95 % interval, without a cause, may be called.

    Args:
        miss: Forecast minus actual.
        actual: What came true.
        percentile: Percent of the backtest's errors that are smaller; ``None`` without a backtest.
        share: The miss as a share of the limit of noise, where it is known.

    Returns:
        `POOR` where it is large: then the model was. `INSIDE` where the backtest never made such an
        error, so that only the interval allows for it. Else `WELL` (up to half of the limit) or
        `USUAL`.
    """
    if large(miss, actual):
        return POOR
    if percentile is None or percentile >= 100:  # noqa: PLR2004 - percent
        return INSIDE
    return WELL if share is not None and share <= LARGE else USUAL
