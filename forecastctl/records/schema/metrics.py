"""Metrics."""

from __future__ import annotations

from forecastctl.records.schema.keys import (
    A_JOB,
    A_MONITOR,
    A_PROMOTION,
    A_SERIES,
    A_TRIAL,
    BELOW,
    IN_JOBS,
    Key,
)


class MetricKey(Key):
    """Numbers of a run."""

    AIRPORTS_TOTAL = "airports_total", (*A_JOB, *A_MONITOR), "airports in all"
    AIRPORTS_OK = "airports_ok", (*A_JOB, *A_MONITOR), "airports with nothing to report"
    AIRPORTS_WITHOUT_SUSPECTS = (
        "airports_without_suspects",
        A_JOB,
        "airports of which recent periods were left out",
    )
    AIRPORTS_FALLBACK = "airports_fallback", A_JOB, "airports for which a simpler model stands in"
    AIRPORTS_FAILED = "airports_failed", A_JOB, "airports that failed"
    AIRPORTS_REJECTED = "airports_rejected", A_JOB, "airports whose data cannot be used"
    AIRPORTS_SKIPPED = "airports_skipped", A_JOB, "airports that were left alone; they have no run"
    WALL_SECONDS = "wall_seconds", A_JOB, "seconds from start to end"
    STARTUP_SECONDS = (
        "startup_seconds",
        A_JOB,
        (
            "seconds from the start of the job to that of its first task, without compiling the "
            "models, which happens once a machine"
        ),
    )
    WORK_SECONDS = (
        "work_seconds",
        A_JOB,
        "seconds from the first task's start to the last result recorded",
    )
    CPU_SECONDS = "cpu_seconds", IN_JOBS, "CPU time of the workers; of a trial its own"
    OBJECTIVE_SECONDS = "objective_seconds", (*A_JOB, *A_SERIES), "CPU time of the trials"
    DRAWING_SECONDS = (
        "drawing_seconds",
        A_SERIES,
        "CPU time of its chart, part of `cpu_seconds`, if one was drawn",
    )
    WORKED_SECONDS = (
        "worked_seconds",
        A_JOB,
        (
            "seconds that the workers were at airports, all together; far more than `cpu_seconds` "
            "where the machine did other things as well"
        ),
    )
    RECORDING_SECONDS = (
        "recording_seconds",
        A_JOB,
        "seconds in which the driver wrote airports into the store",
    )
    RECORDING_CPU_SECONDS = (
        "recording_cpu_seconds",
        A_JOB,
        "CPU time of the driver in them",
    )
    AIRPORTS_PER_MINUTE = "airports_per_minute", A_JOB, "airports worked on per minute"
    EFFICIENCY = (
        "efficiency",
        A_JOB,
        "`objective_seconds` over what the workers could have given in `work_seconds`",
    )

    LOSS = (
        "loss",
        BELOW,
        (
            "backtest loss; of an airport that of the specification itself, of the combination "
            "and not of a member"
        ),
    )
    MASE = "mase", BELOW, "mean absolute scaled error"
    RMSE = "rmse", BELOW, "root mean squared error, passengers"
    MAE = "mae", BELOW, "mean absolute error, passengers"
    SMAPE = "smape", BELOW, "symmetric mean absolute percentage error"
    WAPE = "wape", BELOW, "weighted absolute percentage error"
    PINBALL = "pinball", BELOW, "mean pinball loss of quantiles"

    BASELINE_LOSS = "baseline_loss", A_SERIES, "loss of the seasonal naive on the same folds"
    BEST_TRIAL_LOSS = "best_trial_loss", A_SERIES, "lowest loss of a single trial"
    TRIALS_TOTAL = "total_trials_count", A_SERIES, "trials in all"
    TRIALS_DISTINCT = (
        "distinct_trials_count",
        A_SERIES,
        "models that were tried: fewer than trials where earlier versions tried one again",
    )
    REPEATS = (
        "repeated_proposals_count",
        A_SERIES,
        "proposals that were set aside because their model had been tried before",
    )
    TRIALS_OK = "successful_trials_count", A_SERIES, "trials that were scored"
    TRIALS_FAILED = "failed_trials_count", A_SERIES, "trials that failed"
    TRIALS_PRUNED = "cancelled_trials_count", A_SERIES, "trials that were pruned"

    FOLD_MASE = "fold_mase", A_TRIAL, "`mase` of each fold, as steps"
    FOLD_RMSE = "fold_rmse", A_TRIAL, "`rmse` of each fold, as steps"
    FOLD_MAE = "fold_mae", A_TRIAL, "`mae` of each fold, as steps"
    FOLD_SMAPE = "fold_smape", A_TRIAL, "`smape` of each fold, as steps"
    FOLD_WAPE = "fold_wape", A_TRIAL, "`wape` of each fold, as steps"
    FOLD_PINBALL = "fold_pinball", A_TRIAL, "`pinball` of each fold, as steps"

    SEARCH_BEST = (
        "search/best_loss",
        A_SERIES,
        "lowest loss so far, as steps: the trials that lowered it, and the last one",
    )
    BACKTEST_MAE = (
        "backtest/mae",
        A_SERIES,
        "mean absolute error of the backtest by lead, as steps, passengers",
    )
    BACKTEST_COVERAGE80 = (
        "backtest/coverage80",
        A_SERIES,
        (
            "share of the backtest's errors that the forecast's 80 % intervals would have held, "
            "by lead, as steps; so for each level that is forecast"
        ),
    )
    BACKTEST_COVERAGE95 = "backtest/coverage95", A_SERIES, "the same of the 95 % intervals"
    ACTUAL = (
        "forecast/actual",
        A_SERIES,
        (
            "passengers of the last two seasons: step and time are the period's, counted "
            "from 1970 on"
        ),
    )
    FORECAST = (
        "forecast/mean",
        A_SERIES,
        "the forecast, passengers; step and time as of `forecast/actual`",
    )

    AIRPORTS_SCORED = (
        "airports_scored",
        A_MONITOR,
        "airports with enough scored periods to be tested",
    )
    AIRPORTS_DEGRADED = "airports_degraded", A_MONITOR, "airports that are degraded"
    AIRPORTS_PAST_MAX_AGE = "airports_past_max_age", A_MONITOR, "airports whose search is too old"
    AIRPORTS_NEVER_TUNED = "airports_never_tuned", A_MONITOR, "airports without a search"
    AIRPORTS_NO_ACTUALS = "airports_no_actuals", A_MONITOR, "airports without actuals"
    AIRPORTS_TOO_FEW = (
        "airports_too_few_scored",
        A_MONITOR,
        "airports with too few scored periods",
    )
    AIRPORTS_TOO_WIDE = (
        "airports_too_wide",
        A_MONITOR,
        "airports whose intervals are far too wide",
    )
    SHARE_DEGRADED = "share_degraded", A_MONITOR, "share of those tested that are degraded"
    FALSE_ALARMS = (
        "expected_false_alarms",
        A_MONITOR,
        "how many would be degraded if nothing were wrong",
    )
    COVERAGE80 = "coverage80", A_MONITOR, "share of actuals in the 80 % intervals, shortest leads"
    COVERAGE95 = "coverage95", A_MONITOR, "share of actuals in the 95 % intervals, shortest leads"
    LEAD_MAE = "lead_mae", A_MONITOR, "mean absolute error by lead, as steps, passengers"
    LEAD_EXPECTED = "lead_expected", A_MONITOR, "the size of errors that was expected, by lead"
    LEAD_RATIO = "lead_ratio", A_MONITOR, "`lead_mae` over `lead_expected`"
    LEAD_BIAS = "lead_bias", A_MONITOR, "mean error by lead, passengers"
    LEAD_COVERAGE80 = (
        "lead_coverage80",
        A_MONITOR,
        "share of actuals in the 80 % intervals, by lead",
    )
    LEAD_COVERAGE95 = (
        "lead_coverage95",
        A_MONITOR,
        "share of actuals in the 95 % intervals, by lead",
    )

    CONFIDENCE = "confidence", A_PROMOTION, "that was asked for"
    RATIO = (
        "ratio",
        A_PROMOTION,
        "the challenger's mean scaled error over the champion's, over the whole fleet",
    )
    RATIO_LOWER = "ratio_lower", A_PROMOTION, "its lower bound"
    RATIO_UPPER = "ratio_upper", A_PROMOTION, "its upper bound"
    COMPARED_AIRPORTS = "compared_airports", A_PROMOTION, "airports that were compared"
    COMPARED_PERIODS = "compared_periods", A_PROMOTION, "periods that they were compared over"


def airports_key(count: str) -> MetricKey:
    """Metric that holds a count of airports, such as ``failed``."""
    return MetricKey(f"airports_{count}")


def fold_key(loss: str) -> str:
    """Metric that holds a loss of each fold, as steps; one of another package is no `MetricKey`."""
    return f"fold_{loss}"


def backtest_coverage_key(level: int) -> str:
    """Metric that holds by lead what the intervals of a level held: usually 80 and 95."""
    return f"backtest/coverage{level}"


def lead_key(measure: str) -> MetricKey:
    """Metric of a monitor that holds a measure of each lead, as steps."""
    return MetricKey(f"lead_{measure}")
