"""Columns of dates: what one date leaves open, the whole column decides.

The ways to write one date are in `forecastctl.records.written_dates`. Here is decided whether the
day or the month comes first, whether ``201513`` is a week or a year's total, in which language the
months are named, and whether the moments of a column are midnights of another zone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.values import MISSING
from forecastctl.data.read.calendars import (
    FORMS,
    VARIETY,
    first_of_month,
    in_one_era,
    of_buddhists,
    of_eras,
    origin_of,
    since_sixty,
)
from forecastctl.data.read.total_words import is_total
from forecastctl.errors import DataError
from forecastctl.records.calendar import days_of
from forecastctl.records.month_names import english, month_numbers, numbers_in
from forecastctl.records.readings import (
    MONTHS,
    QUARTERS,
    TOTAL,
    Epoch,
    Named,
    Number,
    Parts,
    Reading,
    Roman,
    Serial,
    Written,
    epoch_unit,
    shown,
)
from forecastctl.records.written_dates import ROMAN, read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

_YEARS_TOTAL = re.compile(r"(?:19|20)\d\d[-/.M]?(?:00|99)", re.ASCII)
"""Month 0 or 99 of a year, where some offices file its total."""
_TYPING_ERRORS = 0.05  # share of the rows that may have the other order
_EAST = 10  # hour of UTC from which on it may be midnight in a zone east of it
_CERTAIN_EAST = 13
_A_WEEK = 7
_FORMS_SAID = 3
_ALL_YEARS = 3  # so many times as many months must there be as bare years


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of dates.

    Attributes:
        days: Days since 1970-01-01, `NO_DAY` where unreadable, shape ``(n,)``.
        problems: What is wrong, by position.
        totals: Whether a row holds the total of a year or a quarter, shape ``(n,)``.
        form: How the dates are written: one of the column for each way.
        notes: What was decided that a user should know.
    """

    days: NDArray[np.int64]
    problems: dict[int, str]
    totals: NDArray[np.bool_]
    form: str
    notes: tuple[str, ...] = ()


def month_number(text: str, months: Mapping[str, int] | None = None) -> int | None:
    """Number of a month given as ``1``, ``01``, ``M01``, ``1.0``, ``Jan``, ``January`` or ``I``.

    Args:
        text: Without blanks around it.
        months: Numbers of names in other languages.
    """
    digits = text.removeprefix("M").removeprefix("m").removesuffix("月").removesuffix("월")
    digits = digits.partition(".")[0] if not digits.partition(".")[2].strip("0") else digits
    if digits.isascii() and digits.isdigit() and len(digits) <= 2:  # noqa: PLR2004 - digits
        number = int(digits)
        return number if 1 <= number <= MONTHS else None
    return english(text) or (months or {}).get(text) or ROMAN.get(text)


def months_of(words: Sequence[str], where: str, language: str | None) -> Mapping[str, int]:
    """Numbers of the names of months in one column; English ones need no other language.

    Raises:
        DataError: They mean other months in several languages.
    """
    if language is not None:
        return numbers_in(words, language)
    if all(english(word) for word in words):
        return {}
    found = month_numbers(words)
    if isinstance(found, dict):
        return found
    raise DataError(
        f"{where}: {shown(words[0])} is another month in one language than in another "
        f"({', '.join(found)}), and no other name tells.",
        f'Set [data] language in forecastctl.toml, for example to "{found[0]}".',
    )


def parse_dates(
    texts: Sequence[str], where: str, *, dayfirst: bool | None = None, language: str | None = None
) -> Dates:
    """Days of a column of text.

    Args:
        texts: One date each.
        where: File and column, for messages.
        dayfirst: Order of dates such as 03/04/2012; ``None`` decides by the whole column.
        language: Of the names of months; ``None`` decides by all of them.

    Raises:
        DataError: The order of day and month, or the language, cannot be told.
    """
    import pandas as pd

    codes, unique = pd.factorize(np.array(texts, dtype=object))
    texts_of = [str(u).strip() for u in unique]
    spelt = in_one_era(texts_of)
    read = [read_date(text) for text in spelt]
    decided = _decided(read, where, dayfirst, language)
    total = np.array(_totals(spelt, read, decided), dtype=np.bool_)
    if total.any():
        decided = ["" if t else d for t, d in zip(total.tolist(), decided, strict=True)]
    decided, said = of_buddhists(texts_of, decided)
    decided, notes = _local(decided)
    notes = (*said, *of_eras(texts_of, decided), *notes)
    days = np.array(
        [days_of(d.day) if isinstance(d, Written) else NO_DAY for d in decided], dtype=np.int64
    )
    days[total] = NO_DAY
    wrong = (days == NO_DAY) & ~total
    messages = {
        int(c): "no date" if texts_of[c].lower() in MISSING else str(decided[c])
        for c in np.flatnonzero(wrong)
    }
    problems = {int(i): messages[codes[i]] for i in np.flatnonzero(wrong[codes])}
    return Dates(days[codes], problems, total[codes], _form(texts_of, decided), notes)


