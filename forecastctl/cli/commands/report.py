"""The report command: a job as a folder of pages."""

from __future__ import annotations

import sys

from forecastctl.api.site import write_site
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.cli.output.mail import listed
from forecastctl.cli.output.progress import Progress
from forecastctl.cli.spool import read_with_spool
from forecastctl.figures import counted


def report(
    job: flags.asked.ReportJob = None,
    out: flags.output.ReportOut = None,
    explained: flags.output.ReportExplained = None,
    record: flags.output.ReportLog = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    config: flags.output.Config = None,
    as_json: flags.output.AsJson = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Write a site about a job that opens offline: the fleet at a glance, a page per airport."""
    session = open_session(report, locals())
    tracker = read_with_spool(session.settings)
    with Progress(quiet=session.quiet or not sys.stderr.isatty(), what="steps") as progress:
        site = write_site(session, tracker, job, out, progress.at)
    if session.as_json:
        found = {"job_id": site.job_id, "run_id": site.run_id, "index": str(site.index)}
        render.print_json({**found, "airports": site.airports, "recorded": list(site.recorded)})
    elif not session.quiet:
        airports = counted(site.airports, "airport")
        render.print_line(f"{site.index} written: job {site.job_id}, {airports}")
        if site.recorded:
            names = listed(site.recorded, len(site.recorded))
            render.print_line(f"recorded with run {site.run_id} as {names}")
