"""The tune command: the search alone."""

from __future__ import annotations

from forecastctl.api.job import Selection
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.job import do_job


def tune(
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
    max_evals: flags.search.MaxEvals = None,
    tpe_share: flags.search.TpeShare = None,
    loss: flags.search.Loss = None,
    family: flags.search.Families = None,
    engine: flags.search.Engine = None,
    folds: flags.search.Folds = None,
    combine: flags.search.Combine = None,
    shocks: flags.search.Shocks = None,
    timeout: flags.search.Timeout = None,
    early_stop: flags.search.EarlyStop = None,
    seed: flags.search.Seed = None,
    learn: flags.search.Learn = None,
    horizon: flags.forecast.Horizon = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    upgrade_store: flags.store.UpgradeStore = False,
    layout: flags.store.Layout = None,
    jobs: flags.work.Jobs = None,
    parallel: flags.work.Parallel = None,
    parallelism: flags.work.Parallelism = None,
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
    """Search each airport's specification."""
    session = open_session(tune, locals())
    do_job("tune", session, Selection(airport, select, as_of, fresh, resume), upgrade=upgrade_store)
