"""Who holds the experiment, and what waits to be recorded?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, count, size


@dataclass(frozen=True, slots=True)
class Held:
    """The lock of the experiment.

    Attributes:
        holder: Who has it, in words; empty where nobody has.
        life: ``alive``, ``dead`` or ``unclear``.
        age: Seconds since the last heartbeat, or ``None``.
    """

    holder: str = ""
    life: str = "alive"
    age: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file of the spool.

    Attributes:
        path: The file.
        airports: Airports whose results wait in it.
        bytes: Its size.
    """

    path: str
    airports: int
    bytes: int


def check_lock(held: Held | None) -> list[Finding]:
    """Judge the lock; ``None`` where there is none to look at."""
    if held is None:
        return []
    if not held.holder:
        return [Finding("lock", "ok", "No job holds the experiment.")]
    beat = "" if held.age is None else f", last heartbeat {held.age:,.0f} s ago"
    if held.life == "alive":
        return [Finding("lock", "ok", f"{held.holder} is at work{beat}.")]
    state = "is dead" if held.life == "dead" else "may be dead"
    return [
        Finding(
            "lock",
            "wrong" if held.life == "dead" else "note",
            f"{held.holder} holds the experiment and {state}{beat}.",
            "The next job takes it over; look why that one ended.",
        )
    ]


def check_spool(waiting: list[Waiting] | None) -> list[Finding]:
    """Judge what waits; ``None`` where there is no spool to look at."""
    if waiting is None:
        return []
    if not waiting:
        return [Finding("spool", "ok", "Nothing waits to be recorded.")]
    airports = sum(one.airports for one in waiting)
    total = sum(one.bytes for one in waiting)
    return [
        Finding(
            "spool",
            "wrong",
            f"{count(airports, 'airport')} in {count(len(waiting), 'file')} ({size(total)}) wait "
            f"to be recorded: {waiting[0].path} and such.",
            "'forecastctl sync' records them, as the next job does, once the store answers.",
        )
    ]
