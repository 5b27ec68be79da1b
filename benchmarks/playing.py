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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pandas as pd
from panels import CANNOT, NOISE, ONE_MONTH, POOR, UNUSUAL, WEAK, Branch, Question, Scenario, Step
from scoring import half_of, hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forecastctl.records import AirportResult, AirportTask, Series, Specification, Trial
    from forecastctl.store.port import Tracker

Row = dict[str, Any]

SET_ASIDE = 4
"""So many of the newest months a job leaves out at most where they look wrong."""


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
        beside = Beside(scenario)
        for number, branch in enumerate(scenario.branches):
            # Branches of a store on disk see each other's panels, so only the first is played.
            if on_disk and number:
                break
            store = common if on_disk else copy.deepcopy(common)
            offset = len(scenario.steps)
            if all(run(store, s, scenario, n + offset) for n, s in enumerate(branch.steps)):
                rows += [ask(store, q, scenario, beside.of(branch, q)) for q in branch.questions]
    for row in rows:
        row["half"] = half_of(scenario.place)
        row["one_off_share"] = one_off_share(row, rows)
    return rows


def one_off_share(row: Row, rows: Sequence[Row]) -> float | None:
    """Share of a change of one month that the one-off part takes, beside the control without it."""
    control = next((r for r in rows if r["kind"] == "none" and r["date"] == row["date"]), None)
    if row["kind"] != ONE_MONTH or control is None or not (row["parts"] and control["parts"]):
        return None
    parts = [{p["name"]: p["value"] for p in r["parts"]} for r in (row, control)]
    changed = row["miss"] - control["miss"]
    return float((parts[0]["one_off"] - parts[1]["one_off"]) / changed) if changed else None


@dataclass(frozen=True)
class Forecast:
    """A forecast without the fault: its miss and its ordinary error, passengers."""

    miss: float
    error: float


class Beside:
    """The forecasts without a fault of one scenario, each made once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.stores: dict[str, Tracker] = {}

    def of(self, branch: Branch, question: Question) -> Forecast | None:
        """What would have been forecast of the same month; ``None`` where it does not count."""
        from forecastctl.errors import ForecastctlError

        clean = branch.clean
        if clean is None or not question.shows:
            return None
        if clean.name not in self.stores:
            self.stores[clean.name] = open_store(None)
            for number, step in enumerate(clean.steps):
                run(self.stores[clean.name], step, self.scenario, number)
        asked = replace(question, cutoff=clean.cutoff or question.cutoff)
        try:
            facts = facts_of(self.stores[clean.name], asked, quick=True)
        except ForecastctlError:
            return None
        error = clean.error or (facts.get("standing") or {}).get("usual_error")
        if facts.get("miss") is None or error is None:
            return None
        return Forecast(facts["miss"], error)


def open_store(place: str | None) -> Tracker:
    """A store in memory, or in SQLite as a user's is."""
    if place is None:
        from forecastctl.store.memory import MemoryTracker

        return MemoryTracker()
    from forecastctl.api.compose import open_store as opened
    from forecastctl.settings import load_settings

    flags = {"tracking.uri": f"sqlite:///{place}/mlflow.db"}
    return opened(load_settings(flags, environ={}))


def run(store: Tracker, step: Step, scenario: Scenario, number: int) -> bool:
    """One job; false where its fault could not be put in."""
    from forecastctl.data.panel.build import from_frame
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.prepare import prepare
    from forecastctl.jobs.plan import Request, plan_job
    from forecastctl.jobs.run import run_job
    from forecastctl.recording.context import Environment
    from forecastctl.records import SearchSpec

    rows = step.panel.stack().dropna()  # noqa: PD013 - drops no row by itself
    days, airports = rows.index.get_level_values(0), rows.index.get_level_values(1)
    spec = DataSpec(source="bench", freq=scenario.freq, suspects=step.suspects)
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


def ask(store: Tracker, question: Question, scenario: Scenario, clean: Forecast | None) -> Row:
    """What explain says, beside what is right."""
    from forecastctl.errors import ForecastctlError

    started = time.process_time()
    try:
        facts = facts_of(store, question)
    except ForecastctlError as error:
        facts = {"verdict": f"error: {error.message}"}
    seconds = time.process_time() - started
    forecast, actual, said = facts.get("forecast"), facts.get("actual"), name_of(facts)
    miss = forecast["mean"] - actual if forecast and actual is not None else None
    unseen = miss is not None and clean is not None
    unseen = unseen and hidden(miss, clean.miss, clean.error, question.shows)
    accepted = accepted_of(question, miss, actual, hides=unseen)
    kept = ("sentence", "confidence", "actual", "miss", "standing", "parts", "fleet", "break")
    return {
        "group": question.group,
        "kind": question.kind,
        "scenario": scenario.name,
        "place": scenario.place,
        "airport": question.airport,
        "date": question.date or CHOSEN.get(question.airport),
        "cutoff": question.cutoff,
        "lead": forecast["lead"] if forecast else None,
        "expected": accepted[0],
        "accepted": accepted,
        "said": said,
        "right": said in accepted,
        "hidden": unseen,
        "clean": [clean.miss, clean.error] if clean else None,
        "known_though_outside": known_though_outside(facts),
        "seconds": round(seconds, 4),
        "mean": forecast["mean"] if forecast else None,
        "command": (facts.get("lineage") or {}).get("command"),
        "evidence": [[e["name"], e["value"], e["threshold"]] for e in facts.get("evidence", [])],
        "alternatives": [[a["kind"], a["label"], a["miss"]] for a in facts.get("alternatives", [])],
        **{key: facts.get(key) for key in kept},
    }


