"""The plan command: what a job of another size will take, from the jobs on record."""

from __future__ import annotations

import math

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.spool import read_with_spool
from forecastctl.errors import UsageError
from forecastctl.figures import counted

USUAL_CORES = (1, 8, 64)


def plan(
    airports: flags.data.PlanAirports = None,
    months: flags.data.PlanMonths = None,
    cores: flags.ways.Cores = None,
    backends: flags.ways.Backends = None,
    price: flags.ways.Price = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Say how long and how dear a job will be, on how many cores, and what holds it up."""
    from forecastctl.capacity.answer import plan as planned
    from forecastctl.capacity.facts import read_facts

    session = open_session(plan, locals())
    for flag, number in (("airports", airports), ("months", months)):
        if number is not None and number < 1:
            raise UsageError(f"--{flag} must be at least 1.")
    if price is not None and not (math.isfinite(price) and price >= 0):
        raise UsageError("--price must be a number from 0 on.")
    counts = _numbers(cores) or USUAL_CORES
    named = [name for text in backends or () for name in text.split(",") if name]
    found = planned(
        read_facts(read_with_spool(session.settings)),
        airports=airports,
        months=months,
        cores=counts,
        backends=named,
        price=price,
    )
    if session.as_json:
        render.print_json(found.to_dict())
        return
    jobs = sum(known.jobs for known in found.known.values())
    size = f"{counted(found.airports, 'airport')} of {counted(found.months, 'month')}"
    render.print_line(f"{size}, from {counted(jobs, 'job')} on record:")
    render.print_rows(found.rows(), "Nothing is known.")
    for one in found.known.values():
        worth = next(p.cores_worth for p in found.predictions if p.backend == one.backend)
        if worth and one.backend not in ("serial", "threads"):
            render.print_line(
                f"With {one.backend}, from {counted(worth, 'core')} on recording decides."
            )
    if found.unknown:
        render.print_line(f"No job on record used {', '.join(found.unknown)}.")


def _numbers(texts: list[str] | None) -> list[int]:
    """Numbers of cores, repeated or with commas."""
    parts = [part for text in texts or () for part in text.replace(",", " ").split()]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--cores: {' '.join(parts)!r} are no numbers of cores.", "--cores 1,8,64")
    return list(dict.fromkeys(map(int, parts)))
