"""Search and fit recorded airports anew, from the stored panel, and compare with what was stored.

What an airport's run tuned, trained and forecast itself is done again: a run that took its
specification from another run is fitted again with that one, as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from forecastctl.errors import DamagedError, ForecastctlError, NothingRecordedError
from forecastctl.jobs.fleet import learn_from_fleet, with_fleet
from forecastctl.jobs.learn import read_learned
from forecastctl.jobs.sums.base import rebuilt
from forecastctl.jobs.terms import entries_with_terms
from forecastctl.jobs.work import compile_models, unheard, work
from forecastctl.models.combination.replay import (
    DIFFERS,
    IDENTICAL,
    NOT_STORED,
    compare_fits,
    compare_forecasts,
    same_models,
    worst,
)
from forecastctl.recording.job import job_of, read_settings
from forecastctl.recording.read import (
    read_snapshot,
    read_trials,
    read_tuning,
    recorded_groups,
    recorded_terms,
)
from forecastctl.recording.run_of import RunOf
from forecastctl.recording.settings_of import settings_of
from forecastctl.records import AirportTask, Plan, Rejection, Series, TuneResult, described
from forecastctl.records.learning import RETIRED_ALGORITHM
from forecastctl.records.schema import STAGES, MetricKey, Param, Tag
from forecastctl.reproduce.replay import makers, read_stored, replayed
from forecastctl.reproduce.values import _NONE, Refit, Reproduction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from forecastctl.execute.port import Executor
    from forecastctl.records import (
        AirportResult,
        FittedModel,
        SearchSpec,
        Specification,
        StoredRun,
    )
    from forecastctl.reproduce.values import Chosen, Stored
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker


UNFIT = (LookupError, TypeError, ValueError, ArithmeticError)
"""What preparing a panel may raise with settings that no version of this program would have."""


def refit_all(
    tracker: Tracker, chosen: Chosen, executor: Executor, say: Callable[[str], None] = unheard
) -> Iterator[Reproduction]:
    """Replay every airport, and tune and fit it anew; results come as they are there.

    Args:
        tracker: The store.
        chosen: Runs of airports.
        executor: Where they are fitted.
        say: Told what takes long before the first airport.
    """
    owners = makers(tracker, chosen)
    by_job = sorted(chosen.runs, key=lambda r: RunOf(owners[r.run_id]).job_id)
    for _, runs in groupby(by_job, key=lambda r: RunOf(owners[r.run_id]).job_id):
        made = [(run, owners[run.run_id]) for run in runs]
        yield from _refit_job(tracker, made, executor, say)


def _refit_job(
    tracker: Tracker,
    runs: list[tuple[StoredRun, StoredRun]],
    executor: Executor,
    say: Callable[[str], None],
) -> Iterator[Reproduction]:
    """Airports whose models come from one job, and so from one panel."""
    try:
        rebuilt = _Rebuilt.of(tracker, runs[0][1])
    except (ForecastctlError, *UNFIT) as error:
        for run, _ in runs:
            refit = Refit(NOT_STORED, notes=(described(error),))
            yield Reproduction(run, replayed(read_stored(tracker, run)), refit)
        return
    work_on: list[_Ask] = []
    for run, owner in runs:
        asked = _ask(tracker, rebuilt, run, owner)
        if isinstance(asked, _Ask):
            work_on.append(asked)
        else:
            yield asked
    tasks = [asked.task for asked in work_on]
    fleet = learn_from_fleet(rebuilt.fleet, tasks)
    tasks = [with_fleet(task, fleet) for task in tasks]
    compile_models((task.plan for task in tasks), say)
    for outcome in executor.map(work, tasks):
        asked = work_on[outcome.index]
        if outcome.value is None:
            reason = outcome.failure.message if outcome.failure else "no result"
            refit = Refit(DIFFERS, notes=(f"it cannot be fitted any more: {reason}",))
        else:
            refit = _compared(tracker, asked, outcome.value)
        yield Reproduction(asked.run, replayed(read_stored(tracker, asked.run)), refit)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One airport to be done again; what is stored of it is read when it is there."""

    run: StoredRun
    owner: StoredRun
    task: AirportTask
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """A job's series and search, as they were."""

    entries: Mapping[str, Series | Rejection]
    fleet: tuple[Series | Rejection, ...]
    settings: Settings
    search: SearchSpec
    notes: tuple[str, ...]

    @classmethod
    def of(cls, tracker: Tracker, run: StoredRun) -> _Rebuilt:
        """Prepare the stored panel of a run's job again, as the job did.

        Raises:
            NothingRecordedError: The panel or the settings are not stored.
        """
        from forecastctl.data.panel.build import make_panel
        from forecastctl.data.panel.panel import DataSpec
        from forecastctl.data.prepare.prepare import prepare

        job = job_of(tracker, run)
        if job is None:
            name = RunOf(run).job_id
            raise NothingRecordedError(f"The settings of job {name} are not stored.")
        recorded = read_settings(tracker, job)
        settings, notes = settings_of(recorded)
        digest = RunOf(run).panel_digest
        frame = read_snapshot(tracker, digest)
        spec = DataSpec(**settings.data.model_dump(exclude={"keep_query"}))
        panel = make_panel(frame, spec, f"panel {digest[:12]}")
        if panel.digest != digest:
            notes += ("the stored panel is no longer the one that was recorded",)
        day = datetime.fromtimestamp(run.start_ms / 1000).astimezone().date()
        entries = prepare(panel, spec, as_of=_as_of(recorded, run), today=day)
        fleet = tuple(entries)
        if Tag.GROUPS in job.tags:
            entries += rebuilt(entries, recorded_groups(tracker, job))
        search, terms = settings.search(), recorded_terms(tracker, job)
        entries = entries_with_terms(entries, terms, search.horizon)
        return cls({e.airport: e for e in entries}, fleet, settings, search, notes)


