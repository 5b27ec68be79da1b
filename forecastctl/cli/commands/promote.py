"""The promote command: does a newly trained fleet take the place of the one that answers?"""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.compose import (
    data_spec,
    environment,
    new_job_id,
    read,
    read_store,
    store_for_job,
)
from forecastctl.api.registering import model_name
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.errors import EXIT_FOUND, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.cli.compose import Session
    from forecastctl.data.panel.panel import Panel
    from forecastctl.promote.question import Ask, Known
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

LEAST_CONFIDENCE = 0.5
WHOLE = 100


def promote(
    version: flags.asked.Version = None,
    job: flags.asked.PromotedJob = None,
    confidence: flags.asked.Confidence = 0.95,
    margin: flags.asked.Margin = 0.0,
    rollback: flags.asked.Rollback = False,
    force: flags.asked.Force = False,
    dry_run: flags.asked.DryRunOfPromotion = False,
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    suspects: flags.data.Suspects = None,
    as_of: flags.data.AsOf = None,
    group: flags.data.JudgedGroups = None,
    groups_from: flags.data.GroupsFrom = None,
    registered_as: flags.store.RegisteredAs = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    wait: flags.work.Wait = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Make the challenger the champion, if its errors are smaller with the stated confidence."""
    session = open_session(promote, locals())
    _check(version, job, confidence, margin, rollback=rollback, force=force)
    if dry_run:
        report = _decide(session, read_store(session.settings), locals(), panel=None, record=False)
    else:
        panel = _panel(session) if not rollback else None
        with store_for_job(session, "promote", render.note, existing=True) as (tracker, waited):
            panel = _panel(session) if waited and not rollback else panel
            report = _decide(session, tracker, locals(), panel=panel, record=True)
    _show(session, report, dry_run=dry_run)
    if report["decision"] == "refused":
        raise typer.Exit(EXIT_FOUND)


def _check(
    version: int | None,
    job: str | None,
    confidence: float,
    margin: float,
    *,
    rollback: bool,
    force: bool,
) -> None:
    """Refuse what contradicts itself or cannot be."""
    if version is not None and job is not None:
        raise UsageError("VERSION and --job contradict each other.", "Give one of them.")
    if rollback and (version is not None or job is not None or force):
        raise UsageError(
            "--rollback goes back to the version before the champion, whichever that is.",
            "Give it alone, or a VERSION without it.",
        )
    if not LEAST_CONFIDENCE < confidence < 1:
        raise UsageError(
            f"--confidence must be above {LEAST_CONFIDENCE:g} and below 1, not {confidence:g}.",
            "0.95 is 95 %.",
        )
    if not 0 <= margin < WHOLE:
        raise UsageError(f"--margin must be from 0 to below {WHOLE} percent, not {margin:g}.")


def _panel(session: Session) -> tuple[Panel, Any] | None:
    """The data that the settings name, if they do."""
    settings = session.settings
    if settings.data.source is None:
        return None
    return read(session, groups=_has_groups(session))


def _has_groups(session: Session) -> bool:
    data = session.settings.data
    return bool(data.groups) or data.group_file is not None


def _decide(
    session: Session,
    tracker: Tracker,
    given: Mapping[str, Any],
    *,
    panel: tuple[Panel, Any] | None,
    record: bool,
) -> dict[str, Any]:
    """What is decided, and done where it is to be recorded."""
    from forecastctl.promote.question import Stores
    from forecastctl.promote.run import promote as decide
    from forecastctl.promote.run import rollback as back
    from forecastctl.recording.resolve import find_job
    from forecastctl.store.open import open_models

    stores = Stores(tracker, open_models(session.settings.tracking.uri))
    job = None if given["job"] is None else find_job(tracker, given["job"])
    ask = _ask(session, given, job, record=record)
    here = environment(session.settings)
    if given["rollback"]:
        return back(stores, ask, here)
    return decide(stores, ask, _known(session, tracker, given["as_of"], panel), here)


def _ask(session: Session, given: Mapping[str, Any], job: StoredRun | None, *, record: bool) -> Ask:
    from forecastctl.promote.decide import Rule
    from forecastctl.promote.question import Ask
    from forecastctl.settings import shown

    started = time.time_ns() // 1_000_000
    return Ask(
        promotion_id=new_job_id(started),
        start_ms=started,
        name=model_name(session.settings),
        version=given["version"],
        job=job,
        rule=Rule(given["confidence"], given["margin"] / WHOLE),
        force=given["force"],
        record=record,
        params={
            "data.source": shown(session.settings.data.source),
            "as_of": shown(given["as_of"]),
        },
    )


def _known(
    session: Session, tracker: Tracker, as_of: str | None, given: tuple[Panel, Any] | None
) -> Known:
    """What came true, by the data that are named or the newest panel in the store."""
    from forecastctl.monitor.data import newest_panel, observations
    from forecastctl.promote.question import Known

    panel, spec = given or _panel(session) or (newest_panel(tracker), data_spec(session.settings))
    today = date.today()  # noqa: DTZ011 - the user's own day
    observed, freq, warnings = observations(panel, spec, as_of, today)
    render.warn_of_panel(warnings)
    return Known(
        observed=observed,
        freq=freq,
        season_length=panel.season_length,
        panel_digest=panel.digest,
        groups=panel.groups if _has_groups(session) else {},
    )


def _show(session: Session, report: Mapping[str, Any], *, dry_run: bool) -> None:
    if session.as_json:
        render.print_json(report)
        return
    refused = report["decision"] == "refused"
    if session.quiet:
        if refused:
            render.note(f"{_headline(report, dry_run=dry_run)} {report['reason']}")
        return
    render.print_line(_headline(report, dry_run=dry_run), style="bold")
    render.print_line(report["reason"])
    rows = [_row("fleet", report["fleet"])] if report["fleet"] else []
    rows += [_row(group["group"], group) for group in report["groups"]]
    if rows:
        render.print_rows(rows, "")
    for line in _ends(report):
        render.print_line(line)


def _headline(report: Mapping[str, Any], *, dry_run: bool) -> str:
    """The decision in a few words."""
    number = report["challenger"]["version"]
    what = f"{report['model']} " + (
        f"version {number}" if number is not None else f"of job {report['challenger']['job_id']}"
    )
    would = "would be " if dry_run else "is "
    return {
        "promoted": f"{what} {would}promoted: it {'would be' if dry_run else 'is'} the champion.",
        "first": f"{what} {would}the champion, the first one.",
        "forced": f"{what} {would}the champion, by force.",
        "refused": f"{what} {would}not promoted.",
        "rolled-back": f"{what} {would}the champion again.",
        "unchanged": f"{what} is the champion.",
    }[report["decision"]]


def _row(name: str, compared: Mapping[str, Any]) -> dict[str, object]:
    changes = {
        key: None if compared[key] is None else f"{WHOLE * (compared[key] - 1):+.1f}"
        for key in ("ratio", "lower", "upper")
    }
    return {
        "of": name,
        "airports": compared["airports"],
        "periods": compared["periods"],
        "challenger": compared["challenger"],
        "champion": compared["champion"],
        "change %": changes["ratio"],
        "from": changes["lower"],
        "to": changes["upper"],
        "verdict": compared["verdict"],
    }


def _ends(report: Mapping[str, Any]) -> list[str]:
    """The last lines: what was compared, and where it is recorded."""
    told = []
    if report["from"]:
        leads = report["leads"]
        told.append(
            f"compared    {report['basis']} errors, {report['from']} to {report['through']}; mean "
            f"lead {leads['challenger']:.1f} of the challenger, {leads['champion']:.1f} of the "
            "champion"
        )
    if report["left_out"]:
        first = next(iter(report["left_out"].items()))
        told.append(f"left out    {len(report['left_out']):,}, such as {first[0]}: {first[1]}")
    where = f" (run {report['run_id']})" if report["run_id"] else ": not recorded"
    told.append(f"promotion   {report['promotion_id']}{where}")
    return told
