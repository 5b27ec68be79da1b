"""The explain command: ask, show the answer, and keep it as a page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session, read
from forecastctl.cli.output import render
from forecastctl.cli.spool import read_with_spool
from forecastctl.errors import TrackingError, UsageError

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
    airport: flags.TheAirport,
    date: flags.Date,
    cutoff: flags.Cutoff = None,
    between: flags.Between = None,
    quick: flags.Quick = False,
    all_attempts: flags.AllAttempts = False,
    data: flags.Data = None,
    query: flags.Query = None,
    value: flags.Value = None,
    tracking_uri: flags.TrackingUri = None,
    experiment: flags.Experiment = None,
    config: flags.Config = None,
    as_json: flags.AsJson = False,
    html: flags.Html = None,
    image: flags.Image = None,
    verbose: flags.Verbose = False,
) -> None:
    """Say why a forecast was so far off."""
    from forecastctl.explain.answer import explain as explain_miss
    from forecastctl.explain.question import Question
    from forecastctl.records.calendar import parse_day

    session = open_session(explain, locals())
    parse_day(date)
    _check(html, image, quick=quick)
    question = Question(
        airport=airport,
        date=date,
        cutoff=cutoff,
        between=between,
        quick=quick,
        rules=session.settings.rules(),
        all_attempts=all_attempts,
    )
    newer = _newer(session) if data else None
    tracker = read_with_spool(session.settings)
    explanation = explain_miss(tracker, question, newer)
    artifacts = _write(explanation, html, image)
    _show(session, explanation.answer)
    if artifacts:
        _keep(tracker, explanation.answer, artifacts, quiet=session.as_json)


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


def _newer(session: Session) -> Source:
    """The data that the user names."""
    from forecastctl.data.panel.rows import group
    from forecastctl.explain.read.series import Source
    from forecastctl.settings import shown

    panel, spec = read(session)
    return Source(group(panel.frame), spec, str(shown(spec.source)))


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
        raise TrackingError(
            f"{names} is written, but not recorded with run {run_id}. {error.message}", error.hint
        ) from error
    if not quiet:
        for path, artifact in artifacts.items():
            render.print_line(f"{path} written, and recorded as {artifact.path} of run {run_id}")
