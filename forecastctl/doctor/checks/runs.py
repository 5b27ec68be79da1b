"""Runs that are RUNNING for good, files without a run, and runs without their files."""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, count, named

OLD_SECONDS = 86_400.0
"""Files are written before their run can be seen: younger ones may be about to get theirs."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of artifacts whose run is not in the store.

    Attributes:
        path: The folder.
        age: Seconds since it was changed.
        nobodys: Whether all in it is this user's, and no other store beside this one has its run.
    """

    path: str
    age: float
    nobodys: bool = False


@dataclass(frozen=True, slots=True)
class Runs:
    """What there is of runs and their files.

    Attributes:
        dead: Ids of jobs that are shown as running, and whose process is gone.
        unclear: Ids of jobs on other computers that have not said for long that they live.
        alive: Ids of jobs that run.
        dangling: Ids of other runs that are shown as running although no job of theirs is.
        folders: Folders without a run; ``None`` where the files lie out of reach.
        empty: Ids of finished runs of airports without any file.
        looked_at: Finished runs of airports that were looked at.
    """

    dead: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    alive: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    folders: tuple[Folder, ...] | None = None
    empty: tuple[str, ...] = ()
    looked_at: int = 0


def check(runs: Runs) -> list[Finding]:
    """Judge what there is."""
    return [*_running(runs), *_files(runs)]


def _running(runs: Runs) -> list[Finding]:
    found = []
    if runs.dead:
        found.append(
            Finding(
                "runs",
                "wrong",
                f"{count(len(runs.dead), 'job')} of which no process is left "
                f"still RUNNING in the store: {named(runs.dead)}.",
                "'forecastctl doctor --fix' marks them as killed, as the next job would.",
                "kill-runs",
                runs.dead,
            )
        )
    if runs.unclear:
        found.append(
            Finding(
                "runs",
                "wrong",
                f"{count(len(runs.unclear), 'job')} RUNNING, on another computer or in another "
                f"container, without a heartbeat for minutes: {named(runs.unclear)}.",
                "'forecastctl doctor --fix' looks whether they live, and marks them as killed if "
                "not, as the next job would.",
                "kill-runs",
                runs.unclear,
            )
        )
    if runs.dangling:
        found.append(
            Finding(
                "runs",
                "wrong",
                f"{count(len(runs.dangling), 'run')} of jobs that have ended still RUNNING: "
                f"{named(runs.dangling)}.",
                "'forecastctl doctor --fix' marks them as killed.",
                "kill-runs",
                runs.dangling,
            )
        )
    if not found:
        at_work = f"; {count(len(runs.alive), 'job')} at work" if runs.alive else ""
        found.append(Finding("runs", "ok", f"No run is RUNNING for good{at_work}."))
    return found


def _files(runs: Runs) -> list[Finding]:
    if runs.folders is None:
        message = "The artifacts do not lie in a directory of this computer, and are not looked at."
        return [Finding("artifacts", "note", message)]
    found = []
    old = [folder for folder in runs.folders if folder.age >= OLD_SECONDS]
    young = len(runs.folders) - len(old)
    nobodys = tuple(folder.path for folder in old if folder.nobodys)
    others = tuple(folder.path for folder in old if not folder.nobodys)
    if nobodys:
        found.append(
            Finding(
                "artifacts",
                "wrong",
                f"{count(len(nobodys), 'folder')} of artifacts without a run, left by a job that "
                f"was killed: {named(nobodys, 1)}.",
                "'forecastctl doctor --fix' removes them.",
                "remove",
                nobodys,
            )
        )
    if others:
        found.append(
            Finding(
                "artifacts",
                "note",
                f"{count(len(others), 'folder')} of artifacts without a run in this store, which "
                f"may be another store's or another user's: {named(others, 1)}.",
                "Delete them if no other store keeps its files in the same directory (--json lists "
                "all).",
                subjects=others,
            )
        )
    if young:
        message = f"{count(young, 'folder')} without a run, of the last day: a job may be writing."
        found.append(Finding("artifacts", "note", message))
    if runs.empty:
        found.append(
            Finding(
                "artifacts",
                "wrong",
                f"{count(len(runs.empty), 'finished run')} of airports without any file: "
                f"{named(runs.empty)}.",
                "Restore them from a backup; 'forecastctl run --skip-unchanged' does the airports "
                "again whose newest forecast is among them.",
            )
        )
    return found or [
        Finding("artifacts", "ok", f"{runs.looked_at:,} runs of airports have their files.")
    ]
