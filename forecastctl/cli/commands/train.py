"""The train command: fits of what was found before."""

from __future__ import annotations

from forecastctl.api.job import Selection
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.job import do_job


def train(
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    suspects: flags.data.Suspects = None,
    as_of: flags.data.AsOf = None,
    airport: flags.data.Airports = None,
    select: flags.data.Select = None,
    group: flags.data.Groups = None,
    groups_from: flags.data.GroupsFrom = None,
    reconcile: flags.forecast.Reconcile = None,
    engine: flags.search.Engine = None,
    fallback: flags.forecast.Fallback = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    layout: flags.store.Layout = None,
    registered_as: flags.store.RegisteredAs = None,
    jobs: flags.work.Jobs = None,
    backend: flags.work.Backend = None,
    cluster: flags.work.Cluster = None,
    shared: flags.work.Shared = None,
    airport_timeout: flags.work.AirportTimeout = None,
    wait: flags.work.Wait = None,
    airport_memory: flags.work.AirportMemory = None,
    deadline: flags.work.Deadline = None,
    max_failures: flags.work.MaxFailures = None,
    grace: flags.work.Grace = None,
    resume: flags.work.Resume = None,
    fresh: flags.work.Fresh = False,
    metrics: flags.output.Metrics = None,
    log_format: flags.output.LogFormat = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Fit each airport's newest specification."""
    session = open_session(train, locals())
    do_job(
        "train", session, Selection(airport, select, as_of, fresh, resume), upgrade=upgrade_store
    )
