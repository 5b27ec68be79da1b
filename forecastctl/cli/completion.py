"""What the shell completes from the store: airports and jobs. Whatever fails completes nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

JOBS_READ = 20


def airports(incomplete: str) -> list[str]:
    """Airports of the newest job that has ended, by how they begin."""
    with suppress(Exception):
        from forecastctl.report.read.job import read_summary, reported_job

        tracker = _store()
        lines = read_summary(tracker, reported_job(tracker, None))["results"]
        names: list[str] = [line["airport"] for line in lines]
        return [name for name in names if name.startswith(incomplete)]
    return []


def jobs(incomplete: str) -> list[str]:
    """The newest jobs by the beginning of their id, and the word for the newest."""
    with suppress(Exception):
        from forecastctl.recording.resolve import LATEST
        from forecastctl.recording.run_of import RunOf

        found = [RunOf(job).job_id for job in _newest(_store())]
        return [name for name in (LATEST, *found) if name.startswith(incomplete)]
    return []


def setting_names(incomplete: str) -> list[str]:
    """Settings by how their name begins, or their key."""
    from forecastctl.settings.described import names

    keys = [name.partition(".")[2] for name in names()]
    return [name for name in dict.fromkeys([*names(), *keys]) if name.startswith(incomplete)]


def _newest(tracker: Tracker) -> list[StoredRun]:
    from forecastctl.records import Query
    from forecastctl.records.marks import JOBS, SET

    return tracker.find(Query(tags={JOBS: SET}, limit=JOBS_READ))


def _store() -> Tracker:
    from forecastctl.api.compose import read_store
    from forecastctl.settings import load_settings

    return read_store(load_settings())
