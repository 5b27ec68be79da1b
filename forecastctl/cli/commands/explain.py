"""The explain command: ask, show the answer, and keep it as a page."""

from __future__ import annotations

import os
import sys
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from forecastctl.api.explain import answered, newer_data
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.spool import read_with_spool
from forecastctl.errors import ReadOnlyError, TrackingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecastctl.cli.compose import Session
    from forecastctl.explain.question import Explanation
    from forecastctl.explain.read.series import Source
    from forecastctl.explain.values import Answer
    from forecastctl.records import Artifact
    from forecastctl.store.port import Tracker

KINDS = {".png": "png", ".svg": "svg"}


def explain(
    airport: flags.asked.TheAirport = None,
    date: flags.asked.Date = None,
    cutoff: flags.asked.Cutoff = None,
    between: flags.asked.Between = None,
    quick: flags.asked.Quick = False,
    worst: flags.asked.Worst = None,
    all_attempts: flags.work.AllAttempts = False,
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    as_csv: flags.output.AsCsv = False,
    html: flags.output.Html = None,
    image: flags.output.Image = None,
    verbose: flags.output.Verbose = False,
) -> None:
    """Say why a forecast was so far off, or why those of all airports were."""
    from forecastctl.records.spans import span_of

    session = open_session(explain, locals())
    if date:
        span_of(date)
    if airport is None:
        only_one = {"--between": between, "--quick": quick, "--html": html, "--image": image}
        _refuse(only_one, "is about one airport.", "Name it with --airport.")
        asked = FleetAsked(date, cutoff, worst, all_attempts=all_attempts, as_csv=as_csv)
        _explain_fleet(session, asked, newer_data(session) if data else None)
        return
    _refuse({"--worst": worst, "--csv": as_csv}, "is about all airports.", "Leave out --airport.")
    _check(html, image, quick=quick)
    from forecastctl.explain.question import Question
    from forecastctl.recording.cached import Once

    newer = newer_data(session) if data else None
    tracker = Once(read_with_spool(session.settings))
    question = Question(
        airport=airport,
        date=date or "",
        cutoff=cutoff,
        between=between,
        quick=quick,
        all_attempts=all_attempts,
    )
    explanation = answered(session, tracker, question, newer)
    artifacts = _write(explanation, html, image)
    _show(session, explanation.answer)
    if artifacts:
        _keep(tracker, explanation.answer, artifacts, quiet=session.as_json)


@dataclass(frozen=True, slots=True)
class FleetAsked:
    """What is asked about all airports, and how it is shown."""

    date: str | None
    cutoff: str | None
    worst: int | None
    _: KW_ONLY
    all_attempts: bool
    as_csv: bool


def _refuse(given: Mapping[str, object], why: str, hint: str) -> None:
    """Refuse flags that say nothing about what is asked."""
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} {why}", hint)


def _explain_fleet(session: Session, asked: FleetAsked, newer: Source | None) -> None:
    """Print why all forecasts of a period were so far off."""
    from forecastctl.cli.output.fleet import columns, print_fleet, rows
    from forecastctl.cli.output.progress import Progress
    from forecastctl.explain.fleet import FleetQuestion, explain_fleet

    if session.as_json and asked.as_csv:
        raise UsageError("--json and --csv contradict each other.", "Give one of them.")
    if asked.worst is not None and asked.worst < 1:
        raise UsageError(f"--worst: {asked.worst} is less than 1.", "Leave it out for all.")
    question = FleetQuestion(
        date=asked.date,
        cutoff=asked.cutoff,
        rules=session.settings.rules(),
        all_attempts=asked.all_attempts,
    )
    with Progress(quiet=not sys.stderr.isatty()) as progress:
        answer = explain_fleet(read_with_spool(session.settings), question, newer, progress.at)
    if session.as_json:
        render.print_json(answer.worst(asked.worst).to_dict())
    elif asked.as_csv:
        render.print_csv(rows(answer.worst(asked.worst)), columns())
    else:
        print_fleet(answer, asked.worst)


def _show(session: Session, answer: Answer) -> None:
    if session.as_json:
        render.print_json(answer.to_dict())
        return
    from forecastctl.cli.output.explanation import print_explanation

    print_explanation(answer)


def _check(html: Path | None, image: Path | None, *, quick: bool) -> None:
    """Refuse what cannot be written before any work is done for it."""
    if quick and (html or image):
        raise UsageError("--quick makes no page and no image.", "Leave out one of them.")
    if image is not None and image.suffix.lower() not in KINDS:
        raise UsageError(f"--image: {image} ends in neither .png nor .svg.", "Give it an ending.")
    for name, path in (("html", html), ("image", image)):
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise UsageError(
                f"--{name}: {path} cannot be written.", "Name a file in a directory of yours."
            )


def _write(explanation: Explanation, html: Path | None, image: Path | None) -> dict[Path, Artifact]:
    """Write page and image; returns what is to be recorded of them."""
    if html is None and image is None:
        return {}
    answer, view = explanation.answer, explanation.view
    if view is None:
        raise UsageError(
            "There is no page: what the charts are drawn from is not stored.", "Try --json."
        )
    from forecastctl.explain.page.page import explanation_image, explanation_page
    from forecastctl.records import Artifact
    from forecastctl.records.schema import page_path

    contents: dict[Path, tuple[str, bytes]] = {}
    if html is not None:
        contents[html] = "html", explanation_page(answer, view).encode()
    if image is not None:
        kind = KINDS[image.suffix.lower()]
        contents[image] = kind, explanation_image(answer, view, kind)
    written = {}
    for path, (kind, content) in contents.items():
        path.write_bytes(content)
        written[path] = Artifact(page_path(answer.date, kind), content)
    return written


def _keep(
    tracker: Tracker, answer: Answer, artifacts: Mapping[Path, Artifact], *, quiet: bool
) -> None:
    """Record page and image with the run that they explain.

    Raises:
        TrackingError: They cannot be recorded; the files are written all the same.
    """
    from forecastctl.recording.digests import add_files
    from forecastctl.records import RunUpdate

    run_id = answer.lineage.run_id
    try:
        add_files(tracker, run_id, RunUpdate(artifacts=tuple(artifacts.values())))
    except TrackingError as error:
        names = " and ".join(map(str, artifacts))
        what = f"{names} is written, but not recorded with run {run_id}. {error.message}"
        if isinstance(error, ReadOnlyError):  # who may only read has all that was asked for
            render.note(f"warning: {what}")
            return
        raise TrackingError(what, error.hint) from error
    if not quiet:
        for path, artifact in artifacts.items():
            render.print_line(f"{path} written, and recorded as {artifact.path} of run {run_id}")
