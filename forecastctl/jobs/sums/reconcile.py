"""Make forecasts of airports and of sums over them agree.

Base forecasts of a hierarchy do not add up. Reconciled ones do: forecasts of the airports (the
bottom) are computed from all base forecasts, ``b = P y``, and added up, ``S b``. The projections
``P`` come from the library hierarchicalforecast. Bottom-up takes the airports' own forecasts; MinT
(Wickramasuriya, Athanasopoulos and Hyndman, 2019, Optimal forecast reconciliation for hierarchical
and grouped time series through trace minimization) weighs all of them by the covariance of their
errors.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = "none"
BOTTOM_UP = "bottom_up"
NEED_ERRORS = ("wls_var", "mint_shrink", "mint_cov")
METHODS = (NONE, BOTTOM_UP, "ols", "wls_struct", *NEED_ERRORS)
LEAST_ERRORS = 3
"""Fewest backtest errors of each series that a covariance is estimated from."""
LIBRARY = "hierarchicalforecast"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Forecasts that add up.

    Attributes:
        mean: Shape ``(groups + airports, h)``, never negative.
        sd: Standard deviations of the same shape.
        method: The method that was used.
        notes: Where the method asked for was not possible, why, and what was done instead.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    method: str
    notes: tuple[str, ...] = field(default=())


def library_version() -> str:
    """Version of the library that reconciles, found without loading it.

    Loading it adds to the numeric libraries of the process, which are part of what a job records
    about its environment.

    Raises:
        UsageError: It is not installed.
    """
    from importlib.metadata import version

    if find_spec(LIBRARY) is None:
        raise _missing()
    return version(LIBRARY)


def reconcile(
    summing: NDArray[np.float64],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
    errors: NDArray[np.float64],
    method: str,
) -> Reconciled:
    """Make base forecasts add up.

    A group without a base forecast becomes the sum of its members. Where a method needs errors,
    a group without them is treated likewise, and an airport without them keeps its forecast (Zhang,
    Kang, Panagiotelis and Li, 2023, Optimal reconciliation with immutable forecasts). An airport
    whose reconciled forecast would be negative gets zero, and sums are taken after that (Di Fonzo
    and Girolimetto, 2023, Spatio-temporal reconciliation of solar forecasts, heuristic "sntz").

    Standard deviations are those of ``S P e``, where ``e`` has the base standard deviations and the
    shrunk correlation of the backtest errors. What has no errors counts as fully correlated.

    Args:
        summing: Groups first, then the airports as an identity, shape ``(g + k, k)``.
        mean: Base forecasts, shape ``(g + k, h)``; NaN for a group without.
        sd: Their standard deviations, likewise.
        errors: Backtest errors of the same periods in each row, shape ``(g + k, n)``; NaN for a
            series without.
        method: One of `METHODS` but ``none``.

    Raises:
        UsageError: The library is not installed.
    """
    n_groups = len(summing) - summing.shape[1]
    has_base = _all_finite(mean)
    has_errors = _all_finite(errors) if errors.shape[1] >= LEAST_ERRORS else np.zeros_like(has_base)
    has_errors &= np.nan_to_num(errors).any(axis=1)  # errors that are all zero have no correlation
    method, notes = _feasible(method, has_base, has_errors, n_groups, errors.shape[1])
    needs_errors = method in NEED_ERRORS
    usable = has_base & has_errors if needs_errors else has_base
    free = usable[n_groups:]
    informative = usable[:n_groups] & (summing[:n_groups][:, free].sum(axis=1) > 0)
    used = np.concatenate([informative, np.full(summing.shape[1], fill_value=True)])
    try:
        projection = _projection(summing, used, free, errors, method)
    except ArithmeticError as error:
        reason = f"{method} is not possible with these errors ({error}); {BOTTOM_UP} instead"
        bottom_up = reconcile(summing, mean, sd, errors, BOTTOM_UP)
        return Reconciled(
            bottom_up.mean, bottom_up.sd, bottom_up.method, (*notes, reason, *bottom_up.notes)
        )
    bottom = projection @ mean[used]
    negative = (bottom < 0.0).any(axis=1)
    if negative.any():
        notes += (f"{int(negative.sum())} airports would have got less than nothing: set to zero",)
    reconciled = summing @ np.maximum(bottom, 0.0)
    weights = np.vstack([summing[:n_groups] @ projection, projection])
    spread = _spread(weights, sd[used], errors[used], has_errors[used])
    return Reconciled(reconciled, spread, method, notes)


def shrunk_correlation(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation matrix, shrunk towards none.

    Schaefer and Strimmer (2005), A shrinkage approach to large-scale covariance matrix estimation,
    section 2.3, target D.

    Args:
        errors: Shape ``(k, n)``, ``n`` at least 3. A constant row is correlated with nothing.
    """
    factor, rest = _shrunk_factor(errors)
    return factor @ factor.T + np.diag(rest)


