"""Faults of the data beside those of `injections.py`. Each says why its label is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from injections import known, made
from panels import DATA, SYSTEM, Branch, Clean, Step
from scoring import BY_SIZE
from sites import SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from injections import Made
    from sites import Site

UNITS = (1000.0, 0.001, 100.0, 0.01, 10.0, 0.1)
CLEARLY = 100.0
"""A lone zero is clear in a series that has held more than this for two years."""


def unit_seen_kept(site: Site) -> Made:
    """The last month seen was in another unit, the job told to keep it; mended since.

    Both values are on record, so that nothing but the data is to blame, however wide the interval
    has become.
    """
    seen = site.scaled(float(site.rng("unit kept").choice(UNITS)), site.cutoff, site.cutoff)
    steps = (*site.jobs(seen, site.cutoff, suspects="keep"), site.last(site.table))
    return made(site, steps, site.ask("last month seen in another unit, mended", DATA))


def unit_seen(site: Site) -> Made:
    """The same with the usual settings: where the month was left out, the forecast may be good."""
    seen = site.scaled(float(site.rng("unit seen").choice(UNITS)), site.cutoff, site.cutoff)
    steps = (*site.jobs(seen, site.cutoff), site.last(site.table))
    kind = "last month seen in another unit, mended, usual settings"
    return made(site, steps, site.ask(kind, DATA))


def _faulty(site: Site, *, mended: bool) -> Made:
    kind = f"faulty month inside the training data, {'mended since' if mended else 'to this day'}"
    rng = site.rng(kind)
    month = site.cutoff - int(rng.integers(3, 25))
    seen = site.scaled(float(rng.choice([1000.0, 100.0, 10.0, 0.0])), month, month)
    suspects = str(rng.choice(["recent", "keep"]))
    then = site.jobs(seen, site.cutoff, suspects=suspects)
    last = site.last(site.table if mended else seen, suspects=suspects)
    return made(site, (*then, last), site.ask(kind, DATA))


def faulty_mended(site: Site) -> Made:
    """A month that the model learnt from was wrong; mended since, and both values are recorded."""
    return _faulty(site, mended=True)


def faulty_still(site: Site) -> Made:
    """The same, and nobody has mended it: the month stands out from those on both sides."""
    return _faulty(site, mended=False)


def _pair(site: Site, kind: str) -> tuple[str, str] | None:
    others = site.others()
    return (site.victim, str(site.rng(kind).choice(others))) if others else None


def _exchanged(
    site: Site, pair: tuple[str, str], first: pd.Period, last: pd.Period | None = None
) -> pd.DataFrame:
    changed = site.table.copy()
    rows = slice(str(first), None if last is None else str(last))
    changed.loc[rows, list(pair)] = changed.loc[rows, list(pair)[::-1]].to_numpy()
    return changed


def swapped_after(site: Site) -> Iterator[Branch]:
    """Two airports stand under each other's name since the cutoff.

    Each one's actual lies on the other one's forecast: no shock does that. It is no record but a
    likeness, so that it must be named only where the size of the miss tells.
    """
    kind = "labels of two airports swapped after the cutoff"
    pair = _pair(site, kind)
    if pair is None:
        return
    changed = _exchanged(site, pair, site.cutoff + 1)
    for airport in pair:
        question = site.ask(kind, DATA, shows=BY_SIZE, airport=airport)
        step = site.last(changed, airports=pair)
        yield Branch((step,), (question,), site.clean(airport=airport))


def _swapped(site: Site, *, mended: bool) -> Made | None:
    kind = f"labels of two airports swapped in data seen, {'mended since' if mended else 'still'}"
    pair = _pair(site, kind)
    if pair is None:
        return None
    first = site.cutoff - int(site.rng(kind).integers(1, 8))
    seen = _exchanged(site, pair, first)
    later = site.table if mended else seen
    steps = (*site.jobs(seen, site.cutoff, suspects="keep"), site.last(later, airports=pair))
    shows = {} if mended else {"shows": BY_SIZE}
    return made(site, steps, site.ask(kind, DATA, **shows))


def swapped_seen(site: Site) -> Made | None:
    """The forecast was made from another airport's last months; mended since, as is recorded."""
    return _swapped(site, mended=True)


def swapped_still(site: Site) -> Made | None:
    """The same, never mended.

    Both airports' levels change in the same month, each to the other's: "the level has changed,
    and should have been caught" would blame the model for a fault of the labels.
    """
    return _swapped(site, mended=False)


def grounded(site: Site) -> Iterator[Branch]:
    """Nobody flew for three months, a few airports a little; the months after it are published.

    So the zeros are true, and most of the fleet shares them.
    """
    if not site.late or not site.others():
        return
    kind = "all grounded, zeros are true"
    rng = site.rng(kind)
    changed = site.table.copy()
    for month in range(site.lead, site.lead + 9):
        rows = str(site.cutoff + month)
        back = min(0.25 + 0.1 * (month - site.lead - 3), 1.0)
        left = np.where(rng.random(changed.shape[1]) < 0.6, 0.0, rng.uniform(0.002, 0.03))
        changed.loc[rows] *= left if month < site.lead + 3 else back
    changed.loc[str(site.target), site.victim] = 0.0
    yield known(site, changed.round(2), site.ask(kind, SYSTEM, shows=0.0))


def unpublished(site: Site) -> Iterator[Branch]:
    """The newest month holds zeros at all or most airports, and the rest is as ever.

    Nothing is known of a later month, and no shock leaves half of the fleet at zero and the other
    half untouched, or all at zero from one month to the next without a sign before.
    """
    if not site.others():
        return
    kind = "newest month not published, zeros at most airports"
    rng = site.rng(kind)
    zero = rng.random(site.table.shape[1]) < rng.choice([0.7, 1.0])
    zero[site.table.columns.get_loc(site.victim)] = True
    changed = site.table.copy()
    changed.loc[str(site.target)] *= np.where(zero, 0.0, 1.0)
    step = site.last(changed, site.target)
    yield Branch((step,), (site.ask(kind, DATA, shows=0.0),), site.clean())


def last_zero(site: Site) -> Made | None:
    """A file of one airport ends with a zero after years without: not published yet."""
    recent = site.table[site.victim][: str(site.target)].iloc[-24:]
    if not (recent > CLEARLY).all():
        return None
    alone = site.table[[site.victim]]
    zero = site.scaled(0.0, site.target, site.target)[[site.victim]]
    steps = (
        Step(site.upto(alone, site.cutoff), search=SEARCH),
        site.last(zero, site.target),
    )
    question = site.ask("a single last zero in a file of one airport", DATA, shows=0.0)
    return steps, Branch((), (question,), Clean("none", ()))


AFTER: tuple[Callable[[Site], Iterator[Branch]], ...] = (swapped_after, grounded, unpublished)
BEFORE: dict[str, Callable[[Site], Made | None]] = {
    "unit seen, kept": unit_seen_kept,
    "unit seen": unit_seen,
    "faulty month, mended": faulty_mended,
    "faulty month": faulty_still,
    "swapped, mended": swapped_seen,
    "swapped": swapped_still,
    "last zero": last_zero,
}
