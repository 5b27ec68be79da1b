"""Holt-Winters exponential smoothing, optionally on logs or Box-Cox transformed data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import (
    Choice,
    Fit,
    Uniform,
    checked,
    fitting,
)
from forecastctl.models.parts.smoothing import Smoother, smooth_forecast, taxonomy
from forecastctl.models.parts.smoothing_fit import (
    BACK,
    RAW,
    Form,
    SmoothingOptimum,
    estimate,
    heuristic_length,
)
from forecastctl.models.parts.transforms import (
    back,
    box_cox_lambda,
    forward,
    shapes,
    suffix,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

LONG_SEASON = 24
"""Beyond this season length initial states are not estimated: one number per week is too many."""

_SMOOTHING = ("alpha", "beta", "gamma", "phi")

WINDOWS = (5,)
"""Seasons that a fit to recent data alone may look at."""

_GIVEN = {
    "smoothing": "given",
    "alpha": Uniform(0.02, 0.9),
    "beta": Uniform(0.0, 0.2),
    "gamma": Uniform(0.01, 0.6),
    "phi": Uniform(0.85, 0.99),
}


class HoltWinters:
    """Holt-Winters smoothing, fitted by least squares.

    Options: ``trend`` (none, add, damped), ``seasonal`` (none, add, mul), ``transform`` (none,
    log, boxcox with ``lambda``), ``initial`` (estimated, heuristic), ``smoothing`` (estimated, or
    given by ``alpha``, ``beta``, ``gamma``, ``phi``, which then takes heuristic initial states),
    ``window`` (the last so many seasons alone are fitted to; all where it is left out).

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
            "history": Choice((*({"window": w} for w in WINDOWS), {}), (0.15, 0.85)),
        }

    def label(self, options: Options) -> str:
        """``HW(A,Ad,M)``, with the transform and given smoothing parameters behind it."""
        name = taxonomy("HW", "add", _text(options, "trend"), _text(options, "seasonal"))
        name += suffix(options)
        if options.get("smoothing") == "given":
            name += f" alpha {options['alpha']:.2f}"
        elif options.get("initial") == "heuristic":
            name += " heuristic"
        window = options.get("window")
        return f"{name} last {window}" if window else name

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Estimate smoothing parameters and initial states."""
        return next(self.fit_prefixes(y, (len(y),), season_length, options))

    def fit_prefixes(
        self, y: NDArray[np.float64], ends: Sequence[int], season_length: int, options: Options
    ) -> Iterator[Fit]:
        """Fits of prefixes, each from the optimum of the one before."""
        label, lam = self.label(options), box_cox_lambda(options)
        y = np.array(y, dtype=float)  # the kernels take no read-only arrays
        found, estimated = None, 0 if options.get("smoothing") == "given" else 3
        for end in ends:
            seen = recent(y[:end], season_length, options)
            with fitting(label):
                z = np.ascontiguousarray(forward(seen, lam))
                form = form_of(len(seen), season_length, options)
                # the states before another window's first observation are no start
                found = estimate(z, seen, form, lam, found if len(seen) == end else None)
            params, states = _params(found, options), found.states
            params["sigma"] = found.sd(RAW, estimated)
            yield checked(Fit(params, states, found.sd(BACK, estimated)), label)

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


def recent(y: NDArray[np.float64], season_length: int, options: Options) -> NDArray[np.float64]:
    """What the fit may look at: the last seasons, where a window is asked for."""
    window = int(options.get("window") or 0) * season_length
    return y[-window:] if window else y


def form_of(n: int, season_length: int, options: Options) -> Form:
    """What to fit to this many observations.

    Raises:
        ModelError: They are too few.
    """
    trend, seasonal = _text(options, "trend"), _text(options, "seasonal")
    needed = 2 * season_length if seasonal != "none" else 2 if trend != "none" else 1
    if n < needed:
        raise ModelError(f"a season of {season_length} needs two seasons of data, not {n}")
    given: tuple[tuple[str, float], ...] = ()
    if options.get("smoothing") == "given":
        given = tuple((name, float(options.get(name) or 0.0)) for name in _SMOOTHING)
    initial = "heuristic" if given else str(options.get("initial") or "estimated")
    # the heuristic may need more data than there is
    estimated = initial == "estimated" or n < heuristic_length(season_length)
    return Form(trend, seasonal, season_length, estimated, given=given)


def _params(found: SmoothingOptimum, options: Options) -> dict[str, Any]:
    """Smoothing parameters by name; beta as Holt has it."""
    alpha, share, season, phi = (float(v) for v in found.point[:4])
    params = {"alpha": alpha}
    if _text(options, "trend") != "none":
        params["beta"] = alpha * share
        params["phi"] = phi
    if _text(options, "seasonal") != "none":
        params["gamma"] = (1.0 - alpha) * season
    return params
