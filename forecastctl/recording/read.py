"""Reads what earlier jobs recorded, as the values that it was made from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.cached import remembered
from forecastctl.recording.context import airport_key
from forecastctl.recording.digests import is_changed
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, FINISHED, Query
from forecastctl.records.digests import recorded, sha256
from forecastctl.records.marks import JOBS, SET, airport_mark, job_mark, panel_mark
from forecastctl.records.schema import LIVE, TRUE, File, Tag

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from forecastctl.data.panel.panel import Panel
    from forecastctl.data.panel.rows import Grouped
    from forecastctl.records import FittedModel, FleetTerms, Forecast, StoredRun, Trial, TuneResult
    from forecastctl.store.port import Tracker

T = TypeVar("T")

JOBS_SEARCHED = 2000
LIVE_RUNS: dict[str, str] = {Tag.ORIGIN: LIVE}
PANEL_JOBS = 24
"""Newest jobs whose panels are looked at besides those that an airport has runs of."""
ALONE = 16
"""Up to so many airports are looked up one by one, more of them job by job."""


def latest(tracker: Tracker, stage: str, cutoffs: Mapping[str, str | None]) -> dict[str, StoredRun]:
    """Newest finished run of each airport that holds a stage; those of backtests never count.

    Args:
        tracker: The store.
        stage: `Tag.TUNED`, `Tag.TRAINED` or `Tag.FORECAST`.
        cutoffs: Latest cutoff allowed by airport, so that nothing from the future is used;
            ``None`` allows any.

    Returns:
        The run by airport; airports without one are missing.
    """
    if len(cutoffs) <= ALONE:
        return _latest_by_airport(tracker, stage, cutoffs)
    return _latest_by_job(tracker, stage, cutoffs)


def _latest_by_airport(
    tracker: Tracker, stage: str, cutoffs: Mapping[str, str | None]
) -> dict[str, StoredRun]:
    newest: dict[str, StoredRun] = {}
    for airport, cutoff in cutoffs.items():
        tags = {airport_mark(airport_key(airport)): SET, stage: TRUE, **LIVE_RUNS}
        for run in tracker.find(Query(tags=tags, status=FINISHED)):
            if _allowed(run, airport, cutoff):
                newest[airport] = run
                break
    return newest


def _latest_by_job(
    tracker: Tracker, stage: str, cutoffs: Mapping[str, str | None]
) -> dict[str, StoredRun]:
    newest: dict[str, StoredRun] = {}
    jobs = tracker.find(Query(tags={JOBS: SET, stage: TRUE, **LIVE_RUNS}, limit=JOBS_SEARCHED))
    for job in jobs:
        if len(newest) == len(cutoffs):
            break
        tags = {job_mark(RunOf(job).job_id): SET, stage: TRUE}
        for run in tracker.find(Query(tags=tags, status=FINISHED, limit=ALL_RUNS)):
            airport = run.tags.get(Tag.AIRPORT, "")  # the job itself has none
            missing = airport in cutoffs and airport not in newest
            if missing and _allowed(run, airport, cutoffs[airport]):
                newest[airport] = run
    return newest


def _allowed(run: StoredRun, airport: str, cutoff: str | None) -> bool:
    """Whether a run is of an airport, and saw nothing after a cutoff."""
    of_airport = run.tags.get(Tag.AIRPORT) == airport
    return of_airport and (cutoff is None or run.tags.get(Tag.CUTOFF, "9999") <= cutoff)


def read_as(
    tracker: Tracker,
    of: StoredRun | str,
    path: str,
    decode: Callable[[bytes], T],
    digest: str | None = None,
) -> T:
    """A recorded file as a value: the one place where files become values.

    Args:
        tracker: The store.
        of: The run that holds the file, or its id, with which the run is read first: it knows the
            digest of the file.
        path: Its path.
        decode: Makes the value, and may raise anything: see `forecastctl.recording.decoding`.
        digest: Its SHA-256, where another file of the run says it.

    Raises:
        NothingRecordedError: There is no such run or file.
        DamagedError: The file is there and is not what it should be, whatever is wrong with it:
            it has no sense, or it was changed after it was recorded.
    """
    run = tracker.get(of) if isinstance(of, str) else of
    content = tracker.read_artifact(run.run_id, path)
    try:
        value = decode(content)
    except Exception as error:
        why = decoding.described(error) if content else "it is empty"
        raise DamagedError(f"{path} of run {run.run_id} cannot be read: {why}.") from error
    if is_changed(run.tags, path, content) or digest not in (None, sha256(content)):
        raise DamagedError(
            f"{path} of run {run.run_id} was changed after it was recorded: its SHA-256 is another."
        )
    return value


def read_tuning(tracker: Tracker, of: StoredRun | str) -> TuneResult:
    """What a search chose; its trials stay in the store."""
    return read_as(tracker, of, File.TUNING, decoding.tuning)


def read_model(tracker: Tracker, of: StoredRun | str) -> FittedModel:
    """A fitted model, bit for bit as it was trained."""
    return read_as(tracker, of, File.MODEL, decoding.model)


def read_forecast(tracker: Tracker, of: StoredRun | str) -> Forecast:
    """A forecast, bit for bit as it was made."""
    return read_as(tracker, of, File.FORECAST, decoding.forecast)


def read_trials(tracker: Tracker, of: StoredRun | str) -> list[Trial]:
    """The trials of an airport's search, in order."""
    return read_as(tracker, of, File.TRIALS, decoding.trials)


