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

from forecastctl.models.kernels.decorate import inner
from forecastctl.models.kernels.layout import state_length

if TYPE_CHECKING:
    from forecastctl.models.kernels.decorate import Ints, Matrix, Vector

_SETTLED = 1e-18


@inner
def levinson(phi: Vector) -> None:
    """Turn partial autocorrelations into coefficients of a stationary autoregression, in place.

    Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models.
    """
    for k in range(1, len(phi)):
        for j in range((k + 1) // 2):
            left, right = phi[j], phi[k - 1 - j]
            phi[j] = left - phi[k] * right
            phi[k - 1 - j] = right - phi[k] * left


@inner
def _product(short: Vector, seasonal: Vector, m: int, found: Vector) -> None:
    """Write coefficients 1.. of ``(1 - sum short B**i)(1 - sum seasonal B**(m i))``."""
    found[:] = 0.0
    for i in range(len(short)):
        found[i] -= short[i]
    for j in range(len(seasonal)):
        found[m * (j + 1) - 1] -= seasonal[j]
        for i in range(len(short)):
            found[m * (j + 1) + i] += short[i] * seasonal[j]


@inner
def polynomials(x: Vector, spec: Ints) -> tuple[Vector, Vector]:
    """Coefficients ``phi[1..r]`` and ``theta[0..r-1]``, r the length of the state."""
    m, p, q, sp, sq = spec[0], spec[1], spec[2], spec[3], spec[4]
    each, seasonal = x.copy(), p + q + sp
    ar, ma = each[:p], each[p : p + q]
    seasonal_ar, seasonal_ma = each[p + q : seasonal], each[seasonal : seasonal + sq]
    for part in (ar, ma, seasonal_ar, seasonal_ma):
        levinson(part)
    phi, theta = np.empty(state_length(spec)), np.empty(state_length(spec))
    _product(ar, seasonal_ar, m, phi)
    for i in range(len(phi)):
        phi[i] = -phi[i]
    theta[0] = 1.0
    _product(ma, seasonal_ma, m, theta[1:])
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
    size, psi = len(phi), theta.copy()
    for k in range(size):
        for j in range(1, min(k, order) + 1):
            psi[k] += phi[j - 1] * psi[k - j]
    gamma, first = _autocovariances(phi, psi, theta, order), np.zeros(size)
    for i in range(size):
        for j in range(i, size):
            first[i] += phi[j] * gamma[1 + j - i] + theta[j] * psi[j - i]
    return first


@inner
def _transition(phi: Vector, vector: Vector, moved: Vector) -> None:
    """Write the companion matrix times a vector."""
    first, size = vector[0], len(phi)
    for i in range(size - 1):
        moved[i] = phi[i] * first + vector[i + 1]
    moved[size - 1] = phi[size - 1] * first


@inner
def arma_residuals(w: Vector, x: Vector, spec: Ints, out: Vector, raw: Vector, a: Vector) -> float:
    """Residuals whose sum of squares S is minimised.

    They are the standardised innovations times the geometric mean of their standard deviations
    (all in units of sigma), so that the concentrated log-likelihood becomes
    ``-n/2 (log(2 pi S / n) + 1)``.

    Args:
        w: Differenced series, shape ``(n,)``.
        x: The point.
        spec: The model.
        out: Residuals, written, ``(n,)``.
        raw: Innovations, written, ``(n,)``.
        a: The predicted state after the last observation, mean taken off, written.

    Returns:
        The factor on the standardised innovations; NaN where the likelihood is not defined.
    """
    n, size = len(w), len(a)
    phi, theta = polynomials(x, spec)
    first = _first_covariance(phi, theta, spec[1] + spec[0] * spec[3])
    mean = x[spec[1] + spec[2] + spec[3] + spec[4]]
    variance = first[0]
    if not variance > 0.0:
        return np.nan
    gain, moved = np.empty(size), np.empty(size)
    _transition(phi, first, gain)
    change = gain.copy()
    a[:] = 0.0
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
    factor = math.exp(0.5 * logs / n)
    out *= factor
    return factor
