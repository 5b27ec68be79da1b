"""What processes that were killed left in shared memory and among temporary files."""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, count, size

OLD_SECONDS = 3600.0
"""Younger ones might be of a process in another container, whose number means nothing here."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A semaphore of workers, or a folder with their data.

    Attributes:
        path: The file or folder.
        pid: Number of the process that made it.
        alive: Whether there is such a process.
        own: Whether it is this user's.
        age: Seconds since it was changed.
        bytes: How large it is.
    """

    path: str
    pid: int
    alive: bool
    own: bool
    age: float
    bytes: int


def check(found: list[Leftover]) -> list[Finding]:
    """Judge what is there: what belongs to a process that lives is not left over."""
    dead = [one for one in found if not one.alive]
    if not dead:
        return [Finding("shared memory", "ok", "Nothing is left there of processes that died.")]
    old = tuple(one.path for one in dead if one.own and one.age >= OLD_SECONDS)
    young = [one for one in dead if one.own and one.age < OLD_SECONDS]
    others = [one for one in dead if not one.own]
    findings = []
    if old:
        total = sum(one.bytes for one in dead if one.path in set(old))
        findings.append(
            Finding(
                "shared memory",
                "wrong",
                f"{count(len(old), 'semaphore or folder', 'semaphores and folders')} of workers "
                f"whose job was killed are left, {size(total)}: {old[0]} and such.",
                "'forecastctl doctor --fix' removes them.",
                "remove",
                old,
            )
        )
    for some, why in (
        (young, "younger than an hour; --fix removes them then"),
        (others, "of another user, who has to remove them"),
    ):
        if some:
            message = f"{len(some):,} more of processes that died are left, {why}."
            findings.append(Finding("shared memory", "note", message))
    return findings
