"""Moments for people."""

from __future__ import annotations

import datetime as dt


def moment(ms: int) -> str:
    """A moment in UTC: ``27 November 2026, 11:13 UTC``.

    Args:
        ms: Milliseconds since the epoch.
    """
    at = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