def _as_of(recorded: Mapping[str, Any], run: StoredRun) -> str | None:
    """The job's as-of date; in a backtest without one, the airport's own cutoff."""
    if recorded.get(Param.AS_OF):
        return str(recorded[Param.AS_OF])
    return run.tags.get(Tag.CUTOFF) if RunOf(run).is_backtest else None


def _ask(
    tracker: Tracker, rebuilt: _Rebuilt, run: StoredRun, owner: StoredRun
) -> _Ask | Reproduction:
    """The task of one airport, or why there is none."""
    stored = read_stored(tracker, run)
    if stored.broken or not _held(run):
        return Reproduction(run, replayed(stored), Refit(NOT_STORED, notes=_why(stored)))
    entry = rebuilt.entries.get(RunOf(run).airport)
    if not isinstance(entry, Series):
        reason = entry.reason if entry else "it is not in the stored panel"
        refit = Refit(DIFFERS, False, notes=(f"the airport is refused now: {reason}",))
        return Reproduction(run, replayed(stored), refit)
    tunes = RunOf(run).holds(Tag.TUNED)
    try:
        search, notes = _search(tracker, rebuilt.search, run, owner)
        tuned = None if tunes else _tuning(tracker, run, stored.model)
        learned = read_learned(tracker, run) if tunes else None
        notes += _searched_otherwise(tracker, run) if tunes else ()
    except NothingRecordedError as error:
        return Reproduction(run, replayed(stored), Refit(NOT_STORED, notes=(error.message,)))
    levels = (
        tuple(stored.forecast.intervals) if stored.forecast else rebuilt.settings.forecast.level
    )
    if stored.forecast is not None:
        further = entry.ahead if stored.forecast.cutoff == entry.cutoff else 0
        search = replace(search, horizon=max(len(stored.forecast.ds) - further, 1))
    asked = rebuilt.settings.data.suspects == "recent"
    if asked and RunOf(owner).left_out != entry.left_out:
        notes += ("other periods of its data look wrong to this version than did then",)
    plan = Plan(
        tunes, stored.model is not None, stored.forecast is not None, search, levels, charts=False
    )
    widths = stored.model.widths if tunes and stored.model else ()
    task = AirportTask(plan, entry, tuned=tuned, learned=learned, widths=widths)
    return _Ask(run, owner, task, (*rebuilt.notes, *notes))


