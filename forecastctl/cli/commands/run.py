"""The run command: all of a job in one go."""

from __future__ import annotations

from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.intents import show_intents
from forecastctl.cli.job import Selection, do_job


def run(
    data: flags.Data = None,
    query: flags.Query = None,
    value: flags.Value = None,
    suspects: flags.Suspects = None,
    as_of: flags.AsOf = None,
    airport: flags.Airports = None,
    select: flags.Select = None,
    group: flags.Groups = None,
    groups_from: flags.GroupsFrom = None,
    reconcile: flags.Reconcile = None,
    max_evals: flags.MaxEvals = None,
    tpe_share: flags.TpeShare = None,
    loss: flags.Loss = None,
    family: flags.Families = None,
    engine: flags.Engine = None,
    folds: flags.Folds = None,
    combine: flags.Combine = None,
    shocks: flags.Shocks = None,
    timeout: flags.Timeout = None,
    early_stop: flags.EarlyStop = None,
    seed: flags.Seed = None,
    learn: flags.Learn = None,
    retune: flags.Retune = None,
    horizon: flags.Horizon = None,
    level: flags.Levels = None,
    out: flags.Out = None,
    charts: flags.Charts = None,
    fallback: flags.Fallback = None,
    tracking_uri: flags.TrackingUri = None,
    experiment: flags.Experiment = None,
    upgrade_store: flags.UpgradeStore = False,
    layout: flags.Layout = None,
    jobs: flags.Jobs = None,
    backend: flags.Backend = None,
    cluster: flags.Cluster = None,
    airport_timeout: flags.AirportTimeout = None,
    wait: flags.Wait = None,
    airport_memory: flags.AirportMemory = None,
    deadline: flags.Deadline = None,
    max_failures: flags.MaxFailures = None,
    grace: flags.Grace = None,
    resume: flags.Resume = None,
    fresh: flags.Fresh = False,
    dry_run: flags.DryRun = False,
    skip_unchanged: flags.SkipUnchanged = None,
    report: flags.ReportFolder = None,
    metrics: flags.Metrics = None,
    log_format: flags.LogFormat = None,
    config: flags.Config = None,
    as_json: flags.AsJson = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Tune, train and forecast: the command for cron."""
    session = open_session(run, locals())
    chosen = Selection(airport, select, as_of, fresh, resume)
    if dry_run:
        show_intents(session, chosen)
        return
    do_job("run", session, chosen, upgrade=upgrade_store)