def read_snapshot(tracker: Tracker, panel_digest: str) -> pd.DataFrame:
    """The panel with this digest, as a job stored it.

    Raises:
        NothingRecordedError: No job has stored it.
    """
    import pandas as pd

    run = held_panel(tracker, panel_digest)
    frames = list(panel_as(tracker, run, decoding.panel))
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames, ignore_index=True)


def read_observations(
    tracker: Tracker, panel_digest: str, airport: str, first: dt.date, after: dt.date
) -> tuple[float, ...]:
    """One airport's values from ``first`` to before ``after`` in a stored panel, in its order.

    Raises:
        NothingRecordedError: No job has stored the panel.
    """
    run = held_panel(tracker, panel_digest)
    rows = airport_rows(tracker, run, airport)
    start, stop = np.array([first, after], dtype="datetime64[D]").astype(np.int64).tolist()
    values = rows.y[np.isfinite(rows.y) & (rows.days >= start) & (rows.days < stop)]
    return tuple(values.tolist())


def searched_by(run: StoredRun) -> StoredRun | str:
    """The run that holds the search behind a run: itself, or the id of another one."""
    source = RunOf(run).tuned_by
    return run if source == run.run_id else source


def panel_rows(tracker: Tracker, run: StoredRun) -> Grouped:
    """Rows of the panel that a job stored.

    Args:
        tracker: The store.
        run: The job's run.

    Raises:
        NothingRecordedError: There is none.
    """
    from forecastctl.data.panel.columnar import read_rows
    from forecastctl.data.panel.rows import joined

    def read() -> Grouped:
        return joined(list(panel_as(tracker, run, read_rows)))

    return remembered(tracker, ("rows", run.run_id), read)


def airport_rows(tracker: Tracker, run: StoredRun, airport: str) -> Grouped:
    """The same of one airport, of a panel in parts from its part alone."""
    from forecastctl.data.panel.columnar import read_rows
    from forecastctl.data.panel.rows import joined

    if File.PANEL_PARTS not in recorded(run.tags):
        return panel_rows(tracker, run).of(airport)
    return joined([rows.of(airport) for rows in panel_as(tracker, run, read_rows, airport)])


