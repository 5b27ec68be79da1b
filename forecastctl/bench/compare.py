"""The same job in all ways, round by round."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.bench.table import Comparison
from forecastctl.bench.trial import tried
from forecastctl.bench.ways import missing, ways_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from forecastctl.bench.trial import Measures


def compare(
    backends: Iterable[str],
    settings: Mapping[str, Any],
    *,
    workers: int,
    rounds: int,
    price: float | None,
    environ: Mapping[str, str],
    make_store: Callable[[Path], None],
    say: Callable[[str], None],
) -> Comparison:
    """Run a job in each way, in a folder of its own that is gone afterwards.

    Every second round goes through the ways backwards: whoever goes first meets colder caches.

    Args:
        backends: Names of ways; those that are not installed, or cannot do the job, are skipped.
        settings: Of the job, by ``section.key``.
        workers: Airports at the same time, where a way has more than one.
        rounds: How often each way is tried.
        price: Of a core for an hour, or ``None``.
        environ: The environment of this process.
        make_store: Makes an empty store at a path: each job gets a copy, so that to make one, which
            takes seconds, is no part of what is measured.
        say: Told what is being tried.
    """
    asked = ways_of(backends)
    skipped = {way.backend: why for way in asked if (why := missing(way.backend, settings))}
    ways = [way for way in asked if way.backend not in skipped]
    found: dict[str, list[Measures]] = {way.key: [] for way in ways}
    name = tempfile.TemporaryDirectory(prefix="forecastctl-bench-", ignore_cleanup_errors=True)
    with name as folder_of_all:
        place = Path(folder_of_all)
        template = place / "empty.db"
        if ways:
            make_store(template)
        for turn in range(rounds):
            for way in ways if turn % 2 == 0 else reversed(ways):
                of_rounds = f", round {turn + 1} of {rounds}" if rounds > 1 else ""
                say(f"{way.name} ({way.backend}){of_rounds}")
                folder = place / f"{way.key}-{turn}"
                folder.mkdir()
                shutil.copy(template, folder / "mlflow.db")
                found[way.key].append(tried(way, settings, workers, folder, environ))
                with suppress(OSError):
                    shutil.rmtree(folder)
    return Comparison(tuple(one for rounds_ in found.values() for one in rounds_), skipped, price)
