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
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models.kernels.compiled import inner
from forecastctl.models.kernels.layout import state_length
from forecastctl.models.kernels.room import clear, table

if TYPE_CHECKING:
    from forecastctl.models.kernels.compiled import Ints, Matrix, Vector

_SETTLED = 1e-18


_state_length: Any = inner(state_length)


@inner
def levinson(partial: Vector, start: int, order: int, phi: Vector, previous: Vector) -> None:
    """Write coefficients of a stationary autoregression from its partial autocorrelations.

    Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models.
    """
    for k in range(order):
        r = partial[start + k]
        for j in range(k):
            previous[j] = phi[j]
        for j in range(k):
            phi[j] = previous[j] - r * previous[k - 1 - j]
        phi[k] = r


@inner
def _product(short: Vector, seasonal: Vector, m: int, found: Vector) -> None:
    """Write coefficients 1.. of ``(1 - sum short B**i)(1 - sum seasonal B**(m i))``."""
    for i in range(len(found)):
        found[i] = 0.0
    for i in range(len(short)):
        found[i] -= short[i]
    for j in range(len(seasonal)):
        found[m * (j + 1) - 1] -= seasonal[j]
        for i in range(len(short)):
            found[m * (j + 1) + i] += short[i] * seasonal[j]


@inner
def polynomials(x: Vector, spec: Ints, phi: Vector, theta: Vector, room: Vector) -> None:
    """Write coefficients ``phi[1..r]`` and ``theta[0..r-1]``, r the length of the state.

    The room is for three times the largest order.
    """
    m, p, q, sp, sq = spec[0], spec[1], spec[2], spec[3], spec[4]
    most = max(p, q, sp, sq)
    short, seasonal, previous = room[:most], room[most : 2 * most], room[2 * most :]
    levinson(x, 0, p, short, previous)
    levinson(x, p + q, sp, seasonal, previous)
    _product(short[:p], seasonal[:sp], m, phi)
    levinson(x, p, q, short, previous)
    levinson(x, p + q + sp, sq, seasonal, previous)
    theta[0] = 1.0
    _product(short[:q], seasonal[:sq], m, theta[1:])
    for i in range(len(phi)):
        phi[i] = -phi[i]


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
def _autocovariances(
    phi: Vector, psi: Vector, theta: Vector, order: int, gamma: Vector, a: Matrix
) -> None:
    """Write autocovariances 0..r for unit innovations; NaN at the edge of stationarity.

    Brockwell and Davis (1991), Time Series: Theory and Methods, section 3.3, second method.
    """
    size = len(phi)
    gamma[size] = 0.0
    for h in range(size):
        gamma[h] = 0.0
        for j in range(h, size):
            gamma[h] += theta[j] * psi[j - h]
    if order:
        clear(a)
        for h in range(order + 1):
            a[h, h] += 1.0
            for j in range(1, order + 1):
                a[h, abs(h - j)] -= phi[j - 1]
        if not _solve(a, gamma, order + 1):
            for h in range(size + 1):
                gamma[h] = np.nan
    for h in range(order + 1, size + 1):
        for j in range(1, order + 1):
            gamma[h] += phi[j - 1] * gamma[h - j]


@inner
def _first_covariance(phi: Vector, theta: Vector, order: int, first: Vector, room: Vector) -> None:
    """Write the covariance of the stationary state with the observation, unit innovations.

    The room is for ``2 r + 1 + (order + 1)**2`` numbers.
    """
    size = len(phi)
    psi, gamma = room[:size], room[size : 2 * size + 1]
    for k in range(size):
        psi[k] = theta[k]
        for j in range(1, min(k, order) + 1):
            psi[k] += phi[j - 1] * psi[k - j]
    a = table(room, 2 * size + 1, order + 1, order + 1)
    _autocovariances(phi, psi, theta, order, gamma, a)
    for i in range(size):
        first[i] = 0.0
        for j in range(i, size):
            first[i] += phi[j] * gamma[1 + j - i] + theta[j] * psi[j - i]


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
    w: Vector, n: int, x: Vector, spec: Ints, out: Vector, raw: Vector, room: Vector
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
        room: The predicted state after the last observation, mean taken off, is written to its
            head; see `forecastctl.models.kernels.layout.residual_room`.

    Returns:
        The factor on the standardised innovations; NaN where the likelihood is not defined.
    """
    size, order = _state_length(spec), spec[1] + spec[0] * spec[3]
    rows, rest = table(room, 0, 7, size), room[7 * size :]
    a, phi, theta, first, gain, moved = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    change = rows[6]
    polynomials(x, spec, phi, theta, rest)
    _first_covariance(phi, theta, order, first, rest)
    mean = x[spec[1] + spec[2] + spec[3] + spec[4]]
    variance = first[0]
    if not variance > 0.0:
        return np.nan
    _transition(phi, first, gain)
    for i in range(size):
        a[i], change[i] = 0.0, gain[i]
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
    return _times(out, n, math.exp(0.5 * logs / n))
