"""What ``--fix`` does: only what cannot harm a job that runs, and nothing that is not said."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.records import KILLED, RUNNING, RunUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.doctor.finding import Finding
    from forecastctl.store.port import Tracker


def mend(
    findings: Sequence[Finding],
    kill: Callable[[str], bool],
    heal: Callable[[], list[str]],
) -> list[str]:
    """Mend what can be mended safely.

    Args:
        findings: What was found.
        kill: Marks one run as killed, if it is still running.
        heal: Marks jobs that were killed, with all below them, and returns their run ids.

    Returns:
        What was done, a sentence each; also what could not be done.
    """
    done: list[str] = []
    for finding in findings:
        if finding.fix == "remove":
            done += [_remove(Path(subject)) for subject in finding.subjects]
        elif finding.fix == "remove-kernels":
            from forecastctl.models.kernels import cache

            for subject in finding.subjects:
                cache.clear(Path(subject))
                done.append(f"removed the compiled code in {subject}")
        elif finding.fix == "kill-runs":
            healed = heal()
            left = [run_id for run_id in finding.subjects if run_id not in healed and kill(run_id)]
            done += [f"marked run {run_id} as killed" for run_id in (*healed, *left)]
    return done


def kill_run(tracker: Tracker, run_id: str) -> bool:
    """Mark a run as killed, unless it has ended meanwhile; whether that was done."""
    if tracker.get(run_id).status != RUNNING:
        return False
    tracker.update(run_id, RunUpdate(status=KILLED, end_ms=time.time_ns() // 1_000_000))
    return True


def _remove(path: Path) -> str:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        return f"could not remove {path}: {error.strerror or error}"
    return f"removed {path}"
