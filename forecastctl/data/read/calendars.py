"""Calendars and origins that only a whole column of dates tells: eras, Buddhists, programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DataError
from forecastctl.records.calendar import days_of
from forecastctl.records.readings import EXCEL, MONTHS, OF_SAS, ORIGINS, SAS_SECONDS, Written, shown
from forecastctl.records.spellings import in_era, of_the_republic

if TYPE_CHECKING:
    from collections.abc import Sequence


FORMS = "Write dates as YYYY-MM-DD or YYYY-MM."
VARIETY = 3
"""Different values from which on a column tells."""
_ROUNDED = 0.07
"""Months by which a year with two decimals may be off."""
_DECIMAL_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:\.\d+)?", re.ASCII)
_DAYS_OF_1970 = 25_569  # of Excel
_OTHER_ORIGINS = {OF_SAS, *(f"day number of {o}" for o in ORIGINS if o != EXCEL)}
_SECONDS = 86_400


def origin_of(numbers: Sequence[int], where: str) -> str:
    """Which program's day numbers those of a column are: of Excel, or whose months begin with them.

    Raises:
        DataError: Excel's would be days before 1970, and they are no months that tell.
    """
    if len(set(numbers)) < VARIETY or max(numbers) >= _DAYS_OF_1970:
        return EXCEL
    days = {o: [days_of(first) + n for n in numbers] for o, first in ORIGINS.items()}
    for origin, found in days.items():
        if first_of_month(found):
            return origin
    for origin, found in days.items():
        if first_of_month([day + 1 for day in found]):
            return origin
    raise DataError(
        f"{where}: {numbers[0]} may be a day number of Excel, SAS or R, and they are no months "
        "that would tell.",
        FORMS,
    )


def since_sixty(seconds: Sequence[int]) -> bool:
    """Whether times are months of SAS or Stata, and none of those who count since 1970."""
    if len(set(seconds)) < VARIETY:
        return False
    ours, theirs = (
        [(second - shift) // _SECONDS for second in seconds] for shift in (0, SAS_SECONDS)
    )
    if any(first_of_month([day + later for day in ours]) for later in (0, 1)):
        return False
    return first_of_month(theirs) and all(s % _SECONDS == 0 for s in seconds)


def in_one_era(texts: Sequence[str]) -> Sequence[str]:
    """The texts, with years of two digits where others are of the Republic of China rewritten."""
    if texts and all(map(_DECIMAL_YEAR.fullmatch, texts)):
        return _of_decimal_years(texts)
    if "".join(texts).isascii() or not any(map(of_the_republic, texts)):
        return texts
    return [in_era(text, republic=True) or text for text in texts]


def _of_decimal_years(texts: Sequence[str]) -> Sequence[str]:
    """Years with the share of them that has passed, as R counts months: ``2015.083``.

    Where no share is beyond .12, or they are no twelfths, they are months or weeks as written.
    """
    shares = [12 * float(f"0.{text.partition('.')[2] or 0}") for text in texts]
    digits = [text.partition(".")[2] for text in texts]
    beyond = any(len(d) > 2 or int(f"{d:0<2}"[:2]) > MONTHS for d in digits)  # noqa: PLR2004 - months
    if not beyond or any(abs(share - round(share)) > _ROUNDED for share in shares):
        return texts
    months = [int(t[:4]) * MONTHS + round(s) for t, s in zip(texts, shares, strict=True)]
    return [f"{month // MONTHS}-{month % MONTHS + 1:02d}" for month in months]


def of_eras(texts: Sequence[str], decided: Sequence[Written | str]) -> tuple[str, ...]:
    """What is said of years of an emperor or of the Republic of China, and of days of SAS or R."""
    for text, date in zip(texts, decided, strict=True):
        if not isinstance(date, Written) or date.buddhist:
            continue
        if not text.isascii() and in_era(text):
            return (f"years are of another era: {text} is {date.day:%Y-%m}",)
        if date.form in _OTHER_ORIGINS:
            return (f"dates are each a {date.form}: {text} is {date.day}",)
    return ()


def of_buddhists(
    texts: Sequence[str], decided: list[Written | str]
) -> tuple[list[Written | str], tuple[str, ...]]:
    """Years beyond 2443, which are of the Buddhist calendar if all of them are."""
    if not any(isinstance(d, Written) and d.buddhist for d in decided):
        return decided, ()
    dates = [(t, d) for t, d in zip(texts, decided, strict=True) if isinstance(d, Written)]
    if all(d.buddhist for _, d in dates):
        text, first = dates[0]
        return decided, (f"years are of the Buddhist calendar: {text} is {first.day:%Y-%m}",)
    return [
        f"the year of {shown(t)} is far in the future"
        if isinstance(d, Written) and d.buddhist
        else d
        for t, d in zip(texts, decided, strict=True)
    ], ()


def first_of_month(days: list[int]) -> bool:
    """Whether all days are the first of a month."""
    dates = np.array(days, dtype="datetime64[D]")
    return len(set(days)) >= VARIETY and bool((dates == dates.astype("datetime64[M]")).all())
