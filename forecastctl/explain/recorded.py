"""Answers from the record alone, without fitting anything: forecasts, model, lineage, miss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.explain.page import words
from forecastctl.explain.read.period import WITHOUT_FORECAST
from forecastctl.explain.read.reconciled import reconciled
from forecastctl.explain.size import STATED, met, off, stated_ends
from forecastctl.explain.standing import standing
from forecastctl.explain.values import (
    Answer,
    Attempt,
    EffectFacts,
    ForecastFacts,
    Lineage,
    MemberFacts,
    ModelFacts,
    Pages,
)
from forecastctl.figures import number, period
from forecastctl.recording.job import machine_of
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Query
from forecastctl.records.calendar import counted, iso, parse_day
from forecastctl.records.marks import SET, job_mark, search_mark
from forecastctl.records.schema import Kind, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.question import Actual, Question, Subject
    from forecastctl.explain.values import Gap, Reconciled, Standing, Vintage
    from forecastctl.records import FittedModel, StoredRun
    from forecastctl.store.port import Tracker

RUNS_READ = 100_000
"""Runs of an airport, or trials of a search, that are read at most."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored for a question.

    Attributes:
        question: What is asked.
        vintages: Every stored forecast of the period, latest cutoff first.
        chosen: The one of them that is explained.
        subject: The runs behind it.
    """

    question: Question
    vintages: Sequence[Vintage]
    chosen: Vintage
    subject: Subject


def recorded_answer(
    tracker: Tracker,
    record: Record,
    model: FittedModel | None,
    actual: Actual | None,
    gap: Gap | None,
) -> Answer:
    """The answer from the record alone: no verdict, and nothing fitted again."""
    subject, chosen = record.subject, record.chosen
    freq = RunOf(subject.run).freq
    answer = Answer(
        airport=subject.airport,
        date=chosen.date,
        sentence=f"{_forecast(subject.airport, chosen, freq)}.",
        forecast=forecast_facts(chosen, reconciled(tracker, subject.run, chosen)),
        effects=_effects(model, chosen),
        vintages=tuple(record.vintages),
        model=model_facts(tracker, subject.run, subject.model_run, model),
        lineage=lineage(tracker, subject.run, subject.model_run),
        without_forecast=attempts(subject.runs),
    )
    if actual is None:
        return without_actual(answer, chosen, gap, freq)
    return with_actual(answer, chosen, actual, model, freq)


def _effects(model: FittedModel | None, chosen: Vintage) -> tuple[EffectFacts, ...] | None:
    """What the forecast allowed for; ``None`` where its model has no effects or cannot be read."""
    if model is None or not model.effects:
        return None
    from forecastctl.explain.parts.effects import effects_at  # with the models, which others spare

    return effects_at(model, chosen.lead, chosen.date)


def with_actual(
    answer: Answer, chosen: Vintage, actual: Actual, model: FittedModel | None, freq: str
) -> Answer:
    """The answer with the actual and the miss.

    Args:
        answer: The answer so far.
        chosen: The forecast that is explained.
        actual: What came true.
        model: The model behind the forecast, where it can be read.
        freq: pandas period alias.
    """
    miss, share = chosen.mean - actual.value, None
    if actual.value:
        share = 100 * miss / actual.value
    place = _standing(chosen, miss, actual.value, model)
    said = f"{_forecast(answer.airport, chosen, freq)}, {number(actual.value)} came true"
    said = f"{said}: {off(miss, actual.value)}"
    among = None if met(miss, actual.value) else words.among(place)
    return replace(
        answer,
        sentence=f"{', '.join(filter(None, (said, among)))}.",
        actual=actual.value,
        actual_source=actual.source,
        gap=None,
        miss=miss,
        miss_percent=share,
        standing=place,
        vintages=tuple(replace(v, miss=v.mean - actual.value) for v in answer.vintages),
    )


def without_actual(answer: Answer, chosen: Vintage, gap: Gap | None, freq: str) -> Answer:
    """The answer where the actual is not known, with the reason: it is missing, or yet to come."""
    return replace(
        answer,
        sentence=f"{_forecast(answer.airport, chosen, freq)}; {words.absent(gap, freq)}.",
        actual=None,
        actual_source=None,
        gap=gap,
        miss=None,
        miss_percent=None,
        standing=None,
        vintages=tuple(replace(v, miss=None) for v in answer.vintages),
    )


def _forecast(airport: str, chosen: Vintage, freq: str) -> str:
    """The forecast, as the beginning of a sentence."""
    return (
        f"{airport}, {period(chosen.date, freq)}: {number(chosen.mean)} forecast "
        f"{counted(chosen.lead, freq)} ahead, knowing {period(chosen.cutoff, freq)}"
    )


def _standing(chosen: Vintage, miss: float, actual: float, model: FittedModel | None) -> Standing:
    band = chosen.intervals.get(str(STATED))
    lo, hi = stated_ends(chosen.mean, chosen.sd, (band.lo, band.hi) if band else None)
    errors = model.backtest_errors if model else ()
    return standing(miss, chosen.sd, chosen.lead, errors, outside=not lo <= actual <= hi)


def forecast_facts(vintage: Vintage, published: Reconciled | None = None) -> ForecastFacts:
    """The forecast that is explained.

    Args:
        vintage: It.
        published: What was published in its place, if it was another one.
    """
    return ForecastFacts(
        mean=vintage.mean,
        sd=vintage.sd,
        intervals=vintage.intervals,
        cutoff=vintage.cutoff,
        lead=vintage.lead,
        made=vintage.made,
        run_id=vintage.run_id,
        origin=vintage.origin,
        model=vintage.model,
        reconciled=published,
    )


def model_facts(
    tracker: Tracker, run: StoredRun, model_run: StoredRun, model: FittedModel | None
) -> ModelFacts:
    """The specification, its members with parameters, and the trials that they came from."""
    label = RunOf(run).model
    if model is None:
        return ModelFacts(label=label)
    trials = _trial_runs(tracker, model_run, {m.member.trial for m in model.members})
    members = tuple(
        MemberFacts(
            label=fitted.member.model.label,
            family=fitted.member.model.family,
            options=fitted.member.model.options,
            weight=fitted.member.weight,
            trial=fitted.member.trial,
            trial_run_id=trials.get(fitted.member.trial),
            params=fitted.params,
            sigma=fitted.sigma,
        )
        for fitted in model.members
    )
    return ModelFacts(
        label=label, members=members, cutoff=model.cutoff, n=model.n, spread=model.spread
    )


def _trial_runs(
    tracker: Tracker, run: StoredRun, numbers: set[int | None]
) -> dict[int | None, str]:
    """Run id of each trial; in the flat layout the airport's run and the row in its table."""
    owner = RunOf(run).tuned_by
    if RunOf(run).is_flat:
        return {n: f"{owner}#{n}" for n in numbers if n is not None}
    search = RunOf(tracker.get(owner)).search_id
    children = tracker.find(Query(tags={search_mark(search): SET}, limit=RUNS_READ))
    by_number: dict[int | None, str] = {RunOf(c).trial: c.run_id for c in children}
    return {number: run_id for number, run_id in by_number.items() if number in numbers}


