"""Measured facts: small jobs in shares, run for that, with a watch on every step."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecastctl.bench.processes import Taken, measured
from forecastctl.data.read.sample import sample_panel
from forecastctl.errors import EXIT_AIRPORTS_FAILED, EXIT_OK
from forecastctl.jobs.pilot import AIRPORTS as PILOT
from forecastctl.models.kernels.compiled import warm
from forecastctl.records import ALL_RUNS, Query
from forecastctl.records.schema import Kind, MetricKey, Tag
from forecastctl.records.shards import number_of
from forecastctl.store.mlflow.open import open_tracker
from nights.facts import Facts, fitted
from nights.stored import Place, an_airport, stores, weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHARES = 3
MANY = 100_003
"""So many shares that most of them hold none of some thousand airports."""
DEAR = 2.0
"""From so many times the median on, an airport of a worker's first two is one that imported."""
OURS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Asked:
    """What jobs are run for measuring.

    Attributes:
        airports: Of the larger job; the smaller one has a third.
        planned: Of the one that is only planned.
        months: Of each.
        evals: Evaluations of a search; by default those of ``run``.
        layout: ``nested`` or ``flat``.
        at_once: Airports in one transaction, where shares publish; by default as it is.
        store: ``postgresql`` or ``sqlite``.
    """

    airports: int = 300
    planned: int = 5000
    months: int = 120
    evals: int | None = None
    layout: str = "flat"
    at_once: int | None = None
    store: str = "postgresql"

    @property
    def arguments(self) -> list[str]:
        """Of ``forecastctl run``."""
        evals = [] if self.evals is None else ["--max-evals", str(self.evals)]
        return ["--no-charts", "--quiet", "--layout", self.layout, *evals]


@dataclass(frozen=True, slots=True)
class Share:
    """What a share took.

    Attributes:
        steps: Each with its seconds, and what its cost grows with.
        workers: CPU seconds of its workers.
    """

    steps: tuple[dict[str, Any], ...]
    workers: float

    def of(self, *names: str) -> list[dict[str, Any]]:
        """Steps of some names."""
        return [step for step in self.steps if step["step"] in names]


@dataclass(slots=True)
class Seen:
    """What was seen of all shares: sizes and seconds by step, and CPU seconds of airports."""

    steps: dict[str, list[tuple[Mapping[str, int], float]]] = field(default_factory=dict)
    models: list[float] = field(default_factory=list)

    def add(self, name: str, seconds: float, **sizes: int) -> None:
        """Note what a step of some sizes took."""
        self.steps.setdefault(name, []).append((sizes, seconds))

    def facts(self) -> Facts:
        """The costs that fit it."""
        found, worker = self.steps, fitted(self.steps.get("workers", ()), "mine")
        return Facts(
            models=tuple(cpu + worker.mine for cpu in self.models),
            driver=fitted(found["working"], "mine"),
            starting=float(np.mean([seconds for _, seconds in found["starting"]])),
            worker=worker.fixed,
            reading=fitted(found["reading"], "whole"),
            planning=fitted(found["planning"], "whole", "recorded"),
            publishing=fitted(found["publishing"], "mine"),
            looking=fitted(found["looking"], "recorded"),
            closing=fitted(found["closing"], "whole"),
            pilot=PILOT,
        )


