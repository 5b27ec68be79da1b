"""Who holds the experiment, and what waits to be recorded?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.checks.clock import MOST_SECONDS
from forecastctl.doctor.finding import Finding, Level, count, named, size


@dataclass(frozen=True, slots=True)
class Held:
    """A job that the store shows as running, and that others wait for.

    Attributes:
        holder: Who it is, in words.
        life: ``alive``, ``dead`` or ``unclear``.
        age: Seconds since the last heartbeat, or ``None``.
    """

    holder: str
    life: str = "alive"
    age: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file of the spool.

    Attributes:
        path: The file.
        airports: Airports whose results wait in it.
        bytes: Its size.
        other: For which other experiment and store it is; empty for those that are set.
        damaged: Why it cannot be read; empty where it can.
        mend: What to do about that.
    """

    path: str
    airports: int
    bytes: int
    other: str = ""
    damaged: str = ""
    mend: str = ""


def check_lock(holders: list[Held]) -> list[Finding]:
    """Judge who is at work. That a job is dead is a finding about its run."""
    if not holders:
        return [Finding("lock", "ok", "No job is at work in the experiment.")]
    return [_judged(held) for held in holders]


def _judged(held: Held) -> Finding:
    beat = "" if held.age is None else f", last heartbeat {held.age:,.0f} s ago"
    if held.age is not None and held.age < -MOST_SECONDS:
        return Finding(
            "clock",
            "wrong",
            f"The heartbeat of {held.holder} lies {-held.age:,.0f} s in the future.",
            "The clock of this computer, or of that one, is wrong: set both by NTP "
            "(timedatectl set-ntp true).",
        )
    if held.life == "alive":
        return Finding("lock", "ok", f"{held.holder} is at work{beat}.")
    state = "is dead" if held.life == "dead" else "may be dead"
    return Finding(
        "lock",
        "note",
        f"{held.holder} {state}{beat}: it keeps no other job out.",
        "The next job goes on with its work; look why it ended (history, its log.txt).",
    )


def check_spool(waiting: list[Waiting] | None) -> list[Finding]:
    """Judge what waits; ``None`` where there is no spool to look at."""
    if waiting is None:
        return []
    if not waiting:
        return [Finding("spool", "ok", "Nothing waits to be recorded.")]
    found = [Finding("spool", "wrong", one.damaged, one.mend) for one in waiting if one.damaged]
    waiting = [one for one in waiting if not one.damaged]
    own = [one for one in waiting if not one.other]
    found += [_of_all(own, "", "", "wrong")] if own else []
    for other in dict.fromkeys(one.other for one in waiting if one.other):
        alike = [one for one in waiting if one.other == other]
        where = " with that address (--tracking-uri, --experiment)"
        found.append(_of_all(alike, f" of {other}", where, "note"))
    return found


def _of_all(waiting: list[Waiting], of: str, where: str, level: Level) -> Finding:
    airports = sum(one.airports for one in waiting)
    total = sum(one.bytes for one in waiting)
    return Finding(
        "spool",
        level,
        f"{count(airports, 'airport')}{of} in {count(len(waiting), 'file')} ({size(total)}) wait "
        f"to be recorded: {named([one.path for one in waiting], 1)}.",
        f"'forecastctl sync'{where} records them, as the next job does, once the store answers.",
    )