def panel_as(
    tracker: Tracker, run: StoredRun, decode: Callable[[bytes], T], airport: str | None = None
) -> Iterator[T]:
    """The panel that a run stores as values: one, or one for each of its parts.

    Args:
        tracker: The store.
        run: The run.
        decode: As in `read_as`.
        airport: Only the parts that hold this airport.

    Raises:
        NothingRecordedError: As `read_as`.
        DamagedError: As `read_as`.
    """
    if File.PANEL_PARTS not in recorded(run.tags):
        yield read_as(tracker, run, File.PANEL, decode)
        return
    for part in read_as(tracker, run, File.PANEL_PARTS, decoding.panel_parts):
        if airport is None or airport in part.airports:
            yield read_as(tracker, run, part.file, decode, part.sha256)


def trained_panel(tracker: Tracker, *, groups: bool = True) -> Panel:
    """The panel of the newest job that trained, for a forecast that names no data.

    Args:
        tracker: The store.
        groups: Whether the groups of its airports are wanted.

    Raises:
        NothingRecordedError: No job has trained.
    """
    tags = {JOBS: SET, Tag.TRAINED: TRUE, **LIVE_RUNS}
    jobs = tracker.find(Query(tags=tags, status=FINISHED, limit=1))
    if not jobs:
        raise NothingRecordedError(
            "No job has trained a model in this experiment.",
            "Run 'forecastctl train' first, or 'forecastctl run', which does it all.",
        )
    panel = panel_of(tracker, jobs[0])
    return replace(panel, groups=recorded_groups(tracker, jobs[0])) if groups else panel


def panel_of(tracker: Tracker, job: StoredRun) -> Panel:
    """The panel that a job saw, without groups.

    Raises:
        NothingRecordedError: It is not stored any more, or cannot be read.
    """
    from forecastctl.data.panel.panel import Panel

    named = RunOf(job)
    try:
        frame = read_snapshot(tracker, named.panel_digest)
    except NothingRecordedError as error:
        raise type(error)(error.message, "Name the data with --data FILE.") from error
    return Panel(
        frame=frame,
        freq=named.freq,
        season_length=named.season_length,
        source=f"panel of job {named.job_id}",
        digest=named.panel_digest,
    )


def recorded_groups(tracker: Tracker, job: StoredRun) -> dict[str, dict[str, str]]:
    """Value of each airport by column of groups in a job; nothing where it had no sums.

    Raises:
        NothingRecordedError: It had, and they are not stored any more.
    """
    if Tag.GROUPS not in job.tags:
        return {}
    return read_as(tracker, job, File.GROUPS, decoding.groups)


def recorded_terms(tracker: Tracker, job: StoredRun) -> FleetTerms | None:
    """Regressors of the airports of a job; ``None`` where it had none.

    Raises:
        NothingRecordedError: It had some, and they cannot be read any more.
    """
    if Tag.REGRESSORS not in job.tags:
        return None
    return read_as(tracker, job, File.TERMS, decoding.terms)


def panel_runs(tracker: Tracker, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Runs that name a panel, newest first: an airport's own, and the newest jobs.

    A job that skipped the airport read data of it all the same, and has no run of it.

    Args:
        tracker: The store.
        runs: The airport's runs, of which there is at least one.
    """
    freqs = {RunOf(run).freq for run in runs}
    jobs = tracker.find(Query(tags={JOBS: SET}, limit=PANEL_JOBS))
    known = [j for j in jobs if Tag.PANEL_DIGEST in j.tags and j.tags.get(Tag.FREQ) in freqs]
    return sorted([*runs, *known], key=lambda run: run.start_ms, reverse=True)


def find_snapshot(tracker: Tracker, panel_digest: str) -> StoredRun | None:
    """The run that holds a panel, if any: of its own, or in older records that of a job."""
    tags = {panel_mark(panel_digest): SET, Tag.PANEL_DIGEST: panel_digest}
    runs = tracker.find(Query(tags=tags, limit=1))
    return runs[0] if runs else None


def held_panel(tracker: Tracker, panel_digest: str) -> StoredRun:
    """The run that holds a panel.

    Raises:
        NothingRecordedError: None does.
    """
    found = find_snapshot(tracker, panel_digest)
    if found is None:
        raise NothingRecordedError(f"The panel {panel_digest[:12]} is not in the store (any more).")
    return found
