"""How many passengers a feast moved into a period or out of it. Pure.

A model without a calendar expects of each March what March usually brings. Where Easter was mostly
in April and now is in March, it misses by what Easter moves. That is estimated from the airport's
past up to the cutoff, in which the period explained has no part, and from its peers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.case import CalendarEffect
from forecastctl.explain.verdict.feast_fleet import PEERS_LEAST, Fleet
from forecastctl.explain.verdict.feast_moves import (
    LEAP_DAY,
    Candidate,
    candidates,
    sentence,
)
from forecastctl.models.calendar_regression import Coefficient, whiten
from forecastctl.records.calendar import period_of
from forecastctl.records.feasts import dated, years

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Series

SEASONS_LEAST = 3
LONGEST = 25 * 366
"""Days before the cutoff; what was earlier tells little of today."""

POSITIVE_LEAST = 0.95
"""Share of the periods that must have passengers."""

BESIDE = 0.05
"""A feast less probable than this to have no effect is fitted beside the others."""

CERTAINTY_LEAST = 0.75

MANY = 50
"""Degrees of freedom with which Student's distribution is as good as normal."""

THEORY = Coefficient(1.0, 1.0 / 3.0, MANY)
"""Of a February's length, in logarithms: as many more passengers as days (X-13 fixes it at 1)."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known up to the cutoff, and the calendar up to the period explained.

    Attributes:
        freq: pandas period alias.
        m: Observations per season.
        ds: First day of each known period, ``(n,)``.
        logs: Logarithms of the passengers, gaps interpolated, ``(n,)``.
        periods: Numbers of the periods up to the one explained, ``(n + lead,)``.
        candidates: What of the calendar there is.
    """

    freq: str
    m: int
    ds: NDArray[np.datetime64]
    logs: NDArray[np.float64]
    periods: NDArray[np.int64]
    candidates: tuple[Candidate, ...]

    @property
    def seasons(self) -> NDArray[np.int64]:
        """Year of each known period, ``(n,)``."""
        return years(self.periods[: len(self.logs)], self.freq)

    @property
    def x(self) -> NDArray[np.float64]:
        """The candidates' values in the known periods, ``(n, candidates)``."""
        return np.column_stack([c.values[: len(self.logs)] for c in self.candidates])

    @property
    def usual(self) -> float:
        """Passengers of the same period in the last season known, at the newest level."""
        m, n = self.m, len(self.logs)
        seasons = -(-(len(self.periods) - n) // m)
        growth = float(np.mean(self.logs[-m:]) - np.mean(self.logs[-2 * m : -m]))
        return math.exp(float(self.logs[len(self.periods) - 1 - seasons * m]) + seasons * growth)


def calendar_effect(
    known: Series,
    target: np.datetime64,
    cutoff: np.datetime64,
    peers: Sequence[Series] = (),
    allowed: Collection[str] = (),
) -> CalendarEffect | None:
    """Find what of the calendar moved passengers into one period or out of it.

    Looked for are feasts (`forecastctl.records.feasts`) and, by month, the days of weekends
    and of February. A feast counts by the share of its days in a month, a quarter or a week; among
    days, a day is compared with those as far from the feast in earlier years.

    The certainty bounds the probability that there is an effect. From ``p``, times the number of
    candidates that moved, follow odds of at best ``-1 / (e p ln p)`` for it (Sellke, Bayarri and
    Berger 2001), times those before looking: even ones for Easter and the days of the month, one to
    nine for feasts that fewer airports follow. That a leap day counts is known before.

    Args:
        known: The airport as known, with or without later periods.
        target: First day of the period explained.
        cutoff: First day of the last period that the model saw; later ones are not used.
        peers: Other airports; those known over the same periods add to the estimate.
        allowed: Names of what the model allowed for, which it cannot have missed by.

    Returns:
        The largest effect among those that are clear; ``None`` where nothing moved, where none is
        clear, or where fewer than three seasons tell of it, as with most daily and weekly series.
    """
    past = _past(known, target, cutoff)
    every = () if past is None else past.candidates
    moved = [i for i, c in enumerate(every) if c.has_moved and c.name not in allowed]
    if past is None or not moved:
        return None
    found = [
        effect
        for i, coefficient in _coefficients(past, moved, _fleet(past, known, peers))
        if (effect := _effect(past, past.candidates[i], coefficient, len(moved))) is not None
    ]
    return max(found, key=lambda e: abs(e.effect) * e.certainty, default=None)


def _past(known: Series, target: np.datetime64, cutoff: np.datetime64) -> _Past | None:
    """What is known up to the cutoff; ``None`` where that is too little."""
    seen = (known.ds <= cutoff) & (known.ds > cutoff - np.timedelta64(LONGEST, "D"))
    y, freq, m = known.y[seen], known.freq, known.season_length
    positive = np.isfinite(y) & (y > 0)
    if m < 2 or len(y) < SEASONS_LEAST * m or np.mean(positive) < POSITIVE_LEAST:  # noqa: PLR2004
        return None
    periods = np.arange(period_of(known.ds[seen][0], freq), period_of(target, freq) + 1)
    if len(periods) <= len(y) or not dated(periods, freq):
        return None
    at = np.arange(len(y))
    logs = np.interp(at, at[positive], np.log(y[positive]))
    return _Past(freq, m, known.ds[seen], logs, periods, candidates(periods, len(y), freq, m))


def _fleet(past: _Past, known: Series, peers: Sequence[Series]) -> Fleet | None:
    """The peers that have passengers in every known period; ``None`` if they are too few."""
    ds, logs = past.ds, []
    for peer in peers:
        at = np.searchsorted(peer.ds, ds)
        same = peer.airport != known.airport and at[-1] < peer.n and bool(np.all(peer.ds[at] == ds))
        if same and np.all(peer.y[at] > 0):
            logs.append(np.log(peer.y[at]))
    if len(logs) < PEERS_LEAST:
        return None
    return Fleet(past.logs, np.column_stack(logs), past.x, past.seasons, past.m)


def _coefficients(
    past: _Past, moved: Sequence[int], fleet: Fleet | None
) -> Iterator[tuple[int, Coefficient]]:
    """Coefficients of the candidates that moved.

    Each is fitted beside the days of the month and the feast that is most probable of all, moved or
    not: where that is Easter, the Orthodox one, which is often on the same day, must tell more.
    """
    own = whiten(past.logs, past.x, past.seasons, past.m)
    month = [i for i, c in enumerate(past.candidates) if c.feast is None]
    feasts = [i for i, c in enumerate(past.candidates) if c.feast is not None]
    alone = {i: c for i in feasts if (c := own.coefficient(i, month)) is not None}
    likely = sorted((c.p, i) for i, c in alone.items() if c.p < BESIDE)[:1]
    for i in moved:
        beside = [j for j in (*month, *(j for _, j in likely)) if j != i]
        coefficient = own.coefficient(i, beside)
        pooled = None if fleet is None else fleet.coefficient(i, beside)
        if pooled is not None and (coefficient is None or pooled.se < coefficient.se):
            coefficient = pooled
        if past.candidates[i].name == LEAP_DAY:
            coefficient = _with_theory(coefficient)
        if coefficient is not None:
            yield i, coefficient


def _with_theory(coefficient: Coefficient | None) -> Coefficient:
    """A February's length: the estimate and `THEORY`, each by its precision."""
    if coefficient is None or coefficient.se <= 0:
        return THEORY
    known, told = THEORY.se**-2, coefficient.se**-2
    value = (known * THEORY.value + told * coefficient.value) / (known + told)
    return Coefficient(value, (known + told) ** -0.5, MANY)


def _effect(
    past: _Past, candidate: Candidate, coefficient: Coefficient, tests: int
) -> CalendarEffect | None:
    """The effect in passengers; ``None`` where it is not clear."""
    looked = 1 if candidate.name == LEAP_DAY else tests  # a leap day is no find, but known before
    certainty = _certainty(min(coefficient.p * looked, 1.0), candidate.prior)
    if certainty < CERTAINTY_LEAST:
        return None
    change = coefficient.value * candidate.moved
    effect = past.usual * math.expm1(change)
    se = past.usual * math.exp(change) * abs(candidate.moved) * coefficient.se
    text = sentence(candidate, past.periods, past.freq, effect)
    return CalendarEffect(candidate.name, effect, se, certainty, text)


def _certainty(p: float, prior: float) -> float:
    """See `calendar_effect`; the prior probability from ``p = 1 / e`` on."""
    if p <= 0.0:
        return 1.0
    against = -math.e * p * math.log(p) if p < 1.0 / math.e else 1.0
    return prior / (prior + (1.0 - prior) * against)
