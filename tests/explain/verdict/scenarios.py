"""Labelled cases: faults put into panels of our own, as jobs record and explain reads them.

The faults are those of `benchmarks/injections.py`, and some more; the panels are made here. A label
is what was put in, wherever an ideal forecaster could tell the miss from noise, and noise where
none could. Where that is open, there is no label and no case.
"""

import copy
import datetime as dt
import functools
import itertools
import logging
import sys
import warnings
import zlib
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from forecastctl.data.panel.build import from_frame
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import ForecastctlError
from forecastctl.explain import judged
from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question as Asked
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.recording.context import Environment
from forecastctl.records import SearchSpec
from forecastctl.store.memory import MemoryTracker
from tests.explain.verdict import generated

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

import injections
from panels import DATA, SYSTEM, Branch, Question, Scenario
from playing import CHOSEN, Executor, SabotageFailedError
from sites import QUICKLY, SEARCH, Site

VISIBLE, HIDDEN = 6.0, 2.0
"""Errors of an ideal forecaster from which on, and up to which, a miss is labelled."""

CHANGED = {**SEARCH, "max_evals": 8, "combine": 3}
MACHINE = Environment({"python": "3"}, {"cpu": "corpus"}, "corpus", False, "corpus", 1, "corpus")
FLEETS = (9, 9, 9, 9, 9, 9, 3, 3, 3, 1, 1, 1)
CAUSES = {
    "revision of earlier months and later ones": ("fault_revision",),
    "provisional months before the cutoff": ("fault_revision",),
    "unit error of the last month seen": ("fault_revision",),
    "unit error of the last month seen, to this day": ("fault_unit_seen",),
    "unit error of the month": ("fault_unit",),
    "labels shifted before the cutoff": ("fault_label_shift", "fault_revision"),
    "labels shifted after the cutoff": ("fault_label_shift",),
    "zero amid normal months": ("fault_missing",),
    "nothing published": ("fault_unpublished",),
    "names swapped": ("fault_",),
    "revision of the month": ("fault_actual_revised",),
    "level shift before the cutoff": ("break",),
    "forecast by an old model": ("break", "alternative"),
    "a bad trial was chosen": ("alternative",),
    "seasonal naive stood in": ("status",),
    "the airport failed": ("status",),
}
"""With which of these what decides must begin; else what always does for the verdict."""

ALWAYS = {
    "expected_noise": ("noise",),
    "local_shock": ("fleet_share", "fleet_distance", "apart"),
    "system_shock": ("fleet_share", "fleet_distance"),
    "cannot_tell": ("noise",),
}


def sites():
    """A fleet, one airport of it, a cutoff and a lead, in each panel."""
    for number, airports in enumerate(FLEETS):
        rng = np.random.default_rng(number)
        cutoff = pd.Period("2017-06", "M") + int(rng.integers(0, 12))
        table, lead = generated.panel(number, airports), (1, 2, 3, 1, 6)[number % 5]
        name = f"panel {number} of {airports}"
        yield Site(name, table, "A00", cutoff, lead, number % 2 == 1)


def scenarios():
    """Those of the benchmark on our sites, then our own."""
    with (
        mock.patch.object(injections, "sites", sites),
        mock.patch.dict(SEARCH, CHANGED),
        mock.patch.dict(QUICKLY, {"combine": 3}),
    ):
        yield from injections.injected_scenarios()
        for site in sites():
            yield from _more(site)


def _more(site):
    spoilt = site.scaled(1000.0, site.cutoff, site.cutoff)
    kind = "unit error of the last month seen"
    yield _scenario(site, kind, DATA, spoilt, site.table, site.end)
    kind = "unit error of the last month seen, to this day"
    yield _scenario(site, kind, DATA, spoilt, spoilt, site.end)
    if len(site.table.columns) > 1:
        zeros = site.scaled(0.0, site.target, site.target, True)
        yield _scenario(site, "nothing published", DATA, site.table, zeros, site.target)
        yield _scenario(site, "names swapped", DATA, site.table, _swapped(site), site.end)
        zeros = site.scaled(0.0, site.target, site.target + 3, True)
        if site.late:
            yield _scenario(site, "grounded, all of them", SYSTEM, site.table, zeros, site.end)


