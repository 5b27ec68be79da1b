"""The sync command: what waits in the spool comes into its store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.compose import store_for_job
from forecastctl.api.spool import (
    add_waiting,
    publish_all,
    said_of,
    spool_place,
    spool_root,
)
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.errors import TrackingError, UsageError
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.store.spool.place import Place, Synced, Waiting


def sync(
    dry_run: flags.work.DryRun = False,
    moved_from: flags.store.MovedFrom = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Publish what waits on this machine because its store was away."""
    from forecastctl.store.spool.place import Synced, elsewhere

    session = open_session(sync, locals())
    place, root = spool_place(session.settings, moved_from), spool_root(session.settings)
    if place is None or root is None:
        raise UsageError(
            "There is no spool: spool in [tracking] is 'off', or this user has no home.",
            "Set it to a folder.",
        )
    waiting = place.waiting()
    synced = Synced({}, {})
    if not dry_run and (waiting or place.published()):
        try:
            with store_for_job(session, "sync", render.note, upgrade=upgrade_store) as (target, _):
                synced = publish_all(place, target)
        except TrackingError as error:
            raise add_waiting(error, place) from error
    others = elsewhere(root, place)
    if session.as_json:
        render.print_json(_value(place, waiting, synced, others))
    elif not session.quiet:
        from forecastctl.store.mlflow.open import display_uri

        tracking = session.settings.tracking
        store = f"{display_uri(tracking.uri)} (experiment {tracking.experiment})"
        if not waiting:
            render.print_line(f"Nothing waits for {store}.")
        _print(waiting if dry_run else (), synced, others, store)
    for path, why in synced.kept.items():
        render.note(f"error: {path} is kept: {why.message}")
    if synced.kept:
        raise typer.Exit(TrackingError.exit_code)


def _print(
    listed: Sequence[Waiting],
    synced: Synced,
    others: Sequence[tuple[Place, Sequence[Waiting]]],
    store: str,
) -> None:
    if listed:
        render.print_rows([_row(each) for each in listed], "")
    if synced.published:
        render.print_line(f"{said_of(synced)} to {store}")
    for other, there in others:
        airports = counted(sum(len(each.airports) for each in there), "airport")
        render.print_line(
            f"For another store, {airports}: --tracking-uri {other.store} "
            f"--experiment {other.experiment!r}"
        )


def _row(waiting: Waiting) -> dict[str, Any]:
    from forecastctl.records.calendar import iso

    return {
        "job_id": ", ".join(waiting.jobs) or None,
        "airports": len(waiting.airports),
        "since": iso(waiting.since_ms) if waiting.since_ms else None,
        "bytes": waiting.size,
        "file": str(waiting.path),
    }


def _value(
    place: Place,
    waiting: Sequence[Waiting],
    synced: Synced,
    others: Sequence[tuple[Place, Sequence[Waiting]]],
) -> dict[str, Any]:
    left = [each for each in waiting if each.path not in synced.published]
    return {
        "store": place.store,
        "experiment": place.experiment,
        "published": [
            {
                "jobs": done.jobs,
                "airports": done.airports,
                "already_there": done.there,
                "run_ids": done.ids,
            }
            for done in synced.published.values()
        ],
        "waiting": [{**_row(each), "reason": _reason(synced, each)} for each in left],
        "elsewhere": [
            {
                "store": other.store,
                "experiment": other.experiment,
                "airports": sum(len(each.airports) for each in there),
            }
            for other, there in others
        ],
    }


def _reason(synced: Synced, waiting: Waiting) -> str | None:
    """Why a file is kept."""
    error = synced.kept.get(waiting.path)
    return error.message if error else None
