"""The protocol of a model family, and the registry.

A family turns options into a fit and a fit into a forecast. It says itself which options may be
searched (`Family.space`) and which are worth trying first (`Family.starts`), in plain values that
`forecastctl.search.tune` translates for Hyperopt.
"""

from __future__ import annotations

import logging
import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from forecastctl.errors import ModelError, UsageError
from forecastctl.models.shocks import estimation_data
from forecastctl.models.terms import effects_until, taken_out
from forecastctl.registry import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Effect, Line, Option, Options, Series


@dataclass(frozen=True, slots=True)
class Uniform:
    """A number between two bounds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; a value may be a nested space whose dimensions exist only then.

    A nested space maps names to constants or dimensions. What it yields replaces the choice
    itself: ``"trend": Choice(("none", {"trend": "damped", "phi": Uniform(0.8, 0.98)}))`` gives
    ``{"trend": "none"}`` or ``{"trend": "damped", "phi": 0.93}``.

    Attributes:
        values: The values, at least one.
        weights: Prior probabilities, summing to one, or ``None`` for equal ones.
    """

    values: tuple[Option | Mapping[str, Any], ...]
    weights: tuple[float, ...] | None = None


Dimension: TypeAlias = Uniform | Choice
Space: TypeAlias = "Mapping[str, Dimension | Option]"
"""Dimensions by name; a constant is an option that is not searched."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters and states of one fitted model, as JSON-ready values, and its residual sd.

    Attributes:
        params: Estimated or given parameters by name.
        states: What the recursion needs to go on after the last observation.
        sigma: Standard deviation of the one-step in-sample residuals, passengers.
        effects: What was taken out of the data before; its forecast is multiplied by them.
    """

    params: Mapping[str, Any]
    states: Mapping[str, Any]
    sigma: float
    effects: tuple[Effect, ...] = ()


