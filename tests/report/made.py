"""Parts of a report, made up."""

from dataclasses import replace

from forecastctl.report.values import JobFacts


def job(**changes):
    """A job of some months, with what a test or a benchmark says otherwise."""
    facts = JobFacts(
        job_id="j",
        command="run",
        status="ok",
        origin="live",
        started_ms=0,
        ended_ms=1000,
        counts={},
        freq="M",
        season_length=12,
        horizon=3,
        loss="mase",
        source=None,
        panel_digest="",
        config_digest="",
        experiment="e",
        options="",
        run_id="r",
        url=None,
    )
    return replace(facts, **changes)
