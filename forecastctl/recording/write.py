"""From results to runs: what is recorded where. Pure.

Nested layout: job > airport > trial, as Hyperopt's SparkTrials does on Databricks. Flat layout:
job, and one run per airport without a parent, its trials a table. The airport run is the same in
both, so that every question has the same answer.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.recording.context import (
    NAME_LIMIT,
    PARAM_LIMIT,
    JobContext,
    airport_key,
    cut,
    json_bytes,
)
from forecastctl.recording.curves import curves
from forecastctl.recording.digests import with_digests
from forecastctl.recording.effects import effects_dict, said_of_effects
from forecastctl.recording.notes import airport_note
from forecastctl.recording.trials import finite, trial_run, trials_table
from forecastctl.records import (
    FAILED,
    FINISHED,
    Artifact,
    Metric,
    Run,
    Status,
    canonical_json,
    widths_dict,
)
from forecastctl.records.learning import algorithm
from forecastctl.records.marks import AIRPORTS, SET, airport_mark, job_mark
from forecastctl.records.schema import LIVE, NESTED, TRUE, File, Kind, MetricKey, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import AirportResult, Forecast, TuneResult


def airport_run(result: AirportResult, context: JobContext) -> Run:
    """The run of one airport with, in the nested layout, its trials as children."""
    if result.task is not None:  # in one job some airports may be tuned and others not
        context = replace(context, plan=result.task.plan)
    nested = context.layout == NESTED
    trials = result.tuned.trials if result.tuned and context.plan.tune else ()
    failed = result.status in (Status.FAILED, Status.REJECTED)
    common = _airport_tags(result, context)
    run = Run(
        name=cut(result.airport, NAME_LIMIT) or "(no name)",
        status=FAILED if failed else FINISHED,
        start_ms=result.start_ms or context.start_ms,
        end_ms=result.end_ms or context.start_ms,
        params=_airport_params(result, context),
        metrics=tuple(_airport_metrics(result, context)),
        tags={
            **common,
            **context.environment_tags(),
            **_stage_tags(result, context),
            **_note(result, context),
            **_marks(result, context),
        },
        artifacts=tuple(_airport_artifacts(result, context)),
        children=tuple(trial_run(t, common) for t in trials) if nested else (),
        inputs=context.inputs,
    )
    return with_digests(run)


def tuning_dict(tuned: TuneResult) -> dict[str, object]:
    """What a search chose, without its trials, as JSON."""
    return {
        "specification": tuned.specification.to_dict(),
        "loss": tuned.loss,
        "metrics": finite(tuned.metrics),
        "baseline_loss": tuned.baseline_loss,
        "backtest_errors": [list(fold) for fold in tuned.backtest_errors],
        "spread": tuned.spread,
        "reason": tuned.reason,
        "stopped": tuned.stopped,
        "widths": widths_dict(tuned.widths),
        "space": None if tuned.space is None else list(tuned.space),
        "repeats": tuned.repeats,
    }


def forecast_dict(forecast: Forecast, model: str) -> dict[str, object]:
    """A forecast as JSON with exact floats."""
    return {
        "cutoff": forecast.cutoff,
        "model": model,
        "ds": [str(d) for d in forecast.ds],
        "mean": forecast.mean.tolist(),
        "sd": forecast.sd.tolist(),
        "intervals": {
            str(level): {"lo": lo.tolist(), "hi": hi.tolist()}
            for level, (lo, hi) in forecast.intervals.items()
        },
    }


def model_label(result: AirportResult) -> str | None:
    """Label of the model that the airport ended with."""
    if result.model is not None:
        return result.model.specification.label
    return result.tuned.specification.label if result.tuned else None


def _airport_tags(result: AirportResult, context: JobContext) -> dict[str, str]:
    tags = {
        **context.tags(),
        Tag.KIND: Kind.AIRPORT,
        Tag.AIRPORT: result.airport,
        Tag.AIRPORT_KEY: airport_key(result.airport),
        Tag.STATUS: str(result.status),
        Tag.DATA_DIGEST: result.digest,
    }
    if result.airport in context.groups:
        tags |= {Tag.KIND: Kind.GROUP, Tag.LEVEL: context.groups[result.airport]}
    if result.airport in context.again:
        tags[Tag.RETRY_OF] = context.again[result.airport]
    if result.retries:
        tags[Tag.RETRIES] = str(result.retries)
    cutoff = _cutoff(result)
    if cutoff:
        tags[Tag.CUTOFF] = cutoff
    if result.tuned and context.plan.tune:
        seed = f"{context.job_id}:{result.airport}"
        tags[Tag.FMIN_UUID] = hashlib.sha256(seed.encode()).hexdigest()[:32]
    return tags


def _note(result: AirportResult, context: JobContext) -> dict[str, str]:
    """What MLflow's pages say of it; nobody opens those of a backtest one by one."""
    if context.origin != LIVE:
        return {}
    loss = context.plan.search.loss
    note = airport_note(result, context.job_id, model_label(result), loss)
    return {Tag.NOTE: cut(note)}


