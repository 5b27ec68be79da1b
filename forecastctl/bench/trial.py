"""One way of running a job, tried once, and what is said of it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from forecastctl.bench.processes import measured
from forecastctl.bench.ways import SHARES
from forecastctl.errors import EXIT_AIRPORTS_FAILED, EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.bench.ways import Way

_CHILD = "forecastctl.cli.one_way"
_OWN = ("FORECASTCTL_", "MLFLOW_")
"""Variables that would change the job: all of its settings are handed over."""
_SAID = 300
"""Characters of what a command that failed said last."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What a way of running a job took, once.

    Attributes:
        way: The way.
        workers: Airports at the same time, at most.
        airports: How many were worked on.
        wall_seconds: From the start of the command to its end.
        startup_seconds: Of these until the first airport was begun.
        work_seconds: From then to the last one recorded.
        cpu_seconds: CPU time of all processes; ``None`` where the system does not tell.
        startup_cpu_seconds: Of these until the first airport was begun.
        models_cpu_seconds: CPU time of the work at airports: search, fit, forecast, chart.
        peak_bytes: The most memory that all processes held together, or ``None``.
        digest: SHA-256 of the forecasts as they are written.
        problem: Why there is nothing of all this.
    """

    way: Way
    workers: int = 0
    airports: int = 0
    wall_seconds: float = 0.0
    startup_seconds: float = 0.0
    work_seconds: float = 0.0
    cpu_seconds: float | None = None
    startup_cpu_seconds: float = 0.0
    models_cpu_seconds: float = 0.0
    peak_bytes: int | None = None
    digest: str = ""
    problem: str | None = None

    @property
    def efficiency(self) -> float:
        """Work at airports over what the workers could have given, once they had begun."""
        could = self.workers * self.work_seconds
        return self.models_cpu_seconds / could if could else 0.0

    @property
    def overhead_seconds(self) -> float | None:
        """CPU time an airport for all but its own work and the start: carrying and recording."""
        if self.cpu_seconds is None or not self.airports:
            return None
        rest = self.cpu_seconds - self.startup_cpu_seconds - self.models_cpu_seconds
        return max(rest, 0.0) / self.airports

    @property
    def core_hours(self) -> float:
        """Cores that are kept for it, for as long as it takes."""
        return self.workers * self.wall_seconds / 3600


def tried(
    way: Way, settings: Mapping[str, Any], workers: int, folder: Path, environ: Mapping[str, str]
) -> Measures:
    """Run a job in one way, as a command of its own.

    Args:
        way: The way.
        settings: Its settings by ``section.key``, those of backend, store and output aside.
        workers: Airports at the same time, where the way has more than one.
        folder: An empty folder for what it writes, but for a store ``mlflow.db`` without
            experiments, where one is there: to make one takes seconds.
        environ: The environment of this process.
    """
    out = folder / "forecasts.csv"
    shares = workers if way.backend == SHARES else None
    given = {
        **settings,
        "run.backend": "loky" if shares else way.backend,
        "run.jobs": 1 if shares else workers,
        "tracking.uri": f"sqlite:///{folder / 'mlflow.db'}",
        "forecast.out": str(out),
    }
    asked = folder / "asked.json"  # not an argument, which every user of a machine can read
    content = {"settings": given, "held": way.held, "shares": shares}
    asked.write_text(json.dumps(content), encoding="utf-8")
    with (folder / "stdout").open("w+b") as said, (folder / "stderr").open("w+b") as complaint:
        command = [sys.executable, "-m", _CHILD, str(asked)]
        taken = measured(command, _environment(environ, folder), said, complaint)
        said.seek(0)
        complaint.seek(0)
        text, why = said.read(), complaint.read().decode(errors="replace").strip()
    if taken.code not in (EXIT_OK, EXIT_AIRPORTS_FAILED) or not out.is_file():
        last = shorten(why.splitlines()[-1] if why else "it said nothing", _SAID)
        return Measures(way, problem=f"exit code {taken.code}: {last}")
    summary = json.loads(text)
    cost = summary["cost"]
    # The clock of the command is this one's: both count from when it was started.
    startup = min(cost["startup_seconds"], taken.wall_seconds)
    return Measures(
        way,
        workers=1 if way.backend == "serial" else workers,
        airports=summary["airports"]["total"] - summary["airports"]["rejected"],
        wall_seconds=taken.wall_seconds,
        startup_seconds=startup,
        work_seconds=cost["work_seconds"],
        cpu_seconds=taken.cpu_seconds,
        startup_cpu_seconds=taken.cpu_until(startup),
        models_cpu_seconds=cost["cpu_seconds"],
        peak_bytes=taken.peak_bytes,
        digest=hashlib.sha256(out.read_bytes()).hexdigest(),
    )


def _environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of a command whose settings are all handed over, and that leaves no trace."""
    empty = folder / "forecastctl.toml"
    empty.touch()
    kept = {name: value for name, value in environ.items() if not name.startswith(_OWN)}
    return {
        **kept,
        "FORECASTCTL_CONFIG": str(empty),
        "PYTHONPATH": os.pathsep.join(_path(environ)),
        "XDG_STATE_HOME": str(folder / "state"),
    }


def _path(environ: Mapping[str, str]) -> list[str]:
    """Where packages are looked for: this one first, which need not be installed."""
    import forecastctl

    given = environ.get("PYTHONPATH", "")
    here = str(Path(forecastctl.__file__).parents[1])
    return [here, *(part for part in given.split(os.pathsep) if part and part != here)]
