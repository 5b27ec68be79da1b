"""Runs the jobs, and knows where golden values are kept."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.golden import engine
from tests.golden.jobs import MADE
from tests.golden.product import Product, loaded_from
from tests.golden.real import REAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this file is part of."""

ANSWERED = (0, 3, 4, 6, 7)
"""Exit codes of a command that did its work, whatever it found."""


def stored() -> Path:
    """The golden values of this engine, whether they are there or not."""
    return Path(__file__).parent / "digests" / f"{engine.key()}.json"


def how_to_write() -> str:
    """What to run where there are no golden values for this engine."""
    return "run 'python -m tests.golden --write' with code that is known to be right"


def real_data(folder: str) -> Path:
    """The folder of the real panels, which lie beside the repository unless it is named."""
    path = Path(folder) if folder else ROOT.parent / "shared" / "data"
    if not path.is_dir():
        raise SystemExit(f"The real data is not at {path}.")
    return path.resolve()


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder, in memory where the machine has one: stores wait for disks."""
    memory = "/dev/shm"
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="golden-", dir=place) as path:
        yield Path(path)


def record(
    place: Path,
    code: Path = ROOT,
    real: Path | None = None,
    workers: int = 2,
    only: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Run the jobs and return all that is compared, as it is read from a file.

    Args:
        place: An empty folder to work in.
        code: The checkout whose forecastctl is run.
        real: The folder of the real panels; None runs the jobs on made data.
        workers: Worker processes, on which nothing may depend.
        only: Names of jobs; None for all.
        progress: Takes a line for each job.

    Raises:
        RuntimeError: Another forecastctl than that of the checkout would be run.
    """
    found = loaded_from(code)
    if found != code.resolve():
        raise RuntimeError(f"forecastctl is taken from {found}, not from {code}")
    known = MADE if real is None else {name: _on(real, job) for name, job in REAL.items()}
    jobs = {}
    for name in only or known:
        progress(f"job {name}")
        product = Product(place, name, code.resolve(), workers)
        known[name](product)
        jobs[name] = product.record()
    made = {"engine": {"key": engine.key(), **engine.details()}, "jobs": jobs}
    return dict(json.loads(json.dumps(made)))


def _on(data: Path, job: Callable[[Product, Path], None]) -> Callable[[Product], None]:
    """A job on real data as one that needs nothing else."""
    return lambda product: job(product, data)


def write(path: Path, made: dict[str, Any]) -> None:
    """Keep a record, if every command did its work.

    Raises:
        RuntimeError: A command broke off.
    """
    broken = [
        f"{job} > {step}: exit {answer['exit']}: {' '.join(answer['said'])}"
        for job, kept in made["jobs"].items()
        for step, answer in kept["answers"].items()
        if answer["exit"] not in ANSWERED
    ]
    if broken:
        raise RuntimeError("\n".join(broken))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumped(made) + "\n", encoding="utf-8")


def dumped(value: Any, deep: int = 6) -> str:
    """A value as JSON with a line for each item, down to some depth."""
    if deep == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, sort_keys=True)
    items = (f"{json.dumps(name)}: {dumped(value[name], deep - 1)}" for name in sorted(value))
    return "{\n" + ",\n".join(items) + "\n}"


def engines(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Differences of the engines, which may be the reason for all others."""
    old, new = before["engine"], after["engine"]
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"engine > {name}: {old.get(name)} -> {new.get(name)}" for name in names]
