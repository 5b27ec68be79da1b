"""What a recorded name is, and the kinds of runs that have names."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self


class Kind(StrEnum):
    """What a run is of: the value of `Tag.KIND`."""

    JOB = "job"
    AIRPORT = "airport"
    GROUP = "group"
    TRIAL = "trial"
    MONITOR = "monitor"
    LEASE = "lease"
    PANEL = "panel"
    PROMOTION = "promotion"


A_JOB: Final = (Kind.JOB,)
A_SERIES: Final = (Kind.AIRPORT, Kind.GROUP)
"""A group is a sum over airports, recorded like an airport."""
A_TRIAL: Final = (Kind.TRIAL,)
A_MONITOR: Final = (Kind.MONITOR,)
A_LEASE: Final = (Kind.LEASE,)
"""By which jobs that record through a server keep out of each other's way."""
A_PANEL: Final = (Kind.PANEL,)
"""A run of its own for each distinct panel, so that it outlives the job that stored it first."""
A_PROMOTION: Final = (Kind.PROMOTION,)
"""A decision about which version of the fleet's model answers."""
HOLDERS: Final = (*A_JOB, *A_LEASE)
BELOW: Final = (*A_SERIES, *A_TRIAL)
"""Below a job."""
IN_JOBS: Final = (*A_JOB, *BELOW)
ALL_KINDS: Final = (*IN_JOBS, *A_MONITOR)


class Key(StrEnum):
    """A name under which runs of some kinds hold something.

    Looked up by its key alone: ``Tag("cutoff")``.

    Attributes:
        kinds: Kinds of runs that may have it.
        meaning: What it says, for the reference; Markdown.
    """

    kinds: tuple[Kind, ...]
    meaning: str

    def __new__(cls, key: str, kinds: tuple[Kind, ...] = (), meaning: str = "") -> Self:
        """A member that is its key."""
        self = str.__new__(cls, key)
        self._value_ = key
        self.kinds = kinds
        self.meaning = meaning
        return self