class Family(Protocol):
    """What a family offers. Implementations hold no state and never read clock or environment."""

    name: str
    """Registered name."""

    starts: tuple[Options, ...]
    """Options worth trying before any search, best first; those outside the space are skipped."""

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """Options worth searching on this series, or ``None`` where the family is unfit.

        Args:
            y: The whole training series, passengers, shape ``(n,)``.
            season_length: Observations per season.
            shortest: Length of the shortest training window of the search.
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
        """Point forecast (median) and standard deviation, passengers, shape ``(h,)`` each.

        Uses parameters and states alone: no data, no estimation, no random numbers. Equal inputs
        give equal bits. Values are not clipped: a sum of errors may well be negative.
        """
        ...


@runtime_checkable
class FitsPrefixes(Protocol):
    """A family that can use its fit of one prefix of a series as a start for the next."""

    def fit_prefixes(
        self, y: NDArray[np.float64], ends: Sequence[int], season_length: int, options: Options
    ) -> Iterator[Fit]:
        """Fits of ``y[:end]``, made one by one as they are asked for.

        Args:
            y: Passengers per period, finite, shape ``(n,)``.
            ends: Lengths of the prefixes, in the order wanted.
            season_length: Observations per season.
            options: One point of the space.

        Raises:
            ModelError: The model cannot be fitted to a prefix.
        """
        ...


@runtime_checkable
class FitsFromFleet(Protocol):
    """A family whose models are estimated over all airports of a panel together."""

    def fit_from(
        self, y: NDArray[np.float64], season_length: int, options: Options, line: Line
    ) -> Fit:
        """Take what was learned from the fleet, and where this series is now.

        Args:
            y: Passengers per period, finite, shape ``(n,)``.
            season_length: Observations per season.
            options: One point of the space.
            line: What was learned from the fleet, as of the last period of ``y``.

        Raises:
            ModelError: The model cannot be fitted to this series.
        """
        ...


def fit_prefixes(
    family: Family, series: Series, ends: Sequence[int], options: Options
) -> Iterator[Fit]:
    """Fits of prefixes of a series; each starts afresh where the family offers nothing better.

    Args:
        family: The family.
        series: The series.
        ends: Lengths of the prefixes, in the order wanted.
        options: One point of the space.
    """
    if isinstance(family, FitsPrefixes) and not {"shocks", "terms"} & options.keys():
        yield from family.fit_prefixes(series.y, ends, series.season_length, options)
    else:
        for end in ends:
            yield fit_until(family, series, end, options)


def fit_until(family: Family, series: Series, end: int, options: Options) -> Fit:
    """Fit to the first ``end`` periods, without shocks or effects where the options say so.

    A model that is estimated over a fleet takes what was learned up to then. Where the series knows
    of no fleet, it is estimated on this series alone.

    Raises:
        ModelError: The model cannot be fitted, or nothing was learned from the fleet by then.
    """
    effects = effects_until(series, end) if "terms" in options else ()
    y = series.y[:end]
    if effects:
        y = y * taken_out(series, end, effects)
    fit = _fit(family, series, end, estimation_data(y, series.season_length, options), options)
    return replace(fit, effects=effects) if effects else fit


def _fit(family: Family, series: Series, end: int, y: NDArray[np.float64], options: Options) -> Fit:
    """Fit to what is made of the first ``end`` periods."""
    if series.fleet is None or not isinstance(family, FitsFromFleet):
        return family.fit(y, series.season_length, options)
    day, label = str(series.ds[end - 1]), family.label(options)
    line = series.fleet.line(day, label)
    if line is None:
        raise ModelError(f"{label}: nothing was learned from the fleet as of {day}")
    return family.fit_from(y, series.season_length, options, line)


_REFERENCES = {
    "holt_winters": "forecastctl.models.reference.statsmodels:ReferenceHoltWinters",
    "ets": "forecastctl.models.reference.statsmodels:ReferenceEts",
    "sarimax": "forecastctl.models.reference.statsmodels:ReferenceSarimax",
}
"""Families that statsmodels has as well; the others are fitted by our own kernels alone."""

ENGINES = ("compiled", "statsmodels")
"""What fits: our own compiled code, or statsmodels, the reference, where it has the model."""

_LOG = logging.getLogger(__name__)


def family_names() -> tuple[str, ...]:
    """Names of the registered families, those of other packages last."""
    return FAMILIES.names()


@cache
def family(name: str, engine: str = "compiled") -> Family:
    """The family registered under a name; see `fitter` for one to fit with.

    Args:
        name: One of `family_names`.
        engine: One of `ENGINES`. It decides about `Family.fit` alone: spaces, labels and the
            forecast from a fit are the same.

    Raises:
        UsageError: No such family or engine.
        SettingsError: The family is another package's, which is broken.
    """
    _check_engine(engine)
    if not FAMILIES.knows(name):
        raise UsageError(
            f"There is no model family {name!r}.", f"Families are {', '.join(family_names())}."
        )
    made: Family
    if engine == "statsmodels" and name in _REFERENCES:
        module, _, attribute = _REFERENCES[name].partition(":")
        made = getattr(import_module(module), attribute)()
    else:
        made = FAMILIES.make(name, Family)
        if made.name != name:
            raise FAMILIES.broken(name, f"it calls itself {made.name!r}")
    return made


def fitter(name: str, engine: str = "compiled") -> Family:
    """The family to fit with here: statsmodels takes over from an engine that does not work.

    Apart from `family` because asking loads the engine, which labels and forecasts do without.

    Raises:
        UsageError: No such family or engine.
    """
    return family(name, working_engine(engine))


def working_engine(engine: str) -> str:
    """The engine itself, or statsmodels where it does not work, with a warning once per process.

    Raises:
        UsageError: No such engine.
    """
    _check_engine(engine)
    return engine if engine != "compiled" or _engine_loads() else "statsmodels"


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r}.", f"Engines are {', '.join(ENGINES)}.")


@cache
def _engine_loads() -> bool:
    from forecastctl.models.kernels import compiled

    trouble = compiled.load()
    if trouble is not None:
        _LOG.warning(
            "The compiled engine does not work here: numba cannot be loaded or compiles nothing "
            "(%s). statsmodels fits instead, and plain Python what statsmodels does not have, "
            "which takes many times as long.",
            trouble,
        )
    return trouble is None


@contextmanager
def fitting(label: str) -> Iterator[None]:
    """Silence warnings while a model is fitted, and turn what libraries raise into `ModelError`.

    Whether an optimiser says that it has converged is not asked: a fit is judged by its forecasts.

    Args:
        label: Name of the model for the message.

    Raises:
        ModelError: The body raised an arithmetic, value, index or linear-algebra error.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, ArithmeticError, LookupError) as error:
            raise ModelError(f"{label} cannot be fitted: {error}") from error


def checked(fit: Fit, label: str) -> Fit:
    """The same fit, when all of its numbers are finite.

    Raises:
        ModelError: A parameter or state is NaN or infinite.
    """
    for part in (fit.params, fit.states, {"sigma": fit.sigma}):
        for name, value in part.items():
            numbers = value if isinstance(value, list) else [value]
            if not all(math.isfinite(x) for x in numbers):
                raise ModelError(f"{label} cannot be fitted: {name} is not finite")
    return fit


def residual_sd(residuals: NDArray[np.float64], estimated: int) -> float:
    """Standard deviation of one-step residuals around zero.

    Args:
        residuals: Actual minus one-step forecast, shape ``(n,)``.
        estimated: Number of estimated parameters, taken off the degrees of freedom.

    Returns:
        Root of the sum of squares over ``max(n - estimated, 1)``.
    """
    return math.sqrt(float(np.sum(residuals**2)) / max(len(residuals) - estimated, 1))
