"""The work of a share on one machine, simulated: its workers, its own process, and deaths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import simpy

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np

    from nights.facts import Facts
    from nights.night import Night, Result

    Process = Generator[Any, Any, None]

DRIVER, WORKER = 0, 1
"""Who gets a core first: results are taken before more are made."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Airports that are worked at one after the other, and the CPU seconds of all of them."""

    airports: int
    seconds: float


@dataclass(slots=True)
class Place:
    """Where a share can work.

    Attributes:
        cores: Of its machine.
        workers: Of a share here.
        slowness: How many times longer all takes here.
        used: Seconds in which a share was here.
    """

    cores: simpy.PriorityResource
    workers: int
    slowness: float = 1.0
    used: float = 0.0


@dataclass(frozen=True, slots=True)
class Fate:
    """Who dies when, as it is drawn."""

    night: Night
    random: np.random.Generator

    def of_worker(self, seconds: float) -> list[float]:
        """How long each try at some work lasted that its worker did not live through."""
        rate = self.night.worker_deaths / 3600
        found = []
        while rate and (lived := self.random.exponential(1 / rate)) < seconds:
            found.append(float(lived))
        return found

    def of_machine(self) -> float | None:
        """How long a machine lives from now on; ``None`` for long enough."""
        rate = self.night.machine_deaths / 3600
        return float(self.random.exponential(1 / rate)) if rate else None


class Work:
    """What one share does on one machine once it has planned.

    Args:
        env: The simulation.
        facts: What things take.
        fate: Who dies when.
        place: Where it is.
        own: The share's airports.
        pilot: Airports of other shares that are searched before.
        result: Told what was taken.
    """

    def __init__(
        self,
        env: simpy.Environment,
        facts: Facts,
        fate: Fate,
        place: Place,
        own: Sequence[Piece],
        pilot: Sequence[Piece],
        result: Result,
    ) -> None:
        self.env, self.facts, self.fate, self.place = env, facts, fate, place
        self.own, self.pilot, self.result = own, pilot, result
        self.done = simpy.Store(env)
        self.spent = 0.0

    def tried(self) -> Generator[Any, Any, bool]:
        """Work to the end; whether the machine lived until then."""
        parts: list[simpy.Process] = []
        work = self.env.process(_mortal(self._all(parts)))
        lives = self.fate.of_machine()
        if lives is None:
            yield work
        else:
            yield work | self.env.timeout(lives)
        if work.is_alive:
            for part in (work, *parts):
                if part.is_alive:
                    part.interrupt()
            self.result.lost += self.spent
            self.result.dead_machines += 1
            return False
        self.result.models += sum(piece.seconds for piece in self.own)
        self.result.pilots += sum(piece.seconds for piece in self.pilot)
        return True

    def _all(self, parts: list[simpy.Process]) -> Process:
        """First the airports that widths are seen from, then the share's own.

        Args:
            parts: Gets all that is begun.
        """
        yield from self._core(self.facts.driver.fixed, DRIVER, "driver")
        count = min(self.place.workers, len(self.own) + len(self.pilot))
        yield from self._together(parts, [self._start() for _ in range(count)])
        for pieces in (self.pilot, self.own):
            todo = list(reversed(pieces))
            work = [self._worker(todo, of_share=pieces is self.own) for _ in range(count)]
            takes = [self._driver()] if pieces is self.own else []
            yield from self._together(parts, [*work, *takes])

    def _together(self, parts: list[simpy.Process], work: Sequence[Process]) -> Process:
        begun = [self.env.process(_mortal(one)) for one in work]
        parts += begun
        yield self.env.all_of(begun)

    def _start(self) -> Process:
        yield from self._core(self.facts.worker, WORKER, "starts")

    def _worker(self, todo: list[Piece], *, of_share: bool) -> Process:
        """One worker: a piece after the other, each again where the worker died of it."""
        while todo:
            piece = todo.pop()
            for lived in self.fate.of_worker(piece.seconds):
                self.result.dead_workers += 1
                yield from self._core(lived, WORKER, "lost")
                yield from self._start()
            yield from self._core(piece.seconds, WORKER, None)
            self.spent += piece.seconds
            if of_share:
                yield self.done.put(piece)
                yield self.env.timeout(0)  # so that the driver, which has priority, asks first

    def _driver(self) -> Process:
        """The share's own process, which takes one result after the other."""
        left = len(self.own)
        while left:
            piece = yield self.done.get()
            with self.place.cores.request(priority=DRIVER) as core:
                yield core
                while piece is not None:  # it keeps its core as long as there are results
                    seconds = self.facts.driver.mine * piece.airports
                    yield self.env.timeout(seconds * self.place.slowness)
                    self.result.driver += seconds
                    left -= 1
                    piece = (yield self.done.get()) if self.done.items else None

    def _core(self, seconds: float, priority: int, of: str | None) -> Process:
        """A core for so many seconds, noted under a name of `Result`."""
        if seconds == 0:
            return
        with self.place.cores.request(priority=priority) as core:
            yield core
            yield self.env.timeout(seconds * self.place.slowness)
        if of is not None:
            setattr(self.result, of, getattr(self.result, of) + seconds)


def _mortal(work: Process) -> Process:
    """Work that just ends where its machine dies."""
    try:
        yield from work
    except simpy.Interrupt:
        return
