"""ETS: exponential smoothing as a state space model, fitted by maximum likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.core.families.base import Choice, Fit, checked, fitting, residual_sd
from forecastctl.core.families.smoothing import Smoother, json_floats, smooth_forecast, taxonomy
from forecastctl.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.core.families.base import Space
    from forecastctl.records import Options

LONGEST_SEASON = 24
"""Beyond this season length statsmodels takes too long."""

_MAXITER = 50
"""Iterations at most: estimated initial states gain nothing from more, and may want thousands."""


class Ets:
    """ETS(error, trend, season) of Hyndman et al. (2008), fitted with statsmodels.

    Options: ``error`` (add, mul), ``trend`` (none, add, damped), ``seasonal`` (none, add, mul),
    ``initial`` (heuristic, estimated).
    """

    name = "ets"
    starts: tuple[Options, ...] = tuple(
        {"error": error, "trend": trend, "seasonal": seasonal, "initial": "heuristic"}
        for error, trend, seasonal in (
            ("mul", "add", "mul"),
            ("add", "none", "mul"),
            ("add", "damped", "add"),
            ("mul", "damped", "mul"),
            ("add", "add", "add"),
        )
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All options; multiplicative ones for positive data only."""
        if season_length > LONGEST_SEASON or shortest < _heuristic_length(season_length):
            return None
        signs = ("add", "mul") if np.all(y > 0) else ("add",)
        seasonal = season_length > 1 and shortest >= 2 * season_length
        return {
            "error": Choice(signs),
            "trend": Choice(("none", "add", "damped")),
            "seasonal": Choice(signs if seasonal else ("none",)),
            "initial": Choice(("heuristic", "estimated")),
        }

    def label(self, options: Options) -> str:
        """``ETS(M,Ad,M)``, with ``estimated`` behind it when the initial states are."""
        parts = (str(options.get(k) or "none") for k in ("trend", "seasonal"))
        name = taxonomy("ETS", str(options.get("error") or "add"), *parts)
        return name + " estimated" if options.get("initial") == "estimated" else name

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Maximise the likelihood."""
        label = self.label(options)
        with fitting(label):
            model = _model(y, season_length, options)
            values = model.fit(return_params=True, disp=0, maxiter=_MAXITER)
            fitted, states = model.smooth(values, return_raw=True)
            residuals = y - fitted
            relative = residuals / fitted
        named = dict(zip(model.param_names, values, strict=True))
        estimated = len([name for name in named if not name.startswith("initial")])
        error = relative if options.get("error") == "mul" else residuals
        params = {"alpha": named["smoothing_level"], "sigma": residual_sd(error, estimated)}
        kept: dict[str, Any] = {"level": states[-1, 0]}
        if "smoothing_trend" in named:
            params["beta"] = named["smoothing_trend"]
            params["phi"] = named.get("damping_trend", 1.0)
            kept["trend"] = states[-1, 1]
        if "smoothing_seasonal" in named:
            params["gamma"] = named["smoothing_seasonal"]
            kept["seasonal"] = states[-season_length:, -1]
        sigma = residual_sd(residuals, estimated)
        return checked(Fit(json_floats(params), json_floats(kept), sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Go on from the final states."""
        smoother = Smoother.of(fit, multiplicative=options.get("seasonal") == "mul")
        relative = options.get("error") == "mul"
        return smooth_forecast(smoother, h, fit.params["sigma"], relative=relative)


def _heuristic_length(season_length: int) -> int:
    """Observations that the heuristic for initial states needs."""
    return 10 + 2 * (season_length // 2)


def _model(y: NDArray[np.float64], season_length: int, options: Options) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    seasonal = str(options.get("seasonal") or "none")
    trend = str(options.get("trend") or "none")
    if len(y) < _heuristic_length(season_length) or len(y) < 2 * season_length:
        raise ModelError(f"ETS needs more than {len(y)} observations")
    return ETSModel(
        y,
        error=str(options.get("error") or "add"),
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=None if seasonal == "none" else seasonal,
        seasonal_periods=None if seasonal == "none" else season_length,
        initialization_method=str(options.get("initial") or "heuristic"),
    )
