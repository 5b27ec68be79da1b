"""What of the calendar is elsewhere than usual in one period, and the sentence about it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.figures import number
from forecastctl.records.calendar import first_days, labels
from forecastctl.records.feasts import (
    FEASTS,
    Feast,
    february,
    occasions,
    same_day,
    shares,
    weekend_balance,
    weekend_days,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEAP_DAY, WEEKENDS = "leap day", "weekends"

SHARE_LEAST = 0.1
"""Share of a feast's days by which a period must differ from its usual share."""

MOVED_LEAST = {LEAP_DAY: 0.02, WEEKENDS: 1.0}
"""The same of the month's own days, in units of the regressor."""

PRIOR = 0.5
"""Probability, before looking, that passengers follow the days of the month."""

SEASONS_SEEN = 8
"""Seasons of which a model remembers the mean, as older ones have faded."""

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something of the calendar, from the first known period to the one explained.

    Attributes:
        name: Name of the feast, `LEAP_DAY` or `WEEKENDS`.
        feast: The feast, unless it is the month itself.
        values: The regressor by period, ``(n + lead,)``.
        before: Positions of the same period in the last seasons up to the cutoff, newest first.
        prior: Probability, before looking, that passengers follow it.
    """

    name: str
    feast: Feast | None
    values: NDArray[np.float64]
    before: NDArray[np.int64]
    prior: float

    @property
    def moved(self) -> float:
        """How far the period explained is from the mean of the seasons before.

        That mean is what a model without a calendar has seen and expects.
        """
        return float(self.values[-1] - np.mean(self.values[self.before]))

    @property
    def has_moved(self) -> bool:
        """Whether that is worth a test."""
        return abs(self.moved) >= MOVED_LEAST.get(self.name, SHARE_LEAST)


def candidates(periods: NDArray[np.int64], known: int, freq: str, m: int) -> tuple[Candidate, ...]:
    """All that may have moved.

    Args:
        periods: Numbers of consecutive periods; the last one is explained.
        known: How many of them are up to the cutoff.
        freq: pandas period alias.
        m: Observations per season.
    """
    positions = np.arange(len(periods) - 1 - m, -1, -m)
    before = positions[positions < known][:SEASONS_SEEN]
    return tuple(
        Candidate(name, feast, values, before, PRIOR if feast is None else feast.prior)
        for name, feast, values in _regressors(periods, freq)
    )


def _regressors(
    periods: NDArray[np.int64], freq: str
) -> Iterator[tuple[str, Feast | None, NDArray[np.float64]]]:
    for feast in FEASTS:
        values = same_day(feast, periods) if freq[0] == "D" else shares(feast, periods, freq)
        if values is not None:
            yield feast.name, feast, values
    if freq[0] == "M":
        yield LEAP_DAY, None, february(periods)
        yield WEEKENDS, None, weekend_balance(periods)


def sentence(candidate: Candidate, periods: NDArray[np.int64], freq: str, effect: float) -> str:
    """What moved, when, and how many passengers that is.

    Args:
        candidate: What moved.
        periods: Its periods.
        freq: pandas period alias.
        effect: Passengers more than usual in the last period.
    """
    about = number(float(f"{abs(effect):.2g}"))
    name = _period(int(periods[-1]), freq)
    if candidate.feast is None:
        how = "more" if effect > 0 else "fewer"
        return f"{name} had {_days_of_month(candidate, periods)}: about {about} passengers {how}"
    where = "to" if effect > 0 else "away from"
    dates = _dates(candidate.feast, candidate, periods, freq)
    return f"{dates}: it moved about {about} passengers {where} {name}"


def _days_of_month(candidate: Candidate, periods: NDArray[np.int64]) -> str:
    """``9 days of weekends, 8.4 on average before``."""
    if candidate.name == LEAP_DAY:
        return f"{29 if candidate.values[-1] > 0 else 28} days"
    days = weekend_days(periods)
    usual = float(np.mean(days[candidate.before]))
    return f"{days[-1]} days of weekends, {usual:.1f} on average before"


def _dates(feast: Feast, candidate: Candidate, periods: NDArray[np.int64], freq: str) -> str:
    """``Easter was on 21 April in 2019 and on 1 April in 2018``.

    The earlier year is the newest one that differs at least as much as the mean of all does.
    """
    now = _nearest(feast, int(periods[-1]), freq)
    text = f"{feast.name} {feast.verb} on {_day(now)} in {now.year}"
    if freq[0] == "D":
        return text
    differs = (candidate.values[-1] - candidate.values[candidate.before]) / candidate.moved
    other = candidate.before[differs >= 1.0 - ROUNDING]
    then = _nearest(feast, int(periods[other[0]]), freq)
    return f"{text} and on {_day(then)} in {then.year}"


def _nearest(feast: Feast, period: int, freq: str) -> dt.date:
    """The date of a feast that is nearest to the middle of a period."""
    first, after = first_days(np.array([period, period + 1]), freq).astype(np.int64)
    middle = (int(first) + int(after) - 1) / 2.0
    day = min(occasions(feast, int(first), int(after)), key=lambda d: abs(d - middle))
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def _day(date: dt.date) -> str:
    return f"{date.day} {MONTHS[date.month - 1]}"


def _period(period: int, freq: str) -> str:
    """``April 2019``, ``2019Q2``, ``the week of 15 April 2019`` or ``21 April 2019``."""
    date = dt.date.fromisoformat(str(first_days(np.array([period]), freq)[0]))
    if freq[0] == "M":
        return f"{MONTHS[date.month - 1]} {date.year}"
    if freq[0] == "Q":
        return labels([period], freq)[0]
    return f"{'the week of ' if freq[0] == 'W' else ''}{_day(date)} {date.year}"
