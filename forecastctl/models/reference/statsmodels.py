"""The reference engine: the same models, fitted by statsmodels through its public interface.

It checks the compiled engine, and stands in for it where numba does not work. A fit has the layout
of the compiled engine's, so it is labelled, stored, forecast and replayed by the same code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models.base import (
    Fit,
    checked,
    fitting,
    residual_sd,
)
from forecastctl.models.ets import Ets, checked_length
from forecastctl.models.ets import form_of as ets_form
from forecastctl.models.holt_winters import HoltWinters, recent
from forecastctl.models.holt_winters import form_of as holt_winters_form
from forecastctl.models.parts.transforms import back, box_cox_lambda, forward
from forecastctl.models.sarimax import Sarimax, differenced, orders_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from forecastctl.models.parts.smoothing_fit import Form
    from forecastctl.records import Options

_ETS_MAXITER = 500
"""Iterations at most: with estimated initial states, 50 end far from the optimum."""

_SARIMAX_MAXITER = 50
_SARIMAX_MAXFUN = 300
"""Evaluations of the likelihood at most: likelihoods without a peak would take ten times more."""


class ReferenceHoltWinters(HoltWinters):
    """Holt-Winters smoothing, fitted by the ``ExponentialSmoothing`` of statsmodels."""

    fit_prefixes = None  # type: ignore[assignment]  # each fit starts afresh

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Estimate smoothing parameters and initial states."""
        label, lam = self.label(options), box_cox_lambda(options)
        y = recent(y, season_length, options)
        with fitting(label):
            z = forward(y, lam)
            form = holt_winters_form(len(z), season_length, options)
            result = _holt_winters(z, form)
            fitted, _ = back(result.fittedvalues, np.zeros(len(y)), lam)
        values, estimated = result.params, 0 if form.given else 3
        params: dict[str, Any] = {"alpha": values["smoothing_level"]}
        states: dict[str, Any] = {"level": result.level[-1]}
        if form.trend != "none":
            params["beta"] = values["smoothing_trend"]
            params["phi"] = values["damping_trend"] if form.trend == "damped" else 1.0
            states["trend"] = result.trend[-1]
        if form.seasonal != "none":
            params["gamma"] = values["smoothing_seasonal"]
            states["seasonal"] = result.season[-season_length:]
        params["sigma"] = residual_sd(z - result.fittedvalues, estimated)
        sigma = residual_sd(y - fitted, estimated)
        return checked(Fit(_plain(params), _plain(states), sigma), label)


class ReferenceEts(Ets):
    """ETS, fitted by the ``ETSModel`` of statsmodels."""

    fit_prefixes = None  # type: ignore[assignment]  # each fit starts afresh

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Maximise the likelihood, in a bounded number of iterations."""
        label, form = self.label(options), ets_form(season_length, options)
        checked_length(len(y), season_length)
        with fitting(label):
            model = _ets(y, form)
            values = model.fit(return_params=True, disp=0, maxiter=_ETS_MAXITER)
            fitted, rows = model.smooth(values, return_raw=True)
            residuals = y - fitted
            errors = residuals / fitted if form.relative else residuals
        named = dict(zip(model.param_names, values, strict=True))
        estimated = len([name for name in named if not name.startswith("initial")])
        params: dict[str, Any] = {"alpha": named["smoothing_level"]}
        states: dict[str, Any] = {"level": rows[-1, 0]}
        if form.trend != "none":
            params["beta"] = named["smoothing_trend"]
            params["phi"] = named.get("damping_trend", 1.0)
            states["trend"] = rows[-1, 1]
        if form.seasonal != "none":
            params["gamma"] = named["smoothing_seasonal"]
            states["seasonal"] = rows[-season_length:, -1]
        params["sigma"] = residual_sd(errors, estimated)
        sigma = residual_sd(residuals, estimated)
        return checked(Fit(_plain(params), _plain(states), sigma), label)


class ReferenceSarimax(Sarimax):
    """Seasonal ARIMA, fitted by the ``SARIMAX`` of statsmodels."""

    fit_prefixes = None  # type: ignore[assignment]  # each fit starts afresh

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Maximise the likelihood, in a bounded number of iterations."""
        label, lam = self.label(options), box_cox_lambda(options)
        p, d, q, sp, sd, sq = orders_of(options)
        lags = d + season_length * sd
        with fitting(label):
            z = forward(y, lam)
            differenced(z, season_length, options)  # refuses what cannot be estimated
            model = _sarimax(z, season_length, options)
            values = _maximum(model)
            result = model.filter(values, cov_type="none")
            residuals = np.asarray(result.resid)[: len(z)]
            fitted, _ = back(z[lags:] - residuals, np.zeros(len(z) - lags), lam)
        named = dict(zip(model.param_names, values, strict=True))
        params = {
            "ar": _coefficients(named, "ar.L", p, 1),
            "ma": _coefficients(named, "ma.L", q, 1),
            "seasonal_ar": _coefficients(named, "ar.S.L", sp, season_length),
            "seasonal_ma": _coefficients(named, "ma.S.L", sq, season_length),
            "intercept": named.get("intercept", 0.0),
            "sigma": float(result.scale) ** 0.5,
        }
        states = {"arma": result.predicted_state[:, -1], "last": z[len(z) - lags :]}
        sigma = residual_sd(y[lags:] - fitted, len(values))
        return checked(Fit(_plain(params), _plain(states), sigma), label)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and lists as JSON has them."""
    return {name: np.asarray(value, dtype=float).tolist() for name, value in values.items()}


def _components(form: Form) -> dict[str, Any]:
    """Trend and season as both smoothing models of statsmodels want to be told."""
    seasonal = form.seasonal != "none"
    return {
        "trend": None if form.trend == "none" else "add",
        "damped_trend": form.trend == "damped",
        "seasonal": form.seasonal if seasonal else None,
        "seasonal_periods": form.season_length if seasonal else None,
        "initialization_method": "estimated" if form.estimated else "heuristic",
    }


def _holt_winters(z: NDArray[np.float64], form: Form) -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    model = ExponentialSmoothing(z, **_components(form))
    if not form.given:
        return model.fit()
    given = dict(form.given)
    return model.fit(
        smoothing_level=given["alpha"],
        smoothing_trend=given["beta"] if form.trend != "none" else None,
        smoothing_seasonal=given["gamma"] if form.seasonal != "none" else None,
        damping_trend=given["phi"] if form.trend == "damped" else None,
        optimized=form.estimated,
    )


def _ets(y: NDArray[np.float64], form: Form) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(y, error="mul" if form.relative else "add", **_components(form))


def _sarimax(z: NDArray[np.float64], season_length: int, options: Options) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    p, d, q, sp, sd, sq = orders_of(options)
    return SARIMAX(
        z,
        order=(p, d, q),
        seasonal_order=(sp, sd, sq, season_length) if sp or sd or sq else (0, 0, 0, 0),
        trend="c" if options.get("drift") else "n",
        simple_differencing=True,
        concentrate_scale=True,
    )


def _maximum(model: Any) -> NDArray[np.float64]:
    """Maximum likelihood estimates; none where a pure random walk leaves nothing to estimate."""
    if not model.param_names:
        return np.empty(0)
    found = model.fit(disp=0, maxiter=_SARIMAX_MAXITER, maxfun=_SARIMAX_MAXFUN, return_params=True)
    return np.asarray(found)


def _coefficients(named: Mapping[str, Any], prefix: str, order: int, step: int) -> list[float]:
    return [float(named[f"{prefix}{step * (i + 1)}"]) for i in range(order)]
