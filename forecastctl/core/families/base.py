"""The protocol of a model family, and the registry.

A family turns options into a fit and a fit into a forecast. It says itself which options may be
searched (`Family.space`), in plain values that `forecastctl.core.tune` translates for Hyperopt.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records import Option, Options


@dataclass(frozen=True, slots=True)
class Uniform:
    """A number between two bounds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; a value may be a nested space whose dimensions exist only then."""

    values: tuple[Option | Mapping[str, Any], ...]
    weights: tuple[float, ...] | None = None


Dimension: TypeAlias = Uniform | Choice
Space: TypeAlias = "Mapping[str, Dimension]"


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters and states of one fitted model, as JSON-ready values, and its residual sd."""

    params: Mapping[str, Any]
    states: Mapping[str, Any]
    sigma: float


class Family(Protocol):
    """What a family offers. Implementations hold no state and never read clock or environment."""

    name: str

    def space(self, y: NDArray[np.float64], season_length: int) -> Space | None:
        """Options worth searching on this training series, or ``None`` where the family is unfit.

        Args:
            y: The shortest training window of the search, passengers, shape ``(n,)``.
            season_length: Observations per season.
        """
        ...

    def label(self, options: Options) -> str:
        """Short name such as ``HW(A,Ad,M)``."""
        ...

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Estimate what the options leave open.

        Args:
            y: Passengers per period, finite, shape ``(n,)``.
            season_length: Observations per season.
            options: One point of the space.

        Raises:
            ModelError: The model cannot be fitted to this series.
        """
        ...

    def forecast(
        self, fit: Fit, season_length: int, options: Options, h: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Point forecast and standard deviation, passengers, shape ``(h,)`` each.

        Uses parameters and states alone: no data, no estimation. Equal inputs give equal bits.
        """
        ...


_FAMILIES = {
    "seasonal_naive": "forecastctl.core.families.naive:SeasonalNaive",
    "holt_winters": "forecastctl.core.families.holt_winters:HoltWinters",
    "ets": "forecastctl.core.families.ets:Ets",
    "sarimax": "forecastctl.core.families.sarimax:Sarimax",
}


def family_names() -> tuple[str, ...]:
    """Names of the registered families."""
    return tuple(_FAMILIES)


def family(name: str) -> Family:
    """The family registered under a name.

    Raises:
        KeyError: No such family.
    """
    module, _, attribute = _FAMILIES[name].partition(":")
    made: Family = getattr(import_module(module), attribute)()
    return made
