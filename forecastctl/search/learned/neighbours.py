"""Models of a search space next to a model, and models drawn at random. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, product
from typing import TYPE_CHECKING, Any

from forecastctl.models import Choice, Uniform
from forecastctl.models.make import DIGITS, make_model
from forecastctl.search.space import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from forecastctl.models import Space
    from forecastctl.records import Model, Option

STEPS = (0.3, 0.1, 0.03)
"""How far a number is moved, up and down, in parts of its range."""

SHARES = (0.2, 0.5, 0.8)
"""Where in its range a number begins that a model did not have before."""


def neighbours(spaces: Mapping[str, Space], model: Model) -> list[Model]:
    """Every model that differs in one dimension: another choice, or a number moved by a step.

    Args:
        spaces: Space by family.
        model: A model inside them.
    """
    found = (make_model(model.family, o) for o in _variants(spaces[model.family], model.options))
    return list({m.key: m for m in found if m.key != model.key}.values())


def drawn(
    spaces: Mapping[str, Space], prior: Mapping[str, float], rarest: float, rng: np.random.Generator
) -> Model:
    """One model at random.

    Args:
        spaces: Space by family.
        prior: Weight of each family.
        rarest: Weight of those that are missing, and the least of any.
        rng: Source of randomness.
    """
    weights = [max(prior.get(name, 0.0), rarest) for name in spaces]
    name = list(spaces)[_pick(weights, rng)]
    return make_model(name, _drawn(spaces[name], rng))


def _pick(weights: Iterable[float], rng: np.random.Generator) -> int:
    parts = list(weights)
    left = float(rng.random()) * sum(parts)
    for index, part in enumerate(parts):
        left -= part
        if left < 0.0:
            return index
    return len(parts) - 1


def _drawn(space: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Option]:
    found: dict[str, Option] = {}
    for key, dimension in space.items():
        if isinstance(dimension, Uniform):
            found[key] = _at(dimension, float(rng.random()))
        elif isinstance(dimension, Choice):
            weights = dimension.weights or (1.0,) * len(dimension.values)
            value = dimension.values[_pick(weights, rng)]
            found |= _drawn(value, rng) if isinstance(value, Mapping) else {key: value}
        else:
            found[key] = dimension
    return found


def _at(dimension: Uniform, share: float) -> float:
    return round(dimension.low + share * (dimension.high - dimension.low), DIGITS)


def _variants(space: Mapping[str, Any], options: Mapping[str, Option]) -> list[dict[str, Option]]:
    now = {key: _now(key, dimension, options) for key, dimension in space.items()}
    found = []
    for key, dimension in space.items():
        rest = dict(chain.from_iterable(v.items() for k, v in now.items() if k != key))
        found += [rest | change for change in _changes(key, dimension, options)]
    return found


def _now(key: str, dimension: Any, options: Mapping[str, Option]) -> dict[str, Option]:
    """The options that a dimension stands for as it is."""
    if isinstance(dimension, Uniform):
        return {key: options[key]}
    if not isinstance(dimension, Choice):
        return {key: dimension}
    value = dimension.values[_taken(key, dimension, options)]
    if not isinstance(value, Mapping):
        return {key: value}
    parts = (_now(k, d, options).items() for k, d in value.items())
    return dict(chain.from_iterable(parts))


def _taken(key: str, dimension: Choice, options: Mapping[str, Option]) -> int:
    """Index of the value that the options hold."""
    point = encode({key: {key: dimension}}, key, options) or {}
    return int(point[f"{key}/{key}"])


def _changes(key: str, dimension: Any, options: Mapping[str, Option]) -> list[dict[str, Option]]:
    if isinstance(dimension, Uniform):
        return [{key: number} for number in _moved(dimension, options[key])]
    if not isinstance(dimension, Choice):
        return []
    taken, found = _taken(key, dimension, options), []
    for index, value in enumerate(dimension.values):
        if not isinstance(value, Mapping):
            found += [{key: value}] * (index != taken)
        elif index == taken:
            found += _variants(value, options)
        else:
            found += [o for share in SHARES for o in _fills(value, options, share)]
    return found


def _moved(dimension: Uniform, number: Any) -> list[float]:
    span = dimension.high - dimension.low
    moved = (number + sign * step * span for step in STEPS for sign in (1.0, -1.0))
    return [round(min(max(v, dimension.low), dimension.high), DIGITS) for v in moved]


def _fills(
    space: Mapping[str, Any], options: Mapping[str, Option], share: float
) -> list[dict[str, Option]]:
    """Ways into a nested space that the options are not in; a number they have stays."""
    columns: list[list[dict[str, Option]]] = []
    for key, dimension in space.items():
        if isinstance(dimension, Uniform):
            inside = encode({key: {key: dimension}}, key, options) is not None
            columns.append([{key: options[key] if inside else _at(dimension, share)}])
        elif isinstance(dimension, Choice):
            column: list[dict[str, Option]] = []
            for value in dimension.values:
                column += (
                    _fills(value, options, share) if isinstance(value, Mapping) else [{key: value}]
                )
            columns.append(column)
        else:
            columns.append([{key: dimension}])
    return [dict(chain.from_iterable(p.items() for p in parts)) for parts in product(*columns)]
