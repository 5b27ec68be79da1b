"""Every airport of a job: its forecast, its search, its run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.recording import decoding
from forecastctl.recording.read import latest, read_as, read_trials, read_tuning
from forecastctl.recording.run_of import RunOf
from forecastctl.records import ALL_RUNS, Query, Status
from forecastctl.records.marks import AIRPORTS, SET, job_mark
from forecastctl.records.schema import File, Tag
from forecastctl.report.values import AirportFacts, Fan, Line, Search, TrialPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from forecastctl.explain.values import FleetLine
    from forecastctl.records import StoredRun
    from forecastctl.report.outcomes import Outcome, PastVerdict
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Made:
    """A forecast as it stands in the table of a job: what was made, with which model."""

    fan: Fan
    model: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the airports of a job beside its summary.

    Attributes:
        made: Forecast by airport.
        histories: What came true by airport.
        misses: The verdict by airport.
        outcomes: Periods that came true, with earlier forecasts of them, by airport.
        verdicts: What reports said of its periods, by airport.
    """

    made: Mapping[str, Made] = field(default_factory=dict)
    histories: Mapping[str, Line] = field(default_factory=dict)
    misses: Mapping[str, FleetLine] = field(default_factory=dict)
    outcomes: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    verdicts: Mapping[str, tuple[PastVerdict, ...]] = field(default_factory=dict)


def forecasts_made(tracker: Tracker, job: StoredRun) -> dict[str, Made]:
    """The forecasts of a job by airport; none where it made none.

    Raises:
        DamagedError: They are there and cannot be read.
    """
    try:
        table = read_as(tracker, job, File.FORECASTS, decoding.forecast_table)
    except DamagedError:
        raise
    except NothingRecordedError:
        return {}
    return {} if table.empty else _by_airport(table)


def _by_airport(table: pd.DataFrame) -> dict[str, Made]:
    """The rows of each airport as a forecast, column by column: thousands of frames take longer."""
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(table["airport"]):
        rows.setdefault(name, []).append(at)
    levels = sorted(int(c.removeprefix("lo-")) for c in table.columns if c.startswith("lo-"))
    columns = {name: table[name].tolist() for name in table.columns}

    def taken(column: str, places: Sequence[int]) -> tuple[Any, ...]:
        values = columns[column]
        return tuple(values[at] for at in places)

    return {
        name: Made(
            Fan(
                cutoff=columns["cutoff"][at[0]],
                ds=taken("date", at),
                mean=taken("mean", at),
                bands={v: (taken(f"lo-{v}", at), taken(f"hi-{v}", at)) for v in levels},
            ),
            columns["model"][at[0]],
        )
        for name, at in rows.items()
    }


def airports_of_job(
    tracker: Tracker,
    job: StoredRun,
    lines: Sequence[Mapping[str, Any]],
    known: Known,
    tell: Callable[[int, int], None],
) -> tuple[tuple[AirportFacts, ...], tuple[str, ...]]:
    """All that is recorded of each airport of a job.

    Args:
        tracker: The store.
        job: The job.
        lines: ``results`` of its summary.
        known: What is known besides.
        tell: Takes how many airports are done, and of how many.

    Returns:
        The airports in the order of the job, and what could not be read, one sentence each.
    """
    runs = _runs_of(tracker, job, [line["airport"] for line in lines])
    facts, unread = [], []
    for done, line in enumerate(lines):
        tell(done, len(lines))
        run = runs.get(line["airport"])
        search, why = None, None
        if run is not None:
            search, why = _search_of(tracker, run)
        if why:
            unread.append(f"{line['airport']}: {why}")
        facts.append(_facts(tracker, line, known, run, search))
    tell(len(lines), len(lines))
    return tuple(facts), tuple(unread)


def _facts(
    tracker: Tracker,
    line: Mapping[str, Any],
    known: Known,
    run: StoredRun | None,
    search: Search | None,
) -> AirportFacts:
    airport = line["airport"]
    made = known.made.get(airport)
    if made is None and run is not None and line["status"] == Status.SKIPPED:
        made = _earlier(tracker, run)
    loss = line["loss"]
    if loss is None and run is not None:
        loss = RunOf(run).loss
    return AirportFacts(
        airport=airport,
        status=line["status"],
        reason=line["reason"],
        model=line.get("model") or (made.model if made else None),
        loss=loss,
        history=known.histories.get(airport, Line()),
        fan=made.fan if made else None,
        search=search,
        miss=known.misses.get(airport),
        outcomes=known.outcomes.get(airport, ()),
        verdicts=known.verdicts.get(airport, ()),
        run_id=run.run_id if run else line.get("run_id"),
        url=tracker.url(run.run_id) if run else None,
    )


def _earlier(tracker: Tracker, run: StoredRun) -> Made | None:
    """The forecast that an airport has from an earlier job; ``None`` where none can be read."""
    try:
        made = read_as(tracker, run, File.FORECAST, decoding.forecast_file)
    except NothingRecordedError:
        return None
    bands = {int(v): (tuple(b.lo), tuple(b.hi)) for v, b in made.intervals.items()}
    return Made(Fan(made.cutoff, tuple(made.ds), tuple(made.mean), bands), made.model)


def _runs_of(tracker: Tracker, job: StoredRun, airports: Sequence[str]) -> dict[str, StoredRun]:
    """The run of each airport; of one that the job skipped the newest that holds its forecast."""
    mark = {AIRPORTS: SET, job_mark(RunOf(job).job_id): SET}
    found = [RunOf(run) for run in tracker.find(Query(tags=mark, limit=ALL_RUNS))]
    runs = {of.airport: of.run for of in reversed(found) if not of.superseded}
    missing = {name: None for name in airports if name not in runs}
    return runs | (latest(tracker, Tag.FORECAST, missing) if missing else {})


def _search_of(tracker: Tracker, run: StoredRun) -> tuple[Search | None, str | None]:
    """The search behind a run, or why it cannot be read; neither where there was none."""
    of = RunOf(run)
    try:
        source = run if of.tuned_by == run.run_id else tracker.get(of.tuned_by)
        if not RunOf(source).holds(Tag.TUNED):
            return None, None
        tuned = read_tuning(tracker, source)
        trials = read_trials(tracker, source)
    except DamagedError as error:
        return None, error.message
    except NothingRecordedError:
        return None, None
    weights = {m.trial: m.weight for m in tuned.specification.members if m.trial is not None}
    points = tuple(
        TrialPoint(
            number=trial.number,
            model=trial.model.label,
            status=trial.status,
            loss=trial.loss,
            reason=trial.reason,
            weight=weights.get(trial.number),
        )
        for trial in trials
    )
    return Search(tuned.backtest_errors, tuned.baseline_loss, points, source.run_id), None
