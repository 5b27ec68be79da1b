"""Writes the report of a job: when it is asked for, and when a job has just ended."""

from __future__ import annotations

import logging
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from forecastctl.api.compose import read_store
from forecastctl.errors import ReadOnlyError, TrackingError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from forecastctl.api.compose import Session
    from forecastctl.api.recorder import Ending
    from forecastctl.jobs.summary import Summary
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

FOLDER: Final = "report"
"""Where a report goes unless told otherwise."""

WHERE: Final = {"tracking.uri": "--tracking-uri", "tracking.experiment": "--experiment"}
"""Settings without which a command of the report would ask another store, and their flags."""


@dataclass(frozen=True, slots=True)
class Site:
    """A report that is written.

    Attributes:
        index: Its first page.
        job_id: The job that it is about.
        run_id: Its run.
        airports: How many airports it has.
        recorded: Paths of what is recorded with the job.
    """

    index: Path
    job_id: str
    run_id: str
    airports: int
    recorded: tuple[str, ...]


def write_site(
    session: Session,
    tracker: Tracker,
    job: str | None,
    out: str | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Site:
    """Write the report of a job into a folder, and record it as the settings say.

    Args:
        session: Its settings.
        tracker: The store.
        job: The job's name; ``None`` for the newest one that forecast.
        out: The folder; ``None`` for that of the settings, and `FOLDER` where they name none.
        tell: Takes how much is done, and of how much.

    Raises:
        NothingRecordedError: There is no such job.
        OutputError: The folder cannot be written.
        TrackingError: The report is written, but cannot be recorded.
    """
    from forecastctl.report.page.site import INDEX, site_files
    from forecastctl.report.read.report import Asked, read_report
    from forecastctl.report.read.verdicts import verdicts_file
    from forecastctl.report.write import check_folder, write_folder

    settings = session.settings
    folder = Path(out or settings.report.out or FOLDER).expanduser()
    check_folder(folder)
    asked = Asked(
        job=job,
        experiment=settings.tracking.experiment,
        options=_options(settings),
        rules=settings.rules(),
        alarms=settings.alarms(),
        explained=settings.report.explained,
    )
    found = read_report(tracker, asked, tell)
    site = dict(site_files(found))
    write_folder(site, folder)
    index, run_id = folder / INDEX, found.job.run_id
    verdicts = None if found.misses is None else verdicts_file(found.misses)
    recorded = (
        _record(session, tracker, run_id, site, verdicts, index) if settings.report.log else ()
    )
    return Site(index, found.job.job_id, run_id, len(found.airports), recorded)


def _record(
    session: Session,
    tracker: Tracker,
    run_id: str,
    site: Mapping[str, bytes],
    verdicts: bytes | None,
    index: Path,
) -> tuple[str, ...]:
    """Record a report that is written; who may only read is told that it is not.

    Raises:
        TrackingError: It cannot be recorded.
    """
    from forecastctl.report.write import record

    try:
        return record(tracker, run_id, site, verdicts)
    except TrackingError as error:
        what = f"{index} is written, but not recorded with run {run_id}. {error.message}"
        if isinstance(error, ReadOnlyError):
            session.warn(what)
            return ()
        raise TrackingError(what, error.hint) from error


def _options(settings: Settings) -> str:
    """The flags that name the store, where the command line did: its commands need them again."""
    from forecastctl.settings import is_given

    given = {
        flag: str(value)
        for name, value, origin in settings.items()
        if (flag := WHERE.get(name)) and is_given(origin) and masked(str(value)) == str(value)
    }
    return "".join(f" {flag} {shlex.quote(value)}" for flag, value in given.items())


def report_of_job(session: Session, ending: Ending[Summary], say: Callable[[str], None]) -> None:
    """Write the report of a job that has ended; that this fails is no failure of the job.

    Args:
        session: Its settings.
        ending: What the job ended with. There is nothing to read of one whose record waits.
        say: Told where the report is.
    """
    from forecastctl.records import described

    missing = "there is no report of this job"
    if ending.away is not None:
        session.warn(f"{missing} before it is in its store; 'forecastctl report' writes it then.")
        return
    try:
        site = write_site(session, read_store(session.settings), ending.summary.job_id)
    except Exception as error:  # whatever it is, the job has ended well
        log.info("the report could not be written", exc_info=True)
        session.warn(f"{missing}. {described(error)}")
    else:
        say(f"report written to {site.index}")
