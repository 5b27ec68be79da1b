"""Limits of a job as they are written: a time of day or a duration, a number or a share."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_DURATION = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SHARE = re.compile(r"(\d{1,9})(%?)")
_WHOLE = 100


def a_deadline(text: str) -> str:
    """The same text; a `ValueError` where it is neither a duration nor a time of day."""
    if not _duration(text) and not _TIME_OF_DAY.fullmatch(text):
        raise ValueError("a deadline is a time of day, as 06:30, or a duration, as 90m or 1h30m")
    return text


def deadline_ms(text: str, started_ms: int) -> int:
    """When a job is to end, milliseconds since the epoch.

    Args:
        text: A time of day, of which the next one counts, or a duration from the start.
        started_ms: When the job started.
    """
    passed = _duration(text)
    if passed:
        return started_ms + int(passed.total_seconds() * 1000)
    hour, minute = (int(part) for part in text.split(":"))
    start = datetime.fromtimestamp(started_ms / 1000)  # noqa: DTZ006 - the clock on the wall
    end = start.replace(hour=hour, minute=minute, second=0, microsecond=0)
    end = end if end > start else end + timedelta(days=1)
    return int(end.timestamp() * 1000)


def a_share(text: str) -> str:
    """The same text; a `ValueError` where it is neither a number nor a share of airports."""
    found = _SHARE.fullmatch(text)
    if not found or (found[2] and int(found[1]) > _WHOLE):
        raise ValueError("it is a number of airports, as 10, or a share of them, as 5%")
    return text


def most_of(text: str, total: int) -> int:
    """How many airports may fail.

    Args:
        text: A number, or a share in percent.
        total: Airports of the job.
    """
    number = int(text.removesuffix("%"))
    return number * total // _WHOLE if text.endswith("%") else number


def _duration(text: str) -> timedelta | None:
    """A duration such as ``1h30m``; ``None`` where it is none, or is zero."""
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) or None
    except OverflowError:
        return None
