"""Exact likelihood of a seasonal ARMA, in time linear in its orders.

The state is Harvey's, as statsmodels has it: ``a'[i] = phi[i+1] a[0] + a[i+1] + theta[i] eps``.
Started from its stationary distribution, the covariance of the state changes by a matrix of rank
one at each step, so that the filter needs vectors only: Morf, Sidhu and Kailath (1974), Some new
algorithms for recursive estimation in constant linear discrete-time systems (the Chandrasekhar
recursions).

A point is x = (partial autocorrelations of the AR, MA, seasonal AR and seasonal MA polynomials,
mean): all of them between -1 and 1 is the stationary and invertible region. A spec is an integer
array (m, p, q, P, Q, problem).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.core.families.compiled import inner

if TYPE_CHECKING:
    from forecastctl.core.families.compiled import Ints, Matrix, Vector

_SETTLED = 1e-18


@inner
def state_length(spec: Ints) -> int:
    """Length of the state."""
    return int(max(spec[1] + spec[0] * spec[3], spec[2] + spec[0] * spec[4] + 1))


@inner
def levinson(partial: Vector, start: int, order: int) -> Vector:
    """Coefficients of a stationary autoregression from its partial autocorrelations.

    Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models.
    """
    phi = np.zeros(order)
    previous = np.zeros(order)
    for k in range(order):
        r = partial[start + k]
        previous[:k] = phi[:k]
        for j in range(k):
            phi[j] = previous[j] - r * previous[k - 1 - j]
        phi[k] = r
    return phi


@inner
def _product(short: Vector, seasonal: Vector, m: int, size: int, sign: float) -> Vector:
    """Coefficients 1.. of ``(1 + sign sum short B**i)(1 + sign sum seasonal B**(m i))``."""
    found = np.zeros(size)
    for i in range(len(short)):
        found[i] += sign * short[i]
    for j in range(len(seasonal)):
        found[m * (j + 1) - 1] += sign * seasonal[j]
        for i in range(len(short)):
            found[m * (j + 1) + i] += short[i] * seasonal[j]
    return found


@inner
def polynomials(x: Vector, spec: Ints) -> tuple[Vector, Vector]:
    """Coefficients ``phi[1..r]`` and ``theta[0..r-1]`` of a point, r the length of the state."""
    m, p, q, sp, sq = spec[0], spec[1], spec[2], spec[3], spec[4]
    size = state_length(spec)
    phi = _product(levinson(x, 0, p), levinson(x, p + q, sp), m, size, -1.0)
    theta = np.ones(size)
    ma = _product(levinson(x, p, q), levinson(x, p + q + sp, sq), m, size, -1.0)
    theta[1:] = ma[: size - 1]
    for i in range(size):
        phi[i] = -phi[i]
    return phi, theta


@inner
def _pivot(a: Matrix, b: Vector, size: int, i: int) -> None:
    """Bring the largest element of a column to the diagonal."""
    best = i
    for j in range(i + 1, size):
        if abs(a[j, i]) > abs(a[best, i]):
            best = j
    if best != i:
        for c in range(i, size):
            a[i, c], a[best, c] = a[best, c], a[i, c]
        b[i], b[best] = b[best], b[i]


@inner
def _solve(a: Matrix, b: Vector, size: int) -> bool:
    """Gaussian elimination with pivots, in place; whether the matrix is regular."""
    for i in range(size):
        _pivot(a, b, size, i)
        if a[i, i] == 0.0:
            return False
        for j in range(i + 1, size):
            factor = a[j, i] / a[i, i]
            if factor != 0.0:
                for c in range(i + 1, size):
                    a[j, c] -= factor * a[i, c]
                b[j] -= factor * b[i]
    for i in range(size - 1, -1, -1):
        for c in range(i + 1, size):
            b[i] -= a[i, c] * b[c]
        b[i] /= a[i, i]
    return True


@inner
def _autocovariances(phi: Vector, psi: Vector, theta: Vector, order: int) -> Vector:
    """Autocovariances 0..r for unit innovations; NaN at the edge of stationarity.

    Brockwell and Davis (1991), Time Series: Theory and Methods, section 3.3, second method.
    """
    size = len(phi)
    gamma = np.zeros(size + 1)
    for h in range(size):
        for j in range(h, size):
            gamma[h] += theta[j] * psi[j - h]
    if order:
        a = np.zeros((order + 1, order + 1))
        for h in range(order + 1):
            a[h, h] += 1.0
            for j in range(1, order + 1):
                a[h, abs(h - j)] -= phi[j - 1]
        if not _solve(a, gamma, order + 1):
            gamma[:] = np.nan
    for h in range(order + 1, size + 1):
        for j in range(1, order + 1):
            gamma[h] += phi[j - 1] * gamma[h - j]
    return gamma


@inner
def _first_covariance(phi: Vector, theta: Vector, order: int) -> Vector:
    """Covariance of the stationary state with the observation, unit innovations."""
    size = len(phi)
    psi = theta.copy()
    for k in range(size):
        for j in range(1, min(k, order) + 1):
            psi[k] += phi[j - 1] * psi[k - j]
    gamma = _autocovariances(phi, psi, theta, order)
    found = np.zeros(size)
    for i in range(size):
        for j in range(i, size):
            found[i] += phi[j] * gamma[1 + j - i] + theta[j] * psi[j - i]
    return found


@inner
def _transition(phi: Vector, vector: Vector, moved: Vector) -> None:
    """Write the companion matrix times a vector."""
    first, size = vector[0], len(phi)
    for i in range(size - 1):
        moved[i] = phi[i] * first + vector[i + 1]
    moved[size - 1] = phi[size - 1] * first


@inner
def _times(out: Vector, n: int, factor: float) -> float:
    for t in range(n):
        out[t] *= factor
    return factor


@inner
def arma_residuals(
    w: Vector, n: int, x: Vector, spec: Ints, out: Vector, raw: Vector, state: Vector
) -> float:
    """Residuals whose sum of squares S is minimised.

    They are the standardised innovations times the geometric mean of their standard deviations
    (all in units of sigma), so that the concentrated log-likelihood becomes
    ``-n/2 (log(2 pi S / n) + 1)``.

    Args:
        w: Differenced series; the first ``n`` count.
        n: Observations.
        x: The point.
        spec: The model.
        out: Residuals, written, ``(n,)``.
        raw: Innovations, written, ``(n,)``.
        state: Predicted state after the last observation, written, mean taken off.

    Returns:
        The factor on the standardised innovations; NaN where the likelihood is not defined.
    """
    phi, theta = polynomials(x, spec)
    size, order = len(phi), spec[1] + spec[0] * spec[3]
    first = _first_covariance(phi, theta, order)
    mean = x[spec[1] + spec[2] + spec[3] + spec[4]]
    gain, moved, change, a = np.empty(size), np.empty(size), np.empty(size), np.zeros(size)
    variance = first[0]
    if not variance > 0.0:
        return np.nan
    _transition(phi, first, gain)
    change[:] = gain
    middle, logs, settled = -1.0 / variance, 0.0, False
    for t in range(n):
        error = w[t] - mean - a[0]
        raw[t] = error
        out[t] = error / np.sqrt(variance)
        logs += np.log(variance)
        ratio = error / variance
        lead = a[0]
        for i in range(size - 1):
            a[i] = phi[i] * lead + a[i + 1] + gain[i] * ratio
        a[size - 1] = phi[size - 1] * lead + gain[size - 1] * ratio
        if settled:
            continue
        lead = change[0]
        _transition(phi, change, moved)
        following = variance + middle * lead * lead
        if not following > 0.0:
            return np.nan
        largest = 0.0
        for i in range(size):
            gain[i] += middle * lead * moved[i]
            change[i] = moved[i] - lead / following * gain[i]
            largest = max(largest, abs(change[i]))
        middle *= following / variance
        variance = following
        settled = -middle * largest * largest < _SETTLED
    state[:size] = a
    return _times(out, n, math.exp(0.5 * logs / n))
