"""Does this computer's clock agree with the store's?"""

from __future__ import annotations

from forecastctl.doctor.finding import Finding

MOST_SECONDS = 30.0
"""Clocks that differ by less order runs of different computers well enough."""


def check(skew: float | None, whose: str, ahead: float | None) -> list[Finding]:
    """Judge the clock.

    Args:
        skew: Seconds that it is ahead of the store's own, or ``None`` where that has none.
        whose: Whose clock that is, in words.
        ahead: Seconds by which the newest run was started in the future, or ``None`` without runs.
    """
    found = []
    if skew is not None and abs(skew) > MOST_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        found.append(
            Finding(
                "clock",
                "wrong",
                f"The clock of this computer is {abs(skew):,.0f} s {way} that of {whose}.",
                "Set both by NTP (timedatectl set-ntp true); the newest forecast may be taken for "
                "an older one.",
            )
        )
    if ahead is not None and ahead > MOST_SECONDS:
        found.append(
            Finding(
                "clock",
                "wrong",
                f"The newest run in the store was started {ahead:,.0f} s from now.",
                "The clock of this computer, or of the one that recorded it, is wrong: set both by "
                "NTP (timedatectl set-ntp true).",
            )
        )
    if not found:
        what = f"agrees with that of {whose}" if skew is not None else "is behind no recorded run"
        found.append(Finding("clock", "ok", f"The clock {what}."))
    return found