def lineage(tracker: Tracker, run: StoredRun, model_run: StoredRun) -> Lineage:
    """Job, runs, digests, commit and links behind a forecast."""
    tags = run.tags
    jobs = tracker.find(Query(tags={job_mark(RunOf(run).job_id): SET, Tag.KIND: Kind.JOB}, limit=1))
    trained = model_run.run_id
    tuned = model_run.tags.get(Tag.TUNED_BY, trained)
    return Lineage(
        job_id=tags.get(Tag.JOB_ID),
        command=tags.get(Tag.COMMAND),
        layout=tags.get(Tag.LAYOUT),
        status=tags.get(Tag.STATUS),
        reason=tags.get(Tag.REASON),
        seed=tags.get(Tag.SEED),
        data_digest=tags.get(Tag.DATA_DIGEST),
        panel_digest=tags.get(Tag.PANEL_DIGEST),
        config_digest=tags.get(Tag.CONFIG_DIGEST),
        environment=tags.get(Tag.ENVIRONMENT),
        versions=tags.get(Tag.VERSIONS),
        git_commit=tags.get(Tag.GIT_COMMIT),
        git_dirty=tags.get(Tag.GIT_DIRTY),
        preparation=tags.get(Tag.PREPARATION),
        machine=machine_of(tags) or None,
        job_run_id=jobs[0].run_id if jobs else None,
        run_id=run.run_id,
        trained_run_id=trained,
        tuned_run_id=tuned,
        urls=Pages(
            forecast=tracker.url(run.run_id),
            trained=tracker.url(trained),
            tuned=tracker.url(tuned),
        ),
    )


def attempts(runs: Sequence[StoredRun]) -> tuple[Attempt, ...]:
    """The runs that ended without a forecast."""
    return tuple(
        Attempt(
            job_id=run.tags.get(Tag.JOB_ID),
            status=run.tags.get(Tag.STATUS),
            reason=run.tags.get(Tag.REASON),
            cutoff=run.tags.get(Tag.CUTOFF),
            run_id=run.run_id,
            made=iso(run.start_ms),
        )
        for run in runs
        if run.tags.get(Tag.STATUS) in WITHOUT_FORECAST
    )


def pick(vintages: Sequence[Vintage], cutoff: str) -> Vintage:
    """The vintage of a cutoff given as ``YYYY-MM`` or ``YYYY-MM-DD``.

    Raises:
        NothingRecordedError: There is none.
        UsageError: It is no date, or a month that holds several cutoffs of weeks or days.
    """
    parse_day(cutoff)
    found = [vintage for vintage in vintages if vintage.cutoff.startswith(cutoff)]
    different = list(dict.fromkeys(vintage.cutoff for vintage in found))
    if len(different) > 1:
        raise UsageError(
            f"{cutoff} holds {len(different)} cutoffs: {', '.join(different)}.", "Name one of them."
        )
    if found:
        return found[0]
    held = ", ".join(dict.fromkeys(v.cutoff for v in vintages))
    raise NothingRecordedError(
        f"No forecast of {vintages[0].date} from {cutoff} is stored.", f"There are {held}."
    )
