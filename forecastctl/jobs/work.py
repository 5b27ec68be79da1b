"""What a worker does with one airport. Pure but for the clock; workers never touch the tracker."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import ForecastctlError
from forecastctl.records import AirportResult, AirportTask, Failure, Status
from forecastctl.records.failures import RAISED_BY_TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from forecastctl.records import FittedModel, Outcome, Plan, SearchSpec, TuneResult


NOT_BEGUN = "the deadline passed before its turn"
NO_TERMS = (
    "its models were chosen for data without effects of the calendar, of events or of regressors, "
    "and this job knows none of them"
)
DEADLINE = "deadline"
"""Why a search stopped that the deadline of its job ended."""


def clock() -> tuple[int, float]:
    """Wall clock in milliseconds since the epoch, CPU seconds of this thread.

    Of the thread, because that is what works at an airport: where threads do the work, the process
    counts all of them together.
    """
    return time.time_ns() // 1_000_000, time.thread_time()


def compile_models(plans: Iterable[Plan], say: Callable[[str], None]) -> None:
    """Compile the models before workers start, where they fit any and none is compiled yet.

    Args:
        plans: What workers will do.
        say: Told what takes so long.
    """
    if any(plan.tune or plan.train for plan in plans):
        from forecastctl.models.kernels.compiled import warm

        warm(say)


def unheard(_text: str) -> None:
    """Nobody is told."""


def work(task: AirportTask) -> AirportResult:
    """Tune, train and forecast one airport, as far as its plan goes.

    Returns:
        The result with everything that was reached; a failure keeps what came before it. Past the
        time until which it may be begun, it is skipped.
    """
    start_ms, cpu = clock()
    result = begun(task, start_ms)
    if result.status is Status.SKIPPED or result.task is None:
        return result
    result = _stages(result, result.task)
    end_ms, cpu_end = clock()
    return replace(
        result,
        end_ms=end_ms,
        cpu_seconds=cpu_end - cpu,
        worked_seconds=(end_ms - start_ms) / 1000,
    )


def begun(task: AirportTask, start_ms: int) -> AirportResult:
    """The result of an airport on which work begins, or that it is skipped, being too late.

    Args:
        task: What is to be done. Its series is read here where it lies on shared storage.
        start_ms: When it begins, milliseconds since the epoch.

    Raises:
        ForecastctlError: The series cannot be read.
    """
    if task.until_ms is not None and start_ms >= task.until_ms:
        return AirportResult(
            task.series.airport, Status.SKIPPED, NOT_BEGUN, digest=task.series.digest
        )
    task = replace(task, series=task.series.here())
    return AirportResult(
        task.series.airport,
        Status.OK,
        task=task,
        tuned=task.tuned,
        model=task.model,
        digest=task.series.digest,
        notes=task.series.notes,
        start_ms=start_ms,
        suspects=task.series.suspects,
    )


def unwrap(outcome: Outcome[AirportResult], task: AirportTask) -> AirportResult:
    """The result of a task, or its failure."""
    if outcome.value is not None:
        value = outcome.value
        return replace(value, retries=outcome.retries) if outcome.retries else value
    failure = outcome.failure
    reason = f"{failure.type}: {failure.message}" if failure else "no result"
    return AirportResult(
        task.series.airport,
        Status.FAILED,
        reason,
        task=task,
        failure=failure,
        digest=task.series.digest,
        suspects=task.series.suspects,
        start_ms=outcome.start_ms,
        end_ms=outcome.end_ms,
        retries=outcome.retries,
    )


def _stages(result: AirportResult, task: AirportTask) -> AirportResult:
    """Go through the stages; after an error, the result holds what came before it."""
    reasons: list[str] = []
    try:
        if task.plan.tune:
            result = _tune(result, task)
        if result.tuned and result.tuned.reason:
            reasons.append(result.tuned.reason)
        if task.plan.train:
            result, reason = _train(result, task)
            reasons += [reason] if reason else []
        if task.plan.forecast:
            result = _forecast(result, task)
    except RAISED_BY_TASKS as error:  # recorded as a value, the others go on
        return failed(result, Failure.of(error))
    return concluded(result, reasons)


def concluded(result: AirportResult, reasons: Sequence[str]) -> AirportResult:
    """A result to which nothing more comes.

    Args:
        result: All that was reached.
        reasons: Why something simpler stands in, if it does.
    """
    said = [*reasons, *result.suspects]
    if not said:
        return result
    status = Status.FALLBACK if reasons else Status.WITHOUT_SUSPECTS
    return replace(result, status=status, reason="; ".join(said))


def failed(result: AirportResult, failure: Failure) -> AirportResult:
    """A result that came to nothing more, and why."""
    reason = f"{failure.type}: {failure.message}"
    return replace(result, status=Status.FAILED, reason=reason, failure=failure)


def _tune(result: AirportResult, task: AirportTask) -> AirportResult:
    from forecastctl.search.tune import tune

    search = search_of(task)
    tuned = tune(task.series, search, clock, task.learned, task.widths)
    result = searched(result, task, search, tuned)
    if task.widths and result.tuned:  # the fleet's are known, nobody needs this airport's
        return replace(result, tuned=replace(result.tuned, sizes=()))
    return result


def search_of(task: AirportTask) -> SearchSpec:
    """How an airport is searched in the time that is left before the deadline of its job."""
    search, left = task.plan.search, _seconds_left(task)
    sooner = left is not None and (search.timeout is None or left < search.timeout)
    return replace(search, timeout=left) if sooner else search


def searched(
    result: AirportResult, task: AirportTask, search: SearchSpec, tuned: TuneResult
) -> AirportResult:
    """A result with what its search found.

    Args:
        result: What there was before.
        task: The work on the airport.
        search: See `search_of`.
        tuned: What was found.
    """
    from forecastctl.models import working_engine

    if tuned.stopped == "timeout" and search.timeout != task.plan.search.timeout:
        tuned = replace(tuned, stopped=DEADLINE)
    spent = sum(trial.cpu_seconds for trial in tuned.trials)
    engine = working_engine(search.engine)
    return replace(result, tuned=tuned, objective_seconds=spent, engine=engine)


def _seconds_left(task: AirportTask) -> float | None:
    """Seconds that a search may take before the deadline of its job."""
    return None if task.until_ms is None else max((task.until_ms - clock()[0]) / 1000, 1e-3)


def _train(result: AirportResult, task: AirportTask) -> tuple[AirportResult, str | None]:
    from forecastctl.models import working_engine
    from forecastctl.models.combination.fit_and_predict import fit

    tuned = _chosen(result.tuned)
    model, reason = fit(
        task.series,
        tuned.specification,
        horizon=task.plan.search.horizon,
        fallback=task.plan.search.fallback,
        engine=task.plan.search.engine,
        spread=tuned.spread,
        widths=tuned.widths,
        backtest_errors=tuned.backtest_errors,
    )
    notes = result.notes
    if task.series.terms is None and any("terms" in m.member.model.options for m in model.members):
        notes = (*notes, NO_TERMS)
    engine = working_engine(task.plan.search.engine)
    return replace(result, model=model, engine=engine, notes=notes), reason


def _forecast(result: AirportResult, task: AirportTask) -> AirportResult:
    from forecastctl.models.combination.fit_and_predict import predict
    from forecastctl.models.combination.widths import wide_note
    from forecastctl.viz import draw_forecast, forecast_data

    model = _fitted(result.model)
    further = task.series.ahead if model.cutoff == task.series.cutoff else 0
    forecast = predict(model, task.plan.search.horizon + further, task.plan.levels)
    chart, begun = None, clock()[1]
    if task.plan.charts:
        chart = draw_forecast(forecast_data(task.series, forecast, model.specification.label))
    drawing = clock()[1] - begun
    note = wide_note(forecast, task.series.y)
    notes = result.notes if note is None else (*result.notes, note)
    return replace(result, forecast=forecast, chart=chart, drawing_seconds=drawing, notes=notes)


def _chosen(tuned: TuneResult | None) -> TuneResult:
    if tuned is None:
        raise ForecastctlError("no specification to train", "Run 'forecastctl tune' first.")
    return tuned


def _fitted(model: FittedModel | None) -> FittedModel:
    if model is None:
        raise ForecastctlError("no model to forecast with", "Run 'forecastctl train' first.")
    return model