def facts_of(store: Tracker, question: Question, *, quick: bool = False) -> dict[str, Any]:
    """The answer about the forecast from the question's cutoff.

    Where the job left out its newest months, because they looked wrong, it is the one from the
    newest month before.
    """
    from forecastctl.errors import NothingRecordedError
    from forecastctl.explain.answer import explain
    from forecastctl.explain.question import Question as Asked

    date = question.date or CHOSEN[question.airport]
    cutoffs: list[str | None] = [question.cutoff]
    if question.cutoff and len(question.cutoff) == len("2000-01"):
        newest = pd.Period(question.cutoff, "M")
        cutoffs = [str(newest - k) for k in range(SET_ASIDE + 1)]
    for cutoff in cutoffs:
        try:
            asked = Asked(question.airport, date, cutoff, quick=quick)
            return explain(store, asked).answer.to_dict()
        except NothingRecordedError:
            if cutoff == cutoffs[-1]:
                raise
    raise AssertionError


def accepted_of(
    question: Question, miss: float | None, actual: float | None, *, hides: bool
) -> tuple[str, ...]:
    """The verdicts that are right, the best first.

    Noise is right, too, where the fault hides in what the clean forecast would have missed.
    Wherever noise is, so is "outside the interval, cause not found"; and where the miss is one that
    any reader would call large, so is that the forecast or its history was poor.
    """
    large = miss is not None and actual is not None and abs(miss) > LARGE * abs(actual)
    accepted = question.if_large if large and question.if_large else question.accepted
    if hides and NOISE not in accepted:
        accepted = (*accepted, NOISE)
    if NOISE in accepted:
        beside = (UNUSUAL, WEAK, POOR) if large else (UNUSUAL,)
        accepted = (*accepted, *(v for v in beside if v not in accepted))
    return accepted


LARGE = 0.5
"""Share of the actual from which on a reader would call any miss large."""


def known_though_outside(facts: dict[str, Any]) -> bool:
    """Whether a miss outside of the stated 95 % interval is said to have been known."""
    outside = (facts.get("standing") or {}).get("outside")
    return bool(outside) and "was known to make" in (facts.get("sentence") or "")


def name_of(facts: dict[str, Any]) -> str:
    """The verdict, where what could not be told is which cause an unusual miss has: `UNUSUAL`.

    ``cannot_tell`` about a shock that cannot be placed, or about no actual, stays; any other is
    `POOR`.
    """
    unplaced = "cannot tell local from system-wide" in (facts.get("sentence") or "")
    if facts["verdict"] != CANNOT or facts.get("actual") is None or unplaced:
        return str(facts["verdict"])
    first = next(iter(facts.get("evidence") or ()), {"name": ""})["name"]
    return UNUSUAL if first == "interval" else POOR


@dataclass(frozen=True)
class Executor:
    """Runs tasks in order, in this process, with a fault put in at one airport."""

    sabotage: tuple[Any, ...]
    jobs: int = 1

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
    from forecastctl.search import chosen

    def choose_worst(trials: Sequence[Trial], *_: Any, **_more: Any) -> Specification:
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

    return mock.patch.object(chosen, "choose", choose_worst)


def poor_trial(series: Series, truths: Sequence[float]) -> Any:
    """The search chooses the trial with the largest loss; asked is where it then misses by most."""
    from forecastctl.errors import ModelError
    from forecastctl.models.combination.fit_and_predict import fit, predict
    from forecastctl.records import Member, Specification
    from forecastctl.search import chosen

    def choose_poorest(trials: Sequence[Trial], *_: Any, **_more: Any) -> Specification:
        known = [t for t in trials if t.loss is not None and t.duplicate_of is None]
        best = min(known, key=lambda t: t.loss)
        for poor in sorted(known, key=lambda t: -t.loss):
            if not poor.loss > POORER * best.loss:
                break
            one = Specification((Member(poor.model, 1.0, poor.number),))
            try:
                model, _ = fit(series, one, fallback=False)
            except ModelError:
                continue
            misses = np.abs(predict(model, len(truths)).mean - np.asarray(truths))
            if np.isfinite(misses).any():
                month = np.datetime64(series.cutoff, "M") + int(np.nanargmax(misses)) + 1
                CHOSEN[series.airport] = str(month)
                return one
        raise SabotageFailedError

    return mock.patch.object(chosen, "choose", choose_poorest)


POORER = 1.3
"""So many times the best loss a trial has that nobody should have chosen."""

SABOTAGE: dict[str, Callable[..., Any]] = {
    "unfit": unfit,
    "fail": fail,
    "worst trial": worst_trial,
    "poor trial": poor_trial,
}
