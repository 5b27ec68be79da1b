"""Faults and shocks put into ordinary stretches of real panels: what `explaining.py` asks about.

A site is a fleet, one airport of it, a cutoff and a lead. At each site every fault is put in
turn, beside a control without any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from panels import (
    AT,
    CANNOT,
    DATA,
    FAILURE,
    LEVEL,
    LOCAL,
    NOISE,
    STALE,
    SYSTEM,
    Branch,
    Question,
    Scenario,
    Step,
)
from scoring import BY_SIZE, RECORDED
from sites import LATER, NAIVE, NO_CUTOFF, SEARCH, Site, sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def injected_scenarios(places: Iterable[Site] | None = None) -> Iterator[Scenario]:
    """For each site one scenario of what happens after the cutoff, and one for each other."""
    for site in sites() if places is None else places:
        yield Scenario(site.name, "M", site.jobs(site.table, site.cutoff), tuple(after(site)))
        for kind, make in BEFORE.items():
            found = make(site)
            if found is not None:
                yield Scenario(f"{site.name}{AT}{kind}", "M", found[0], (found[1],))


def after(site: Site) -> Iterator[Branch]:
    """Faults that the forecast could not see."""
    shock = CANNOT if len(site.table.columns) == 1 else LOCAL
    control = Question("control", "none", site.victim, str(site.target), str(site.cutoff), (NOISE,))
    yield known(site, site.table, control)
    for kind, make, accepted, shows in (
        ("revision of earlier months and later ones", _redefined, DATA, RECORDED),
        ("unit error of the month", _unit, DATA, RECORDED),
        ("labels shifted before the cutoff", _labels_before, DATA, RECORDED),
        ("labels shifted after the cutoff", _labels_after, DATA, BY_SIZE),
        ("zero amid normal months", _zero, DATA, RECORDED),
        ("level shift after the cutoff", _level_after, shock, BY_SIZE),
        ("one bad month at one airport", _drop, shock, BY_SIZE),
    ):
        changed = make(site, site.rng(kind))
        if changed is not None:
            yield known(site, changed, site.ask(kind, accepted, shows=shows))
    yield from _month_revised(site)
    if shock == LOCAL:
        yield from _fleet_wide(site)


def _month_revised(site: Site) -> Iterator[Branch]:
    """The month was revised after it was first published: for the worse, or mended."""
    kind = "revision of the month"
    wrong = site.scaled(factor(site.rng(kind)), site.target, site.target)
    at, cutoff = str(site.target), str(site.cutoff)
    mended = Question("control", "month mended since", site.victim, at, cutoff, (NOISE,))
    for first, then, question in (
        (site.table, wrong, site.ask(kind, DATA)),
        (wrong, site.table, mended),
    ):
        early = site.last(first, site.target)
        branch = known(site, then, question)
        yield Branch((early, *branch.steps), branch.questions, site.clean())


def known(site: Site, table: pd.DataFrame, question: Question) -> Branch:
    """The job of the month in which it is asked."""
    return Branch((site.last(table),), (question,), site.clean())


def factor(rng: np.random.Generator, low: float = 0.25, high: float = 0.4) -> float:
    """A change up or down by this share."""
    size = 1.0 + rng.uniform(low, high)
    return float(size if rng.random() < 0.5 else 1.0 / size)


def _redefined(site: Site, rng: np.random.Generator) -> pd.DataFrame:
    return site.scaled(factor(rng), site.cutoff - int(rng.integers(3, 7)) + 1)


def _unit(site: Site, rng: np.random.Generator) -> pd.DataFrame:
    factor = float(rng.choice([1000.0, 0.001, 100.0, 0.01, 10.0, 0.1]))
    return site.scaled(factor, site.target, site.target)


def _shifted(site: Site, first: pd.Period) -> pd.DataFrame | None:
    """Labels of all months from the first one late or early, where a season makes that visible."""
    y = site.table[site.victim]
    at = y.index.get_loc(pd.Timestamp(f"{site.target}-01"))
    months = pd.Timestamp(f"{first}-01")
    sizes = {k: abs(np.log(y.iloc[at - k] / y.iloc[at])) for k in (1, -1) if at - k < len(y)}
    late = max(sizes, key=lambda k: sizes[k] if np.isfinite(sizes[k]) else -1.0)
    if not sizes[late] > 0.15:
        return None
    changed = site.table.copy()
    moved = y.shift(late)
    rows = y.index >= (months if late == 1 else months - pd.DateOffset(months=1))
    changed.loc[rows, site.victim] = moved[rows]
    if late == 1:
        changed.loc[months, site.victim] = np.nan
    return changed


def _labels_before(site: Site, rng: np.random.Generator) -> pd.DataFrame | None:
    return _shifted(site, site.cutoff - int(rng.integers(3, 10)))


def _labels_after(site: Site, _rng: np.random.Generator) -> pd.DataFrame | None:
    return _shifted(site, site.cutoff + 1) if site.late and site.lead > 1 else None


def _zero(site: Site, _rng: np.random.Generator) -> pd.DataFrame:
    return site.scaled(0.0, site.target, site.target)


def _level_after(site: Site, rng: np.random.Generator) -> pd.DataFrame:
    return site.scaled(factor(rng, 0.3, 0.8), site.cutoff + int(rng.integers(1, site.lead + 1)))


def _drop(site: Site, rng: np.random.Generator) -> pd.DataFrame:
    return site.scaled(factor(rng, 0.5, 2.0), site.target, site.target)


def _fleet_wide(site: Site) -> Iterator[Branch]:
    """A month, or more, in which everyone loses."""
    kind = "shock of the whole fleet"
    rng = site.rng(kind)
    lasting, share = int(rng.integers(0, 7)), float(rng.uniform(0.25, 0.6))
    if not site.seen_by_most(share):
        return
    changed = site.scaled(share, site.target, site.target + lasting, True)
    rows = str(site.target)
    changed.loc[rows] *= rng.uniform(0.9, 1.1, changed.shape[1])
    for airport in (site.victim, site.others()[0]):
        question = site.ask(kind, SYSTEM, shows=BY_SIZE, airport=airport)
        step = site.last(changed, airports=(airport,))
        yield Branch((step,), (question,), site.clean(airport=airport))


Made = tuple[tuple[Step, ...], Branch]


def _preliminary(site: Site) -> Made:
    """The last months that the model saw were provisional."""
    rng = site.rng("preliminary")
    first = site.cutoff - int(rng.integers(3, 7)) + 1
    seen = site.scaled(factor(rng), first, site.cutoff)
    steps = (*site.jobs(seen, site.cutoff), site.last(site.table))
    return made(site, steps, site.ask("provisional months before the cutoff", DATA))


def _level_before(site: Site) -> Made:
    """The level had shifted for months; a seasonal naive tuned before is trained on, and lags."""
    rng = site.rng("level before")
    first = site.cutoff - int(rng.integers(4, 9)) + 1
    changed = site.scaled(factor(rng, 0.3, 0.8), first)
    seen, mine = site.upto(changed, site.cutoff), (site.victim,)
    steps = (
        *site.jobs(changed, first - 1, command="tune", search=NAIVE),
        *site.jobs(changed, site.cutoff)[:-1],
        Step(seen, command="train", airports=mine),
        Step(seen, command="forecast", airports=mine),
        site.last(changed),
    )
    return made(site, steps, site.ask("level shift before the cutoff", LEVEL, shows=BY_SIZE))


def _old_model(site: Site) -> Made:
    """A forecast from a model that had not seen the last year, in which the level shifted."""
    rng = site.rng("old model")
    age = int(rng.integers(9, 15))
    if ((site.cutoff - age).month, site.name.split()[0]) == NO_CUTOFF:
        age += 1
    trained = site.cutoff - age
    changed = site.scaled(factor(rng, 0.3, 0.8), trained + int(rng.integers(2, age - 2)))
    search = {**SEARCH, "horizon": 24}
    seen, mine = site.upto(changed, site.cutoff), (site.victim,)
    steps = (
        *site.jobs(changed, trained, search=search),
        Step(seen, command="forecast", airports=mine, search=search),
        site.last(changed),
    )
    question = site.ask("forecast by an old model", STALE, cutoff=trained, shows=BY_SIZE)
    return steps, Branch((), (question,), site.clean(changed, "by a new model"))


def _bad_trial(site: Site) -> Made:
    """The trial that is chosen is one that misses a month of the next year; others come near."""
    months = pd.period_range(site.cutoff + 1, periods=12, freq="M").to_timestamp()
    truths = tuple(site.table[site.victim].reindex(months).to_numpy(float))
    jobs = site.jobs(site.table, site.cutoff, sabotage=("worst trial", site.victim, truths))
    end = site.cutoff + 12 + (LATER if site.late else 0)
    kind, at = "a bad trial was chosen", str(site.cutoff)
    question = Question("injected", kind, site.victim, "", at, (STALE,), BY_SIZE)
    clean = site.clean(end=end)
    return (*jobs, site.last(site.table, end)), Branch((), (question,), clean)


def _growing(site: Site) -> pd.DataFrame:
    """The victim grows, so that the seasonal naive falls behind."""
    rate = site.rng("growth").uniform(0.25, 0.4)
    changed = site.table.copy()
    since = np.arange(len(changed)) - len(changed[: str(site.cutoff)])
    changed[site.victim] = (changed[site.victim] * np.exp(rate / 12 * since)).round(2)
    return changed


def _fallback(site: Site) -> Made:
    """The chosen model failed, and the seasonal naive stood in."""
    changed = _growing(site)
    jobs = site.jobs(changed, site.cutoff, sabotage=("unfit", site.victim))
    question = site.ask("seasonal naive stood in", FAILURE)
    return (*jobs, site.last(changed)), Branch((), (question,), site.clean(changed, "growing"))


def _failed(site: Site) -> Made:
    """The airport failed: nothing newer than a forecast of long ago, or nothing at all."""
    changed = _growing(site)
    jobs = site.jobs(changed, site.cutoff, sabotage=("fail", site.victim))
    before = site.jobs(changed, site.cutoff - 4) if site.late and site.lead < 6 else ()
    at = str(site.target)
    kind = "the airport failed"
    question = Question("injected", kind, site.victim, at, None, (FAILURE,), RECORDED)
    clean = site.clean(changed, "growing")
    return (*before, *jobs, site.last(changed)), Branch((), (question,), clean)


def made(site: Site, steps: tuple[Step, ...], question: Question) -> Made:
    """What the forecast saw is compared with what it would have seen without the fault."""
    return steps, Branch((), (question,), site.clean())


BEFORE: dict[str, Callable[[Site], Made | None]] = {
    "provisional": _preliminary,
    "level before": _level_before,
    "old model": _old_model,
    "bad trial": _bad_trial,
    "fallback": _fallback,
    "failed": _failed,
}
