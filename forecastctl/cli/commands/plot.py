"""The plot command: one chart of an airport, as a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.spool import read_with_spool
from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean

PICTURES = {".png": "png", ".svg": "svg"}
LONGEST_NAME = 60


def plot(
    airport: flags.output.Plotted,
    kind: flags.output.PlotKind = "forecast",
    date: flags.output.PlotDate = None,
    as_of: flags.output.PlotAsOf = None,
    job: flags.asked.Job = None,
    out: flags.output.PlotOut = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Draw a chart of an airport from what is recorded, as PNG or SVG."""
    from forecastctl.plot.make import Asked, drawing, picture
    from forecastctl.recording.cached import Once
    from forecastctl.recording.resolve import job_named

    session = open_session(plot, locals())
    _check(kind, out, date=date, as_of=as_of, job=job)
    tracker = Once(read_with_spool(session.settings))
    asked = Asked(airport, kind, date, as_of, job_named(tracker, job))
    found = drawing(tracker, asked)
    path = out or Path(f"{_plain(airport)}-{kind}-{found.stamp}.png")
    try:
        path.write_bytes(picture(asked, found, PICTURES[path.suffix.lower()]))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Give another --out."
        ) from error
    if session.as_json:
        render.print_json(
            {"airport": airport, "kind": kind, "file": str(path), "shows": found.said}
        )
    elif not session.quiet:
        render.print_line(f"{path} written: {found.said}")


def _check(kind: str, out: Path | None, **given: str | None) -> None:
    """Refuse what cannot be drawn or written before anything is read for it."""
    from forecastctl.plot.make import KINDS, OF_A_PERIOD
    from forecastctl.records.calendar import parse_as_of, parse_day

    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"Give one of {', '.join(KINDS)}."
        raise UsageError(f"--kind: there is no chart '{kind}'.", hint)
    if (day := given["date"]) is not None:
        parse_day(day)
    if (day := given["as_of"]) is not None:
        parse_as_of(day)
    own = ("date",) if kind in OF_A_PERIOD else ("as_of", "job")
    for name, value in given.items():
        if value is not None and name not in own:
            flag = f"--{name.replace('_', '-')}"
            takes = " and ".join(f"--{one.replace('_', '-')}" for one in own)
            raise UsageError(f"{flag} says nothing about --kind {kind}.", f"It takes {takes}.")
    if out is None:
        return
    if out.suffix.lower() not in PICTURES:
        raise UsageError(f"--out: {out} ends in neither .png nor .svg.", "Give it an ending.")
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise UsageError(f"--out: {out} cannot be written.", "Name a file in a directory of yours.")


def _plain(airport: str) -> str:
    """An airport's name as the beginning of a file's."""
    return re.sub(r"[^\w.-]+", "-", airport).strip("-.")[:LONGEST_NAME] or "airport"
