"""One job, struck at some moment, started again until it ends well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.places import Place

VICTIMS = ("driver", "worker", "group")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
LONGEST = 600
"""Seconds after which a job counts as hung."""

STARTS = 4
"""So often a job is started at most; the last ones are not struck."""


@dataclass(frozen=True)
class Strike:
    """Who is struck with what, and after what share of an undisturbed job's time."""

    victim: str
    number: signal.Signals
    moment: float

    def __str__(self) -> str:
        return f"{self.number.name} to the {self.victim} at {self.moment:.0%}"


@dataclass
class Struck:
    """What became of a job.

    Attributes:
        landed: Whether a process was there to be struck.
        codes: Exit codes of all starts.
        hung: Whether a start did not end.
        tracebacks: Texts on stderr that are for programmers.
        left: Processes that outlived their job.
    """

    landed: int = 0
    codes: list[int] = field(default_factory=list)
    hung: bool = False
    tracebacks: list[str] = field(default_factory=list)
    left: int = 0


def command(place: Place, data: Path, layout: str) -> list[str]:
    """The main job; small searches, so that much of its time is spent on recording."""
    return [
        *(sys.executable, "-m", "forecastctl", "run", "--data", str(data)),
        *("--tracking-uri", place.uri, "--experiment", place.experiment, "--layout", layout),
        *("--jobs", "2", "--max-evals", "4", "--family", "holt_winters", "--horizon", "3"),
        *("--folds", "2", "--no-charts", "--quiet", "--out", str(place.folder / "f.csv")),
    ]


def environment(place: Place) -> dict[str, str]:
    """Variables of a job: its spool lies in the place as well."""
    return {**os.environ, "XDG_STATE_HOME": str(place.folder)}


def undisturbed(place: Place, data: Path, layout: str) -> float:
    """Run the job once; returns its seconds."""
    started = time.monotonic()
    subprocess.run(
        command(place, data, layout),
        cwd=place.folder,
        env=environment(place),
        check=True,
        timeout=LONGEST,
    )
    return time.monotonic() - started


def strike(place: Place, data: Path, layout: str, strikes: list[Strike], seconds: float) -> Struck:
    """Start the job, strike it, and start it again, until it ends with 0.

    Args:
        place: Where it records.
        data: What it forecasts.
        layout: Layout of the trials' record.
        strikes: One for each of the first starts.
        seconds: How long an undisturbed job takes.
    """
    found, to_come = Struck(), list(strikes)
    for _ in range(STARTS):
        job = subprocess.Popen(
            command(place, data, layout),
            cwd=place.folder,
            env=environment(place),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if to_come:
            blow = to_come.pop(0)
            with suppress(subprocess.TimeoutExpired):
                job.wait(blow.moment * seconds)
            found.landed += _hit(job, blow)
        try:
            _, said = job.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            found.hung = True
            os.killpg(job.pid, signal.SIGKILL)
            _, said = job.communicate()
        found.codes.append(job.returncode)
        if "Traceback" in said:
            found.tracebacks.append(said)
        found.left += _outlived(job.pid)
        if job.returncode == 0:  # the next one would be another job
            break
    return found


def _hit(job: subprocess.Popen[str], blow: Strike) -> bool:
    """Send the signal, unless the job has ended."""
    if job.poll() is not None:
        return False
    with suppress(ProcessLookupError):
        if blow.victim == "group":
            os.killpg(job.pid, blow.number)
            return True
        workers = [p for p in _group(job.pid) if _is_worker(p)]
        os.kill(workers[0] if blow.victim == "worker" and workers else job.pid, blow.number)
        return True
    return False


def _group(leader: int) -> list[int]:
    """Processes of a group but its leader."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, OSError):
            pid = int(entry.name)
            if pid != leader and os.getpgid(pid) == leader:
                found.append(pid)
    return sorted(found)


def _is_worker(pid: int) -> bool:
    with suppress(OSError):
        return b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _outlived(leader: int, patience: float = 30.0) -> int:
    """Processes of a job that are still there a while after it has ended; they are killed then."""
    end = time.monotonic() + patience
    while (left := [p for p in _group(leader) if not _is_zombie(p)]) and time.monotonic() < end:
        time.sleep(0.2)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def _is_zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
