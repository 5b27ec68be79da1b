"""Seasonal ARIMA, optionally on logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import (
    Choice,
    Fit,
    checked,
    fitting,
)
from forecastctl.models.parts.sarimax_fit import estimate
from forecastctl.models.parts.transforms import (
    back,
    box_cox_lambda,
    forward,
    suffix,
    transform_choice,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

LONGEST_SEASON = 12
"""Beyond this season length the state vector is too long to filter in reasonable time."""

_SEASONS = 3
_FLAT = 1e-12
_ORDERS = ("p", "d", "q", "P", "D", "Q")


class Sarimax:
    """ARIMA(p,d,q)(P,D,Q) of Box and Jenkins, fitted by exact maximum likelihood.

    Options: ``p, d, q, P, D, Q``, ``drift`` (a constant in the differenced series), ``transform``
    (none, log). The series is differenced before it is filtered and the scale is concentrated out
    of the likelihood, which leaves the estimates as they are and takes a quarter of the time.
    """

    name = "sarimax"
    starts: tuple[Options, ...] = tuple(
        {**dict(zip(_ORDERS, orders, strict=True)), "drift": drift, "transform": transform}
        for orders, drift, transform in (
            ((1, 0, 1, 0, 1, 1), True, "none"),
            ((1, 0, 0, 0, 1, 1), True, "log"),
            ((0, 1, 1, 0, 1, 1), False, "log"),
        )
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """Small orders; seasonal differences throughout where there is a season."""
        seasonal = season_length > 1
        if season_length > LONGEST_SEASON or shortest < max(_SEASONS * season_length, 16):
            return None
        zero_one = (0, 1) if seasonal else (0,)
        return {
            "p": Choice((0, 1, 2)),
            "difference": Choice(
                ({"d": 1, "drift": False}, {"d": 0, "drift": Choice((False, True))})
            ),
            "q": Choice((0, 1, 2)),
            "P": Choice(zero_one),
            "D": Choice((1, 0), (0.8, 0.2)) if seasonal else 0,
            "Q": Choice(zero_one),
            "transform": transform_choice(y),
        }

    def label(self, options: Options) -> str:
        """``SARIMA(0,1,1)(0,1,1) log``."""
        p, d, q, sp, sd, sq = orders_of(options)
        name = f"SARIMA({p},{d},{q})({sp},{sd},{sq})"
        name += " drift" if options.get("drift") else ""
        return name + suffix(options)

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Maximise the likelihood."""
        return next(self.fit_prefixes(y, (len(y),), season_length, options))

    def fit_prefixes(
        self, y: NDArray[np.float64], ends: Sequence[int], season_length: int, options: Options
    ) -> Iterator[Fit]:
        """Fits of prefixes, each from the optimum of the one before."""
        label, lam = self.label(options), box_cox_lambda(options)
        p, d, q, sp, sd, sq = orders_of(options)
        y, lags = np.array(y, dtype=float), d + season_length * sd
        drift, found = bool(options.get("drift")), None
        for end in ends:
            with fitting(label):
                z = np.ascontiguousarray(forward(y[:end], lam))
                w = differenced(z, season_length, options)
                orders = (p, q, sp, sq)
                found = estimate(
                    w, z, y[:end], orders, season_length, lam, drift=drift, earlier=found
                )
            free = max(end - lags - sum(orders) - drift, 1)
            params = {
                "ar": found.ar,
                "ma": found.ma,
                "seasonal_ar": found.seasonal_ar,
                "seasonal_ma": found.seasonal_ma,
                "intercept": found.intercept,
                "sigma": found.scale**0.5,
            }
            states = {"arma": found.state, "last": z[end - lags :].tolist()}
            yield checked(Fit(params, states, (found.squares / free) ** 0.5), label)

    def forecast(
        self, fit: Fit, season_length: int, options: Options, h: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Run the state on and undo the differences.

        The state is Harvey's, as statsmodels has it: the first element is the differenced
        series, each step multiplies the first element by the autoregressive coefficients and
        moves the others up. The variance is sigma squared times the running sum of squared psi
        weights (Box, Jenkins, Reinsel and Ljung, Time Series Analysis, 5th ed., section 5.1).
        """
        params = fit.params
        ar, ma = _polynomials(params, season_length)
        _, d, _, _, seasonal_d, _ = orders_of(options)
        differences = _differences(d, seasonal_d, season_length)
        steps = _arma_path(fit.states["arma"], ar, params["intercept"], h)
        z = _integrate(steps, fit.states["last"], differences)
        psi = _psi(_multiply(ar, differences), ma, h)
        variance, total = np.empty(h), 0.0
        for k in range(h):
            total += psi[k] ** 2
            variance[k] = total
        return back(z, params["sigma"] * np.sqrt(variance), box_cox_lambda(options))


def orders_of(options: Options) -> tuple[int, int, int, int, int, int]:
    """``p, d, q, P, D, Q``."""
    p, d, q, sp, sd, sq = (int(options.get(name) or 0) for name in _ORDERS)
    return p, d, q, sp, sd, sq


def differenced(
    z: NDArray[np.float64], season_length: int, options: Options
) -> NDArray[np.float64]:
    """Differences of the series, checked to be long enough and to vary.

    Raises:
        ModelError: It is too short, or constant where there is something to estimate.
    """
    p, d, q, sp, sd, sq = orders_of(options)
    lags = d + season_length * sd
    needed = lags + max(p + sp * season_length, q + sq * season_length) + 2
    if len(z) <= needed:
        raise ModelError(f"the orders need more than {needed} observations, not {len(z)}")
    w = z
    for _ in range(sd):
        w = w[season_length:] - w[:-season_length]
    for _ in range(d):
        w = w[1:] - w[:-1]
    estimated = p + q + sp + sq or options.get("drift")
    if estimated and np.ptp(w) <= _FLAT * max(np.max(np.abs(z)), _FLAT):
        raise ModelError("the differenced series does not vary")
    return np.ascontiguousarray(w)


def _multiply(a: Sequence[float], b: Sequence[float]) -> list[float]:
    """Product of two lag polynomials, lowest power first."""
    product = [0.0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def _polynomials(params: Mapping[str, Any], m: int) -> tuple[list[float], list[float]]:
    """Full AR and MA lag polynomials of the differenced series, leading ones included."""

    def seasonal(values: Sequence[float], sign: float) -> list[float]:
        spread = [1.0] + [0.0] * (m * len(values))
        for i, value in enumerate(values):
            spread[m * (i + 1)] = sign * value
        return spread

    ar = _multiply([1.0, *(-v for v in params["ar"])], seasonal(params["seasonal_ar"], -1.0))
    ma = _multiply([1.0, *params["ma"]], seasonal(params["seasonal_ma"], 1.0))
    return ar, ma


def _differences(d: int, seasonal_d: int, m: int) -> list[float]:
    """Lag polynomial ``(1 - B)**d (1 - B**m)**D``."""
    polynomial = [1.0]
    for _ in range(d):
        polynomial = _multiply(polynomial, [1.0, -1.0])
    for _ in range(seasonal_d):
        polynomial = _multiply(polynomial, [1.0] + [0.0] * (m - 1) + [-1.0])
    return polynomial


def _arma_path(
    state: Sequence[float], ar: Sequence[float], intercept: float, h: int
) -> list[float]:
    """Forecasts of the differenced series from the predicted state."""
    size = len(state)
    coefficients = [-v for v in ar[1:]] + [0.0] * (size - len(ar) + 1)
    current, path = list(state), []
    for _ in range(h):
        first = current[0]
        path.append(first)
        moved = [*current[1:], 0.0]
        current = [c * first + v for c, v in zip(coefficients, moved, strict=True)]
        current[0] += intercept
    return path


def _integrate(
    steps: Sequence[float], last: Sequence[float], differences: Sequence[float]
) -> NDArray[np.float64]:
    """Undo the differences, from the last observations on."""
    values = list(last)
    for step in steps:
        past = sum(c * values[-i] for i, c in enumerate(differences) if i)
        values.append(step - past)
    return np.array(values[len(last) :])


def _psi(ar: Sequence[float], ma: Sequence[float], h: int) -> list[float]:
    """First h weights of the infinite moving average, 1 first."""
    psi: list[float] = []
    for k in range(h):
        value = ma[k] if k < len(ma) else 0.0
        value -= sum(ar[i] * psi[k - i] for i in range(1, min(k, len(ar) - 1) + 1))
        psi.append(value)
    return psi
