"""Reads tags, parameters and metrics of a stored run by name and type instead of by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from forecastctl.errors import DamagedError
from forecastctl.records.schema import (
    A_SERIES,
    BACKTEST,
    FLAT,
    LIVE,
    TRUE,
    Kind,
    MetricKey,
    Param,
    Tag,
)

if TYPE_CHECKING:
    from forecastctl.records import StoredRun


N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class RunOf:
    """Reads a run of a job.

    Where every run of a kind has a value, its absence raises a `DamagedError`; where only some have
    it, it may be ``None``.

    Attributes:
        run: The run.
    """

    run: StoredRun

    @property
    def kind(self) -> str | None:
        """One of `Kind`; ``None`` of a run that something else recorded."""
        return self.run.tags.get(Tag.KIND)

    @property
    def is_job(self) -> bool:
        """Whether it is the run of a job."""
        return self.kind == Kind.JOB

    @property
    def is_series(self) -> bool:
        """Whether it is the run of an airport or a group."""
        return self.kind in A_SERIES

    @property
    def job_id(self) -> str:
        """Id of the job."""
        return self._required(Tag.JOB_ID)

    @property
    def airport(self) -> str:
        """The airport, as spelt in the data, or the name of a group."""
        return self._required(Tag.AIRPORT)

    @property
    def cutoff(self) -> str:
        """First day of the last period seen, ISO format."""
        return self._required(Tag.CUTOFF)

    @property
    def status(self) -> str:
        """How it ended: a status of an airport, or of a job ``ok``, ``partial`` or ``failed``."""
        return self._required(Tag.STATUS)

    @property
    def reason(self) -> str | None:
        """Why it ended so."""
        return self.run.tags.get(Tag.REASON)

    @property
    def command(self) -> str | None:
        """The command that made it."""
        return self.run.tags.get(Tag.COMMAND)

    @property
    def model(self) -> str | None:
        """The specification in short."""
        return self.run.tags.get(Tag.MODEL)

    @property
    def freq(self) -> str:
        """Alias in pandas of the periods."""
        return self._required(Tag.FREQ)

    @property
    def season_length(self) -> int:
        """Periods per season."""
        return self._number(Tag.SEASON_LENGTH)

    @property
    def panel_digest(self) -> str:
        """SHA-256 of the panel that it saw."""
        return self._required(Tag.PANEL_DIGEST)

    @property
    def attempt(self) -> int:
        """1, or more where a job was gone on with or retried."""
        return self._number(Tag.ATTEMPT)

    @property
    def superseded(self) -> bool:
        """Whether the airport was done again in the same job."""
        return Tag.SUPERSEDED_BY in self.run.tags

    @property
    def retries(self) -> int | None:
        """How often it was begun again because its worker had died; ``None`` where none had."""
        text = self.run.tags.get(Tag.RETRIES)
        return None if text is None else self._parsed(Tag.RETRIES, text, int)

    @property
    def trial(self) -> int:
        """Number of a trial, from 0."""
        return self._number(Tag.TRIAL)

    @property
    def weight(self) -> float | None:
        """Share of a trial in what its search chose; ``None`` where it is no member."""
        text = self.run.tags.get(Tag.WEIGHT)
        return None if text is None else self._parsed(Tag.WEIGHT, text, float)

    @property
    def origin(self) -> str:
        """``live`` or ``backtest``."""
        return self.run.tags.get(Tag.ORIGIN, LIVE)

    @property
    def is_backtest(self) -> bool:
        """Whether it replays history."""
        return self.origin == BACKTEST

    @property
    def is_flat(self) -> bool:
        """Whether its trials are a table instead of runs."""
        return self.run.tags.get(Tag.LAYOUT) == FLAT

    @property
    def search_id(self) -> str:
        """Id that the trials of its search share; empty without one."""
        return self.run.tags.get(Tag.FMIN_UUID, "")

    @property
    def tuned_by(self) -> str:
        """Id of the run that holds the search: its own where no other is named."""
        return self.run.tags.get(Tag.TUNED_BY, self.run.run_id)

    @property
    def left_out(self) -> tuple[str, ...]:
        """First days of the periods that were not used because they look wrong."""
        text = self.run.tags.get(Tag.LEFT_OUT, "")
        return tuple(text.split(",")) if text else ()

    @property
    def loss(self) -> float | None:
        """Backtest loss."""
        return self.run.metrics.get(MetricKey.LOSS)

    def holds(self, stage: str) -> bool:
        """Whether it holds a search, a model or a forecast.

        Args:
            stage: `Tag.TUNED`, `Tag.TRAINED` or `Tag.FORECAST`.
        """
        return self.run.tags.get(stage) == TRUE

    def engine(self, default: str) -> str:
        """The engine that fitted; the default for records older than this choice."""
        return self.run.params.get(Param.ENGINE, default)

    def horizon(self, default: int) -> int:
        """Periods ahead."""
        text = self.run.params.get(Param.HORIZON)
        return default if text is None else self._parsed(Param.HORIZON, text, int)

    def _required(self, tag: Tag) -> str:
        value = self.run.tags.get(tag)
        if value is None:
            raise DamagedError(f"Run {self.run.run_id} has no tag '{tag}'.")
        return value

    def _number(self, tag: Tag) -> int:
        return self._parsed(tag, self._required(tag), int)

    def _parsed(self, key: str, text: str, kind: type[N]) -> N:
        try:
            return kind(text)
        except ValueError:
            what = "whole number" if kind is int else "number"
            message = f"'{key}' of run {self.run.run_id} is no {what}: '{text}'."
            raise DamagedError(message) from None
