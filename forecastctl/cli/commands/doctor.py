"""The doctor command: what is wrong with store, system and data, and how it is mended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

from forecastctl.api.compose import make_executor, read_store, store_for_job
from forecastctl.api.spool import spool_root
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import EXIT_FOUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.cli.compose import Session
    from forecastctl.doctor.examine import Surroundings
    from forecastctl.doctor.finding import Finding


def doctor(
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    jobs: flags.work.Jobs = None,
    fix: flags.output.Fix = False,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
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
    from forecastctl.api import environment as found
    from forecastctl.doctor.examine import Surroundings

    settings = session.settings
    executor = make_executor(settings, settings.airport_limit())
    return Surroundings(
        settings=settings,
        versions=found.versions(),
        workers=executor.jobs,
        today=date.today(),  # noqa: DTZ011 - the user's own day
        read_store=lambda: read_store(settings),
        spools=spool_root(settings),
    )


def _mend(session: Session, findings: Sequence[Finding]) -> list[str]:
    """Mend what is safe; runs are healed as a job does it when it begins, under the same lock."""
    from forecastctl.doctor.mend import mend
    from forecastctl.errors import HeldError
    from forecastctl.records import KILLED

    others: list[str] = []
    with Progress(quiet=session.quiet) as progress:

        def heal(run_ids: Sequence[str]) -> list[str]:
            try:
                with store_for_job(session, "doctor", progress.say, existing=True) as (tracker, _):
                    return [run_id for run_id in run_ids if tracker.get(run_id).status == KILLED]
            except HeldError as error:
                others.append(f"no run: {error.message} It marks dead runs itself.")
                return []

        return [*mend(findings, heal), *others]


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
