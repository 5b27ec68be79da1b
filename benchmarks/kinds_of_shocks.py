"""Shocks and lasting changes beside those of `injections.py`. Each says why its label is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from injections import known, made
from panels import (
    CANNOT,
    LEVEL,
    LOCAL,
    ONE_MONTH,
    STALE,
    SYSTEM,
    Branch,
    Clean,
    Question,
    Scenario,
    Step,
    panel,
)
from scoring import BY_SIZE
from sites import SEARCH, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from injections import Made


def local(site: Site) -> str:
    """A local shock, which one airport alone cannot tell from a system-wide one."""
    return LOCAL if site.others() else CANNOT


def _fallen(
    site: Site, table: pd.DataFrame, rng: np.random.Generator, low: float, high: float
) -> pd.DataFrame:
    """All airports fall in the month explained, to about the same share."""
    changed = table.copy()
    share = rng.uniform(low, high) * rng.uniform(0.95, 1.05, changed.shape[1])
    changed.loc[str(site.target)] *= share
    return changed.round(2)


def naive_near(site: Site) -> Made | None:
    """All fall, to what this airport had a year ago: the seasonal naive is near by chance.

    That it was near says nothing for it, since it was poor before; the fleet says what happened.
    """
    kind = "common shock in which the seasonal naive is near"
    rng = site.rng(kind)
    share = float(rng.uniform(0.6, 0.8))
    if not site.seen_by_most(share):
        return None
    since = np.arange(len(site.table)) - len(site.table[: str(site.cutoff)]) + 1
    grown = site.table.copy()
    growth = np.exp(-np.log(share) / 12 * np.maximum(since, -24))
    grown[site.victim] = (grown[site.victim] * growth).round(2)
    changed = _fallen(site, grown, rng, share, share)
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    question = site.ask(kind, SYSTEM, shows=BY_SIZE)
    return steps, Branch((), (question,), site.clean(grown, "grown"))


def wide(site: Site) -> Made | None:
    """All fall to a third or less, at an airport whose history is so noisy that it may have.

    The others' fall is the better witness; that its own interval holds the actual is to be said.
    """
    if not site.seen_by_most(0.35):
        return None
    kind = "common shock where this airport's interval is wide"
    rng = site.rng(kind)
    noisy = site.table.copy()
    noise = np.exp(rng.normal(0.0, 0.35, len(noisy)))
    noise[noisy.index > site.cutoff.to_timestamp()] = 1.0
    noisy[site.victim] = (noisy[site.victim] * noise).round(2)
    changed = _fallen(site, noisy, rng, 0.15, 0.35)
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    return made(site, steps, site.ask(kind, SYSTEM, shows=0.0))


def old_break(site: Site) -> Made | None:
    """All fall, where one's level had changed one or two years before, which the model has seen."""
    if not site.seen_by_most(0.65):
        return None
    kind = "common shock after an old break"
    rng = site.rng(kind)
    size = float(rng.choice([rng.uniform(0.5, 0.7), rng.uniform(1.4, 1.8)]))
    broken = site.scaled(size, site.cutoff - int(rng.integers(12, 25)))
    changed = _fallen(site, broken, rng, 0.4, 0.65)
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    question = site.ask(kind, SYSTEM, shows=BY_SIZE)
    return steps, Branch((), (question,), site.clean(broken, "broken"))


def lasting_after(site: Site) -> Iterator[Branch]:
    """A fifth more or less at one airport, for good, since the cutoff.

    No forecast could know: a shock, or by its other name a change of level.
    """
    kind = "lasting change of a fifth at one airport after the cutoff"
    changed = site.scaled(float(site.rng(kind).choice([0.8, 1.2])), site.cutoff + 1)
    yield known(site, changed, site.ask(kind, local(site), LEVEL, shows=BY_SIZE))


def lasting_before(site: Site) -> Made:
    """The same, four months to ten before the cutoff.

    The model should have followed, and where another would have, its choice was stale as well.
    """
    kind = "lasting change of a fifth at one airport before the cutoff"
    rng = site.rng(kind)
    first = site.cutoff - int(rng.integers(4, 11)) + 1
    changed = site.scaled(float(rng.choice([0.8, 1.2])), first)
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    return made(site, steps, site.ask(kind, LEVEL, STALE, shows=BY_SIZE))


def closed_after(site: Site) -> Iterator[Branch]:
    """An airport has had no passenger since the cutoff, for nine months at least: it is closed."""
    if site.late:
        kind = "closed after the cutoff"
        changed = site.scaled(0.0, site.cutoff + 1)
        yield known(site, changed, site.ask(kind, LEVEL, local(site), shows=0.0))


