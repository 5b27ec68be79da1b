"""The results of a replay and of a refit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.models.combination.replay import DIFFERS, NOT_STORED
from forecastctl.recording.run_of import RunOf
from forecastctl.records import Replay
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from forecastctl.records import FittedModel, Forecast, StoredRun

_NONE = Replay(NOT_STORED)


@dataclass(frozen=True, slots=True)
class Refit:
    """How a new search and fit compare with what was stored.

    Attributes:
        result: The worst of the three comparisons, one of
            `forecastctl.models.combination.replay.RESULTS`.
        same_data: Whether the rebuilt series has the recorded digest; ``None`` where there is none.
        specification: Labels ``(stored, now)`` with whether models and weights are the same.
        parameters: Stored parameters and states against the new ones.
        forecast: The stored forecast against the new one.
        notes: What a reader should know about the comparison, one sentence each.
    """

    result: str
    same_data: bool | None = None
    specification: tuple[str | None, str | None, bool | None] = (None, None, None)
    parameters: Replay = _NONE
    forecast: Replay = _NONE
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        stored, now, same = self.specification
        return {
            "result": self.result,
            "same_data": self.same_data,
            "specification": {"same": same, "stored": stored, "now": now},
            "parameters": self.parameters.to_dict(),
            "forecast": self.forecast.to_dict(),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which recorded runs are to be reproduced.

    Attributes:
        job_id: Id of their job.
        command: Its command.
        origin: ``live`` or ``backtest``.
        run_id: The run that was named, or the job's.
        runs: Runs of airports, in order of airport.
    """

    job_id: str
    command: str
    origin: str
    run_id: str
    runs: tuple[StoredRun, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one airport's run.

    Attributes:
        run: The run.
        model: Its model, where there is one that can be read.
        forecast: Its forecast, likewise.
        missing: Why one of the two is not stored.
        broken: Why what is stored cannot be read.
    """

    run: StoredRun
    model: FittedModel | None = None
    forecast: Forecast | None = None
    missing: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The result of reproducing one airport's run.

    Attributes:
        run: The run.
        replay: The stored model's forecast against the stored one.
        refit: The comparison with a new search and fit, where it was asked for.
    """

    run: StoredRun
    replay: Replay
    refit: Refit | None = None

    @property
    def differs(self) -> bool:
        """Whether anything differs beyond rounding."""
        results = [self.replay.result, *([self.refit.result] if self.refit else [])]
        return DIFFERS in results

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        tags = self.run.tags
        return {
            "airport": RunOf(self.run).airport,
            "run_id": self.run.run_id,
            "cutoff": tags.get(Tag.CUTOFF),
            "model": tags.get(Tag.MODEL),
            "replay": self.replay.to_dict(),
            "refit": None if self.refit is None else self.refit.to_dict(),
        }