def _shrunk_factor(
    errors: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``F`` of shape ``(k, n)`` and ``d`` with ``F F' + diag(d)`` the shrunk correlation."""
    n = errors.shape[1]
    x = errors - errors.mean(axis=1, keepdims=True)
    scale = x.std(axis=1, ddof=1, keepdims=True)
    x = np.divide(x, scale, out=np.zeros_like(x), where=scale > 0)
    product, squares = x @ x.T, (x**2) @ (x**2).T
    np.fill_diagonal(squares, 0.0)
    np.fill_diagonal(product, 0.0)
    total = float((product**2).sum())
    # Equation 9 of the paper, for standardised values: sum of Var(r) over sum of r squared.
    variance = n / (n - 1) * (float(squares.sum()) - total / n)
    strength = min(max(variance / total, 0.0), 1.0) if total > 0 else 1.0
    factor = np.sqrt((1.0 - strength) / (n - 1)) * x
    return factor, 1.0 - (factor**2).sum(axis=1)


def _all_finite(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows have all their values."""
    return np.asarray(np.isfinite(rows).all(axis=1), dtype=np.bool_)


def _feasible(
    method: str, has_base: NDArray[np.bool_], has_errors: NDArray[np.bool_], groups: int, n: int
) -> tuple[str, tuple[str, ...]]:
    """The method that the errors at hand allow."""
    if method not in NEED_ERRORS:
        return method, ()
    if not (has_base & has_errors)[:groups].any() or not has_errors[groups:].any():
        why = "no group and no airport have backtest errors of the same periods"
        return BOTTOM_UP, (f"{method} is not possible: {why}; {BOTTOM_UP} instead",)
    size = int((has_base & has_errors).sum())
    if method == "mint_cov" and n <= size:
        why = f"{n} backtest errors are too few for the covariance of {size} series"
        return "mint_shrink", (f"mint_cov is not possible: {why}; mint_shrink instead",)
    return method, ()


def _projection(
    summing: NDArray[np.float64],
    used: NDArray[np.bool_],
    free: NDArray[np.bool_],
    errors: NDArray[np.float64],
    method: str,
) -> NDArray[np.float64]:
    """``P`` from the base forecasts in use to the airports; those that are not free keep theirs."""
    n_groups, k = len(summing) - len(free), len(free)
    groups = summing[:n_groups][used[:n_groups]]
    g = len(groups)
    part = np.vstack([groups[:, free], np.eye(int(free.sum()))])
    rows = np.concatenate([used[:n_groups], free])
    solved = _from_library(part, errors[rows], method) if g else part.T
    if not np.isfinite(solved).all():
        raise ArithmeticError("the result is not finite")
    projection = np.zeros((k, g + k))
    projection[np.ix_(free, np.arange(g))] = solved[:, :g]
    projection[np.ix_(free, g + np.flatnonzero(free))] = solved[:, g:]
    projection[np.ix_(free, g + np.flatnonzero(~free))] = -solved[:, :g] @ groups[:, ~free]
    projection[~free, g + np.flatnonzero(~free)] = 1.0
    return projection


def _from_library(
    summing: NDArray[np.float64], errors: NDArray[np.float64], method: str
) -> NDArray[np.float64]:
    """``P`` as the library computes it."""
    methods = _methods()
    forecasts = np.zeros((len(summing), 1))
    if method == BOTTOM_UP:
        return np.asarray(methods.BottomUp().fit(S=summing, y_hat=forecasts).P)
    if method not in NEED_ERRORS:
        return np.asarray(methods.MinTrace(method).fit(S=summing, y_hat=forecasts).P)
    # The library adds a fixed ridge and cuts off small numbers. In units of the errors of the
    # smallest series, neither makes a difference.
    sizes = np.sqrt((errors**2).mean(axis=1))
    scaled = errors / sizes.min()
    try:
        fitted = methods.MinTrace(method).fit(
            S=summing, y_hat=forecasts, y_insample=np.zeros_like(scaled), y_hat_insample=scaled
        )
    except Exception as error:  # the library raises bare ones
        raise ArithmeticError(str(error)) from error
    return np.asarray(fitted.P)


def _spread(
    weights: NDArray[np.float64],
    sd: NDArray[np.float64],
    errors: NDArray[np.float64],
    has_errors: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Standard deviations of weighted base errors, shape ``(g + k, h)``."""
    correlated = np.abs(weights[:, ~has_errors]) @ sd[~has_errors]
    if not has_errors.any():
        return correlated
    factor, single_variance = _shrunk_factor(errors[has_errors])
    weights = weights[:, has_errors]
    common = [((weights @ (lead[:, None] * factor)) ** 2).sum(axis=1) for lead in sd[has_errors].T]
    single = (weights**2) @ (single_variance[:, None] * sd[has_errors] ** 2)
    return np.asarray(np.sqrt(np.maximum(np.column_stack(common) + single, 0.0)) + correlated)


def _methods() -> Any:
    try:
        return importlib.import_module(f"{LIBRARY}.methods")
    except ImportError:
        raise _missing() from None


def _missing() -> UsageError:
    return UsageError(
        f"Reconciling needs the package {LIBRARY}, which is not installed.",
        "Run: pip install 'forecastctl[hierarchy]', or leave --reconcile out.",
    )
