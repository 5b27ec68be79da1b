"""The prune command: what is old and out of use goes, dry unless told otherwise."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from forecastctl.api.compose import read_store, store_for_job
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.errors import UsageError
from forecastctl.figures import counted

if TYPE_CHECKING:
    from forecastctl.cli.compose import Session
    from forecastctl.recording.retention import Retention

SHOWN = 20
DAY_MS = 86_400_000


def prune(
    older_than: flags.store.OlderThan = 365,
    yes: flags.store.Yes = False,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    wait: flags.work.Wait = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Delete old jobs that nothing refers to any more; without --yes only say which."""
    from forecastctl.recording.retention import retention
    from forecastctl.store.deleting import delete

    session = open_session(prune, locals())
    if older_than < 1:
        raise UsageError(f"--older-than: {older_than} is less than a day.", "Give 1 or more days.")
    before_ms = time.time_ns() // 1_000_000 - older_than * DAY_MS
    if not yes:
        _show(session, retention(read_store(session.settings), before_ms), older_than, None)
        return
    with store_for_job(session, "prune", render.note, existing=True) as (tracker, _):
        found = retention(tracker, before_ms)
        deleted = delete(tracker, found.roots)
    _show(session, found, older_than, deleted)


def _show(session: Session, found: Retention, days: int, deleted: int | None) -> None:
    """Say what goes and why the rest stays.

    Args:
        session: Its settings name the store.
        found: What was found.
        days: How old a job has to be.
        deleted: How many runs were deleted; ``None`` where nothing was to be.
    """
    if session.as_json:
        render.print_json(_value(found, deleted))
        return
    if session.quiet:
        return
    if found.jobs and deleted is None:
        render.print_rows([_row(job) for job in found.jobs[:SHOWN]], "")
    if len(found.jobs) > SHOWN and deleted is None:
        render.print_line(f"... and {len(found.jobs) - SHOWN:,} more: --json has all of them")
    for line in _lines(session, found, days, deleted):
        render.print_line(line)


def _lines(session: Session, found: Retention, days: int, deleted: int | None) -> list[str]:
    from forecastctl.store.mlflow.address import display_uri

    counts = (len(found.jobs), "job"), (found.airports, "airport run"), (len(found.panels), "panel")
    count = ", ".join(counted(n, what) for n, what in counts)
    kept = [f"{n:,} {why}" for why, n in Counter(found.kept.values()).most_common()]
    staying = f"kept: {counted(len(found.kept), 'job')} ({', '.join(kept) or 'none'})"
    if not found.roots:
        return [f"Nothing is older than {days:,} days and out of use.", staying]
    if deleted is None:
        return [f"would be deleted: {count}", staying, "Nothing is deleted yet: --yes deletes."]
    shown = display_uri(session.settings.tracking.uri)
    return [
        f"deleted: {count} ({counted(deleted, 'run')} with all trials)",
        staying,
        "They lie in MLflow's bin: 'mlflow runs restore --run-id ID' brings one back,",
        f"'mlflow gc --backend-store-uri {shown}' frees the disk.",
    ]


def _row(job: Any) -> dict[str, object]:
    from forecastctl.records.calendar import iso
    from forecastctl.records.schema import Tag

    names = (Tag.JOB_ID, Tag.COMMAND, Tag.ORIGIN, Tag.STATUS)
    return {
        **{str(name): job.tags.get(name) for name in names},
        "started": iso(job.start_ms),
        "run_id": job.run_id,
    }


def _value(found: Retention, deleted: int | None) -> dict[str, Any]:
    from forecastctl.records.schema import Tag

    return {
        "deleted": deleted or 0,
        "jobs": [_row(job) for job in found.jobs],
        "panels": [run.tags.get(Tag.PANEL_DIGEST) for run in found.panels],
        "airport_runs": found.airports,
        "kept": dict(Counter(found.kept.values())),
    }