def _form(texts: Sequence[str], decided: Sequence[Written | str]) -> str:
    """The first date of each form of writing, of the most frequent forms."""
    first: dict[str, str] = {}
    forms: Counter[str] = Counter()
    for text, date in zip(texts, decided, strict=True):
        if isinstance(date, Written):
            if date.form not in first:
                named = any(letter.isdigit() for letter in date.form)  # 2012-10, or a name in words
                first[date.form] = text if named else f"{text} ({date.form})"
            forms[date.form] += 1
    return ", ".join(first[name] for name, _ in forms.most_common(_FORMS_SAID))


def _decided(
    read: Sequence[Reading], where: str, dayfirst: bool | None, language: str | None
) -> list[Written | str]:
    """Each text of a column, with what the whole column says of it."""
    of: dict[type, list[Any]] = {}
    for r in read:
        of.setdefault(type(r), []).append(r)
    parts = of.get(Parts, [])
    order = _order([p for p in parts if p.year_known], where, dayfirst)
    short = _order_of_short([p for p in parts if not p.year_known], where, dayfirst)
    numbers = of.get(Number, [])
    weeks = sum(n.number > MONTHS for n in numbers) > len(numbers) / 2
    unit = epoch_unit([r.number for r in of.get(Epoch, ())])
    of_sas = since_sixty([r.number // unit for r in of.get(Epoch, ())])
    of_months = any(r.number > QUARTERS for r in of.get(Roman, ()))
    origin = origin_of([r.number for r in of.get(Serial, ())], where)
    compact = any(n.text.partition(".")[0].isdigit() for n in numbers)
    words = list(dict.fromkeys(r.name for r in of.get(Named, ())))
    months = months_of(words, where, language)
    decide: dict[type, Callable[..., Written | str]] = {
        Parts: lambda r: r.day(order if r.year_known else short),
        Number: lambda r: r.week() if weeks else r.month(),
        Serial: lambda r: r.month() if compact else r.serial(origin),
        Epoch: lambda r: r.moment(unit, of_sas=of_sas),
        Roman: lambda r: r.month() if of_months else r.quarter(),
        Named: lambda r: r.day(months),
    }
    return [decide[type(r)](r) if type(r) in decide else r for r in read]  # type: ignore[misc]


def _totals(
    texts: Sequence[str], read: Sequence[Reading], decided: list[Written | str]
) -> list[bool]:
    """Which texts stand for a total: a word, month 13, or a year or a quarter among months."""
    kinds = [d.kind if isinstance(d, Written) else "" for d in decided]
    weeks = "W" in kinds
    years = [len(t) == 4 and t.isascii() and t.isdigit() for t in texts]  # noqa: PLR2004 - a year
    months, quarters = kinds.count("M"), kinds.count("Q")
    fine = months + quarters
    with_years = fine >= _ALL_YEARS * sum(years) and fine >= MONTHS
    with_quarters = months + kinds.count("D") >= 2 * quarters
    return [
        is_total(text)
        or (_YEARS_TOTAL.fullmatch(text) and fine >= MONTHS)
        or (isinstance(r, Number) and r.number == TOTAL and not weeks)
        or (year and with_years)
        or (kind == "Q" and with_quarters)
        for text, r, year, kind in zip(texts, read, years, kinds, strict=True)
    ]


def _local(decided: list[Written | str]) -> tuple[list[Written | str], tuple[str, ...]]:
    """Moments that are midnights of a zone east of UTC, as the days that begin there."""
    dates = [d for d in decided if isinstance(d, Written)]
    if not dates or any(d.utc_hour is None for d in dates):
        return decided, ()
    shift = days_later([d.utc_hour or 0 for d in dates], [days_of(d.day) for d in dates])
    if not shift or not (all(d.zone for d in dates) or _firsts(dates)):
        return decided, ()
    later = [
        replace(d, day=d.day + timedelta(days=1)) if isinstance(d, Written) else d for d in decided
    ]
    return later, (local_note(sorted({d.utc_hour or 0 for d in dates})),)


def _firsts(dates: list[Written]) -> bool:
    return all((d.day + timedelta(days=1)).day == 1 for d in dates)


def local_note(hours: Sequence[int]) -> str:
    """The sentence on moments that are midnights of another zone."""
    listed = " or ".join(f"{hour:02d}:00" for hour in hours)
    return f"every date is {listed} in UTC, midnight of a zone east of it: the day after counts"


def days_later(hours: Sequence[int], days: Sequence[int]) -> bool:
    """Whether moments at full hours of UTC are midnights of the day after, further east.

    Args:
        hours: Of each moment, none of them 0.
        days: Its day, since 1970-01-01.
    """
    different = sorted(set(hours))
    if len(different) > 2 or different[-1] - different[0] > 1 or different[0] < _EAST:  # noqa: PLR2004 - summer and winter
        return False
    after = np.array(days, dtype="datetime64[D]") + 1
    firsts = bool((after == after.astype("datetime64[M]")).all())
    if firsts and len(after) > 1:
        return True
    certain = different[0] >= _CERTAIN_EAST
    return certain and (len(different) == 2 or len(set(days)) >= _A_WEEK)  # noqa: PLR2004


def _order(parts: list[Parts], where: str, dayfirst: bool | None) -> str:
    """Order of day, month and year, from the evidence of the whole column."""
    if dayfirst is not None or not parts:
        return "dmy" if dayfirst else "mdy"
    return "dmy" if _dayfirst(parts, where) else "mdy"


def _dayfirst(parts: list[Parts], where: str) -> bool:
    """Whether the day comes first."""
    pairs = [(p.numbers[0], p.numbers[1], p.text) for p in parts]
    day = [text for first, second, text in pairs if first > MONTHS >= second]
    month = [text for first, second, text in pairs if second > MONTHS >= first]
    if day or month:
        fewer = min(len(day), len(month))
        if fewer > _TYPING_ERRORS * (len(day) + len(month)):
            raise DataError(
                f"{where}: {shown(day[0])} has the day first and {shown(month[0])} the month.",
                f"{FORMS} Or set [data] dayfirst to true or false; airports with dates in the "
                "other order are then rejected.",
            )
        return len(day) > len(month)
    firsts, seconds = {first for first, _, _ in pairs}, {second for _, second, _ in pairs}
    if len(seconds) == 1 and len(firsts) >= VARIETY:
        return False  # 1/1/2012, 2/1/2012, 3/1/2012: the part that never changes is the day
    if len(firsts) == 1 and len(seconds) >= VARIETY:
        return True
    if all(first == second for first, second, _ in pairs):
        return True
    raise _open(next(text for first, second, text in pairs if first != second), where)


def _open(example: str, where: str) -> DataError:
    return DataError(
        f"{where}: {shown(example)} may have the day or the month first, and no other row tells.",
        f"Set [data] dayfirst to true or false. {FORMS}",
    )


def _order_of_short(parts: list[Parts], where: str, dayfirst: bool | None) -> str:
    """Order of dates whose year has two digits: first what all of them allow, then the rarest.

    Under the right order months lie on one day of the month, and days one day apart.
    """
    if dayfirst is not None or not parts:
        return "dmy" if dayfirst else "mdy"
    days = {order: [p.day(order) for p in parts] for order in ("dmy", "mdy", "ymd")}
    read = {
        order: sorted(days_of(d.day) for d in found if isinstance(d, Written))
        for order, found in days.items()
    }
    most = max(len(found) for found in read.values())
    fits = [order for order, found in read.items() if len(found) == most]
    for regular in (first_of_month, _same_day, _a_day_apart):
        if len(fits) > 1:
            fits = [order for order in fits if regular(read[order])] or fits
    if len(fits) > 1 and any(days[fits[0]][i] != days[fits[1]][i] for i in range(len(parts))):
        raise _open(parts[0].text, where)
    return fits[0]


def _same_day(days: list[int]) -> bool:
    """Whether all days are the same of their month."""
    dates = np.array(days, dtype="datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return len(days) >= VARIETY and len(set(of_month.tolist())) == 1


def _a_day_apart(days: list[int]) -> bool:
    """Whether most days follow each other."""
    return len(days) >= _A_WEEK and bool(np.median(np.diff(days)) == 1)
