"""What a command takes with all processes that come of it, seen from outside.

A process that has ended is counted by the one that waited for it, and by no other: an engine's
daemons, which are grandchildren whose parents are gone or do not wait, would be missed by
``RUSAGE_CHILDREN``. So the table of processes is looked at ten times a second as well. On Linux
this process takes over what lost its parent while it measures, so that nothing leaves the tree.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from bisect import bisect_right
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

from forecastctl.execute.memory import resident

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_PROC = Path("/proc")
_STEP = 0.1
"""Seconds between two looks at the processes."""
_WEIGHED = 3
"""Every how many looks memory is weighed as well, which takes longer."""
_LEAVE = 10.0
"""Seconds in which what a command leaves behind must have ended by itself."""
_SUBREAPER = 36
"""``PR_SET_CHILD_SUBREAPER`` of Linux' ``prctl``."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A process, at one look.

    Attributes:
        parent: Id of its parent.
        born: When it began, in the system's own ticks: ids are given again.
        cpu: CPU seconds that it has taken itself, without what it has waited for.
        ended: Whether it only waits to be waited for.
    """

    parent: int
    born: int
    cpu: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took.

    Attributes:
        code: Its exit code.
        wall_seconds: From its start to its end.
        cpu_seconds: CPU time of all its processes; ``None`` where the system does not tell.
        peak_bytes: The most memory that they held together at one look, pages that they share
            counted once; ``None`` where the system does not show it.
        curve: CPU seconds until then by seconds from the start, in time.
    """

    code: int
    wall_seconds: float
    cpu_seconds: float | None
    peak_bytes: int | None
    curve: tuple[tuple[float, float], ...] = field(default=(), repr=False)

    def cpu_until(self, seconds: float) -> float:
        """CPU seconds that were taken until so many seconds after the start."""
        at = bisect_right([moment for moment, _ in self.curve], seconds)
        if at == 0 or at == len(self.curve):
            return self.curve[min(at, len(self.curve) - 1)][1] if self.curve else 0.0
        (before, low), (after, high) = self.curve[at - 1], self.curve[at]
        return low + (high - low) * (seconds - before) / max(after - before, 1e-9)


def measured(
    command: Sequence[str], environ: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> Taken:
    """Run a command to its end, and measure it with all that comes of it.

    What it leaves behind is given ten seconds to end, and then ended.

    Args:
        command: Program and arguments.
        environ: Its whole environment.
        out: Where its standard output goes, a real file.
        err: Where its standard error goes, a real file.
    """
    if not _PROC.joinpath("self/stat").exists():
        return _without_table(command, environ, out, err)
    others = {(pid, seen.born) for pid, seen in _below(os.getpid(), _table())}
    sums: dict[tuple[int, int], float] = {}
    curve, peak, looks = [(0.0, 0.0)], 0, 0
    with _takes_over():
        waited, start = _waited(), time.monotonic()
        process = subprocess.Popen(command, env=dict(environ), stdout=out, stderr=err)  # noqa: S603
        try:
            while (code := process.poll()) is None:
                mine = _look(others, sums)
                curve.append((time.monotonic() - start, sum(sums.values())))
                if looks % _WEIGHED == 0:
                    peak = max(peak, sum(map(_held, mine)))
                looks += 1
                time.sleep(_STEP)
            wall = time.monotonic() - start
        finally:
            process.kill()
            _let_go(others, sums)
        # Each count can only miss something: what was over between two looks, or was waited for
        # by nobody of ours.
        cpu = max(sum(sums.values()), _waited() - waited)
    return Taken(code, wall, cpu, peak or None, _rising([*curve, (wall, cpu)]))


def tree_cpu() -> float:
    """CPU seconds of this process and of all that have come of it, as far as they are known now.

    Of those that have ended only what was waited for: two looks at processes that live on differ
    by what they have taken in between.

    Raises:
        OSError: The system has no table of processes (Linux has it).
    """
    if not _PROC.joinpath("self/stat").exists():
        raise OSError("no /proc here: what other processes take cannot be seen")
    return time.process_time() + sum(seen.cpu for _, seen in _below(os.getpid(), _table()))


def _without_table(
    command: Sequence[str], environ: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> Taken:
    """The same where the system shows no processes: what was waited for, and no memory."""
    waited, start = _waited(), time.monotonic()
    code = subprocess.run(command, env=dict(environ), stdout=out, stderr=err, check=False)  # noqa: S603
    wall = time.monotonic() - start
    cpu = _waited() - waited if os.name == "posix" else None
    return Taken(code.returncode, wall, cpu, None)


def _waited() -> float:
    """CPU seconds of all that this process has waited for, and of what that had waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _look(others: set[tuple[int, int]], sums: dict[tuple[int, int], float]) -> list[int]:
    """Note what the processes have taken until now; those that live."""
    found = [x for x in _below(os.getpid(), _table()) if (x[0], x[1].born) not in others]
    for pid, seen in found:
        sums[pid, seen.born] = seen.cpu
    return [pid for pid, seen in found if not seen.ended]


def _let_go(others: set[tuple[int, int]], sums: dict[tuple[int, int], float]) -> None:
    """Wait for what a command has left behind, and end what does not end."""
    end = time.monotonic() + _LEAVE
    while (left := _look(others, sums)) and time.monotonic() < end:
        time.sleep(_STEP)
    for pid in left:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    for pid, seen in list(_below(os.getpid(), _table())):
        if (pid, seen.born) in sums:
            with suppress(OSError):
                os.waitpid(pid, 0 if pid in left else os.WNOHANG)


def _table() -> dict[int, Seen]:
    """All processes of this machine by id."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for name in os.listdir(_PROC):  # noqa: PTH208 - ten times a second
        if not name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            text = (_PROC / name / "stat").read_text(encoding="utf-8", errors="replace")
            parts = text.rpartition(")")[2].split()  # the name before may hold anything
            cpu = (int(parts[11]) + int(parts[12])) / ticks
            found[int(name)] = Seen(int(parts[1]), int(parts[19]), cpu, parts[0] == "Z")
    return found


def _below(root: int, table: Mapping[int, Seen]) -> Iterator[tuple[int, Seen]]:
    """All descendants of a process."""
    children: dict[int, list[int]] = {}
    for pid, seen in table.items():
        children.setdefault(seen.parent, []).append(pid)
    todo = list(children.get(root, ()))
    while todo:
        pid = todo.pop()
        yield pid, table[pid]
        todo += children.get(pid, ())


def _held(pid: int) -> int:
    """Bytes of a process, of pages that it shares its part; all of them where that is not told."""
    with suppress(OSError, ValueError, StopIteration):
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
        line = next(line for line in text.splitlines() if line.startswith("Pss:"))
        return int(line.split()[1]) * 1024
    return resident(pid)


def _rising(curve: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """A curve that never falls: what was waited for may be known later than what was seen."""
    points = list(curve)
    last = points[-1][1]
    found = [points[0]]
    for (_, _), (moment, cpu) in pairwise(points):
        found.append((moment, min(max(cpu, found[-1][1]), last)))
    return tuple(found)


@contextmanager
def _takes_over() -> Iterator[None]:
    """Be the parent of what loses its own, where the system has that (Linux)."""
    prctl = None
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            prctl = ctypes.CDLL(None).prctl
            prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        if prctl:
            prctl(_SUBREAPER, 0, 0, 0, 0)
