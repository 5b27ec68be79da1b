"""Play a scenario: run its jobs into a store, put faults into some, and ask explain."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import tempfile
import time
import warnings
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from panels import CANNOT, NOISE, UNUSUAL, Question, Scenario, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecastctl.records import AirportResult, AirportTask, Series, Specification, Trial
    from forecastctl.store.port import Tracker

Row = dict[str, Any]


HIDDEN_Z = 2.576
"""An injected fault counts as hidden in a 99 % interval, because at most 1 % of ordinary months may
be called a shock: nobody can tell it from noise at that rate."""


class SabotageFailedError(Exception):
    """A fault could not be put into a job."""


def play(scenario: Scenario, on_disk: bool) -> list[Row]:
    """Run the jobs of a scenario and ask its questions."""
    warnings.simplefilter("ignore")
    logging.getLogger("forecastctl").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as place:
        common = open_store(place if on_disk else None)
        rows: list[Row] = []
        if not all(run(common, step, scenario, n) for n, step in enumerate(scenario.steps)):
            return rows
        for number, branch in enumerate(scenario.branches):
            # Branches of a store on disk see each other's panels, so only the first is played.
            if on_disk and number:
                break
            store = common if on_disk else copy.deepcopy(common)
            offset = len(scenario.steps)
            if all(run(store, s, scenario, n + offset) for n, s in enumerate(branch.steps)):
                rows += [ask(store, q, scenario.name) for q in branch.questions]
    return rows


def open_store(place: str | None) -> Tracker:
    """A store in memory, or in SQLite as a user's is."""
    if place is None:
        from forecastctl.store.memory import MemoryTracker

        return MemoryTracker()
    from forecastctl.cli.compose import open_store as opened
    from forecastctl.settings import load_settings

    flags = {"tracking.uri": f"sqlite:///{place}/mlflow.db"}
    return opened(load_settings(flags, environ={}), heal=True)


def run(store: Tracker, step: Step, scenario: Scenario, number: int) -> bool:
    """One job; false where its fault could not be put in."""
    from forecastctl.data.panel.build import from_frame
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.jobs.plan import Request, plan_job
    from forecastctl.jobs.run import run_job
    from forecastctl.recording.context import Environment
    from forecastctl.records import SearchSpec

    rows = step.panel.stack().dropna()
    days, airports = rows.index.get_level_values(0), rows.index.get_level_values(1)
    spec = DataSpec(source="bench", freq=scenario.freq)
    panel = from_frame(airports, days.to_numpy("datetime64[s]"), rows.to_numpy(), spec, "bench")
    entries = prepare(panel, spec, as_of=None, today=dt.date(2100, 1, 1))
    request = Request(
        command=step.command,
        job_id=f"{number:03d}-{zlib.crc32(scenario.name.encode()):08x}",
        start_ms=time.time_ns() // 1_000_000,
        search=SearchSpec(**step.search),
        levels=(80, 95),
        layout="flat",
        charts=False,
        config_digest="bench",
        settings={},
        airports=step.airports,
    )
    machine = Environment({"python": "3"}, {"cpu": "bench"}, "bench", False, "bench", 1, "bench")
    job = plan_job(request, panel, entries, machine, store)
    try:
        run_job(job, store, Executor(step.sabotage), lambda *_: None, bytes)
    except SabotageFailedError:
        return False
    return True


def ask(store: Tracker, question: Question, scenario: str) -> Row:
    """What explain says, beside what is right."""
    from forecastctl.errors import ForecastctlError
    from forecastctl.explain.answer import explain
    from forecastctl.explain.question import Question as Asked

    date = question.date or CHOSEN[question.airport]
    started = time.process_time()
    try:
        facts = explain(store, Asked(question.airport, date, question.cutoff)).answer.to_dict()
    except ForecastctlError as error:
        facts = {"verdict": f"error: {error.message}"}
    seconds = time.process_time() - started
    forecast, actual = facts.get("forecast"), facts.get("actual")
    z = None
    if forecast and actual is not None and forecast["sd"] > 0:
        z = (forecast["mean"] - actual) / forecast["sd"]
    accepted = question.accepted
    hidden = z is not None and abs(z) <= HIDDEN_Z and question.hidden and NOISE not in accepted
    if hidden:
        accepted = (*accepted, NOISE)
    said = name_of(facts)
    if NOISE in accepted:
        accepted = (*accepted, UNUSUAL)
    name = f"{scenario}|{question.kind}|{question.airport}|{date}|{question.cutoff}"
    kept = ("sentence", "confidence", "actual", "miss", "standing", "parts", "fleet", "break")
    return {
        "group": question.group,
        "kind": question.kind,
        "scenario": scenario,
        "airport": question.airport,
        "date": date,
        "cutoff": question.cutoff,
        "lead": forecast["lead"] if forecast else None,
        "expected": question.accepted[0],
        "accepted": accepted,
        "said": said,
        "right": said in accepted,
        "right_strictly": said in accepted
        and (z is None or abs(z) <= 1.96 or said in (*question.accepted, UNUSUAL)),
        "hidden": hidden,
        "z": z,
        "half": "report" if zlib.crc32(name.encode()) % 2 else "calibration",
        "seconds": round(seconds, 4),
        "mean": forecast["mean"] if forecast else None,
        "command": (facts.get("lineage") or {}).get("command"),
        "evidence": [[e["name"], e["value"], e["threshold"]] for e in facts.get("evidence", [])],
        "alternatives": [[a["kind"], a["label"], a["miss"]] for a in facts.get("alternatives", [])],
        **{key: facts.get(key) for key in kept},
    }


