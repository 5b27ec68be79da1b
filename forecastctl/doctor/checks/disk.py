"""Is there space left, and may it be written, where the next job will write?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, size
from forecastctl.figures import percent

LEAST = 200 * 1024**2
LITTLE = 1024**3
LEAST_SHARE = 0.02
LEAST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Disk:
    """A directory in which something is written.

    Attributes:
        what: What is written there, in words.
        path: The directory.
        free: Bytes that are free, or ``None`` where there is no such directory.
        total: Bytes of the whole file system.
        files: Files that can still be made, or ``None`` where that is not limited.
        writable: Whether this user may write.
        least: Bytes below which it is too full.
    """

    what: str
    path: str
    free: int | None
    total: int = 0
    files: int | None = None
    writable: bool = True
    least: int = LEAST


def check(disks: list[Disk]) -> list[Finding]:
    """Judge each directory."""
    return [_judged(disk) for disk in disks]


def _judged(disk: Disk) -> Finding:
    place = f"{disk.path} ({disk.what})"
    if disk.free is None:
        return Finding("disk", "wrong", f"There is no directory {place}.", "Make it.")
    if not disk.writable:
        mend = "Give this user the right to write there (chown, chmod), or name another place."
        return Finding("disk", "wrong", f"{place} cannot be written.", mend)
    mend = "Make room, or name another place."
    if disk.free < disk.least:
        return Finding("disk", "wrong", f"{place} has {size(disk.free)} left.", mend)
    if disk.files is not None and disk.files < LEAST_FILES:
        message = f"{place} has room for {disk.files:,} more files (inodes)."
        return Finding("disk", "wrong", message, mend)
    share = disk.free / disk.total if disk.total else 1.0
    if disk.least >= LEAST and (disk.free < LITTLE or share < LEAST_SHARE):
        message = f"{place} has {size(disk.free)} left, {percent(share)} of it."
        return Finding("disk", "note", message, mend)
    return Finding("disk", "ok", f"{place} has {size(disk.free)} left.")
