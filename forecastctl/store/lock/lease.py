"""A lock made of runs alone, for stores that have no other: MLflow's servers, other packages'.

Lamport's bakery (A New Solution of Dijkstra's Concurrent Programming Problem, 1974). Who wants the
experiment opens a run, looks at those of the others, and takes a ticket with a number higher than
theirs. The lowest ticket has the experiment. It takes no clock and no write that fails when another
came first; it needs that a run is seen by everybody once it is written. While a run is open its
heartbeat is refreshed, and one whose process is dead counts no more.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from forecastctl.errors import HeldError, NothingRecordedError, TrackingError
from forecastctl.records import FINISHED, RUNNING, Query, Run, RunUpdate
from forecastctl.records.marks import LEASES, SET
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.alive import Holder, Watch, holder_of, pulse, tags_of
from forecastctl.store.healing import killed

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.records import StoredRun
    from forecastctl.store.heart import Heart
    from forecastctl.store.port import Tracker

_LOG = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
"""From one look at the others to the next, while it is not clear who is first."""


class LeaseLock:
    """A run of this process among those of all that want the experiment.

    Args:
        tracker: The store.
        holder: Who wants it.
        heart: Refreshes the run.
        say: Told why it takes long.
    """

    kind = "lease"

    def __init__(
        self, tracker: Tracker, holder: Holder, heart: Heart, say: Callable[[str], None]
    ) -> None:
        self._tracker, self._holder = tracker, holder
        self._heart, self._say = heart, say
        self._watch = Watch()
        self._place: tuple[int, str] | None = None
        self._lost = False

    def take(self) -> Holder | None:
        """Try to get it; whoever tries again has kept its place in the queue."""
        mine = self._place or self._line_up()
        said = False
        while True:
            ahead = [(place, run) for run, place in self._others() if place is None or place < mine]
            lives = [(self._watch.life(run), place, run) for place, run in ahead]
            there = [one for one in lives if one[0] != "dead"]
            if not there:
                self._clear()
                return None
            waiting = [(place, run) for life, place, run in there if life == "alive" and place]
            if waiting:
                return holder_of(min(waiting, key=lambda one: one[0])[1])
            if not said and any(life == "unclear" for life, _, _ in there):
                said = True
                self._say("looking whether a job that has not said anything for long still lives")
            time.sleep(LOOK_SECONDS)

    def keep(self) -> None:
        """See whether somebody took this process for dead."""
        if self._place is None:
            return
        try:
            self._lost = self._tracker.get(self._place[1]).status != RUNNING
        except NothingRecordedError:
            self._lost = True

    def check(self) -> None:
        """See whether somebody took this process for dead."""
        if self._lost:
            raise HeldError(
                "This job did not say for long that it lives, and another one took the experiment."
            )

    def give_back(self) -> None:
        """Let the next one have it."""
        if self._place is None:
            return
        run_id, self._place = self._place[1], None
        self._heart.leave(run_id)
        now = time.time_ns() // 1_000_000
        with suppress(TrackingError, NothingRecordedError):  # its heartbeat ends all the same
            self._tracker.update(run_id, RunUpdate(FINISHED, now))

    def _line_up(self) -> tuple[int, str]:
        """Take a ticket behind all others."""
        tags = {Tag.KIND: Kind.LEASE, LEASES: SET, **pulse(), **tags_of(self._holder)}
        name = f"{self._holder.command} at work"
        run_id = self._tracker.start(Run(name, RUNNING, self._holder.start_ms, tags=tags))
        self._heart.follow(run_id)
        last = max((place[0] for _, place in self._leases() if place), default=0)
        self._place = (last + 1, run_id)
        self._tracker.update(run_id, RunUpdate(tags={Tag.TICKET: str(last + 1)}))
        return self._place

    def _leases(self) -> list[tuple[StoredRun, tuple[int, str] | None]]:
        """Everybody who wants the experiment, with the place in the queue once there is one."""
        runs = self._tracker.find(Query(tags={LEASES: SET}, status=RUNNING))
        return [(run, _place(run)) for run in runs]

    def _others(self) -> list[tuple[StoredRun, tuple[int, str] | None]]:
        mine = self._place[1] if self._place else ""
        return [(run, place) for run, place in self._leases() if run.run_id != mine]

    def _clear(self) -> None:
        """Mark what dead processes have left."""
        for run, _ in self._others():
            if self._watch.life(run) == "dead":
                self._tracker.update(run.run_id, killed())


def _place(run: StoredRun) -> tuple[int, str] | None:
    ticket = run.tags.get(Tag.TICKET, "")
    return (int(ticket), run.run_id) if ticket.isdecimal() else None
