"""What the losses known so far say of a model not tried yet: a Gaussian process. Pure.

Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, algorithm 2.1. The losses of
an earlier search are those of a related task: Bonilla, Chai and Williams (2008), Multi-task
Gaussian process prediction. Sums are made in a fixed order, without BLAS, whose last bit may depend
on the number of threads: the same losses must propose the same model everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models import Choice, Uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.models import Space
    from forecastctl.records import Model, Option

    Array = NDArray[np.float64]

FAMILY, CATEGORY, MISSING, ORDER = 1.5, 0.5, 0.25, 0.4
"""Squared distance of two families, two values, a value and none, and two successive orders."""

NUMBER = 0.5
"""Part of a number's range that is a distance of one."""

RELATED = 0.9
"""Correlation of what a model is worth now and what it was worth in the earlier search."""

NOISE = 2e-4
"""Variance of a loss that no distance explains, in parts of that of all losses."""

_LEAST = 1e-4
_NONE, _LOG = "none", "log"


class Features:
    """Coordinates of models in which near means alike, whatever the family.

    A transform is a number: none is one, the logarithm zero, and Box-Cox its lambda.

    Args:
        spaces: Space by family.
    """

    def __init__(self, spaces: Mapping[str, Space]) -> None:
        self._families = list(spaces)
        self._numbers: dict[str, Uniform] = {"transform": Uniform(0.0, 1.0)}
        self._values: dict[str, list[Option]] = {}
        for space in spaces.values():
            self._look(space)
        self._numbers.pop("lambda", None)  # the transform's number
        self._values = {k: v for k, v in self._values.items() if k not in self._numbers}

    def _look(self, space: Mapping[str, Any]) -> None:
        for key, dimension in space.items():
            if isinstance(dimension, Uniform):
                self._numbers[key] = dimension
                continue
            values = dimension.values if isinstance(dimension, Choice) else (dimension,)
            for value in values:
                if isinstance(value, Mapping):
                    self._look(value)
                elif value not in self._values.setdefault(key, []):
                    self._values[key].append(value)

    def of(self, model: Model) -> Array:
        """Coordinates of one model; squared distances are sums over what differs."""
        found = [math.sqrt(FAMILY / 2.0) * (model.family == name) for name in self._families]
        for key, bounds in self._numbers.items():
            value = _transform(model) if key == "transform" else model.options.get(key)
            found += [0.0, 0.0] if value is None else _scaled(bounds, value)
        for key, values in self._values.items():
            value = model.options.get(key)
            if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
                there = isinstance(value, int)
                found.append(math.sqrt(ORDER) * (value if there else 1.0))  # type: ignore[operator]
                found.append(math.sqrt(MISSING) * there)
            else:
                found += [math.sqrt(CATEGORY / 2.0) * (value == v) for v in values]
        return np.array(found, dtype=float)


def _transform(model: Model) -> Option:
    name = model.options.get("transform")
    return {_NONE: 1.0, _LOG: 0.0}.get(str(name), model.options.get("lambda")) if name else None


def _scaled(bounds: Uniform, value: Any) -> list[float]:
    middle = (bounds.low + bounds.high) / 2.0
    unit = NUMBER * (bounds.high - bounds.low)
    return [(float(value) - middle) / unit, math.sqrt(MISSING)]


class Surrogate:
    """Losses of models, and what they say of candidates.

    Every model and every candidate is solved for once: another loss adds one row.

    Args:
        features: Coordinates of models.
    """

    def __init__(self, features: Features) -> None:
        self._features = features
        self._where: list[Array] = []  # of the models, coordinates
        self._past: list[bool] = []
        self._rows: list[Array] = []  # of the Cholesky factor
        self._wheres = np.zeros((0, 0))  # of the candidates, coordinates
        self._columns = np.zeros((0, 0))  # solved covariances, models by candidates

    def add(self, model: Model, *, past: bool = False) -> None:
        """A model whose loss is known from now on.

        Args:
            model: The model.
            past: Whether the loss is from the earlier search.
        """
        where = self._features.of(model)
        row = self._solve(self._covariance(where[None], past=past))[:, 0]
        left = math.sqrt(max(1.0 + NOISE - float(np.square(row).sum()), NOISE))
        if len(self._wheres):
            fresh = _kernel(where[None], self._wheres)[0] * (RELATED if past else 1.0)
            fresh = (fresh - np.einsum("j,jc->c", row, self._columns)) / left
            self._columns = np.vstack([self._columns, fresh])
        self._rows.append(np.append(row, left))
        self._where.append(where)
        self._past.append(past)

    def consider(self, models: Sequence[Model]) -> None:
        """More candidates, behind those that there are."""
        wheres = np.array([self._features.of(model) for model in models])
        columns = self._solve(self._covariance(wheres, past=False))
        first = not len(self._wheres)
        self._wheres = wheres if first else np.vstack([self._wheres, wheres])
        self._columns = columns if first else np.hstack([self._columns, columns])

    def expect(self, values: Sequence[float]) -> tuple[Array, Array]:
        """Mean and standard deviation of every candidate.

        Args:
            values: Of the models added, in their order; the logarithms of their losses.
        """
        y = np.array(values)
        mean = float(np.median(y))
        scale = max(float(np.square(y - mean).mean()), _LEAST)
        w = self._solve((y - mean)[:, None])[:, 0]
        left = np.maximum(1.0 - np.square(self._columns).sum(axis=0), 0.0)
        return mean + np.einsum("j,jc->c", w, self._columns), np.sqrt(scale * left)

    def _covariance(self, wheres: Array, *, past: bool) -> Array:
        if not self._where:
            return np.zeros((0, len(wheres)))
        related = np.where(np.array(self._past) == past, 1.0, RELATED)
        return _kernel(np.array(self._where), wheres) * related[:, None]

    def _solve(self, columns: Array) -> Array:
        """Forward substitution with the Cholesky factor."""
        found = np.empty_like(columns)
        for i, row in enumerate(self._rows):
            found[i] = (columns[i] - np.einsum("j,jc->c", row[:-1], found[:i])) / row[-1]
        return found


def _kernel(a: Array, b: Array) -> Array:
    """Matern's with three halves, of the distances of all pairs."""
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None, :]
    r = np.sqrt(np.maximum(squares - 2.0 * np.einsum("id,jd->ij", a, b), 0.0))
    return np.asarray((1.0 + r) * np.exp(-r))


def improvement(mean: Array, sd: Array, best: float) -> Array:
    """Expected improvement: Jones, Schonlau and Welch (1998), equation 15.

    Args:
        mean: Expected value of each candidate.
        sd: Standard deviation of each.
        best: The least value so far.
    """
    gap = best - mean
    z = gap / np.maximum(sd, _TINY)
    below = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in z.tolist()])
    return np.asarray(gap * below + sd * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi))


_TINY = 1e-12
