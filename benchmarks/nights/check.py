"""Simulated beside real: the same shares, on the cores of this machine."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.bench.processes import measured
from nights.measure import Asked, command, environment, panel, quiet
from nights.night import Night
from nights.simulation import simulate
from nights.stored import an_airport, stores, weighed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nights.facts import Facts, Stored

IN_STORE = ("planning", "joining", "publishing", "looking", "closing")
"""Steps while which a share has the store to itself."""
TICK = os.sysconf("SC_CLK_TCK")


def checked(facts: Facts, asked: Asked, airports: int, cores: int) -> dict[str, Any]:
    """Do a job with one share a core, all at once, and simulate the same.

    Args:
        facts: Measured with smaller jobs.
        asked: How those were run.
        airports: Of the job.
        cores: Of this machine.
    """
    night = Night(airports, cores=cores, machine=cores, workers=1, shares=cores)
    result = simulate(facts, night)
    real = done(asked, airports, cores)
    store: Stored = real["stored"]
    return {
        "airports": airports,
        "shares": cores,
        "load": real["load"],
        "wall": real["wall"],
        "others": real["others"],
        "rows": {
            "wall seconds": (result.wall, real["wall"] * (1 - real["others"])),
            "CPU seconds of workers": (
                result.models + result.pilots + result.starts,
                real["workers"],
            ),
            "seconds in the store": (sum(result.store_busy), real["store"]),
            "rows": (facts.stored.rows * airports, store.rows * airports),
            "bytes of the database": (facts.stored.bytes * airports, store.bytes * airports),
            "bytes of files": (facts.stored.file_bytes * airports, store.file_bytes * airports),
        },
    }


def done(asked: Asked, airports: int, shares: int) -> dict[str, Any]:
    """Such a job, done for real."""
    with (
        tempfile.TemporaryDirectory(prefix="fctl-nights-") as name,
        stores(asked.store, Path(name)) as make,
    ):
        folder = Path(name)
        data, place = panel(folder, airports, asked.months), make("job")
        before, file = weighed(place), folder / "commands.json"
        commands = [command(asked, data, n, shares) for n in range(1, shares + 1)]
        file.write_text(json.dumps(commands), encoding="utf-8")
        load, busy, mine = os.getloadavg()[0], all_cpu(), own_cpu()
        with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as err:
            together = [sys.executable, "-m", "nights.together", str(file)]
            taken = measured(together, environment(asked, place), out, err)
            if taken.code:
                sys.exit(f"the shares ended with {taken.code}: {(folder / 'err').read_text()}")
        others = all_cpu() - busy - (own_cpu() - mine) - (taken.cpu_seconds or 0.0)
        said = [json.loads(last(folder / f"commands.json.{n}")) for n in range(shares)]
        stored = an_airport(before, weighed(place), airports)
    cores = os.cpu_count() or 1
    return {
        "load": load,
        "wall": taken.wall_seconds,
        "others": min(max(others / (cores * taken.wall_seconds), 0.0), 0.99),
        "workers": (taken.cpu_seconds or 0.0) - sum(one["driver_cpu"] for one in said),
        "store": sum(map(in_store, said)),
        "stored": stored,
    }


def in_store(said: Mapping[str, Any]) -> float:
    """Seconds in which a share had the store, on a machine that does nothing else."""
    return sum(quiet(step) for step in said["steps"] if step["step"] in IN_STORE)


def last(path: Path) -> str:
    """The last line of a file."""
    return path.read_text(encoding="utf-8").strip().splitlines()[-1]


def all_cpu() -> float:
    """CPU seconds that all processes of this machine have taken since it was started."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    return sum(int(field) for at, field in enumerate(fields[:8]) if at not in (3, 4)) / TICK


def own_cpu() -> float:
    """CPU seconds of this process and its living descendants, with all that they waited for."""
    parents: dict[int, tuple[int, float]] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            parents[int(process.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    times = os.times()
    found, todo = times.user + times.system, [os.getpid()]
    while todo:
        above = todo.pop()
        below = [pid for pid, (parent, _) in parents.items() if parent == above]
        found += sum(parents[pid][1] for pid in below)
        todo += below
    return found
