"""A trial as a run of its own, and the trials of a search as a table. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecastctl.recording.context import NAME_LIMIT, cut
from forecastctl.records import FAILED, FINISHED, KILLED, Metric, Run
from forecastctl.records.marks import SET, search_mark
from forecastctl.records.schema import TRUE, Kind, MetricKey, Param, Tag, fold_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import Trial

TRIAL_STATUS = {"ok": FINISHED, "failed": FAILED, "pruned": KILLED}
"""A pruned trial is what SparkTrials calls cancelled: stopped on purpose."""


def trial_run(trial: Trial, common: Mapping[str, str]) -> Run:
    """The run of one trial: its options, every metric with its fold values, or why it failed.

    Args:
        trial: The trial.
        common: Tags that it shares with the run of its airport.
    """
    stamp = trial.end_ms
    metrics = [Metric(k, v, 0, stamp) for k, v in trial.metrics.items() if math.isfinite(v)]
    if trial.loss is not None:
        metrics.append(Metric(MetricKey.LOSS, trial.loss, 0, stamp))
    metrics.append(Metric(MetricKey.CPU_SECONDS, trial.cpu_seconds, 0, stamp))
    for step, fold in enumerate(trial.folds):
        values = ((fold_key(k), v) for k, v in fold.metrics.items())
        metrics += [Metric(k, v, step, stamp) for k, v in values if math.isfinite(v)]
    tags = {
        **common,
        Tag.KIND: Kind.TRIAL,
        Tag.STATUS: trial.status,
        Tag.TRIAL_STATUS: trial.status,
        Tag.TRIAL: str(trial.number),
        Tag.MODEL: trial.model.label,
        Tag.FOLDS: ",".join(fold.cutoff for fold in trial.folds),
        search_mark(common[Tag.FMIN_UUID]): SET,
    }
    if trial.reason:
        tags[Tag.REASON] = cut(trial.reason)
    if trial.duplicate_of is not None:
        tags[Tag.DUPLICATE_OF] = str(trial.duplicate_of)
    if trial.start is not None:
        tags[Tag.START] = trial.start
    if trial.weight is not None:
        tags |= {Tag.MEMBER: TRUE, Tag.WEIGHT: f"{trial.weight:.6g}"}
    return Run(
        name=cut(f"{common[Tag.AIRPORT]} #{trial.number} {trial.model.label}", NAME_LIMIT),
        status=TRIAL_STATUS[trial.status],
        start_ms=trial.start_ms,
        end_ms=trial.end_ms,
        params={
            Param.FAMILY: trial.model.family,
            **{name: str(value) for name, value in trial.model.options.items()},
        },
        metrics=tuple(metrics),
        tags=tags,
    )


def trials_table(trials: Iterable[Trial]) -> dict[str, object]:
    """Trials as the table that MLflow's ``log_table`` writes and its pages show."""
    columns = ["trial", "status", "model", "family", "options", "loss", "metrics", "folds"]
    columns += ["reason", "duplicate_of", "start_ms", "end_ms", "cpu_seconds", "start"]
    columns += ["member", "weight"]
    data = [
        [
            t.number,
            t.status,
            t.model.label,
            t.model.family,
            dict(t.model.options),
            t.loss,
            finite(t.metrics),
            [{"cutoff": f.cutoff, "h": f.h, **finite(f.metrics)} for f in t.folds],
            t.reason,
            t.duplicate_of,
            t.start_ms,
            t.end_ms,
            t.cpu_seconds,
            t.start,
            t.weight is not None,
            t.weight,
        ]
        for t in trials
    ]
    return {"columns": columns, "data": data}


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """Numbers by name for JSON, which has no NaN: ``None`` instead."""
    return {k: v if math.isfinite(v) else None for k, v in values.items()}
