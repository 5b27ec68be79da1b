"""What a search chooses in the end: one model, or the mean of several. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecastctl.search.choose import choose, held_back, network_share
from forecastctl.search.single import choose_one, with_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Specification, Trial
    from forecastctl.search.trials import Search


def chosen(run: Search) -> tuple[Specification, Sequence[Trial]]:
    """Which models are averaged, and all trials, one of which may say why it was chosen.

    A model that was fitted to less than two seasons has seen no month twice: it cannot tell the
    season from growth, and its backtest is short. There the seasonal naive keeps a say.

    Args:
        run: A search that is over, with a trial that succeeded.
    """
    naive, trials = run.trials[0], run.eligible
    if run.intermittent:  # of periods that are mostly zero, a few origins hold next to nothing
        return choose(trials, run.seats, run.keys, math.inf), run.trials
    if run.search.combine == 1 and not run.young:
        alone = choose_one(trials, run.keys, run.search.loss)
        return alone, with_reason(run.trials, trials, alone)
    share = network_share(run.series.n, run.series.season_length)
    if not run.young or run.seats == 1 or naive.loss is None:
        return choose(trials, run.seats, run.keys, network=share), run.trials
    some = choose(trials, run.seats - 1, run.keys, network=share)
    return held_back(some, naive), run.trials