def _scenario(site, kind, label, seen, known, end):
    last = site.last(known, end)
    question = site.ask(kind, label)
    branch = Branch((last,), (question,))
    return Scenario(f"{site.name} {kind}", "M", site.jobs(seen, site.cutoff), (branch,))


def _swapped(site):
    """From the month explained on, the victim and another airport bear each other's name."""
    at = site.table.loc[str(site.target)].iloc[0]
    other = (np.log(at / at[site.victim])).abs().idxmax()
    changed = site.table.copy()
    rows = slice(str(site.target), None)
    pair = [site.victim, other]
    changed.loc[rows, pair] = changed.loc[rows, pair[::-1]].to_numpy()
    return changed


def play(scenario):
    """Questions of a scenario with the cases that explain makes of the record."""
    warnings.simplefilter("ignore")
    logging.getLogger("forecastctl").setLevel(logging.CRITICAL)
    common = MemoryTracker()
    try:
        for number, step in enumerate(scenario.steps):
            _job(common, step, scenario, number)
    except SabotageFailedError:
        return
    for branch in scenario.branches:
        store = copy.deepcopy(common)
        for number, step in enumerate(branch.steps, len(scenario.steps)):
            _job(store, step, scenario, number)
        for question in branch.questions:
            case = _case(store, question)
            if case is not None:
                yield question, case


def played_events(count):
    """Answers about the first real events of the benchmark's half that rules may be amended on.

    Their panels must be there. The other half is asked once and must not be held by a test.
    """
    import events
    import playing
    import scoring

    ours = (s for s in events.event_scenarios() if scoring.half_of(s.place) == scoring.AMEND)
    for scenario in itertools.islice(ours, count):
        yield from playing.play(scenario, on_disk=False)


def _job(store, step, scenario, number):
    """One job that keeps what looks wrong, as its settings may say."""
    rows = step.panel.stack().dropna()  # noqa: PD013 - as in the benchmark
    days, airports = rows.index.get_level_values(0), rows.index.get_level_values(1)
    spec = DataSpec(source="corpus", freq=scenario.freq, suspects="keep")
    panel = from_frame(airports, days.to_numpy("datetime64[s]"), rows.to_numpy(), spec, "corpus")
    entries = prepare(panel, spec, as_of=None, today=dt.date(2100, 1, 1))
    request = Request(
        command=step.command,
        job_id=f"{number:03d}-{zlib.crc32(scenario.name.encode()):08x}",
        start_ms=1_500_000_000_000 + 1000 * number,
        search=SearchSpec(**step.search),
        levels=(80, 95),
        layout="flat",
        charts=False,
        config_digest="corpus",
        settings={},
        airports=step.airports,
    )
    job = plan_job(request, panel, entries, MACHINE, store)
    run_job(job, store, Executor(step.sabotage), lambda *_: None, bytes)


def _case(store, question):
    """The case that is judged; ``None`` where there is nothing to judge."""
    made = []
    real = judged.find

    @functools.wraps(real)
    def find(case, rules):
        made.append(case)
        return real(case, rules)

    date = question.date or CHOSEN[question.airport]
    with mock.patch.object(judged, "find", find):
        try:
            explain(store, Asked(question.airport, date, question.cutoff))
        except ForecastctlError:
            return None
    return made[0] if made else None


def label(question: Question, case):
    """What is right, and what may decide it; ``None`` where that is open."""
    kind, right = question.kind, question.accepted[0]
    size = generated.size_of(case.mean, case.actual, case.lead)
    if right == "expected_noise":
        return _noise(case)
    if size <= HIDDEN and not case.outside:
        return _noise(case)
    return (right, CAUSES.get(kind, ALWAYS.get(right))) if size >= VISIBLE else None


def _noise(case):
    """Noise, but for one ordinary month in twenty, of which the interval itself says otherwise."""
    return ("cannot_tell", ("interval",)) if case.outside else ("expected_noise", ("noise",))
