"""Whether the pool's models are fitted without the effects of the calendar, events, regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.models import Choice
from forecastctl.models.make import make_model
from forecastctl.models.terms import OUT, effects_until, says_something
from forecastctl.records.learning import TERMS

if TYPE_CHECKING:
    from forecastctl.models import Space
    from forecastctl.search.evaluation import Steps
    from forecastctl.search.trials import Search

COMPARED = 2
"""Models of the pool that are backtested with and without the effects."""

GAIN = 0.98
"""How much of their loss with the data as they are the loss without effects may be at most: a
regression that is not needed costs accuracy."""

NO_LOSS = 1.0
"""The same where an event or a regressor that was named says something of the periods ahead, which
the backtest need not have seen."""

DIMENSION: Space = {"effects": Choice((OUT, {}))}
"""A dimension of every space, where effects are taken out."""


def decide_on_terms(run: Search) -> Steps[None]:
    """Let the backtest decide whether the pool's models are fitted without effects of the terms.

    They are where an effect is clear at all, and some models of the pool forecast clearly better
    for it. Their evaluations are among those of the search.
    """
    effects = effects_until(run.series, run.series.n)
    if not effects or run.intermittent:
        return
    limit = NO_LOSS if says_something(effects, run.search.horizon) else GAIN
    pairs = [((name, o), (name, {**o, **OUT})) for name, o in run.pool]
    begun: tuple[list[int], list[int]] = ([], [])
    for pair in pairs[:COMPARED]:
        for numbers, (name, options) in zip(begun, pair, strict=True):
            if not (yield from run.ready()):
                return
            numbers.append(run.begin(make_model(name, options), TERMS))
    yield from run.until(0)
    losses = [sum(map(run.loss_of, numbers)) for numbers in begun]
    if losses[1] < limit * losses[0]:
        run.without_effects = True
        run.enter([out for _, out in pairs])
