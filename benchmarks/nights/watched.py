"""``python -m nights.watched ARGUMENTS``: a share of a job, with a watch on each of its steps.

The command is the user's own, ``forecastctl run --shard I/N ...``; only the functions between its
steps are wrapped. The last line of stdout is JSON: each step with its seconds, the CPU seconds of
this process in them, and what the cost of such a step grows with.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from functools import wraps
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
            wall, cpu = time.perf_counter(), time.process_time()
            value = work(*args, **kwargs)
            self.note(name, time.perf_counter() - wall, time.process_time() - cpu)
            self.steps[-1] |= sizes(value, *args)
            return value

        return timed

    def note(self, name: str, wall: float, cpu: float) -> None:
        self.steps.append({"step": name, "wall": wall, "cpu": cpu})


def of_plan(job: Any, *_: Any) -> Step:
    """What planning grows with: airports of the job, and those of them that are recorded."""
    recorded = len(job.earlier.recorded) if job.earlier else 0
    return {"whole": len(job.order), "recorded": recorded}


def of_publishing(synced: Any, *_: Any) -> Step:
    return {"mine": sum(done.airports for done in synced.published.values())}


def install(watch: Watch) -> None:
    """Put a watch on the steps of a share."""
    from forecastctl.api import shards
    from forecastctl.data.prepare import prepare
    from forecastctl.jobs import run, share

    shards.read = watch.on("reading", shards.read, lambda *_: {})
    prepare.prepare_panel = watch.on(
        "reading", prepare.prepare_panel, lambda value, *_: {"whole": len(value.entries)}
    )
    planner = shards._planner  # noqa: SLF001 - what is measured is this step
    shards._planner = lambda *args: watch.on("planning", planner(*args), of_plan)  # noqa: SLF001
    share.join = watch.on("joining", share.join, lambda _, job, *__: of_plan(job))
    shards.publish_all = watch.on("publishing", shards.publish_all, of_publishing)
    share.left_by = watch.on("looking", share.left_by, lambda left, *_: {"left": left[0]})
    run.work_off = watch.on(
        "working", run.work_off, lambda _, job, *__: {"mine": len(job.tasks), **of_plan(job)}
    )
    run.run_job = watch.on("closing", run.run_job, lambda _, job, *__: of_plan(job))


def main() -> None:
    # Imported here, because workers import what this file imports.
    from forecastctl.cli.app import app
    from forecastctl.cli.one_way import born_ms

    started = (time.time_ns() // 1_000_000 - born_ms()) / 1000
    watch = Watch()
    watch.note("starting", started, time.process_time())
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
        "driver_bytes": me.ru_maxrss * 1024,
        "wall": (time.time_ns() // 1_000_000 - born_ms()) / 1000,
        "code": code,
    }
    print("\n" + json.dumps({"steps": watch.steps, **rest}))


if __name__ == "__main__":
    main()
