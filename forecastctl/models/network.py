"""The network of the family ``pretrained``: what usually follows a window of months. Pure.

It was trained once, on simulated months alone (``benchmarks/pretrain.py`` and
``simulated_months.py``), and comes with the package. Nothing of it is estimated here: a window goes
in, quantiles of the two years after it come out. Residual blocks after He and others (2016), Deep
residual learning for image recognition, equation 1, on normalised values (Ba, Kiros and Hinton,
2016, Layer normalization, equation 4).

The products are added up by numpy itself and not by its algebra library, whose last bits depend on
the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SEASON = 12
WINDOW = 144
AHEAD = 24
SHORTEST = 13
"""Months that a window holds at most, that are forecast, and that a window holds at least."""

NEWEST = 1
"""Number of the network that new models are made with. Earlier ones stay: models that were recorded
with them are replayed with them."""

_CLIPPED = 8.0
"""What goes in is limited to so many of its units either way, as in training."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A window as the network sees it, and how to come back from there.

    Attributes:
        inputs: What goes in, shape ``(3 WINDOW - SEASON + 4,)``.
        base: The last season, twice, passengers, shape ``(AHEAD,)``.
        unit: Passengers that one of what comes out is worth.
    """

    inputs: NDArray[np.float64]
    base: NDArray[np.float64]
    unit: float


def quantiles(window: NDArray[np.float64], network: int = NEWEST) -> NDArray[np.float64]:
    """The 10 %, 50 % and 90 % quantile of each of the months after a window.

    Args:
        window: Passengers by month, ``SHORTEST`` to ``WINDOW`` of them, none negative.
        network: Its number.

    Returns:
        Passengers, shape ``(3, AHEAD)``; the lower ones may be negative.

    Raises:
        LookupError: This version has no such network.
    """
    weights = _weights(network)
    y = np.asarray(window, dtype=float)
    if not np.any(y):
        return np.zeros((3, AHEAD))
    seen = _seen(y)
    h = _layer(weights, "into", seen.inputs)
    for block in range(_blocks(weights)):
        inner = _gelu(_layer(weights, f"first.{block}", _normalised(h)))
        h = h + _layer(weights, f"second.{block}", inner)
    lower, middle, upper = _layer(weights, "out", _normalised(h)).reshape(3, AHEAD)
    lower, upper = middle - np.logaddexp(0.0, lower), middle + np.logaddexp(0.0, upper)
    return seen.base + seen.unit * np.stack([lower, middle, upper])


def _seen(y: NDArray[np.float64]) -> _Seen:
    """Levels in standard deviations, yearly changes in their mean size, and which months exist."""
    n = len(y)
    centre, mean = float(y[-SEASON:].mean()), float(y.mean())
    spread = float(y.std()) + 0.002 * abs(centre)
    change = y[SEASON:] - y[:-SEASON]
    yearly = float(np.abs(change).mean()) + 0.02 * spread
    levels, changes, there = np.zeros(WINDOW), np.zeros(WINDOW - SEASON), np.zeros(WINDOW)
    levels[WINDOW - n :] = (y - centre) / spread
    changes[WINDOW - n :] = change / yearly
    there[WINDOW - n :] = 1.0
    about = (
        math.log(min(max(centre / spread, 1e-3), 1e3)),
        (mean - centre) / spread,
        math.log(yearly / spread),
        n / WINDOW,
    )
    clipped = (np.clip(part, -_CLIPPED, _CLIPPED) for part in (levels, changes))
    inputs = np.concatenate([*clipped, there, about])
    return _Seen(inputs, np.tile(y[-SEASON:], AHEAD // SEASON), yearly)


@cache
def _weights(network: int) -> Mapping[str, Any]:
    file = Path(__file__).parent / "networks" / f"{network}.npz"
    if not file.is_file():
        raise LookupError(f"this version has no network {network}")
    with np.load(file) as stored:
        return {
            name: stored[name].astype(float)
            for name in stored.files
            if name.endswith((".weight", ".bias"))
        }


def _blocks(weights: Mapping[str, Any]) -> int:
    return sum(name.startswith("first.") and name.endswith(".bias") for name in weights)


def _layer(weights: Mapping[str, Any], name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.einsum("ij,j->i", weights[f"{name}.weight"], x)
    return np.asarray(found + weights[f"{name}.bias"])


def _normalised(h: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((h - h.mean()) / math.sqrt(float(h.var()) + 1e-5))


def _gelu(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hendrycks and Gimpel (2016), Gaussian error linear units, section 2."""
    return np.asarray(0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))))
