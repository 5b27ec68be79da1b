"""What a fleet knows of a feast, added to what one airport's own past tells. Pure.

The airports' errors of a month are alike, so that a mean over many is not as sure as their number
suggests. The fleet is therefore one more series, whose errors hold what is common; and the airport
apart from the fleet is another, whose errors hold the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.calendar_regression import Coefficient, Whitened, whiten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PEERS_LEAST = 8
PEERS_MOST = 16
"""Airports, those nearest in size, from which is estimated how far they differ."""

MEDIAN_OF_CHI2 = 0.4549
"""Median of the square of a standard normal number."""


class Fleet:
    """An airport's peers over the same periods.

    Args:
        logs: Logarithms of the airport, ``(n,)``.
        peers: Those of its peers, ``(n, peers)``, at least `PEERS_LEAST`.
        x: Regressors, ``(n, k)``.
        seasons: Number of each period's season, ``(n,)``.
        m: Observations per season.
    """

    def __init__(
        self,
        logs: NDArray[np.float64],
        peers: NDArray[np.float64],
        x: NDArray[np.float64],
        seasons: NDArray[np.int64],
        m: int,
    ) -> None:
        together = np.asarray(np.mean(peers, axis=1))
        distance = np.abs(np.mean(peers[-m:], axis=0) - np.mean(logs[-m:]))
        nearest = np.argsort(distance, kind="stable")[:PEERS_MOST]
        self.together: Whitened = whiten(together, x, seasons, m)
        self.apart: Whitened = whiten(logs - together, x, seasons, m)
        self.each = [whiten(peers[:, i] - together, x, seasons, m) for i in nearest]

    def coefficient(self, column: int, beside: Sequence[int] = ()) -> Coefficient | None:
        """The airport's coefficient: the fleet's, and as much of its own as is sure.

        With ``d`` the airport's distance from the fleet, ``s`` its standard error and ``tau`` the
        standard deviation of the airports' true distances, ``tau^2 / (tau^2 + s^2)`` of ``d`` is
        taken (the posterior mean of normal effects; DerSimonian and Laird 1986).
        """
        together = self.together.coefficient(column, beside)
        apart = self.apart.coefficient(column, beside)
        each = [c for w in self.each if (c := w.coefficient(column, beside)) is not None]
        if together is None or apart is None or len(each) < PEERS_LEAST:
            return None
        seen = float(np.median([c.value**2 for c in each])) / MEDIAN_OF_CHI2
        tau2 = max(seen - float(np.median([c.se**2 for c in each])), 0.0)
        kept = tau2 / (tau2 + apart.se**2) if apart.se > 0 else 1.0
        se = math.sqrt(together.se**2 + kept * apart.se**2)
        return Coefficient(together.value + kept * apart.value, se, together.df)
