"""What ``--fix`` does: only what cannot harm a job that runs, and nothing that is not said."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.doctor.finding import Finding


def mend(findings: Sequence[Finding], heal: Callable[[Sequence[str]], Sequence[str]]) -> list[str]:
    """Mend what can be mended safely.

    Args:
        findings: What was found.
        heal: Marks as killed, of some runs, those whose process is gone; returns which.

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
    runs = [run_id for f in findings if f.fix == "kill-runs" for run_id in f.subjects]
    if runs:
        done += [f"marked run {run_id} as killed" for run_id in heal(runs)]
    return done


def _remove(path: Path) -> str:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        return f"could not remove {path}: {error.strerror or error}"
    return f"removed {path}"
