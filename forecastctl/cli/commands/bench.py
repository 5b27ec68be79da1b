"""The bench command: one job, run in every way there is."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress
from forecastctl.cli.output.said import say
from forecastctl.errors import EXIT_FOUND, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.bench.table import Comparison
    from forecastctl.settings import Settings

ENDINGS = (".png", ".svg", ".csv")
USUAL_AIRPORTS, USUAL_MONTHS = 32, 120


def bench(
    data: flags.data.Data = None,
    airports: flags.data.BenchAirports = None,
    months: flags.data.BenchMonths = None,
    max_evals: flags.search.MaxEvals = None,
    jobs: flags.work.Jobs = None,
    backends: flags.ways.Backends = None,
    rounds: flags.ways.Rounds = 1,
    price: flags.ways.Price = None,
    out: flags.ways.BenchOut = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Run the same job in every way, and compare what each takes; nothing of it is kept."""
    from joblib import effective_n_jobs

    from forecastctl.bench.compare import compare
    from forecastctl.bench.ways import NAMES, ways_of

    session = open_session(bench, locals())
    _check(airports, months, rounds, price, out)
    named = [name for text in backends or NAMES for name in text.split(",") if name]
    ways_of(named)
    generated = data in (None, "sample")
    if data == "-":
        raise UsageError("--data -: stdin can be read only once.", "Give a file.")
    if not generated and (airports is not None or months is not None):
        raise UsageError(
            "--airports and --months are of generated data, and --data names a file.",
            "Give one or the other.",
        )
    with (
        Progress(quiet=session.quiet, what="ways") as progress,
        tempfile.TemporaryDirectory(prefix="forecastctl-bench-") as folder,
    ):
        settings = _job(session.settings, with_data=not generated)
        if generated:
            source = Path(folder) / "airports.csv"
            _write_sample(source, airports or USUAL_AIRPORTS, months or USUAL_MONTHS)
            settings["data.source"] = str(source)
        _compile(progress.say)
        found = compare(
            named,
            settings,
            workers=effective_n_jobs(session.settings.run.jobs),
            rounds=rounds,
            price=price,
            environ=os.environ,
            make_store=_make_store,
            say=progress.say,
        )
    _show(found, as_json=session.as_json, quiet=session.quiet)
    if out:
        _write(found, out)
    if found.problems or len(found.digests) > 1:
        raise typer.Exit(EXIT_FOUND)
    if backends and found.skipped:
        raise UsageError(_not_here(found.skipped), "Leave it out, or install what it needs.")


def _check(
    airports: int | None, months: int | None, rounds: int, price: float | None, out: Path | None
) -> None:
    """Refuse what makes no sense, before anything takes minutes.

    Raises:
        UsageError: Something does not.
    """
    for flag, number in (("airports", airports), ("months", months), ("rounds", rounds)):
        if number is not None and number < 1:
            raise UsageError(f"--{flag} must be at least 1.")
    if price is not None and not (math.isfinite(price) and price >= 0):
        raise UsageError("--price must be a number from 0 on.")
    if out and out.suffix.lower() not in ENDINGS:
        raise UsageError(f"--out {out}: the name must end in one of {', '.join(ENDINGS)}.")
    if out and not out.expanduser().absolute().parent.is_dir():
        raise UsageError(f"--out {out}: there is no such directory.", "Make it first.")


def _not_here(skipped: Mapping[str, str]) -> str:
    """What was asked for by name and cannot be tried, with the reason of each."""
    return "; ".join(f"--backends {name}: {why}" for name, why in skipped.items()) + "."


def _job(settings: Settings, *, with_data: bool) -> dict[str, Any]:
    """The settings of the job, as they can be handed over: what it reads and how it forecasts."""
    sections = ("tune", "forecast", *(("data",) if with_data else ()))
    found: dict[str, Any] = {}
    for section in sections:
        values = getattr(settings, section).model_dump(mode="json", exclude_none=True)
        found |= {f"{section}.{key}": value for key, value in values.items()}
    source = found.get("data.source")
    if source and "://" not in source and Path(source).exists():
        found["data.source"] = str(Path(source).absolute())
    found |= {"run.batch": settings.run.batch, "tracking.layout": settings.tracking.layout}
    return {name: value for name, value in found.items() if value not in ([], "")}


def _write_sample(path: Path, airports: int, months: int) -> None:
    from forecastctl.data.read.sample import sample_panel
    from forecastctl.data.write.targets import write_frame

    write_frame(sample_panel(airports, months), str(path))


def _compile(say: Any) -> None:
    """Compile the models, once a machine, so that no way has to."""
    from forecastctl.models.kernels.compiled import warm

    warm(say)


def _make_store(path: Path) -> None:
    """An SQLite store without experiments."""
    from forecastctl.store.mlflow.address import resolve
    from forecastctl.store.mlflow.create import open_store

    database, _ = open_store(resolve(f"sqlite:///{path}"))
    database.close()


def _show(found: Comparison, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        render.print_json(found.to_dict())
    elif not quiet:
        render.print_rows(found.rows(), "Nothing was compared.")
        if found.same:
            digest = next(iter(found.digests))
            render.print_line(f"The forecasts are the same in all ways: SHA-256 {digest[:12]}.")
        for backend, why in found.skipped.items():
            render.print_line(f"{backend} was left out: {why}.")
    for key, why in found.problems.items():
        say(f"{key} did not come to its end: {why}")
    if len(found.digests) > 1:
        say("The forecasts differ:")
        for digest, keys in found.digests.items():
            say(f"  {digest[:12]}: {', '.join(keys)}")


def _write(found: Comparison, out: Path) -> None:
    path = out.expanduser()
    if path.suffix.lower() == ".csv":
        import pandas as pd

        from forecastctl.bench.table import COLUMNS
        from forecastctl.data.write.targets import write_frame

        write_frame(pd.DataFrame(found.rows(), columns=list(COLUMNS)), str(path))
        return
    from forecastctl.bench.draw import draw

    airports = max((one.airports for one in found.tried), default=0)
    draw(found.rows(), f"{airports:,} airports, in each way", path)