def facts_of(asked: Asked) -> Facts:
    """Run three jobs and say what their steps cost: one is only planned, one is small."""
    warm(lambda _: None)
    seen = Seen()
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="fctl-nights-") as name,
        stores(asked.store, Path(name)) as make,
    ):
        folder = Path(name)
        data = panel(folder, asked.planned, asked.months)
        _add(seen, share(asked, data, make("planned"), empty(data), MANY), 0, asked.planned)
        for number, airports in enumerate((asked.airports // 3, asked.airports)):
            place, data = make(f"job{number}"), panel(folder, airports, asked.months)
            before = weighed(place)
            _job(asked, airports, data, place, seen)
            stored = an_airport(before, weighed(place), airports)
    said = {
        **{name: getattr(asked, name) for name in asked.__slots__},
        "load": load,
        "python": platform.python_version(),
        "cpu": round(float(np.mean(seen.models)), 4),
    }
    return replace(seen.facts(), stored=stored, said=said)


def _job(asked: Asked, airports: int, data: Path, place: Place, seen: Seen) -> None:
    """A job in shares, one after the other."""
    recorded, shares = 0, []
    for number in range(1, SHARES + 1):
        took = share(asked, data, place, number, SHARES)
        recorded = _add(seen, took, recorded, airports)
        shares.append(took)
    cpu = cpu_of(place)
    for number, took in enumerate(shares, 1):
        mine = usual([c for name, c in cpu.items() if number_of(name, SHARES) == number])
        seen.models += mine
        if number > 1:  # the first one also searched airports of the others
            seen.add("workers", took.workers - sum(mine), mine=len(mine))


def cpu_of(place: Place) -> dict[str, float]:
    """CPU seconds of the airports that a store has."""
    tracker = open_tracker(place.uri, "forecastctl", reading=True)
    runs = tracker.find(Query(tags={Tag.KIND: Kind.AIRPORT}, limit=ALL_RUNS))
    tracker.close()
    return {run.tags[Tag.AIRPORT]: run.metrics.get(MetricKey.CPU_SECONDS, 0.0) for run in runs}


def _add(seen: Seen, took: Share, recorded: int, whole: int) -> int:
    """Note what a share took, beside so many recorded airports; how many there are then."""
    [starting] = took.of("starting")
    seen.add("starting", quiet(starting))
    seen.add("reading", sum(map(quiet, took.of("reading"))), whole=whole)
    [first, *later] = took.of("planning")
    joined = quiet(first) + sum(map(quiet, took.of("joining")))
    seen.add("planning", joined, whole=whole, recorded=recorded)
    mine = took.of("working")[0]["mine"]
    seen.add("working", took.of("working")[0]["cpu"], mine=mine)
    if not mine:
        return recorded
    seen.add("publishing", quiet(took.of("publishing")[-1]), mine=mine, recorded=recorded)
    seen.add("looking", quiet(took.of("looking")[0]), recorded=recorded + mine)
    for again in later:
        seen.add("planning", quiet(again), whole=whole, recorded=whole)
        seen.add("closing", quiet(took.of("closing")[0]), whole=whole)
    return recorded + mine


def quiet(step: Mapping[str, Any]) -> float:
    """Seconds of a step, without those in which other work had the cores."""
    return max(step["wall"] - step["delayed"], step["cpu"], 0.0)


def usual(cpu: Iterable[float]) -> list[float]:
    """CPU seconds of airports, without what a worker takes for its imports at its first two."""
    ordered = sorted(cpu, reverse=True)
    middle = float(np.median(ordered)) if ordered else 0.0
    return [middle if at < 2 and one > DEAR * middle else one for at, one in enumerate(ordered)]


def panel(folder: Path, airports: int, months: int) -> Path:
    """A file of generated airports."""
    path = folder / f"{airports}.csv"
    sample_panel(airports, months).to_csv(path, index=False)
    return path


def command(asked: Asked, data: Path, number: int, count: int) -> list[str]:
    """A share, with a watch."""
    run = ["run", "--data", str(data), "--shard", f"{number}/{count}", "--jobs", "1"]
    return [sys.executable, "-m", "nights.watched", *run, *asked.arguments]


def environment(asked: Asked, place: Place) -> dict[str, str]:
    """Of a share: settings of the user play no part, and nothing is left behind."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FORECASTCTL_", "MLFLOW_"))}
    home = place.artifacts.parent
    (home / "empty.toml").touch()
    path = (str(OURS), str(OURS.parent), os.environ.get("PYTHONPATH", ""))
    once = {} if asked.at_once is None else {"NIGHTS_AT_ONCE": str(asked.at_once)}
    return {
        **kept,
        **once,
        "FORECASTCTL_CONFIG": str(home / "empty.toml"),
        "FORECASTCTL_TRACKING__URI": place.uri,
        "PYTHONPATH": os.pathsep.join(path),
        "XDG_STATE_HOME": str(home / "state"),
    }


def empty(data: Path) -> int:
    """A share of `MANY` that holds no airport of a file."""
    full = {number_of(name, MANY) for name in pd.read_csv(data)["airport"].unique()}
    return next(number for number in range(1, MANY) if number not in full)


def share(asked: Asked, data: Path, place: Place, number: int, count: int) -> Share:
    """One share, run to its end."""
    given, environ = command(asked, data, number, count), environment(asked, place)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        taken = measured(given, environ, out, err)
        return told(taken, out, err)


def told(taken: Taken, out: IO[bytes], err: IO[bytes]) -> Share:
    """What a share said of itself, with what was seen from outside."""
    for stream in (out, err):
        stream.seek(0)
    lines = out.read().decode().strip().splitlines()
    if (
        taken.code not in (EXIT_OK, EXIT_AIRPORTS_FAILED)
        or not lines
        or not lines[-1].startswith("{")
    ):
        raise subprocess.SubprocessError(f"a share ended with {taken.code}: {err.read().decode()}")
    said = json.loads(lines[-1])
    workers = max((taken.cpu_seconds or 0.0) - said["driver_cpu"], 0.0)
    return Share(tuple(said["steps"]), workers)
