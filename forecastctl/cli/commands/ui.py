"""The ui command: MLflow's own pages, opened where one wants to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.api.compose import read_store
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.errors import NothingRecordedError, Terminated, UsageError

if TYPE_CHECKING:
    from forecastctl.settings import Settings

MOST_PORTS = 65_535


def ui(
    airport: flags.asked.OneAirport = None,
    job: flags.asked.Job = None,
    port: flags.asked.Port = None,
    no_browser: flags.asked.NoBrowser = False,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    verbose: flags.output.Verbose = False,
) -> None:
    """Open MLflow's pages at the experiment, or at the newest run of a job or an airport."""
    import sys
    import time
    import webbrowser

    from forecastctl.store.mlflow.pages import experiment_id, keep_view, pages

    session = open_session(ui, locals())
    if port is not None and not 1 <= port <= MOST_PORTS:
        raise UsageError(f"--port must be from 1 to {MOST_PORTS:,}, not {port}.")
    tracking = session.settings.tracking
    run_id = _run_id(session.settings, airport, job)
    number = experiment_id(tracking.uri, tracking.experiment)
    try:
        with pages(tracking.uri, port) as shown:
            view = keep_view(shown.base, number) if shown.ours and not run_id else None
            address = shown.at(number, run_id, view)
            render.print_line(address)
            sys.stdout.flush()  # it is waited for, also at the other end of a pipe
            if not no_browser:
                webbrowser.open(address)
            if shown.ours:
                render.note("MLflow's pages are served until Ctrl-C.")
            while shown.ours:
                time.sleep(3600)
    except Terminated:
        raise
    except KeyboardInterrupt:
        return  # that is how one leaves


def _run_id(settings: Settings, airport: str | None, job: str | None) -> str | None:
    """The run whose page is asked for.

    Raises:
        NothingRecordedError: There is none.
    """
    from forecastctl.history import HistoryQuery, history
    from forecastctl.recording.resolve import job_named

    if airport is None and job is None:
        return None
    what, tracker = "jobs" if airport is None else "airports", read_store(settings)
    named = job_named(tracker, job)
    for row in history(tracker, HistoryQuery(what, airport, named, limit=1)):
        return str(row["run_id"])
    said = " ".join(
        f"{kind} {name!r}" for kind, name in (("airport", airport), ("job", job)) if name
    )
    raise NothingRecordedError(
        f"Nothing is recorded of {said}.", f"'forecastctl history {what}' lists what is."
    )
