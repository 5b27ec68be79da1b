"""What a night is reckoned from: plain values that were measured. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SIZES = ("whole", "mine", "recorded")
"""What the cost of a step may grow with."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a step: a constant, and what comes with each airport.

    Attributes:
        fixed: Seconds whatever the size.
        whole: With each airport of the whole job.
        mine: With each airport of the share.
        recorded: With each airport of the job that is recorded.
    """

    fixed: float = 0.0
    whole: float = 0.0
    mine: float = 0.0
    recorded: float = 0.0

    def of(self, *, whole: int = 0, mine: int = 0, recorded: int = 0) -> float:
        """Seconds for so many airports."""
        return self.fixed + self.whole * whole + self.mine * mine + self.recorded * recorded


@dataclass(frozen=True, slots=True)
class Stored:
    """What an airport leaves in the store.

    Attributes:
        rows: Rows of the database.
        bytes: Bytes of the database, indexes included.
        written: Bytes of the database's journal (WAL), which is what its disk must take.
        files: Artifacts.
        file_bytes: Bytes of them.
        trial_bytes: Of these, of the tables of trials.
        parquet_bytes: The same tables as one Parquet file for all airports.
    """

    rows: float = 0.0
    bytes: float = 0.0
    written: float = 0.0
    files: float = 0.0
    file_bytes: float = 0.0
    trial_bytes: float = 0.0
    parquet_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What shares of a job took, in seconds on a machine that does nothing else.

    Attributes:
        models: CPU seconds of an airport, a sample.
        driver: CPU seconds of a share's own process while its workers work, by `mine`.
        starting: Seconds until a share reads its data.
        worker: CPU seconds of a worker's start.
        reading: Reading and preparing the data of the whole job.
        planning: What a share does in the store before it works: `whole` and `recorded`.
        publishing: What it does in the store after that, by `mine`.
        looking: What is left of the job, by `recorded`.
        closing: The account of the whole job, by whoever is last, by `whole`.
        pilot: Airports that are searched before all others.
        stored: What an airport leaves.
        said: How it was measured.
    """

    models: tuple[float, ...]
    driver: Cost = Cost()
    starting: float = 0.0
    worker: float = 0.0
    reading: Cost = Cost()
    planning: Cost = Cost()
    publishing: Cost = Cost()
    looking: Cost = Cost()
    closing: Cost = Cost()
    pilot: int = 0
    stored: Stored = Stored()
    said: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Facts:
        """The value that `to_dict` made."""
        given = dict(value)
        costs = [f.name for f in dataclasses.fields(cls) if f.type == "Cost"]
        given |= {name: Cost(**given[name]) for name in costs}
        stored = Stored(**given["stored"])
        return cls(**{**given, "models": tuple(given["models"]), "stored": stored})


def fitted(seen: Iterable[tuple[Mapping[str, int], float]], *grows: str) -> Cost:
    """The cost that fits what was seen best, with no part negative.

    Errors are weighed in proportion, so that small and large jobs count alike.

    Args:
        seen: Sizes of a step, and its seconds.
        grows: Which sizes it grows with, of `SIZES`.
    """
    from scipy.optimize import nnls

    found = [(sizes, max(seconds, 1e-6)) for sizes, seconds in seen]
    if not found:
        return Cost()
    rows = [[1.0, *(sizes.get(name, 0) for name in grows)] for sizes, _ in found]
    seconds = np.asarray([s for _, s in found])
    parts, _ = nnls(np.asarray(rows, dtype=float) / seconds[:, None], np.ones_like(seconds))
    return Cost(**dict(zip(("fixed", *grows), map(float, parts), strict=True)))
