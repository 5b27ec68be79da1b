"""Trials of one airport handed out one by one: found and recorded as by one worker."""

import time
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import TrackingError
from forecastctl.execute.held import HeldExecutor
from forecastctl.execute.loky import JoblibExecutor
from forecastctl.execute.serial import SerialExecutor, attempt
from forecastctl.execute.threads import ThreadExecutor
from forecastctl.jobs.parallel import TRIALS, Parallel
from forecastctl.jobs.spread import Piece, spread
from forecastctl.jobs.work import DEADLINE, NOT_BEGUN, work
from forecastctl.models.combination.widths import PRIOR
from forecastctl.records import AirportTask, Failure, Outcome, Plan, Query, SearchSpec, Status
from tests.harness import SEARCH, Breaks, make_series

SPEC = SearchSpec(
    families=("ets", "holt_winters"),
    max_evals=8,
    horizon=3,
    folds=1,
    combine=2,
    tpe_share=0.5,
    parallelism=2,
)
TIMES = (
    "start_ms",
    "end_ms",
    "cpu_seconds",
    "objective_seconds",
    "drawing_seconds",
    "worked_seconds",
)


class Shuffled:
    """Does tasks in this process, and gives what is under way back in a random order.

    Args:
        jobs: Tasks under way at most.
        seed: Of the order.
        breaks: Says what becomes of a task besides, or ``None``.
    """

    def __init__(self, jobs, seed=0, breaks=lambda _task: None):
        self.jobs, self.breaks, self.random = jobs, breaks, np.random.default_rng(seed)
        self.order = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, fn, tasks):
        self.tasks = tasks
        flying, begun = [], 0
        while True:
            while begun < len(tasks) and len(flying) < self.jobs:
                flying.append(begun)
                begun += 1
            if not flying:
                return
            index = flying.pop(int(self.random.integers(len(flying))))
            self.order.append(index)
            failure = self.breaks(tasks[index])
            yield Outcome(index, None, failure) if failure else attempt(fn, index, tasks[index])


def task(search=SPEC, airport="JFK", seed=1):
    plan = Plan(True, True, True, search, charts=False)
    return AirportTask(plan, make_series(airport, seed=seed), widths=PRIOR)


def plain(result):
    """A result without what no two of them share."""
    zero = dict.fromkeys(TIMES, 0)
    trials = result.tuned.trials if result.tuned else ()
    trials = tuple(replace(t, start_ms=0, end_ms=0, cpu_seconds=0.0) for t in trials)
    tuned = result.tuned and replace(result.tuned, trials=trials)
    return repr(replace(result, tuned=tuned, **zero))


@pytest.fixture(scope="module")
def tasks():
    return [task(), task(airport="LGA", seed=2), task(replace(SPEC, max_evals=1), "one", 3)]


@pytest.fixture(scope="module")
def alone(tasks):
    """What one worker finds that does whole airports."""
    return {one.series.airport: plain(work(one)) for one in tasks}


def by_airport(results):
    return {result.airport: plain(result) for result in results}


@pytest.mark.parametrize(("jobs", "seed"), [(1, 0), (2, 1), (2, 2), (5, 3)])
def test_neither_workers_nor_their_order_change_what_is_found(tasks, alone, jobs, seed):
    assert by_airport(spread(tasks, Shuffled(jobs, seed))) == alone


@pytest.mark.parametrize(
    "executor", [SerialExecutor(), ThreadExecutor(3), HeldExecutor(SerialExecutor())], ids=type
)
def test_every_executor_finds_the_same(tasks, alone, executor):
    with executor:
        assert by_airport(spread(tasks, executor)) == alone


def test_so_do_processes(tasks, alone):
    with JoblibExecutor(2) as executor:
        assert by_airport(spread(tasks, executor)) == alone


def test_the_next_airport_is_begun_when_there_is_nothing_else_to_do(tasks):
    executor = Shuffled(2)
    list(spread([tasks[0], tasks[1]], executor))
    handed = [piece.series.airport for piece in executor.tasks]
    first = [n for n, airport in enumerate(handed) if airport == "JFK"]
    other = [n for n, airport in enumerate(handed) if airport == "LGA"]
    assert handed[:4] == ["JFK"] * 4  # what is tried in any case
    assert min(other) < max(first)


def test_a_trial_whose_worker_died_is_its_own_failure(tasks):
    died = Failure("WorkerDied", "its process died twice, SIGKILL(-9)")

    def breaks(piece):
        return died if isinstance(piece, Piece) and piece.evaluation.number == 2 else None

    (result,) = spread([tasks[0]], Shuffled(2, breaks=breaks))
    assert result.status is Status.OK
    (failed,) = [trial for trial in result.tuned.trials if trial.status == "failed"]
    assert (failed.number, failed.start is None) == (2, False)
    assert failed.reason == "WorkerDied: its process died twice, SIGKILL(-9)"
    assert len(result.tuned.trials) == SPEC.max_evals


