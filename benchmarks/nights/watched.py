"""``python -m nights.watched ARGUMENTS``: a share of a job, with a watch on each of its steps.

The command is the user's own, ``forecastctl run --shard I/N ...``; only the functions between its
steps are wrapped. The last line of stdout is JSON: each step with its seconds; those of them in
which this process, or a PostgreSQL of this machine that works for it, waited for a core; its CPU
seconds; and what the cost of such a step grows with.
How many airports are published in one transaction is taken from ``NIGHTS_AT_ONCE``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Step = dict[str, Any]


class Watch:
    """The steps of a share, in the order in which they ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def on(self, name: str, work: Callable[..., Any], sizes: Callable[..., Step]) -> Any:
        """A function that does the same and notes what it took.

        Args:
            name: Of the step.
            work: The function.
            sizes: From its arguments and its value, what its cost grows with.
        """

        @wraps(work)
        def timed(*args: Any, **kwargs: Any) -> Any:
            before = (sum(map(waited, servers())), *clocks())
            value = work(*args, **kwargs)
            after = (*clocks(), sum(map(waited, servers())))
            delayed = after[2] - before[3] + max(after[3] - before[0], 0.0)
            self.note(name, after[0] - before[1], after[1] - before[2], delayed)
            self.steps[-1] |= sizes(value, *args)
            return value

        return timed

    def note(self, name: str, wall: float, cpu: float, delayed: float) -> None:
        """Note what a step took, in seconds."""
        self.steps.append({"step": name, "wall": wall, "cpu": cpu, "delayed": delayed})


def clocks() -> tuple[float, float, float]:
    """Now, CPU seconds of this process, and seconds in which its main thread waited for a core."""
    return time.perf_counter(), time.process_time(), waited(Path("/proc/self"))


def waited(process: Path) -> float:
    """Seconds in which a process could have run and had no core; 0 where that is not told."""
    try:
        return int((process / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def servers() -> list[Path]:
    """Processes of PostgreSQL on this machine that have a connection to this job's database."""
    name = os.environ.get("FORECASTCTL_TRACKING__URI", "").rpartition("/")[2]
    found = []
    for process in Path("/proc").iterdir():
        try:
            said = (process / "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it is no process, or has just ended
        if said.startswith("postgres: ") and f" {name} " in said:
            found.append(process)
    return found


def of_plan(job: Any, *_: Any) -> Step:
    """What planning grows with: airports of the job, and those of them that are recorded."""
    recorded = len(job.earlier.recorded) if job.earlier else 0
    return {"whole": len(job.order), "recorded": recorded}


def of_publishing(synced: Any, *_: Any) -> Step:
    return {"mine": sum(done.airports for done in synced.published.values())}


def install(watch: Watch) -> None:
    """Put a watch on the steps of a share."""
    from forecastctl.api import shards, sharing
    from forecastctl.data.prepare import prepare
    from forecastctl.jobs import run, share
    from forecastctl.store.spool import publish

    publish.AT_ONCE = int(os.environ.get("NIGHTS_AT_ONCE", publish.AT_ONCE))
    shards.read = watch.on("reading", shards.read, lambda *_: {})
    prepare.prepare_panel = watch.on(
        "reading", prepare.prepare_panel, lambda value, *_: {"whole": len(value.entries)}
    )
    planner = shards._planner  # noqa: SLF001 - what is measured is this step
    shards._planner = lambda *args: watch.on("planning", planner(*args), of_plan)  # noqa: SLF001
    share.join = watch.on("joining", share.join, lambda _, job, *__: of_plan(job))
    sharing.publish_all = watch.on("publishing", sharing.publish_all, of_publishing)
    share.left_by = watch.on("looking", share.left_by, lambda left, *_: {"left": left[0]})
    run.work_off = watch.on(
        "working", run.work_off, lambda _, job, *__: {"mine": len(job.tasks), **of_plan(job)}
    )
    run.run_job = watch.on("closing", run.run_job, lambda _, job, *__: of_plan(job))


def main() -> None:
    # Imported here, because workers import what this file imports.
    from forecastctl.cli.app import app
    from forecastctl.cli.one_way import born_ms

    watch = Watch()
    watch.note("starting", (time.time_ns() // 1_000_000 - born_ms()) / 1000, *clocks()[1:])
    install(watch)
    code = 0
    try:
        app(sys.argv[1:], standalone_mode=False)
    except SystemExit as end:
        code = int(end.code or 0)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    me = resource.getrusage(resource.RUSAGE_SELF)
    rest = {
        "workers_cpu": children.ru_utime + children.ru_stime,
        "driver_cpu": me.ru_utime + me.ru_stime,
        "wall": (time.time_ns() // 1_000_000 - born_ms()) / 1000,
        "code": code,
    }
    print("\n" + json.dumps({"steps": watch.steps, **rest}))


if __name__ == "__main__":
    main()
