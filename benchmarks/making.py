"""All made cases: at each site what happens after the cutoff, and a part of what the model saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import injections
import kinds_of_data
import kinds_of_forecasts
import kinds_of_shocks
from panels import AT, Scenario
from sites import SEED, sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from injections import Made
    from sites import Site

KINDS = (kinds_of_data, kinds_of_shocks, kinds_of_forecasts)
OF_SITES = 3
"""Each kind of what the model saw is put in at one of so many sites, because it needs a job of the
whole fleet."""


def made_scenarios(
    seed: int = SEED, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Scenario]:
    """What is put into fleets, real and simulated, at those places that are wanted."""
    kinds: dict[str, Callable[[Site], Made | None]] = dict(injections.BEFORE)
    for module in KINDS:
        kinds |= module.BEFORE
    for number, site in enumerate(sites(seed)):
        if not wanted(site.name):
            continue
        after = [b for module in KINDS for make in module.AFTER for b in make(site)]
        branches = (*injections.after(site), *after)
        yield Scenario(site.name, "M", site.jobs(site.table, site.cutoff), branches)
        for place, (kind, make) in enumerate(kinds.items()):
            found = make(site) if (number + place) % OF_SITES == 0 else None
            if found is not None:
                yield Scenario(f"{site.name}{AT}{kind}", "M", found[0], (found[1],))
    yield from kinds_of_shocks.after_covid()
    yield from kinds_of_forecasts.calendar_scenarios(seed)
