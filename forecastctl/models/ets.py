"""ETS: exponential smoothing as a state space model, fitted by maximum likelihood."""

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
from forecastctl.models.parts.smoothing import Smoother, smooth_forecast, taxonomy
from forecastctl.models.parts.smoothing_fit import (
    RAW,
    RELATIVE_ERRORS,
    Form,
    SmoothingOptimum,
    estimate,
    heuristic_length,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

LONGEST_SEASON = 24
"""Beyond this season length a season is too many numbers to estimate."""


class Ets:
    """ETS(error, trend, season) of Hyndman et al. (2008), fitted by maximum likelihood.

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
        if season_length > LONGEST_SEASON or shortest < heuristic_length(season_length):
            return None
        signs = ("add", "mul") if np.all(y > 0) else ("add",)
        seasonal = season_length > 1 and shortest >= 2 * season_length
        return {
            "error": Choice(signs),
            "trend": Choice(("none", "add", "damped")),
            "seasonal": Choice((*signs, "none") if seasonal else ("none",)),
            "initial": Choice(("heuristic", "estimated")),
        }

    def label(self, options: Options) -> str:
        """``ETS(M,Ad,M)``, with ``estimated`` behind it when the initial states are."""
        parts = (str(options.get(k) or "none") for k in ("trend", "seasonal"))
        name = taxonomy("ETS", str(options.get("error") or "add"), *parts)
        return name + " estimated" if options.get("initial") == "estimated" else name

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Maximise the likelihood."""
        return next(self.fit_prefixes(y, (len(y),), season_length, options))

    def fit_prefixes(
        self, y: NDArray[np.float64], ends: Sequence[int], season_length: int, options: Options
    ) -> Iterator[Fit]:
        """Fits of prefixes, each from the optimum of the one before."""
        label, form = self.label(options), form_of(season_length, options)
        relative = options.get("error") == "mul"
        y = np.array(y, dtype=float)  # the kernels take no read-only arrays
        found = None
        for end in ends:
            checked_length(end, season_length)
            with fitting(label):
                found = estimate(y[:end], y[:end], form, None, found)
            params = _params(found)
            estimated = len(params) - (form.trend == "add")
            params["sigma"] = found.sd(RELATIVE_ERRORS if relative else RAW, estimated)
            yield checked(Fit(params, found.states, found.sd(RAW, estimated)), label)

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


def checked_length(n: int, season_length: int) -> None:
    """Refuse to fit to too few observations.

    Raises:
        ModelError: They are too few for initial states.
    """
    if n < max(heuristic_length(season_length), 2 * season_length):
        raise ModelError(f"ETS needs more than {n} observations")


def form_of(season_length: int, options: Options) -> Form:
    """What to fit."""
    return Form(
        str(options.get("trend") or "none"),
        str(options.get("seasonal") or "none"),
        season_length,
        estimated=options.get("initial") == "estimated",
        ets=True,
        relative=options.get("error") == "mul",
    )


def _params(found: SmoothingOptimum) -> dict[str, Any]:
    """Smoothing parameters by name, all of them shares of an error."""
    alpha, share, season, phi = (float(v) for v in found.point[:4])
    params = {"alpha": alpha}
    if found.form.trend != "none":
        params["beta"] = alpha * share
        params["phi"] = phi
    if found.form.seasonal != "none":
        params["gamma"] = (1.0 - alpha) * season
    return params
