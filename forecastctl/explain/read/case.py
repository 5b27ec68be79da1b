"""Reads from the record all that the rules of the verdict need to know about a miss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.case import Case, index_of, up_to
from forecastctl.explain.read.fleet import with_fleet
from forecastctl.explain.read.series import (
    Source,
    seen_source,
    series_of,
    stored_source,
    values_of,
    with_value,
)
from forecastctl.explain.read.terms import terms_of
from forecastctl.recording.job import job_of, job_settings
from forecastctl.recording.read import panel_runs, read_forecast, read_model, read_trials
from forecastctl.recording.run_of import RunOf
from forecastctl.records.calendar import ordinals, period_of
from forecastctl.records.schema import LIVE, Tag

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from forecastctl.explain.question import Subject
    from forecastctl.records import FittedModel, Series, Specification, StoredRun, Trial
    from forecastctl.store.port import Tracker

PANELS_READ = 6
"""Stored panels that are searched for an actual, and for how it was first recorded."""


@dataclass(frozen=True, slots=True)
class LatestData:
    """The data of the airport as known now.

    Attributes:
        source: Rows of the whole newest panel that has the airport.
        series: The airport in it.
        actual: Its observation of the period, if there is one.
        in_doubt: Every value of the period in the panel, in the order of its rows, the actual last,
            where these are different ones and no policy says which counts.
        first_actual: The same as first recorded, where an earlier panel holds another one.
        airports: Number of airports in the panel.
    """

    source: Source
    series: Series
    actual: float | None
    first_actual: float | None
    airports: int
    in_doubt: tuple[float, ...] = ()


def read_known(tracker: Tracker, subject: Subject, newer: Source | None) -> LatestData | None:
    """The newest panel with an actual of the period, else the newest at all."""
    best: tuple[Source, float | None] | None = None
    observed: list[float] = []
    for source in _sources(tracker, subject, newer):
        value = observation(source, subject.airport, subject.date, RunOf(subject.run).freq)
        if value is not None:
            observed.append(value)
        if best is None or (best[1] is None and value is not None):
            best = source, value
    if best is None:
        return None
    source, actual = best
    series = _known_series(source, subject, actual)
    if series is None:
        return None
    first = observed[-1] if len(observed) > 1 and observed[-1] != actual else None
    return LatestData(
        source=source,
        series=series,
        actual=actual,
        first_actual=first,
        airports=len(source.rows.names),
        in_doubt=_in_doubt(source, subject),
    )


def _known_series(source: Source, subject: Subject, actual: float | None) -> Series | None:
    """The airport in a panel, with the actual in it even where preparing would leave it out."""
    date = np.datetime64(subject.date, "D")
    insist = None if actual is None else date
    series = series_of(source, subject.airport, None, insist=insist)
    if series is None or (actual is not None and index_of(series, date) is None):
        run = RunOf(subject.run)
        series = values_of(source, subject.airport, run.freq, run.season_length)
    if series is None or actual is None:
        return series
    return with_value(series, date, actual)


def _sources(tracker: Tracker, subject: Subject, newer: Source | None) -> Iterator[Source]:
    """Distinct panels of its runs and of the newest jobs, newest first, after what is named."""
    if newer is not None:
        yield newer
    digests: set[str] = set()
    for run in panel_runs(tracker, subject.runs):
        digest = RunOf(run).panel_digest
        if digest in digests or len(digests) >= PANELS_READ:
            continue
        digests.add(digest)
        try:
            yield stored_source(tracker, run)
        except NothingRecordedError:
            continue


def observation(source: Source, airport: str, date: dt.date, freq: str) -> float | None:
    """The value of the period that begins on a date, as it stands in the rows.

    Several rows of a period are combined as the job combines them; where it refuses to, the last
    one counts.
    """
    values = _values(source, airport, date, freq)
    if not len(values):
        return None
    how = source.spec.duplicates
    combined = {"sum": values.sum(), "mean": values.mean()}.get(how, values[-1])
    return float(combined)


def _in_doubt(source: Source, subject: Subject) -> tuple[float, ...]:
    """See `LatestData`."""
    if source.spec.duplicates != "reject":
        return ()
    values = _values(source, subject.airport, subject.date, RunOf(subject.run).freq).tolist()
    different = tuple(dict.fromkeys(reversed(values)))[::-1]
    return different if len(different) > 1 else ()


def _values(source: Source, airport: str, date: dt.date, freq: str) -> NDArray[np.float64]:
    """All values of the period that begins on a date, in the order of the rows."""
    rows = source.rows.of(airport)
    observed = rows.observed
    in_period = ordinals(rows.days[observed], freq) == period_of(date, freq)
    return np.asarray(rows.y[observed][in_period])


def read_case(
    tracker: Tracker, subject: Subject, known: LatestData, given: Source | None = None
) -> Case | None:
    """Everything about the miss; ``None`` where it cannot be prepared again.

    Args:
        tracker: The store.
        subject: What is asked about.
        known: The data of the airport as known now.
        given: Data that the user names, which stand in for a panel that is gone.

    Raises:
        NothingRecordedError: Model, forecast or panel are not stored, or cannot be read.
    """
    run = subject.run
    model = read_model(tracker, subject.model_run)
    forecast = read_forecast(tracker, run)
    source = seen_source(tracker, run, given)
    date = np.datetime64(subject.date, "D")
    lead = int(np.flatnonzero(forecast.ds == date)[0]) + 1
    seen = series_of(source, subject.airport, model.cutoff, run=subject.model_run)
    if seen is None or known.actual is None:
        return None
    terms = terms_of(tracker, subject.model_run, model, seen, date)
    champion, champion_run = _champion(tracker, subject, model)
    fresh = _fresh(source, subject, job_settings(tracker, job_of(tracker, run)), seen)
    case = Case(
        lead=lead,
        forecast=forecast,
        actual=known.actual,
        seen=seen.with_terms(terms),
        known=known.series.with_terms(terms),
        model=model,
        horizon=RunOf(run).horizon(len(forecast.ds)),
        engine=RunOf(subject.model_run).engine("compiled"),
        trials=_trials(tracker, subject.model_run),
        champion=champion,
        status=RunOf(run).status,
        reason=RunOf(run).reason,
        panel_airports=known.airports,
        first_actual=known.first_actual,
        in_doubt=known.in_doubt,
        fresh=fresh,
        champion_run=champion_run,
        failed_since=_failed_since(subject, model.cutoff),
    )
    return with_fleet(tracker, subject.airport, run, known.source, case)


def _failed_since(subject: Subject, cutoff: str) -> str | None:
    """A sentence about the newest attempt, where it knew later data than the model and failed."""
    newer = [
        r
        for r in subject.runs
        if cutoff < r.tags.get(Tag.CUTOFF, "") < str(subject.date)
        and r.tags.get(Tag.ORIGIN) == subject.run.tags.get(Tag.ORIGIN)
    ]
    if not newer or newer[0].tags.get(Tag.STATUS) != "failed":
        return None
    newest = RunOf(newer[0])
    return f"job {newest.job_id} failed with data up to {newest.cutoff}: {newest.reason}"


def read_seen(tracker: Tracker, subject: Subject) -> Series | None:
    """The series as the model saw it, where its panel is stored."""
    run = subject.run
    try:
        source = stored_source(tracker, run)
    except NothingRecordedError:
        return None
    model_run = subject.model_run
    return series_of(source, subject.airport, model_run.tags.get(Tag.CUTOFF), run=model_run)


def _trials(tracker: Tracker, model_run: StoredRun) -> tuple[Trial, ...]:
    """Trials of the search behind a model; none where they are not stored."""
    try:
        return tuple(read_trials(tracker, RunOf(model_run).tuned_by))
    except NothingRecordedError:
        return ()


def _fresh(
    source: Source, subject: Subject, settings: Mapping[str, Any], seen: Series
) -> Series | None:
    """What the job's own panel held beyond the model's cutoff and before the period."""
    if RunOf(subject.run).is_backtest:
        return None
    whole = series_of(source, subject.airport, settings.get("as_of"), run=subject.run)
    if whole is None:
        return None
    before = up_to(whole, np.datetime64(subject.date, "D") - np.timedelta64(1, "D"))
    return before if before.n and before.ds[-1] > seen.ds[-1] else None


def _champion(
    tracker: Tracker, subject: Subject, model: FittedModel
) -> tuple[Specification | None, str | None]:
    """The newest specification and its run, where it is newer than the model's and another one."""
    used = model.specification
    origin = subject.run.tags.get(Tag.ORIGIN)
    trained = [
        r
        for r in subject.runs
        if RunOf(r).holds(Tag.TRAINED)
        and r.tags.get(Tag.ORIGIN) in (LIVE, origin)
        and r.tags.get(Tag.CUTOFF, "") > model.cutoff
    ]
    live = [r for r in trained if r.tags.get(Tag.ORIGIN) == LIVE] or trained
    if not live:
        return None, None
    newest = max(live, key=lambda r: (r.tags.get(Tag.CUTOFF, ""), r.start_ms))
    try:
        specification = read_model(tracker, newest).specification
    except NothingRecordedError:
        return None, None
    same = _content(specification) == _content(used)
    return (None, None) if same else (specification, newest.run_id)


def _content(specification: Specification) -> set[tuple[str, float]]:
    """Models and weights of a specification, without their order."""
    return {(m.model.key, round(m.weight, 9)) for m in specification.members}