def test_where_all_trials_die_a_simpler_model_stands_in(tasks):
    died = Failure("WorkerDied", "it died")
    executor = Shuffled(2, breaks=lambda piece: died if isinstance(piece, Piece) else None)
    (result,) = spread([tasks[0]], executor)
    assert result.status is Status.FALLBACK
    assert "trials failed: WorkerDied: it died" in result.reason
    strict = task(replace(SPEC, fallback=False))
    (result,) = spread([strict], Shuffled(2, breaks=lambda _: died))
    assert (result.status, result.failure.type) == (Status.FAILED, "ModelError")


def test_what_comes_after_the_search_may_fail_as_well(tasks):
    died = Failure("WorkerDied", "it died")
    executor = Shuffled(2, breaks=lambda piece: None if isinstance(piece, Piece) else died)
    (result,) = spread([tasks[0]], executor)
    assert (result.status, result.reason) == (Status.FAILED, "WorkerDied: it died")
    assert len(result.tuned.trials) == SPEC.max_evals


def test_an_airport_that_takes_too_long_fails_and_stops_no_other(tasks):
    none, *_ = spread([tasks[0]], SerialExecutor(), limit=0.0)
    assert (none.status, none.failure.type) == (Status.FAILED, "TimedOut")
    assert none.failure.message == "it was not done within 0 seconds, and was ended"
    assert by_airport(spread(tasks, SerialExecutor(), limit=3600.0)).keys() == {"JFK", "LGA", "one"}


def test_a_deadline_ends_searches_with_the_best_so_far(tasks):
    late = replace(tasks[0], until_ms=1)
    (skipped,) = spread([late], SerialExecutor())
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, NOT_BEGUN)
    soon = replace(tasks[0], until_ms=time.time_ns() // 1_000_000 + 300)

    def waits(piece):
        if isinstance(piece, Piece) and piece.evaluation.number == 1:
            while time.time_ns() // 1_000_000 < soon.until_ms:
                pass

    (result,) = spread([soon], Shuffled(1, breaks=waits))
    assert (result.status, result.tuned.stopped) == (Status.OK, DEADLINE)
    assert result.forecast is not None


def test_what_a_worker_left_undone_has_no_result(tasks):
    class Stops(Shuffled):
        def map(self, fn, tasks):
            for _, outcome in zip(
                range(12 - len(self.order)), super().map(fn, tasks), strict=False
            ):
                yield outcome

    found = by_airport(spread(tasks, Stops(2)))
    assert found.keys() < {"JFK", "LGA", "one"}


PARALLEL = Parallel(TRIALS, 3)
WIDE = replace(SEARCH, max_evals=6, tpe_share=0.5, parallelism=3)


def recorded(harness):
    """Runs of airports and trials as they are recorded, without what no two jobs share."""
    runs = []
    for kind in ("airport", "trial"):
        for run in harness.tracker.find(Query(tags={"kind": kind}, limit=1000)):
            tags = {
                k: v for k, v in run.tags.items() if k not in ("digests", "mlflow.note.content")
            }
            metrics = {k: v for k, v in run.metrics.items() if "seconds" not in k}
            runs.append((run.name, tags, dict(run.params), metrics, run.status))
    return sorted(runs, key=repr)


def test_a_job_records_the_same_as_one_worker_would(harness):
    harness.run(search=WIDE, parallel=PARALLEL, executor=Shuffled(3), job_id="j")
    other = type(harness)()
    other.run(search=WIDE, job_id="j")
    assert recorded(harness) == recorded(other)
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.tags["parallel"], job.tags["parallelism"]) == ("trials", "3")
    airports = harness.tracker.find(Query(tags={"kind": "airport", "status": "ok"}))
    assert {run.params["parallelism"] for run in airports} == {"3"}


def test_a_job_that_was_cut_off_goes_on(harness):
    asked = {"search": WIDE, "parallel": PARALLEL, "batch": 1}
    harness.tracker = Breaks(3)
    with pytest.raises(TrackingError):
        harness.run(executor=Shuffled(3), **asked)
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    worked = Shuffled(3)
    done = harness.run(executor=worked, **asked)
    assert (done.job_id, done.left) == (job.tags["job_id"], 0)
    assert 0 < len(worked.order) < 10  # the searches are kept
    other = harness.run(executor=Shuffled(2), **asked | {"search": replace(WIDE, parallelism=2)})
    assert other.job_id != done.job_id
