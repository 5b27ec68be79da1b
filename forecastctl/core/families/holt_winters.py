"""Holt-Winters exponential smoothing, optionally on logs or Box-Cox transformed data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.core.families.base import Choice, Fit, Uniform, checked, fitting, residual_sd
from forecastctl.core.families.smoothing import Smoother, json_floats, smooth_forecast, taxonomy
from forecastctl.core.families.transforms import back, box_cox_lambda, forward, shapes
from forecastctl.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.core.families.base import Space
    from forecastctl.records import Options

LONG_SEASON = 24
"""Beyond this season length initial states are not estimated: one number per week is too many."""

_GIVEN = {
    "smoothing": "given",
    "alpha": Uniform(0.02, 0.9),
    "beta": Uniform(0.0, 0.2),
    "gamma": Uniform(0.01, 0.6),
    "phi": Uniform(0.85, 0.99),
}


class HoltWinters:
    """Holt-Winters smoothing, fitted by least squares with statsmodels.

    Options: ``trend`` (none, add, damped), ``seasonal`` (none, add, mul), ``transform`` (none,
    log, boxcox with ``lambda``), ``initial`` (estimated, heuristic), ``smoothing`` (estimated, or
    given by ``alpha``, ``beta``, ``gamma``, ``phi``, which then takes heuristic initial states).

    ``beta`` is the share of the change of level that enters the trend, as in Holt's own form.
    """

    name = "holt_winters"
    starts: tuple[Options, ...] = tuple(
        {
            "trend": trend,
            "seasonal": seasonal,
            "transform": transform,
            "initial": "estimated",
            "smoothing": "estimated",
        }
        for trend, seasonal, transform in (
            ("damped", "mul", "none"),
            ("add", "add", "log"),
            ("none", "add", "log"),
            ("add", "add", "none"),
            ("damped", "add", "none"),
            ("none", "add", "none"),
            ("add", "mul", "none"),
        )
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All options; a season needs two seasons of training, positive data allow more."""
        if shortest <= 1:
            return None
        seasonal = season_length > 1 and shortest >= 2 * season_length
        initials = ("estimated", "heuristic") if season_length <= LONG_SEASON else ("heuristic",)
        return {
            "trend": Choice(("none", "add", "damped")),
            "shape": Choice(shapes(y, seasonal=seasonal)),
            "initial": Choice(initials),
            "smoothing": Choice(("estimated", _GIVEN), (0.8, 0.2)),
        }

    def label(self, options: Options) -> str:
        """``HW(A,Ad,M)``, with the transform and given smoothing parameters behind it."""
        name = taxonomy("HW", "add", _text(options, "trend"), _text(options, "seasonal"))
        lam = box_cox_lambda(options)
        if lam is not None:
            name += " log" if lam == 0.0 else f" boxcox {lam:.2f}"
        if options.get("smoothing") == "given":
            name += f" alpha {options['alpha']:.2f}"
        elif options.get("initial") == "heuristic":
            name += " heuristic"
        return name

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Estimate smoothing parameters and initial states."""
        label = self.label(options)
        lam = box_cox_lambda(options)
        z = forward(y, lam)
        with fitting(label):
            result = _estimate(z, season_length, options)
            fitted, _ = back(result.fittedvalues, np.zeros(len(y)), lam)
        values = result.params
        estimated = 0 if options.get("smoothing") == "given" else 3
        params = {
            "alpha": values["smoothing_level"],
            "sigma": residual_sd(z - result.fittedvalues, estimated),
        }
        states: dict[str, Any] = {"level": result.level[-1]}
        if _text(options, "trend") != "none":
            params["beta"] = values["smoothing_trend"]
            params["phi"] = values["damping_trend"] if options["trend"] == "damped" else 1.0
            states["trend"] = result.trend[-1]
        if _text(options, "seasonal") != "none":
            params["gamma"] = values["smoothing_seasonal"]
            states["seasonal"] = result.season[-season_length:]
        sigma = residual_sd(y - fitted, estimated)
        return checked(Fit(json_floats(params), json_floats(states), sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Go on from the final states.

        Every lead uses the last estimate of its season. statsmodels up to 0.15.0 forgets the very
        last one at leads that are multiples of the season (its issue 9538, mended since).
        """
        stored = Smoother.of(fit, multiplicative=options.get("seasonal") == "mul")
        smoother = Smoother(
            stored.alpha,
            stored.alpha * stored.beta,
            stored.gamma,
            stored.phi,
            stored.level,
            stored.trend,
            stored.seasonal,
            stored.multiplicative,
        )
        mean, sd = smooth_forecast(smoother, h, fit.params["sigma"], relative=False)
        return back(mean, sd, box_cox_lambda(options))


def _text(options: Options, name: str) -> str:
    return str(options.get(name) or "none")


def _estimate(z: NDArray[np.float64], season_length: int, options: Options) -> Any:
    """Results of statsmodels for data on the transformed scale."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    trend, seasonal = _text(options, "trend"), _text(options, "seasonal")
    if seasonal != "none" and len(z) < 2 * season_length:
        raise ModelError(f"a season of {season_length} needs two seasons of data, not {len(z)}")
    given = options.get("smoothing") == "given"
    initial = "heuristic" if given else str(options.get("initial") or "estimated")
    if initial == "heuristic" and len(z) < 10 + 2 * (season_length // 2):
        initial = "estimated"  # the heuristic needs more data than there is
    model = ExponentialSmoothing(
        z,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal=None if seasonal == "none" else seasonal,
        seasonal_periods=None if seasonal == "none" else season_length,
        initialization_method=initial,
    )
    if not given:
        return model.fit()
    return model.fit(
        smoothing_level=options["alpha"],
        smoothing_trend=options["beta"] if trend != "none" else None,
        smoothing_seasonal=options["gamma"] if seasonal != "none" else None,
        damping_trend=options["phi"] if trend == "damped" else None,
        optimized=initial == "estimated",
    )
