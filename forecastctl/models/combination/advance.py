"""A fitted model run on over later observations: states move, parameters stay.

Each family's own recursion goes on from the stored states; nothing is estimated. It says what new
data alone do to a forecast, apart from what estimating anew makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models.base import Fit, checked, fitting
from forecastctl.models.combination.path import ceiling
from forecastctl.models.network import WINDOW
from forecastctl.models.parts.transforms import box_cox_lambda, forward
from forecastctl.models.sarimax import orders_of
from forecastctl.models.terms import effects_of, factor, moved_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import FittedMember, FittedModel, Options, Series

_DOUBLINGS = 40
"""Up to so often: enough for roots within 1e-10 of the unit circle."""

_NEGLIGIBLE = 1e-17


def advances(family: str) -> bool:
    """Whether the models of a family can be run on with their parameters held."""
    return family in _RECURSIONS


def advance(
    model: FittedModel, series: Series, refit: Callable[[FittedMember], FittedMember]
) -> FittedModel:
    """The same model as of a later cutoff.

    Args:
        model: A fitted model.
        series: The airport's series, whose periods after ``model.cutoff`` are run through.
        refit: What is done with members of families that cannot be run on, see `advances`.

    Returns:
        The model with new states, cutoff and number of observations, and the old parameters and
        standard deviations.

    Raises:
        ModelError: A state is no longer finite, or the new data are out of a transform's range.
    """
    y = np.asarray(series.y[series.ds > np.datetime64(model.cutoff)], dtype=float)
    if not len(y):
        return model
    members = tuple(
        _advance_member(m, y * _without(model, m, len(y)), model)
        if advances(m.member.model.family)
        else refit(m)
        for m in model.members
    )
    limit = None if model.ceiling is None else max(model.ceiling, ceiling(series.y))
    return replace(
        model,
        members=members,
        cutoff=series.cutoff,
        n=model.n + len(y),
        ceiling=limit,
        effects=moved_on(model.effects, len(y)),
    )


def _without(model: FittedModel, member: FittedMember, n: int) -> NDArray[np.float64]:
    """Factor that takes the effects of the terms out of the ``n`` periods after the cutoff."""
    return np.asarray(1.0 / factor(effects_of(model, member.member.model.options), n))


@dataclass(frozen=True, slots=True)
class _From:
    """Where a recursion goes on from; fields as in `FittedMember` and `FittedModel`."""

    params: Mapping[str, Any]
    states: Mapping[str, Any]
    options: Options
    season_length: int
    n: int


def _advance_member(
    fitted: FittedMember, y: NDArray[np.float64], whole: FittedModel
) -> FittedMember:
    model = fitted.member.model
    start = _From(fitted.params, fitted.states, model.options, whole.season_length, whole.n)
    with fitting(model.label):
        z = forward(y, box_cox_lambda(model.options)).tolist()
        states = _RECURSIONS[model.family](start, z)
    checked(Fit(fitted.params, states, fitted.sigma), model.label)
    return replace(fitted, states=states)


def _naive(start: _From, z: Sequence[float]) -> dict[str, Any]:
    """The last season or window, of the length it had."""
    last = start.states["last"]
    return {"last": [*last, *z][-len(last) :]}


def _last_months(start: _From, z: Sequence[float]) -> dict[str, Any]:
    """As many months as the network takes."""
    return {"last": [*start.states["last"], *z][-WINDOW:]}


def _holt_winters(start: _From, z: Sequence[float]) -> dict[str, Any]:
    # Holt's beta is the share of the change of level, not of the error.
    beta = start.params["alpha"] * start.params.get("beta", 0.0)
    return _smoothing(start, beta, z, ets=False)


def _ets(start: _From, z: Sequence[float]) -> dict[str, Any]:
    return _smoothing(start, start.params.get("beta", 0.0), z, ets=True)


def _smoothing(start: _From, beta: float, z: Sequence[float], *, ets: bool) -> dict[str, Any]:
    """The recursion of `forecastctl.models.kernels.smoothing`, from stored states."""
    params, states = start.params, start.states
    alpha, gamma, phi = params["alpha"], params.get("gamma", 0.0), params.get("phi", 1.0)
    multiplies = start.options.get("seasonal") == "mul"
    level, trend = states["level"], states.get("trend", 0.0)
    season = list(states.get("seasonal") or [1.0 if multiplies else 0.0])
    for value in z:
        base, s = level + phi * trend, season.pop(0)
        error = (value - base * s) / s if multiplies else value - base - s
        level = base + alpha * error
        trend = phi * trend + beta * error
        if multiplies:
            s += gamma * (value - base * s) / (level if ets else base)
        elif "seasonal" in states:
            s += gamma * error
        season.append(s)
    moved = {"level": level, "trend": trend, "seasonal": season}
    return {name: moved[name] for name in states}


def _theta(start: _From, z: Sequence[float]) -> dict[str, Any]:
    """Level and weight of the line; the line itself and the season are parameters in all but name.

    The recursion of `forecastctl.models.kernels.theta`.
    """
    alpha, states = start.params["alpha"], start.states
    level, power, season = states["level"], states["power"], list(states["seasonal"])
    multiplies = start.options.get("seasonal") == "mul"
    for value in z:
        s = season.pop(0)
        season.append(s)
        level = alpha * (value / s if multiplies else value - s) + (1.0 - alpha) * level
        power *= 1.0 - alpha
    return {**states, "level": level, "power": power, "seasonal": season}


def _ces(start: _From, z: Sequence[float]) -> dict[str, Any]:
    """The recursion of `forecastctl.models.kernels.ces`, from stored states."""
    params, found = start.params, dict(start.states)
    season = list(found.get("seasonal", []))
    hidden = list(found.get("seasonal_potential", []))
    pair = ("b0", "b1") if "level" in found else ("a0", "a1")  # the season of simple has a's
    for value in z:
        s = season.pop(0) if "seasonal" in found else 0.0
        error = value - s - found.get("level", 0.0)
        if "level" in found:
            moved = _turned(found["level"], found["potential"], params["a0"], params["a1"], error)
            found["level"], found["potential"] = moved
        if "seasonal_potential" in found:
            s, p = _turned(s, hidden.pop(0), params[pair[0]], params[pair[1]], error)
            hidden.append(p)
        elif "seasonal" in found:
            s += params["b0"] * error
        season += [s] if "seasonal" in found else []
    lists = {"seasonal": season, "seasonal_potential": hidden}
    return {name: lists.get(name, value) for name, value in found.items()}


def _turned(
    level: float, potential: float, a: float, b: float, error: float
) -> tuple[float, float]:
    """A level and its potential after one error."""
    return (
        level - (1.0 - b) * potential + (a - b) * error,
        level + (1.0 - a) * potential + (a + b) * error,
    )


def _sarimax(start: _From, z: Sequence[float]) -> dict[str, Any]:
    """Kalman filter of the differenced series, exact: the gain goes on from where it was.

    The covariance of the state depends on the parameters and on the number of observations alone,
    so that it need not be stored. State as in `forecastctl.models.kernels.arma`.
    """
    params, m = start.params, start.season_length
    differences = _differences(start.options, m)
    transition, shock = _state_space(params, m, len(start.states["arma"]))
    gains = _gains(transition, shock)
    for _ in range(start.n - len(differences) + 1):
        next(gains)
    state, last = np.array(start.states["arma"]), list(start.states["last"])
    for value in z:
        window = [*last, value]
        error = sum(c * window[-1 - i] for i, c in enumerate(differences)) - state[0]
        state = transition @ state + next(gains) * error
        state[0] += params["intercept"]
        last = window[1:]
    return {"arma": state.tolist(), "last": last}


def _state_space(
    params: Mapping[str, Any], m: int, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transition matrix, and what a unit innovation does to the state."""
    ar = _product([-v for v in params["ar"]], [-v for v in params["seasonal_ar"]], m)
    ma = _product(params["ma"], params["seasonal_ma"], m)
    transition, shock = np.eye(size, k=1), np.zeros(size)
    transition[: len(ar) - 1, 0] = [-v for v in ar[1:]]
    shock[: len(ma)] = ma
    return transition, shock