def _marks(result: AirportResult, context: JobContext) -> dict[str, str]:
    """Marks, by which a store finds this run through an index."""
    keys = [airport_mark(airport_key(result.airport)), job_mark(context.job_id)]
    keys += [] if result.airport in context.groups else [AIRPORTS]
    return dict.fromkeys(keys, SET)


def _cutoff(result: AirportResult) -> str | None:
    """First day of the last period that the airport's result saw."""
    if result.forecast is not None:
        return result.forecast.cutoff
    if result.model is not None:
        return result.model.cutoff
    return result.task.series.cutoff if result.task else None


def _stage_tags(result: AirportResult, context: JobContext) -> dict[str, str]:
    """Which stages this run holds, what it chose, and whose results it builds on."""
    plan = context.plan
    tags = dict(result.task.sources) if result.task else {}
    stages = {
        Tag.TUNED: plan.tune and result.tuned is not None,
        Tag.TRAINED: plan.train and result.model is not None,
        Tag.FORECAST: plan.forecast and result.forecast is not None,
    }
    tags |= {stage: TRUE for stage, holds in stages.items() if holds}
    if result.task and result.task.retuned:
        tags[Tag.RETUNED] = cut(result.task.retuned)
    if result.task and result.task.anew:
        tags[Tag.DONE_ANEW] = cut(result.task.anew)
    learned = result.task.learned if result.task else None
    if learned is not None:
        tags[Tag.LEARNED_FROM] = cut(",".join(learned.runs))
        tags[Tag.STARTS] = _counted(learned.counts)
    label = model_label(result)
    if label:
        tags[Tag.MODEL] = cut(label)
    if result.reason:
        tags[Tag.REASON] = cut(result.reason)
    effects = result.model.effects if result.model else ()
    said = {
        Tag.EFFECTS: said_of_effects(effects),
        Tag.PREPARATION: "; ".join(result.notes),
        Tag.SUSPECTS: "; ".join(result.suspects),
    }
    tags |= {tag: cut(text) for tag, text in said.items() if text}
    if result.task and result.task.series.left_out:
        tags[Tag.LEFT_OUT] = ",".join(result.task.series.left_out)
    if result.tuned and plan.tune:
        space = plan.search.families if result.tuned.space is None else result.tuned.space
        tags[Tag.SPACE] = ",".join(space)
        tags[Tag.STOPPED] = result.tuned.stopped
        tags[Tag.TRIALS_BY_ORIGIN] = _counted(result.tuned.by_origin)
    return tags


def _counted(by_origin: Mapping[str, int]) -> str:
    """Numbers by origin: ``baseline=1,pool=13,family=6``."""
    return ",".join(f"{origin}={n}" for origin, n in by_origin.items())


