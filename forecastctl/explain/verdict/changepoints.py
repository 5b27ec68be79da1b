"""Where the mean of a sequence changes: exact search with pruning. Pure.

Optimal partitioning under a squared-error cost and a penalty per changepoint, with the pruning of
PELT: R. Killick, P. Fearnhead and I. A. Eckley (2012), "Optimal Detection of Changepoints With a
Linear Computational Cost", Journal of the American Statistical Association 107(500), equations 2
and 4 and theorem 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIE = 1e-9
"""Of the penalty: partitions whose costs are this close are equally good."""


def changepoints(values: NDArray[np.float64], penalty: float) -> list[int]:
    """Starts of the segments after the first, ascending, of the cheapest partition.

    A partition costs the squared deviations from the mean of each segment, and the penalty for
    each changepoint. Of equally good ones, the last segment is the longest, then the one before it,
    and so on.

    Args:
        values: Finite, shape ``(n,)``, at least one.
        penalty: Cost of a changepoint, above zero.
    """
    centred = values - np.mean(values)
    sums = np.concatenate([np.zeros(1), np.cumsum(centred)])
    starts = np.zeros(len(sums), dtype=np.int64)  # of the last segment of the first values
    base = np.zeros(len(sums))  # cost of their best partition, less their squares
    tie = _TIE * penalty
    possible = np.zeros(1, dtype=np.int64)  # starts that a last segment may still have
    for end in range(1, len(sums)):
        costs = base[possible] - (sums[end] - sums[possible]) ** 2 / (end - possible)
        least = costs.min()
        starts[end] = possible[np.argmax(costs <= least + tie)]
        base[end] = least + penalty
        possible = np.append(possible[costs <= least + penalty + tie], end)
    return _bounds(starts)


def _bounds(starts: NDArray[np.int64]) -> list[int]:
    """Changepoints from the start of the last segment of each beginning of the sequence."""
    positions: list[int] = []
    at = int(starts[-1])
    while at > 0:
        positions.append(at)
        at = int(starts[at])
    return positions[::-1]