def _gains(
    transition: NDArray[np.float64], shock: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Gain at each observation, from the stationary distribution on; unit innovations."""
    noise = np.outer(shock, shock)
    covariance = _stationary(transition, noise)
    while True:
        variance = covariance[0, 0]
        gain = transition @ covariance[:, 0] / variance
        yield gain
        covariance = transition @ covariance @ transition.T + noise
        covariance -= variance * np.outer(gain, gain)


def _stationary(transition: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """The covariance that a transition and its noise leave as it is.

    The sum of ``T**k Q T'**k``, of which each step doubles the number of terms (Smith, 1968,
    "Matrix equation XA + BX = C", SIAM Journal on Applied Mathematics 16(1)).

    Raises:
        ArithmeticError: The transition is not stable.
    """
    power, found = transition, noise
    for _ in range(_DOUBLINGS):
        more = power @ found @ power.T
        found = found + more
        largest = np.max(np.abs(found))
        if not np.isfinite(largest):
            break
        if np.max(np.abs(more)) <= _NEGLIGIBLE * largest:
            return found
        power = power @ power
    raise ArithmeticError("the autoregression has no stationary distribution")


def _product(short: Sequence[float], seasonal: Sequence[float], m: int) -> list[float]:
    """``(1 + sum short B**i)(1 + sum seasonal B**(m i))``, lowest power first."""
    spread = np.zeros(m * len(seasonal) + 1)
    spread[0] = 1.0
    spread[m::m] = seasonal
    return [float(v) for v in np.convolve([1.0, *short], spread)]


def _differences(options: Options, m: int) -> list[float]:
    """Lag polynomial ``(1 - B)**d (1 - B**m)**D``."""
    _, d, _, _, seasonal_d, _ = orders_of(options)
    found = np.ones(1)
    for lag in [1] * d + [m] * seasonal_d:
        factor = np.zeros(lag + 1)
        factor[0], factor[-1] = 1.0, -1.0
        found = np.convolve(found, factor)
    return [float(v) for v in found]


_RECURSIONS: dict[str, Callable[[_From, Sequence[float]], dict[str, Any]]] = {
    "seasonal_naive": _naive,
    "pooled": _naive,
    "pretrained": _last_months,
    "holt_winters": _holt_winters,
    "ets": _ets,
    "sarimax": _sarimax,
    "theta": _theta,
    "ces": _ces,
}