def _held(run: StoredRun) -> bool:
    return any(RunOf(run).holds(stage) for stage in STAGES)


def _why(stored: Stored) -> tuple[str, ...]:
    return tuple(filter(None, (stored.broken, stored.missing)))


def _search(
    tracker: Tracker, search: SearchSpec, run: StoredRun, owner: StoredRun
) -> tuple[SearchSpec, tuple[str, ...]]:
    """The search as it was: the engine that worked then, and the trials that its time allowed."""
    search = replace(
        search,
        engine=RunOf(owner).engine(search.engine),
        parallelism=int(run.params.get(Param.PARALLELISM, "1")),
    )
    if run.tags.get(Tag.STOPPED) not in ("timeout", "deadline"):
        return replace(search, timeout=None), ()
    made = len(read_trials(tracker, run))
    stopped = f"the search was stopped by its {run.tags[Tag.STOPPED]}"
    note = f"{stopped}, which no two runs share; {made} trials again"
    return replace(search, max_evals=max(made, 1), timeout=None), (note,)


def _searched_otherwise(tracker: Tracker, run: StoredRun) -> tuple[str, ...]:
    """Why a search that is made again may find something else: how it was made then."""
    if run.params.get(Param.ALGO) == RETIRED_ALGORITHM:
        return ("its search proposed models in a way that this version no longer has",)
    if MetricKey.REPEATS in run.metrics:
        return ()
    if any(trial.duplicate_of is not None for trial in read_trials(tracker, run)):
        return ("in its search models that came up again used up evaluations; now they do not",)
    return ()


def _tuning(tracker: Tracker, run: StoredRun, model: FittedModel | None) -> TuneResult | None:
    """What another run's search chose, or what the stored model says of it."""
    source = run.tags.get(Tag.TUNED_BY)
    if source:
        return read_tuning(tracker, source)
    if model is None:
        return None
    return TuneResult(
        model.specification,
        None,
        {},
        (),
        model.backtest_errors,
        model.spread,
        widths=model.widths,
    )


def _compared(tracker: Tracker, asked: _Ask, result: AirportResult) -> Refit:
    """Specification, parameters and forecast, then and now."""
    stored, run, notes = read_stored(tracker, asked.run), asked.run, list(asked.notes)
    recorded = asked.owner.tags.get(Tag.DATA_DIGEST)
    same_data = None if not recorded else recorded == asked.task.series.digest
    if same_data is False:
        notes.append("the series rebuilt from the stored panel is not the one that was recorded")
    if result.failure is not None:
        notes.append(f"it fails now: {result.failure.message}")
    then = None
    outcomes = []
    try:
        then = _chosen(tracker, run, stored.model)
    except NothingRecordedError as error:
        notes.append(error.message)
        outcomes.append(DIFFERS if isinstance(error, DamagedError) else NOT_STORED)
    now = result.model.specification if result.model else _searched(result)
    same = None if then is None or now is None else same_models(then, now)
    parameters = _NONE
    if stored.model and result.model:
        parameters = compare_fits(stored.model, result.model)
    forecast = _NONE
    if stored.forecast and result.forecast:
        forecast = compare_forecasts(stored.forecast, result.forecast)
    outcomes += [parameters.result, forecast.result]
    if same is not None:
        outcomes.append(IDENTICAL if same else DIFFERS)
    if result.failure is not None:
        outcomes.append(DIFFERS)
    labels = (then.label if then else None, now.label if now else None, same)
    return Refit(worst(outcomes), same_data, labels, parameters, forecast, tuple(notes))


def _chosen(tracker: Tracker, run: StoredRun, model: FittedModel | None) -> Specification | None:
    """The specification that is stored: of the fitted model, else of the search."""
    if model is not None:
        return model.specification
    return read_tuning(tracker, run).specification if RunOf(run).holds(Tag.TUNED) else None


def _searched(result: AirportResult) -> Specification | None:
    return result.tuned.specification if result.tuned else None
