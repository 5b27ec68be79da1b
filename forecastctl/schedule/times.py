"""When a job is started: five fields as cron has them, read, checked, and said in systemd's way."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecastctl.errors import UsageError
from forecastctl.settings.limits import deadline_ms

MONTHS: Final = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS: Final = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
WORDS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST: Final = {month: monthrange(2024, month)[1] for month in range(1, 13)}
"""Days of each month, in a leap year."""
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
_HINT = "Five fields: minute, hour, day of the month, month, day of the week; such as '15 5 * * *'."


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five.

    Attributes:
        name: What it counts.
        low: Its smallest number.
        high: Its largest.
        words: What stands for its numbers, from ``low`` on.
    """

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


FIELDS: Final = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, tuple(MONTHS)),
    Field("day of the week", 0, 7, tuple(DAYS)),
)


@dataclass(frozen=True, slots=True)
class Times:
    """The moments at which a job is started.

    Attributes:
        expression: As cron takes it.
        numbers: Numbers that match, by field; ``None`` where all do. Sunday is 0.
    """

    expression: str
    numbers: tuple[frozenset[int] | None, ...]

    @property
    def ever(self) -> bool:
        """Whether there is such a moment: the 31st of February is none."""
        _, _, day, month, weekday = self.numbers
        if day is None or weekday is not None:
            return True
        return any(min(day) <= _LONGEST[number] for number in month or _LONGEST)

    def longest_until(self, deadline: str) -> int:
        """Seconds from a start to a deadline, of all starts in a day the longest.

        Args:
            deadline: A duration, or a time of day, of which the next one counts.
        """
        minutes, hours = self.numbers[0] or range(60), self.numbers[1] or range(24)
        starts = (datetime(2026, 1, 15, hour, minute) for hour in hours for minute in minutes)  # noqa: DTZ001 - the clock on the wall
        started = (int(start.timestamp() * 1000) for start in starts)
        return max((deadline_ms(deadline, ms) - ms) // 1000 for ms in started)

    def on_calendar(self) -> list[str]:
        """The same as systemd's OnCalendar, of which any has to match.

        cron starts a job when the day of the month or that of the week matches, where both are
        given; systemd when both do.
        """
        minute, hour, day, month, weekday = self.numbers
        clock = f"{_numbers(hour)}:{_numbers(minute)}:00"
        by_day = f"*-{_numbers(month)}-{_numbers(day)} {clock}"
        if weekday is None:
            return [by_day]
        names = ",".join(DAYS[number].capitalize() for number in sorted(weekday))
        by_weekday = f"{names} *-{_numbers(month)}-* {clock}"
        return [by_weekday] if day is None else [by_day, by_weekday]


def at(text: str) -> Times:
    """Every day at a time of day.

    Args:
        text: ``HH:MM``.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if not found:
        raise UsageError(f"--at: {text!r} is no time of day.", "HH:MM, such as 05:15.")
    return every(f"{int(found[2])} {int(found[1])} * * *")


def every(expression: str) -> Times:
    """What matches an expression as in a crontab.

    Args:
        expression: Five fields, or a word such as ``@daily``.

    Raises:
        UsageError: It is none, or a field of it cannot be.
    """
    plain = WORDS.get(expression.strip().lower(), expression.strip())
    parts = plain.split()
    if plain.startswith("@"):
        raise UsageError(
            f"--cron: {expression!r} is no time at which a job could be started.",
            f"Five fields, or one of {', '.join(WORDS)}.",
        )
    if len(parts) != len(FIELDS):
        fields = "1 field" if len(parts) == 1 else f"{len(parts)} fields"
        raise UsageError(f"--cron: {expression!r} has {fields} instead of five.", _HINT)
    numbers = [_matching(part, field) for part, field in zip(parts, FIELDS, strict=True)]
    found = Times(" ".join(parts), tuple(numbers))
    if not found.ever:
        raise UsageError(
            f"--cron: {expression!r} never comes: no month of it has such a day.",
            "The third field is the day of the month, the fourth the month.",
        )
    return found


def _matching(text: str, field: Field) -> frozenset[int] | None:
    """Numbers that one field names; ``None`` for all."""
    if text == "*":
        return None
    found: set[int] = set()
    for part in text.split(","):
        read = _PART.fullmatch(part)
        if not read:
            raise _wrong(field, part)
        low, high = _span(read, field, part)
        step = int(read["step"] or 1)
        if step < 1:
            raise _wrong(field, part)
        found |= set(range(low, high + 1, step))
    if field.name == "day of the week":
        found = {number % 7 for number in found}
    return frozenset(found)


def _span(read: re.Match[str], field: Field, part: str) -> tuple[int, int]:
    """First and last number of a part such as ``*/5``, ``3``, ``MON-FRI`` or ``10-20/2``."""
    if read["first"] == "*":
        if read["last"]:
            raise _wrong(field, part)
        return field.low, min(field.high, 6) if field.words == tuple(DAYS) else field.high
    low = _number(read["first"], field, part)
    if read["last"]:
        high = _number(read["last"], field, part)
    else:
        high = field.high if read["step"] else low
    if low > high:
        raise _wrong(field, part)
    return low, high


def _number(text: str, field: Field, part: str) -> int:
    if text.upper() in field.words:
        return field.low + field.words.index(text.upper())
    if not text.isascii() or not text.isdigit() or not field.low <= int(text) <= field.high:
        raise _wrong(field, part)
    return int(text)


def _wrong(field: Field, part: str) -> UsageError:
    return UsageError(
        f"--cron: {part!r} is no {field.name}, which is {field.low} to {field.high}.", _HINT
    )


def _numbers(numbers: frozenset[int] | None) -> str:
    return "*" if numbers is None else ",".join(f"{number:02d}" for number in sorted(numbers))
