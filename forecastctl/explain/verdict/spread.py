"""What an airport's months vary by, whatever a model states of them. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.verdict.breaks import season_changes
from forecastctl.explain.verdict.strange import mended
from forecastctl.models.combination.widths import half_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.explain.case import Case
    from forecastctl.records import ExplainRules, Widths

CHANGES_LEAST = 8
MAD = 1.4826

LEAST_ERROR = 0.01
"""Share of the level that no forecast of months is surer than: weekdays and feasts move as much."""

ALLOWED = 4.0
"""Least errors up to which a miss is noise where the interval is narrower than one of them."""

FAR = 3.0
"""Times what the months vary by that a usual error is far too wide from."""

TAIL_LEVEL = 99
"""Level at which the tails of a fleet's errors are measured: the last that its widths know."""

HEAVIEST = 1.5
"""Tails count as so many times those of a normal distribution at most."""


def with_tails(rules: ExplainRules, widths: Widths) -> ExplainRules:
    """The rules with `noise_z` as far out as the errors of this fleet make it.

    Three standard deviations hold 99.7 % of normal errors. Errors of forecasts have heavier tails:
    their 99 % interval is wider beside their 95 % one than a normal distribution's, and by as much
    the limit of noise lies farther out. Lighter tails leave it where it is.

    Args:
        rules: As they are set.
        widths: Of the model's row; empty in rows of earlier versions, which say nothing of tails.
    """
    if not widths:
        return rules
    normal = NormalDist().inv_cdf(0.5 + TAIL_LEVEL / 200.0)
    heavier = min(max(half_width(TAIL_LEVEL, widths) / normal, 1.0), HEAVIEST)
    return replace(rules, noise_z=rules.noise_z * heavier)


def clean_scale(case: Case) -> float | None:
    """How far a month is usually from the same one a season before, passengers.

    The robust spread of the log changes up to the cutoff as they are known now, times the level;
    ``None`` where too few are known. No single value can widen it.
    """
    m = case.seen.season_length
    changes = season_changes(case.revised().y, m)
    spread = _robust(changes[np.isfinite(changes)])
    return None if spread is None else case.level * spread * math.sqrt(math.ceil(case.lead / m))


def varies_by(case: Case) -> float | None:
    """How far months of the last two seasons are from where the one before pointed, passengers.

    The robust spread of the steps of the changes from season to season, strange months mended,
    which a slow recovery from a shock does not widen; at most `clean_scale`. ``None`` where too few
    are known.
    """
    m, whole = case.seen.season_length, clean_scale(case)
    steps = np.diff(season_changes(mended(case.revised()).y, m))[-2 * m :]
    spread = _robust(steps[np.isfinite(steps)])
    if spread is None:
        return whole
    recent = case.level * spread / math.sqrt(2.0) * math.sqrt(case.lead)
    return recent if whole is None else min(recent, whole)


def too_wide(case: Case) -> float | None:
    """How many times what its months vary by the usual error is, where that is far too much."""
    varies = varies_by(case)
    if not varies or not math.isfinite(case.scale):
        return None
    times = case.scale / max(varies, LEAST_ERROR * case.level)
    return times if times >= FAR else None


def judged_scale(case: Case, most: float = FAR) -> float:
    """The usual error, or so many times what the months vary by, whichever is smaller.

    Beyond that a cause may be looked for, though the interval holds the miss.
    """
    varies = varies_by(case)
    if varies is None:
        return case.scale
    return min(case.scale, most * max(varies, LEAST_ERROR * case.level))


def too_narrow(case: Case) -> bool:
    """Whether the interval is narrower than any can be, and the miss is one that all have."""
    least = LEAST_ERROR * case.level
    return case.scale < least and abs(case.miss) <= ALLOWED * least


def _robust(values: NDArray[np.float64]) -> float | None:
    if len(values) < CHANGES_LEAST:
        return None
    return MAD * float(np.median(np.abs(values - np.median(values))))
