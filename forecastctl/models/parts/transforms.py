"""Transforms of positive data, and the way back to passengers.

The way back is element by element through the C library's functions, not through vectorised ones
whose last bit depends on the processor: a replayed forecast must be the same bits everywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import Choice, Uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from forecastctl.records import Options

_EXP_MAX = 700.0

LAMBDA = Uniform(0.0, 1.0)
"""Lambdas that are searched."""


def box_cox_lambda(options: Options) -> float | None:
    """Lambda of the transform that the options name: ``None`` for none, 0 for the logarithm."""
    transform = options.get("transform") or "none"
    if transform == "none":
        return None
    return 0.0 if transform == "log" else float(options.get("lambda") or 0.0)


def forward(y: NDArray[np.float64], lam: float | None) -> NDArray[np.float64]:
    """Box-Cox transform: ``log y`` for lambda 0, else ``(y**lambda - 1) / lambda``.

    Box and Cox (1964), equation 1.

    Args:
        y: Passengers, shape ``(n,)``.
        lam: Lambda, or ``None`` for no transform.

    Raises:
        ModelError: Some value is negative, or zero where a logarithm was asked for.
    """
    if lam is None:
        return y
    if np.any(y < 0) or (lam == 0.0 and np.any(y == 0)):
        raise ModelError("a logarithm needs positive values, a Box-Cox transform no negative ones")
    if lam == 0.0:
        return np.asarray(np.log(y))
    logs = np.log(y, out=np.full(len(y), -np.inf), where=y > 0)
    return np.asarray(np.expm1(lam * logs) / lam)


def back(
    z: NDArray[np.float64], sd: NDArray[np.float64], lam: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and standard deviation in passengers from those on the transformed scale.

    The median goes back unchanged by any bias correction; the standard deviation by the delta
    method, ``sd * dy/dz = sd * y**(1 - lambda)``.

    Args:
        z: Medians on the transformed scale, shape ``(h,)``.
        sd: Standard deviations there, shape ``(h,)``.
        lam: Lambda, or ``None`` for no transform.

    Returns:
        Median and standard deviation, passengers; infinite where the way back overflows.
    """
    if lam is None:
        return z, sd
    median = np.array([_inverse(float(v), lam) for v in z])
    slope = np.array([math.pow(v, 1.0 - lam) if v > 0 else 0.0 for v in median])
    return median, sd * slope


def _inverse(z: float, lam: float) -> float:
    if math.isnan(z):
        return z
    if lam == 0.0:
        return math.exp(z) if z < _EXP_MAX else math.inf
    base = lam * z + 1.0
    if base <= 0.0:  # below the transform's range: the data cannot go under zero
        return 0.0
    return math.exp(math.log(base) / lam) if math.log(base) / lam < _EXP_MAX else math.inf


def shapes(y: NDArray[np.float64], *, seasonal: bool) -> tuple[Mapping[str, object], ...]:
    """Combinations of season and transform that this series allows, as nested spaces.

    Logarithm and Box-Cox go with an additive season only: a multiplicative one on transformed
    data would need them positive as well, and says the same thing twice.
    """
    positive = bool(np.all(y > 0))
    found: list[Mapping[str, object]] = []
    if seasonal and positive:
        found.append({"seasonal": "mul", "transform": "none"})
    for season in ("add", "none") if seasonal else ("none",):
        found.append({"seasonal": season, "transform": "none"})
        if positive:
            found.append({"seasonal": season, "transform": "log"})
        if np.all(y >= 0) and np.any(y > 0):
            found.append({"seasonal": season, "transform": "boxcox", "lambda": LAMBDA})
    return tuple(found)


def transform_choice(y: NDArray[np.float64]) -> Choice:
    """Transforms that this series allows, as a nested space."""
    found: list[Any] = ["none"]
    if np.all(y > 0):
        found.append("log")
    if np.all(y >= 0) and np.any(y > 0):
        found.append({"transform": "boxcox", "lambda": LAMBDA})
    return Choice(tuple(found))


def suffix(options: Options) -> str:
    """What a label says of the transform: nothing, `` log`` or `` boxcox 0.30``."""
    lam = box_cox_lambda(options)
    if lam is None:
        return ""
    return " log" if lam == 0.0 else f" boxcox {lam:.2f}"
