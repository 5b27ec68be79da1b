"""Where a job records: its store, and the spool of this machine where the store is away."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from forecastctl.api.compose import open_store, store_for_job
from forecastctl.api.spool import publish_all, said_of, spool_place
from forecastctl.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    import pandas as pd

    from forecastctl.api.compose import Session
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.spooling import SpoolingTracker
    from forecastctl.store.spool.tracker import SpoolTracker

log = logging.getLogger(__name__)

STARTS_AWAY = ("run", "tune")
"""Commands that need nothing of what is recorded: they start although the store is away."""


class Ends(Protocol):
    """What a job or a backtest ended with."""

    @property
    def left(self) -> int:
        """How much of it is left, because it ended before all was done."""
        ...

    @property
    def status(self) -> str:
        """``ok``, ``partial`` or ``failed``."""
        ...

    @property
    def counts(self) -> dict[str, int]:
        """Airports by status, and in all."""
        ...

    @property
    def table(self) -> pd.DataFrame | None:
        """What ``--out`` writes."""
        ...

    def with_ids(self, ids: Mapping[str, str]) -> Self:
        """The same with other ids of runs, where there are such."""
        ...


P = TypeVar("P")
S = TypeVar("S", bound=Ends)


@dataclass(frozen=True, slots=True)
class Ending(Generic[S]):
    """What became of the record of a job that its store did not take.

    Attributes:
        summary: The summary, with the ids that runs have where they are now.
        away: Why the store did not take it; ``None`` where it has all by now.
        lost: Why the spool did not take it either.
        folder: Where it waits.
        airports: Number of airports that wait.
    """

    summary: S
    away: TrackingError | None = None
    lost: TrackingError | None = None
    folder: Path | None = None
    airports: int = 0

    @property
    def waits(self) -> dict[str, Any]:
        """What ``--json`` says of it; nothing where the store has all."""
        if self.away is None:
            return {}
        return {
            "waiting": {
                "airports": self.airports,
                "folder": str(self.folder) if self.folder else None,
                "reason": self.away.message,
                "lost": self.lost.message if self.lost else None,
            }
        }


class Recorder:
    """The store of a job with its spool. A context manager, which has the experiment to itself.

    What waits of earlier jobs is published first. Where the store is away, a job that needs nothing
    of it starts all the same, and keeps nobody else out.

    Args:
        session: Its settings say where store and spool are.
        command: The job's command.
        say: Told what is waited for.
        upgrade: Whether a store of an older MLflow is migrated.
        existing: Whether the command builds on what is recorded.

    Attributes:
        tracker: Where the job records, once the context is entered.
        waited: Whether another job was waited for.
    """

    tracker: SpoolingTracker

    def __init__(
        self,
        session: Session,
        command: str,
        say: Callable[[str], None],
        *,
        upgrade: bool,
        existing: bool,
    ) -> None:
        self._session = session
        self._say = say
        self._may_start_away = command in STARTS_AWAY
        self._place = spool_place(session.settings)
        self._spool: SpoolTracker | None = None
        self._stack = ExitStack()
        self._store = partial(
            store_for_job, session, command, say, upgrade=upgrade, existing=existing
        )
        self.waited = False

    def __enter__(self) -> Self:
        """Open the store.

        Raises:
            HeldError: Another job is at work there.
            TrackingError: It cannot be used, and the job does not start without it.
        """
        from forecastctl.store.spool.spooling import SpoolingTracker
        from forecastctl.store.spool.tracker import SpoolTracker

        target, why = self._opened()
        if self._place is not None:
            earlier = self._place.journals() if why is not None else ()
            self._spool = SpoolTracker(self._place.new(), earlier)
        wait = self._session.settings.run.longest_wait
        self.tracker = SpoolingTracker(target, self._spool, why, longest_wait=wait)
        if why is not None:
            log.warning("%s The job starts without it, and what it records waits.", why.message)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tracker.close()
        if self._place is not None:
            self._place.tidy()
        self._stack.__exit__(kind, error, trace)

    def _opened(self) -> tuple[Tracker | None, TrackingError | None]:
        """The store, or why the job starts without it."""
        try:
            target, self.waited = self._stack.enter_context(self._store())
            self._publish_first(target)
        except BaseException as error:
            if isinstance(error, TrackingError) and self._starts_without(error):
                return None, error
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return target, None

    def plan(self, make: Callable[[Tracker], P]) -> P:
        """What is planned with what is recorded, or without it where the store goes away.

        Args:
            make: Plans it.

        Raises:
            TrackingError: The store cannot be read, and the job does not start without it.
        """
        try:
            return make(self.tracker)
        except TrackingError as error:
            if self.tracker.away is not None or not self._starts_without(error):
                raise
            self.tracker.go_on_without(error)
            return make(self.tracker)
        finally:
            self.tracker.begin()

    def end(self, summary: S) -> Ending[S]:
        """See to it that the store has what the job recorded, if it is there by now.

        Args:
            summary: The summary of the job.
        """
        from forecastctl.store.spool.publish import series_of

        tracker, spool, place = self.tracker, self._spool, self._place
        if tracker.away is None:
            return Ending(summary)
        if spool is None or place is None:
            return Ending(summary, tracker.away, tracker.lost or tracker.away)
        path = spool.journal.path
        waiting = len({entry.run_id for entry in series_of(spool.journal.entries())})
        tracker.close()
        away: TrackingError | None = tracker.away
        try:
            synced = publish_all(place, open_store(self._session.settings, patience=0.0))
        except TrackingError as error:
            log.info("the store is still away: %s", error.message)
        else:
            done, kept = synced.published.get(path), synced.kept.get(path)
            if done is not None:
                return Ending(summary.with_ids(done.ids), tracker.lost, tracker.lost)
            away = kept or away
        return Ending(summary, away, tracker.lost, place.folder, waiting)

    def _starts_without(self, error: TrackingError) -> bool:
        from forecastctl.store.spool.away import is_away

        return self._place is not None and self._may_start_away and is_away(error)

    def _publish_first(self, target: Tracker) -> None:
        """Bring what waits of earlier jobs into the store.

        Raises:
            TrackingError: The store went away meanwhile.
        """
        from forecastctl.store.spool.away import is_away

        if self._place is None:
            return
        synced = publish_all(self._place, target)
        if synced.published:
            self._say(said_of(synced))
        for path, error in synced.kept.items():
            if is_away(error):
                raise error
            self._session.warn(f"{path} is kept in the spool: {error.message}")
