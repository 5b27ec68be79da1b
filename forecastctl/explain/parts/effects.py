"""What a forecast allowed for in one period: the calendar, events and other regressors. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.explain.values import EffectFacts
from forecastctl.figures import period, signed
from forecastctl.models.combination.fit_and_predict import passengers_of_effects
from forecastctl.records.terms import EVENT, REGRESSOR

if TYPE_CHECKING:
    from forecastctl.records import Effect, FittedModel

LEAST = 0.5
"""Passengers below which an effect is none."""

TRADING_DAYS, LEAP_DAY = "trading days", "leap day"
"""Names of the terms of the calendar that are no feast (`forecastctl.data.terms.calendar`)."""


def effects_at(model: FittedModel, lead: int, date: str) -> tuple[EffectFacts, ...]:
    """What a model's forecast of one period allowed for, the largest effect first.

    Args:
        model: The model behind the forecast.
        lead: Periods from its cutoff to the period, from 1.
        date: First day of the period.
    """
    passengers = passengers_of_effects(model, lead)
    found = [
        EffectFacts(
            name=effect.name,
            kind=effect.kind,
            value=value,
            beta=effect.beta,
            se=effect.se,
            statement=_statement(effect, lead, period(date, model.freq), value),
        )
        for effect in model.effects
        if abs(value := float(passengers.get(effect.name, [0.0] * lead)[lead - 1])) >= LEAST
    ]
    return tuple(sorted(found, key=lambda e: -abs(e.value)))


def _statement(effect: Effect, lead: int, when: str, value: float) -> str:
    """``Easter fell into March 2016 more than usual: the model allowed for +2,600 passengers``."""
    moved = effect.ahead[lead - 1]
    return f"{_happened(effect, moved, when)}: the model allowed for {signed(value)} passengers"


def _happened(effect: Effect, moved: float, when: str) -> str:
    """What is elsewhere than usual in a period."""
    if effect.kind == EVENT:
        return f"{effect.name} was to be in {when}"
    if effect.kind == REGRESSOR:
        how = "higher" if moved > 0 else "lower"
        return f"{effect.name} is {how} in {when} than a season before the last period known"
    if effect.name == TRADING_DAYS:
        return f"{when} has {'more' if moved > 0 else 'fewer'} working days than usual"
    if effect.name == LEAP_DAY:
        return f"{when} has {'a day more than' if moved > 0 else 'no 29th, which is'} usual"
    return f"{effect.name} fell into {when} {'more' if moved > 0 else 'less'} than usual"