def name_of(facts: dict[str, Any]) -> str:
    """The verdict, where what could not be told is which cause an unusual miss has: `UNUSUAL`."""
    first = next(iter(facts.get("evidence") or ()), {"name": None})
    unusual = facts["verdict"] == CANNOT and first["name"] == "interval"
    return UNUSUAL if unusual else str(facts["verdict"])


@dataclass(frozen=True)
class Executor:
    """Runs tasks in order, in this process, with a fault put in at one airport."""

    sabotage: tuple[Any, ...]

    def map(
        self, fn: Callable[[AirportTask], AirportResult], tasks: Sequence[AirportTask]
    ) -> Iterator[Any]:
        """Yield the outcome of each task."""
        from forecastctl.execute.serial import attempt

        for index, task in enumerate(tasks):
            with ExitStack() as stack:
                if self.sabotage and task.series.airport == self.sabotage[1]:
                    stack.enter_context(SABOTAGE[self.sabotage[0]](task.series, *self.sabotage[2:]))
                outcome = attempt(fn, index, task)
            failure = outcome.value.failure if outcome.value else outcome.failure
            if failure and failure.type == SabotageFailedError.__name__:
                raise SabotageFailedError
            if failure and self.sabotage and self.sabotage[0] != "fail":
                raise RuntimeError(failure.traceback)
            yield outcome


def unfit(_series: Series) -> Any:
    """Every model but the seasonal naive fails on the whole series."""
    from forecastctl.errors import ModelError
    from forecastctl.models.combination import fit_and_predict as forecast

    real = forecast._fit_member  # noqa: SLF001 - the one place where a single model fails

    def fit_member(series: Series, member: Any, *rest: Any) -> Any:
        if member.model.family != "seasonal_naive":
            raise ModelError("the optimiser did not converge")
        return real(series, member, *rest)

    return mock.patch.object(forecast, "_fit_member", fit_member)


def fail(_series: Series) -> Any:
    """The worker runs out of memory."""
    from forecastctl.models.combination import fit_and_predict as forecast

    return mock.patch.object(forecast, "fit", side_effect=MemoryError("out of memory"))


CHOSEN: dict[str, str] = {}
"""Month in which the trial chosen by `worst_trial` misses most, by airport."""


def worst_trial(series: Series, truths: Sequence[float]) -> Any:
    """The search chooses the trial that misses a month by most of its errors; another is near."""
    from forecastctl.errors import ModelError
    from forecastctl.models.combination.fit_and_predict import fit, predict
    from forecastctl.records import Member, Specification
    from forecastctl.search import tune

    def choose_worst(trials: Sequence[Trial], *_settings: Any) -> Specification:
        misses = {}
        for trial in trials:
            if trial.loss is None or trial.duplicate_of is not None:
                continue
            one = Specification((Member(trial.model, 1.0, trial.number),))
            try:
                model, _ = fit(series, one, fallback=False)
            except ModelError:
                continue
            misses[trial.number] = np.abs(predict(model, len(truths)).mean - np.asarray(truths))
        if not misses:
            raise SabotageFailedError
        nearest = np.min(list(misses.values()), axis=0)
        sizes = {
            n: np.where(nearest <= miss / 4, miss, 0.0) / trials[n].metrics["rmse"]
            for n, miss in misses.items()
        }
        worst = max(sizes, key=lambda n: float(np.nanmax(sizes[n])))
        if not np.nanmax(sizes[worst]) > 0:
            raise SabotageFailedError
        month = np.datetime64(series.cutoff, "M") + int(np.nanargmax(sizes[worst])) + 1
        CHOSEN[series.airport] = str(month)
        return Specification((Member(trials[worst].model, 1.0, worst),))

    return mock.patch.object(tune, "choose", choose_worst)


SABOTAGE: dict[str, Callable[..., Any]] = {
    "unfit": unfit,
    "fail": fail,
    "worst trial": worst_trial,
}
