"""Whether a job that a store shows as running still runs.

A process says in its runs, every few seconds, that it lives. Names of computers and numbers of
processes prove nothing: containers share both, and numbers are used again. Only on the computer
itself, in the same space of process numbers, it is known for certain whether a process is there.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.records import StoredRun

BEAT_SECONDS = 15.0
"""From one heartbeat to the next."""
STALE_SECONDS = 120.0
"""Age of a heartbeat after which its process may be dead."""
UNKNOWN_SECONDS = 86_400.0
"""Age of a run without heartbeats, of an earlier version, after which it counts as dead."""

Life: TypeAlias = Literal["alive", "dead", "unclear"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who works, or wants to work, in an experiment.

    Attributes:
        command: What was asked for, such as ``run``.
        host: Name of the computer.
        pid: Number of the process there; 0 where it is not known.
        start_ms: Since when, milliseconds since the epoch; 0 where it is not known.
    """

    command: str = ""
    host: str = ""
    pid: int = 0
    start_ms: int = 0

    def __str__(self) -> str:
        """In words, for whoever has to wait."""
        words = [f"'{self.command}'" if self.command else "a job"]
        words += [f"on host {self.host}"] if self.host else []
        words += [f"process {self.pid}"] if self.pid else []
        if self.start_ms:
            start = datetime.fromtimestamp(self.start_ms / 1000, UTC)
            words.append(f"since {start:%Y-%m-%d %H:%M:%S} UTC")
        return ", ".join(words)


def holder_of(run: StoredRun) -> Holder:
    """Who a run of a job, or a lease, belongs to."""
    pid = run.tags.get(Tag.PID, "")
    return Holder(
        run.tags.get(Tag.COMMAND, ""),
        run.tags.get(Tag.HOST, ""),
        int(pid) if pid.isdecimal() else 0,
        run.start_ms,
    )


@cache
def this_process() -> str:
    """Which process this is, of all since the computer was started; empty where none can tell.

    A digest-free text of four parts: boot, space of process numbers, number, and time of start.
    """
    try:
        return f"{_here()}:{os.getpid()}:{_started(os.getpid())}"
    except (OSError, ValueError, IndexError):
        return ""


def pulse() -> dict[str, str]:
    """Tags by which this process says that it lives."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    tags: dict[str, str] = {Tag.HEARTBEAT: now, Tag.PROCESS: this_process()}
    return tags


def life_of_process(text: str) -> Life:
    """What this computer knows of a process, by `this_process`."""
    here, _, rest = text.rpartition(":")[0].rpartition(":")
    try:
        if not text or here != _here():
            return "unclear"
        pid, started = int(rest), text.rpartition(":")[2]
        return "alive" if _started(pid) == started else "dead"
    except FileNotFoundError:
        return "dead"
    except (OSError, ValueError, IndexError):
        return "unclear"


def age_seconds(run: StoredRun, now_ms: int) -> float:
    """Seconds since a run's last heartbeat, or since its start where it has none."""
    beat = run.tags.get(Tag.HEARTBEAT, "")
    try:
        last_ms = datetime.fromisoformat(beat).timestamp() * 1000
    except ValueError:
        last_ms = run.start_ms
    return (now_ms - last_ms) / 1000


def life(run: StoredRun, now_ms: int) -> Life:
    """Whether the process of a run lives, as far as one look at it tells.

    Args:
        run: A job or a lease that the store shows as running.
        now_ms: The time, milliseconds since the epoch.
    """
    known = life_of_process(run.tags.get(Tag.PROCESS, ""))
    if known != "unclear":
        return known
    age = age_seconds(run, now_ms)
    if Tag.HEARTBEAT not in run.tags and Tag.PROCESS not in run.tags:
        return "dead" if age > UNKNOWN_SECONDS else "alive"
    return "unclear" if age > STALE_SECONDS else "alive"


@dataclass(slots=True)
class Watch:
    """Looks at runs several times: one whose heartbeat is old and stands still is dead.

    So a clock that is wrong, here or there, kills no living job.
    """

    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)

    def life(self, run: StoredRun) -> Life:
        """Whether the process of a run lives, after all looks at it."""
        now = life(run, time.time_ns() // 1_000_000)
        if now != "unclear":
            return now
        beat = run.tags.get(Tag.HEARTBEAT, "")
        last, since = self._seen.setdefault(run.run_id, (beat, time.monotonic()))
        if last != beat:
            self._seen[run.run_id] = (beat, time.monotonic())
            return "alive"
        return "dead" if time.monotonic() - since > 2 * BEAT_SECONDS else "unclear"


def tags_of(holder: Holder) -> Mapping[str, str]:
    """Tags that say who works."""
    return {Tag.COMMAND: holder.command, Tag.HOST: holder.host, Tag.PID: str(holder.pid)}


@cache
def _here() -> str:
    """This boot of this computer and, within it, the space of process numbers."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116 - it is no file


def _started(pid: int) -> str:
    """When a process was started, in ticks since the boot.

    Raises:
        FileNotFoundError: There is no such process, or it has ended.
    """
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise FileNotFoundError(stat)
    return fields[19]
