"""The explain command: ask, show the answer, and keep it as a page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from forecastctl.cli.compose import open_session, read, read_store
from forecastctl.cli.output import render
from forecastctl.errors import TrackingError, UsageError
from forecastctl.records import Artifact, RunUpdate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecastctl.cli.compose import Session
    from forecastctl.explain.question import Explanation
    from forecastctl.explain.read.series import Source
    from forecastctl.store.port import Tracker

FOLDER = "explain"
KINDS = {".png": "png", ".svg": "svg"}


def explain_report(flags: Mapping[str, Any]) -> None:
    """Say why a forecast was so far off."""
    from forecastctl.explain.answer import explain
    from forecastctl.explain.question import Question

    _check(flags)
    session = open_session(flags)
    question = Question(
        flags["this_airport"],
        flags["date"],
        flags["cutoff"],
        flags["between"],
        flags["quick"],
        session.settings.rules(),
    )
    newer = _newer(session) if flags.get("data") else None
    tracker = read_store(session.settings)
    found = explain(tracker, question, newer)
    artifacts = _write(found, flags)
    _show(session, found)
    if artifacts:
        _keep(tracker, found, artifacts, quiet=session.as_json)


def _show(session: Session, found: Explanation) -> None:
    if session.as_json:
        render.print_json(found.facts)
        return
    from forecastctl.cli.output.explanation import print_explanation

    print_explanation(found.facts)


def _check(flags: Mapping[str, Any]) -> None:
    """Refuse what cannot be asked or written before any work is done for it."""
    from forecastctl.records.calendar import parse_day

    parse_day(flags["date"])
    if flags["quick"] and (flags["html"] or flags["image"]):
        raise UsageError("--quick makes no page and no image.", "Leave out one of them.")
    image: Path | None = flags["image"]
    if image is not None and image.suffix.lower() not in KINDS:
        raise UsageError(f"--image: {image} ends in neither .png nor .svg.", "Give it an ending.")
    for name in ("html", "image"):
        path: Path | None = flags[name]
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


def _write(found: Explanation, flags: Mapping[str, Any]) -> dict[Path, Artifact]:
    """Write page and image; returns what is to be recorded of them."""
    wanted = {name: flags[name] for name in ("html", "image") if flags[name] is not None}
    if not wanted:
        return {}
    if found.view is None:
        raise UsageError(
            "There is no page: what the charts are drawn from is not stored.", "Try --json."
        )
    from forecastctl.explain.page.page import explanation_image, explanation_page

    written = {}
    for name, path in wanted.items():
        kind = "html" if name == "html" else KINDS[path.suffix.lower()]
        if name == "html":
            content = explanation_page(found.facts, found.view).encode()
        else:
            content = explanation_image(found.facts, found.view, kind)
        path.write_bytes(content)
        written[path] = Artifact(f"{FOLDER}/{found.facts['date']}.{kind}", content)
    return written


def _keep(
    tracker: Tracker, found: Explanation, artifacts: Mapping[Path, Artifact], *, quiet: bool
) -> None:
    """Record page and image with the run that they explain.

    Raises:
        TrackingError: They cannot be recorded; the files are written all the same.
    """
    run_id = found.facts["lineage"]["run_id"]
    try:
        tracker.update(run_id, RunUpdate(artifacts=tuple(artifacts.values())))
    except TrackingError as error:
        names = " and ".join(map(str, artifacts))
        raise TrackingError(
            f"{names} is written, but not recorded with run {run_id}. {error.message}", error.hint
        ) from error
    if not quiet:
        for path, artifact in artifacts.items():
            render.print_line(f"{path} written, and recorded as {artifact.path} of run {run_id}")
