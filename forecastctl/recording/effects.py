"""How effects of the calendar, of events and of other regressors are recorded. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecastctl.models.combination.fit_and_predict import passengers_of_effects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import Effect, FittedModel, Forecast


def effects_dict(model: FittedModel, forecast: Forecast) -> dict[str, object]:
    """What each effect adds to a forecast, by the name of its term, as JSON with exact floats."""
    passengers = passengers_of_effects(model, len(forecast.ds))
    ds = [str(d) for d in forecast.ds]
    return {
        effect.name: {
            "kind": effect.kind,
            "beta": effect.beta,
            "se": effect.se,
            "passengers": dict(zip(ds, passengers[effect.name].tolist(), strict=True)),
        }
        for effect in model.effects
        if effect.name in passengers
    }


def said_of_effects(effects: Iterable[Effect]) -> str:
    """Effects by name: ``Easter +12.0 %, trading days +0.4 %``."""
    return ", ".join(f"{e.name} {math.expm1(e.beta):+.1%}".replace("%", " %") for e in effects)
