"""One linear regression for all airports of a fleet: what followed windows such as this one.

A period is regressed on the one to three seasons before it, all in means of that window, over the
windows of all airports together. So an airport gains from how others went on after a history like
its own, which no model of one series knows. Montero-Manso and Hyndman (2021), Principles and
algorithms for forecasting groups of time series: locality and globality, section 5, on linear
autoregressions that are estimated over a whole group. What is learned from the fleet is a
`forecastctl.records.Line` (`forecastctl.models.pooling`); fitting it to an airport takes nothing
but its last window. Forecasts further ahead go through those before them.
"""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import Choice, Fit, checked, fitting
from forecastctl.models.parts.transforms import back, box_cox_lambda, forward, suffix
from forecastctl.models.pooling import line_of, longest_window, own_windows
from forecastctl.records import FleetLines, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import FittedModel, Options

ROOT: Options = {"transform": "boxcox", "lambda": 0.5}
PLAIN: Options = {"transform": "none"}

LEAN = 12.0
"""Windows that the spread of the fleet is worth beside that of the airport's own windows."""


class Pooled:
    """Linear autoregression that is estimated over all airports.

    Options: ``seasons``, the length of the window in seasons, to which one period is added;
    ``transform`` (none, or boxcox with ``lambda`` 0.5, a square root).
    """

    name = "pooled"
    starts: tuple[Options, ...] = tuple({"seasons": 3, **form} for form in (PLAIN, ROOT))

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """Windows that fit into the shortest training data, of data that are never negative."""
        seasons = longest_window(season_length, shortest)
        if not seasons or np.any(y < 0):
            return None
        windows = Choice(tuple(range(1, seasons + 1)))
        return {"seasons": windows, "transform": Choice(("none", dict(ROOT)))}

    def label(self, options: Options) -> str:
        """``Pooled 3 seasons``, with the transform behind it."""
        seasons = int(options.get("seasons") or 1)
        return f"Pooled {seasons} season{'s' if seasons > 1 else ''}" + suffix(options)

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """The same without a fleet: the line of the airport's own windows.

        Raises:
            ModelError: The series is too short.
        """
        label = self.label(options)
        rows = own_windows(y, season_length, options)
        if not len(rows):
            raise ModelError(f"{label} needs more than {len(y)} observations")
        with fitting(label):
            line = line_of(rows.T @ rows, len(rows), 1)
        return self.fit_from(y, season_length, options, line)

    def fit_from(
        self, y: NDArray[np.float64], season_length: int, options: Options, line: Line
    ) -> Fit:
        """The last window of the series, and how far the line was from its own windows.

        Args, Raises: As in `forecastctl.models.base.FitsFromFleet`.
        """
        label, lags = self.label(options), len(line.weights)
        if len(y) < lags or season_length == 1:
            raise ModelError(f"{label} needs {lags} observations")
        if not np.all(np.isfinite(y[-lags:])):
            raise ModelError(f"{label} cannot be fitted: a value is missing")
        rows = own_windows(y, season_length, options)
        with fitting(label):
            apart = rows[:, -1] - (rows[:, :-1] * np.array(line.weights)).sum(axis=1)
            squares = LEAN * line.sd**2 + float(np.sum(apart**2))
            sd = math.sqrt(squares / (LEAN + len(rows)))
            last = forward(np.asarray(y[-lags:], dtype=float), box_cox_lambda(options)).tolist()
        params: dict[str, Any] = {"weights": list(line.weights), "sd": sd}
        fit = checked(Fit(params, {"last": last}, 0.0), label)
        sigma = float(self.forecast(fit, season_length, options, 1)[1][0])
        return checked(Fit(params, fit.states, sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the window says how long it is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """One period after the other; the variance is that of the autoregression."""
        lam, weights = box_cox_lambda(options), fit.params["weights"]
        values = [v if lam is None else lam * v + 1.0 for v in fit.states["last"]]
        mean = math.fsum(values) / len(values)
        if mean <= 0.0:
            return np.zeros(h), np.zeros(h)
        path = _path([v / mean for v in values], weights, h)
        sd = _spreads(weights, h)
        u = np.array(path) * mean
        spread = np.array(sd) * (fit.params["sd"] * mean)
        if lam is None:
            return u, spread
        return back((u - 1.0) / lam, spread / lam, lam)


def held_lines(model: FittedModel, *others: FittedModel) -> FleetLines | None:
    """The lines that fitted models have, for fitting their specifications to other data.

    Args:
        model: The model whose lines count first.
        others: Where a line is taken from that it does not have.

    Returns:
        ``None`` where none has any.
    """
    lines: dict[str, Line] = {}
    for each in (model, *others):
        for found in each.members:
            if found.member.model.family == Pooled.name:
                label = Pooled().label(found.member.model.options)
                line = Line(tuple(found.params["weights"]), float(found.params["sd"]))
                lines.setdefault(label, line)
    return FleetLines({model.cutoff: lines}, always=True) if lines else None


def _path(window: Sequence[float], weights: Sequence[float], h: int) -> list[float]:
    """Periods that follow a window, in its means."""
    seen, lags = list(window), len(window)
    for _ in range(h):
        seen.append(math.fsum(map(mul, weights, seen[-lags:])))
    return seen[lags:]


def _spreads(weights: Sequence[float], h: int) -> list[float]:
    """Standard deviation of each lead, for one of 1 at the first.

    Roots of sums of squares of what one error does to the periods after it (Box and Jenkins, 1970,
    Time series analysis: forecasting and control, chapter 5).
    """
    newest_first = weights[::-1]
    moved = [1.0]
    for k in range(1, h):
        moved.append(math.fsum(map(mul, newest_first, moved[k - 1 :: -1])))
    total, found = 0.0, []
    for value in moved:
        total += value * value
        found.append(math.sqrt(total))
    return found
