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
from forecastctl.errors import DataError
from forecastctl.records.calendar import days_of
from forecastctl.records.month_names import english, month_numbers, numbers_in
from forecastctl.records.spellings import in_era, of_the_republic
from forecastctl.records.written_dates import (
    EXCEL,
    MONTHS,
    OF_SAS,
    ORIGINS,
    QUARTERS,
    ROMAN,
    SAS_SECONDS,
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
    read_date,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

FORMS = "Write dates as YYYY-MM-DD or YYYY-MM."
TOTAL_WORDS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "all", "year", "annual", "full year", "ytd"),
        *("gesamt", "insgesamt", "summe", "jahr", "année", "annee", "ensemble", "anual", "año"),
        *("totale", "anno", "totaal", "jaar", "ogółem", "razem", "suma", "celkem", "összesen"),
        *("totalt", "i alt", "yhteensä", "toplam", "итого", "всего", "合計", "总计", "합계"),
    )
)
"""Words for the sum of the others (compared in lower case)."""

_TYPING_ERRORS = 0.05  # share of the rows that may have the other order
_VARIETY = 3  # different values, of the part that is the month
_EAST = 10  # hour of UTC from which on it may be midnight in a zone east of it
_CERTAIN_EAST = 13
_A_WEEK = 7
_DECIMAL_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:\.\d+)?", re.ASCII)
_ROUNDED = 0.07
"""Months by which a year with two decimals may be off."""
_FORMS_SAID = 3
_DAYS_OF_1970 = 25_569  # of Excel
_OTHER_ORIGINS = {OF_SAS, *(f"day number of {o}" for o in ORIGINS if o != EXCEL)}
_SECONDS = 86_400
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
    spelt = _in_one_era(texts_of)
    read = [read_date(text) for text in spelt]
    decided = _decided(read, where, dayfirst, language)
    total = np.array(_totals(spelt, read, decided), dtype=np.bool_)
    if total.any():
        decided = ["" if t else d for t, d in zip(total.tolist(), decided, strict=True)]
    decided, said = _of_buddhists(texts_of, decided)
    decided, notes = _local(decided)
    notes = (*said, *_of_eras(texts_of, decided), *notes)
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
    of_sas = _since_sixty([r.number // unit for r in of.get(Epoch, ())])
    of_months = any(r.number > QUARTERS for r in of.get(Roman, ()))
    origin = _origin([r.number for r in of.get(Serial, ())], where)
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


def _origin(numbers: Sequence[int], where: str) -> str:
    """Which program's day numbers those of a column are: of Excel, or whose months begin with them.

    Raises:
        DataError: Excel's would be days before 1970, and they are no months that tell.
    """
    if len(set(numbers)) < _VARIETY or max(numbers) >= _DAYS_OF_1970:
        return EXCEL
    days = {o: [days_of(first) + n for n in numbers] for o, first in ORIGINS.items()}
    for origin, found in days.items():
        if _first_of_month(found):
            return origin
    for origin, found in days.items():
        if _first_of_month([day + 1 for day in found]):
            return origin
    raise DataError(
        f"{where}: {numbers[0]} may be a day number of Excel, SAS or R, and they are no months "
        "that would tell.",
        FORMS,
    )


def _since_sixty(seconds: Sequence[int]) -> bool:
    """Whether times are months of SAS or Stata, and none of those who count since 1970."""
    if len(set(seconds)) < _VARIETY:
        return False
    ours, theirs = (
        [(second - shift) // _SECONDS for second in seconds] for shift in (0, SAS_SECONDS)
    )
    if any(_first_of_month([day + later for day in ours]) for later in (0, 1)):
        return False
    return _first_of_month(theirs) and all(s % _SECONDS == 0 for s in seconds)


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
        text.lower() in TOTAL_WORDS
        or (isinstance(r, Number) and r.number == TOTAL and not weeks)
        or (year and with_years)
        or (kind == "Q" and with_quarters)
        for text, r, year, kind in zip(texts, read, years, kinds, strict=True)
    ]


def _in_one_era(texts: Sequence[str]) -> Sequence[str]:
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


def _of_eras(texts: Sequence[str], decided: Sequence[Written | str]) -> tuple[str, ...]:
    """What is said of years of an emperor or of the Republic of China, and of days of SAS or R."""
    for text, date in zip(texts, decided, strict=True):
        if not isinstance(date, Written) or date.buddhist:
            continue
        if not text.isascii() and in_era(text):
            return (f"years are of another era: {text} is {date.day:%Y-%m}",)
        if date.form in _OTHER_ORIGINS:
            return (f"dates are each a {date.form}: {text} is {date.day}",)
    return ()


def _of_buddhists(
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
    if len(seconds) == 1 and len(firsts) >= _VARIETY:
        return False  # 1/1/2012, 2/1/2012, 3/1/2012: the part that never changes is the day
    if len(firsts) == 1 and len(seconds) >= _VARIETY:
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
    for regular in (_first_of_month, _same_day, _a_day_apart):
        if len(fits) > 1:
            fits = [order for order in fits if regular(read[order])] or fits
    if len(fits) > 1 and any(days[fits[0]][i] != days[fits[1]][i] for i in range(len(parts))):
        raise _open(parts[0].text, where)
    return fits[0]


def _first_of_month(days: list[int]) -> bool:
    """Whether all days are the first of a month."""
    dates = np.array(days, dtype="datetime64[D]")
    return len(set(days)) >= _VARIETY and bool((dates == dates.astype("datetime64[M]")).all())


def _same_day(days: list[int]) -> bool:
    """Whether all days are the same of their month."""
    dates = np.array(days, dtype="datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return len(days) >= _VARIETY and len(set(of_month.tolist())) == 1


def _a_day_apart(days: list[int]) -> bool:
    """Whether most days follow each other."""
    return len(days) >= _A_WEEK and bool(np.median(np.diff(days)) == 1)