def closed_before(site: Site) -> Made:
    """It had been closed for months when the forecast was made, and has stayed closed.

    Where the job took its zeros for months not published, it closed after the forecast's cutoff.
    """
    kind = "closed before the cutoff"
    changed = site.scaled(0.0, site.cutoff - int(site.rng(kind).integers(2, 10)))
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    return made(site, steps, site.ask(kind, LEVEL, local(site), shows=BY_SIZE))


def reopened(site: Site) -> Made:
    """No passenger for half a year or more before the cutoff, then as before."""
    kind = "reopened after the cutoff"
    first = site.cutoff - int(site.rng(kind).integers(7, 15))
    changed = site.scaled(0.0, first, site.cutoff)
    steps = (*site.jobs(changed, site.cutoff, suspects="keep"), site.last(changed))
    return made(site, steps, site.ask(kind, LEVEL, local(site), shows=0.0))


def never_flown(site: Site) -> Made:
    """A few flights long ago, then none in all the years that were seen; regular ones since."""
    kind = "not flown for years"
    changed = site.scaled(0.0, site.table.index[6].to_period("M"), site.cutoff)
    steps = (*site.jobs(changed, site.cutoff, suspects="keep"), site.last(changed))
    return made(site, steps, site.ask(kind, LEVEL, local(site), shows=0.0))


def one_month(site: Site) -> Iterator[Branch]:
    """The actual of one month is 2 to 50 % higher, and no other: one-off, and local if it shows."""
    factor = float(site.rng(ONE_MONTH).uniform(1.02, 1.5))
    changed = site.scaled(factor, site.target, site.target)
    yield known(site, changed, site.ask(ONE_MONTH, local(site), shows=BY_SIZE))


TSA_CUTOFFS = ("2021-07", "2021-08", "2021-09")


def after_covid() -> Iterator[Scenario]:
    """A fifth less for good at one airport of the TSA, whose training data hold the epidemic.

    Its interval is so wide that it holds anything. The rest of the fleet is the better measure:
    airports of its size have changed alike since the cutoff, and the fall must show in their scale.
    """
    table = panel("tsa")
    table = table.loc[:, table.mean() > LARGE]
    for number in range(COVID_SITES):
        fleet = table.iloc[:, number % 2 :: 2]
        cutoff = pd.Period(TSA_CUTOFFS[number % len(TSA_CUTOFFS)], "M")
        target = cutoff + 2
        distances, scale = _distances(fleet, cutoff, target)
        victim = str(distances.abs().sort_values().index[number // 2])
        changed = fleet.copy()
        changed.loc[str(cutoff + 1) :, victim] = (changed[victim] * 0.8).round()  # type: ignore[misc]
        kind = "lasting fall of a fifth at one airport after the epidemic"
        accepted = (LEVEL, LOCAL)
        question = Question("injected", kind, victim, str(target), str(cutoff), accepted, BY_SIZE)
        then = Step(fleet[: str(cutoff)], search=SEARCH)
        clean = Clean(
            "no fall",
            (then, Step(fleet, airports=(victim,), search=SEARCH)),
            error=scale * float(fleet.loc[str(target), victim].iloc[0]),
        )
        later = Step(changed, airports=(victim,), search=SEARCH)
        branch = Branch((), (question,), clean)
        yield Scenario(f"tsa {number} {victim} {cutoff}", "M", (then, later), (branch,))


def _distances(
    fleet: pd.DataFrame, first: pd.Period, last: pd.Period
) -> tuple[pd.Series[float], float]:
    """How far each airport's change, less that of 2019, is from the others', and their scale."""
    logs = np.log(fleet)
    years = first.year - 2019
    change = logs.loc[str(last)].iloc[0] - logs.loc[str(first)].iloc[0]
    usual = logs.loc[str(last - 12 * years)].iloc[0] - logs.loc[str(first - 12 * years)].iloc[0]
    distances = change - usual - (change - usual).median()
    return distances, 1.4826 * float(distances.abs().median())


LARGE = 100_000
"""Passengers a month from which on airports of the TSA changed alike in 2021."""
COVID_SITES = 8

AFTER: tuple[Callable[[Site], Iterator[Branch]], ...] = (lasting_after, closed_after, one_month)
BEFORE: dict[str, Callable[[Site], Made | None]] = {
    "naive near": naive_near,
    "wide": wide,
    "old break": old_break,
    "lasting before": lasting_before,
    "closed before": closed_before,
    "reopened": reopened,
    "never flown": never_flown,
}
