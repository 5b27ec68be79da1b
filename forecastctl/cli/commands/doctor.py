"""The doctor command: what is wrong with store, system and data, and how it is mended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

from forecastctl.cli import flags
from forecastctl.cli.compose import make_executor, open_session, open_store, read_store
from forecastctl.cli.output import render
from forecastctl.errors import EXIT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.cli.compose import Session
    from forecastctl.doctor.examine import Surroundings
    from forecastctl.doctor.finding import Finding
    from forecastctl.records import StoredRun


def doctor(
    data: flags.Data = None,
    query: flags.Query = None,
    tracking_uri: flags.TrackingUri = None,
    experiment: flags.Experiment = None,
    jobs: flags.Jobs = None,
    fix: flags.Fix = False,
    config: flags.Config = None,
    as_json: flags.AsJson = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Look for what is wrong with store, system and data, and say how it is mended."""
    from forecastctl.doctor.examine import examine
    from forecastctl.doctor.finding import is_wrong

    session = open_session(doctor, locals())
    around = _surroundings(session)
    findings, done = examine(around), []
    if fix and any(finding.fix for finding in findings):
        done = _mend(session, findings)
        findings = examine(around)
    _show(session, findings, done)
    if is_wrong(findings):
        raise typer.Exit(EXIT_FOUND)


def _surroundings(session: Session) -> Surroundings:
    from forecastctl.cli import environment as found
    from forecastctl.doctor.examine import Surroundings

    settings = session.settings
    executor = make_executor(settings, settings.airport_limit())
    return Surroundings(
        settings=settings,
        versions=found.versions(),
        workers=executor.jobs,
        today=date.today(),  # noqa: DTZ011 - the user's own day
        read_store=lambda: read_store(settings),
        is_alive=_is_alive,
    )


def _mend(session: Session, findings: Sequence[Finding]) -> list[str]:
    """Mend what is safe; the store is opened to be written only where a run is to be marked."""
    from forecastctl.doctor.mend import kill_run, mend
    from forecastctl.store.healing import heal

    if not any(finding.fix == "kill-runs" for finding in findings):
        return mend(findings, lambda _: False, list)
    tracker = open_store(session.settings, existing=True)
    return mend(
        findings,
        lambda run_id: kill_run(tracker, run_id),
        lambda: heal(tracker, _is_alive),
    )


def _is_alive(run: StoredRun) -> bool:
    """Whether a job may still run: only what is dead for certain is marked."""
    import time

    from forecastctl.store.alive import life

    return life(run, time.time_ns() // 1_000_000) != "dead"


def _show(session: Session, findings: Sequence[Finding], done: Sequence[str]) -> None:
    if session.as_json:
        wrong = sum(finding.level == "wrong" for finding in findings)
        rows = [finding.to_dict() for finding in findings]
        render.print_json({"wrong": wrong, "mended": list(done), "findings": rows})
        return
    for text in done:
        render.print_line(f"mended  {text}")
    for finding in findings:
        if not session.quiet or finding.level == "wrong":
            style = "bold" if finding.level == "wrong" else ""
            render.print_line(
                f"{finding.level:<6}  {finding.check}: {finding.message}", style=style
            )
            if finding.mend and finding.level != "ok":
                render.print_line(f"        {finding.mend}")
