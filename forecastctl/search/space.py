"""Points of a search space: from the options of a family to Hyperopt's values and back. Pure.

Hyperopt knows a point as a flat mapping from labels to numbers: the index of a choice, the value
of a uniform. A label is the path to its dimension, such as ``ets/error`` or
``holt_winters/smoothing/1/alpha`` (dimension ``alpha`` of the second value of ``smoothing``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from forecastctl.models import Choice, Uniform
from forecastctl.models.make import _flatten, make_model

if TYPE_CHECKING:
    from forecastctl.models import Space
    from forecastctl.records import Model, Option, Options

ROOT = "family"
"""Label of the choice between families."""


Point: TypeAlias = dict[str, float | int]


def decode(sample: Mapping[str, Any]) -> Model:
    """Model of one evaluated sample, ``{"family": name, "options": nested mapping}``."""
    return make_model(sample["family"], _flatten(sample["options"]))


def encode(spaces: Mapping[str, Space], name: str, options: Options) -> Point | None:
    """Values by label of a point, or ``None`` where it lies outside the space.

    Args:
        spaces: Space by family, in the order of the choice between families.
        name: Family.
        options: Options, those of nested spaces included.
    """
    if name not in spaces:
        return None
    inner = _encode(spaces[name], name, options)
    return None if inner is None else {ROOT: list(spaces).index(name), **inner}


def labels(spaces: Mapping[str, Space]) -> list[str]:
    """Every label of the search, in order."""
    all_labels = [ROOT]
    for name, space in spaces.items():
        all_labels += _labels(space, name)
    return all_labels


def _labels(space: Mapping[str, Any], path: str) -> list[str]:
    """Labels of a space that lies at a path."""
    paths = []
    for key, dimension in space.items():
        label = f"{path}/{key}"
        if isinstance(dimension, Choice | Uniform):
            paths.append(label)
        if isinstance(dimension, Choice):
            for index, value in enumerate(dimension.values):
                if isinstance(value, Mapping):
                    paths += _labels(value, f"{label}/{index}")
    return paths


def _encode(space: Mapping[str, Any], path: str, options: Options) -> Point | None:
    """Values by label of options in a space that lies at a path; ``None`` outside of it."""
    point: Point = {}
    for key, dimension in space.items():
        label = f"{path}/{key}"
        if isinstance(dimension, Uniform):
            values = _encode_number(dimension, label, options.get(key))
        elif isinstance(dimension, Choice):
            values = _encode_choice(dimension, label, options, key)
        else:
            values = {} if _same(options.get(key), dimension) else None
        if values is None:
            return None
        point |= values
    return point


def _encode_number(dimension: Uniform, label: str, value: Option) -> Point | None:
    if isinstance(value, str | bool) or value is None:
        return None
    return {label: value} if dimension.low <= value <= dimension.high else None


def _encode_choice(dimension: Choice, label: str, options: Options, key: str) -> Point | None:
    for index, value in enumerate(dimension.values):
        if not isinstance(value, Mapping):
            if key in options and _same(options[key], value):
                return {label: index}
            continue
        inner = _encode(value, f"{label}/{index}", options)
        if inner is not None:
            return {label: index, **inner}
    return None


def _same(a: object, b: object) -> bool:
    return type(a) is type(b) and bool(a == b)


def placed(spaces: Mapping[str, Space], model: Model) -> tuple[Point, Model] | None:
    """The point of a start in the spaces of a search, and its model; ``None`` if it lies outside.

    Args:
        spaces: Space by family.
        model: The start. Options that the spaces do not know are dropped.
    """
    point = encode(spaces, model.family, model.options)
    if point is None:
        return None
    return point, model_at(spaces, point)


def model_at(spaces: Mapping[str, Space], point: Point) -> Model:
    """The model of a point, the inverse of `encode`.

    Args:
        spaces: Space by family, in the order of the choice between families.
        point: Values by label, of its own branches alone.
    """
    name = list(spaces)[int(point[ROOT])]
    return decode({"family": name, "options": _options(spaces[name], name, point)})


def _options(space: Mapping[str, Any], path: str, point: Point) -> dict[str, Any]:
    """Options of a point in a space that lies at a path: the inverse of `_encode`."""
    options: dict[str, Any] = {}
    for key, dimension in space.items():
        label = f"{path}/{key}"
        if isinstance(dimension, Uniform):
            options[key] = point[label]
        elif isinstance(dimension, Choice):
            index = int(point[label])
            value = dimension.values[index]
            below = f"{label}/{index}"
            options[key] = _options(value, below, point) if isinstance(value, Mapping) else value
        else:
            options[key] = dimension
    return options
