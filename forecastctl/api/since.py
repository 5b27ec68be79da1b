"""From when on something is listed, as it is given."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from forecastctl.errors import UsageError


def since_ms(text: str | None) -> int | None:
    """Milliseconds since the epoch of a date, or of so many hours, days or weeks ago."""
    if text is None:
        return None
    ago = re.fullmatch(r"(\d{1,18})([hdw])", text)
    if ago:
        hours = int(ago[1]) * {"h": 1, "d": 24, "w": 168}[ago[2]]
        return max(int(1000 * time.time()) - 3_600_000 * hours, 0)
    try:
        moment = datetime.fromisoformat(_as_iso(text))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(int(1000 * moment.timestamp()), 0)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since: '{text}' is not a date.",
            "Give 2019-08-15, 2019-08 or Aug-2019 (UTC), or 36h, 7d, 2w.",
        ) from None


def _as_iso(text: str) -> str:
    """A date or a moment in ISO form, where it is one in any other."""
    from forecastctl.records.calendar import iso_date  # not for a help: it takes numpy

    try:
        datetime.fromisoformat(text)
    except ValueError:
        day = iso_date(text)
        return f"{day}-01" if len(day) == len("2012-10") else day
    return text