def _airport_params(result: AirportResult, context: JobContext) -> dict[str, str]:
    search, plan = context.plan.search, context.plan
    params: dict[str, object] = {}
    if result.tuned and plan.tune:
        params[Param.ALGO] = algorithm(result.tuned.by_origin)
    if plan.tune:
        params |= {
            Param.MAX_EVALS: search.max_evals,
            Param.TPE_SHARE: search.tpe_share,
            Param.PARALLELISM: search.parallelism,
            Param.TIMEOUT: search.timeout,
            Param.EARLY_STOP: search.early_stop,
            Param.LOSS: search.loss,
            Param.FAMILIES: ",".join(search.families),
            Param.FOLDS: search.folds,
            Param.STEP: search.step,
            Param.COMBINE: search.combine,
            Param.SHOCKS: search.shocks,
            Param.SEED: search.seed,
        }
    params[Param.HORIZON] = search.horizon
    if plan.tune or plan.train:
        params[Param.ENGINE] = result.engine or search.engine
    if plan.forecast:
        params[Param.LEVELS] = ",".join(map(str, plan.levels))
    if result.task:
        series = result.task.series
        params |= {
            Param.FREQ: series.freq,
            Param.SEASON_LENGTH: series.season_length,
            Param.N: series.n,
        }
    label = model_label(result)
    if label:
        params[Param.MODEL] = cut(label, PARAM_LIMIT)
    return {k: str(v) for k, v in params.items()}


def _airport_metrics(result: AirportResult, context: JobContext) -> Iterable[Metric]:
    stamp = result.end_ms or context.start_ms
    values: dict[str, float | None] = {MetricKey.CPU_SECONDS: result.cpu_seconds}
    if result.chart:
        values[MetricKey.DRAWING_SECONDS] = result.drawing_seconds
    tuned = result.tuned if context.plan.tune else None
    if tuned:
        succeeded = [t for t in tuned.trials if t.status == "ok"]
        losses = [t.loss for t in succeeded if t.loss is not None]
        values |= {
            **tuned.metrics,
            MetricKey.LOSS: tuned.loss,
            MetricKey.BASELINE_LOSS: tuned.baseline_loss,
            MetricKey.BEST_TRIAL_LOSS: min(losses, default=None),
            MetricKey.TRIALS_TOTAL: len(tuned.trials),
            MetricKey.TRIALS_DISTINCT: tuned.distinct,
            MetricKey.REPEATS: tuned.repeats,
            MetricKey.TRIALS_OK: len(succeeded),
            MetricKey.TRIALS_FAILED: sum(t.status == "failed" for t in tuned.trials),
            MetricKey.TRIALS_PRUNED: sum(t.status == "pruned" for t in tuned.trials),
            MetricKey.OBJECTIVE_SECONDS: result.objective_seconds,
        }
    for key, value in values.items():
        if value is not None and math.isfinite(value):
            yield Metric(key, float(value), 0, stamp)
    if context.curves:
        yield from curves(result, context.plan, stamp)


def _airport_artifacts(result: AirportResult, context: JobContext) -> Iterable[Artifact]:
    plan = context.plan
    if result.tuned and plan.tune:
        yield Artifact(File.TUNING, json_bytes(tuning_dict(result.tuned)))
        yield Artifact(File.TRIALS, json_bytes(trials_table(result.tuned.trials)), table=True)
        if result.task and result.task.learned:
            yield Artifact(File.LEARNED, json_bytes(result.task.learned.to_dict()))
    if result.model and plan.train:
        yield Artifact(File.MODEL, canonical_json(result.model.to_row()).encode())
    if result.forecast and plan.forecast:
        label = model_label(result) or ""
        yield Artifact(File.FORECAST, json_bytes(forecast_dict(result.forecast, label)))
        if result.model and result.model.effects:
            yield Artifact(File.EFFECTS, json_bytes(effects_dict(result.model, result.forecast)))
    if result.chart:
        yield Artifact(File.CHART, result.chart)
    if result.failure and result.failure.traceback:
        yield Artifact(File.TRACEBACK, result.failure.traceback.encode())
