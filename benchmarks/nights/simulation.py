"""A night in shares, event by event: facts in, result out. Pure, the same for the same seed.

A share begins on a machine that is free, reads the data of the whole job, plans it while it has
the store to itself, works, and has the store to itself again to record. Its workers and its own
process share the cores of the machine. Who records last closes the job. The queues are simpy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from nights.night import Result, split_by, split_in
from nights.work import DRIVER, Fate, Piece, Place, Work

if TYPE_CHECKING:
    from collections.abc import Generator

    from nights.facts import Facts
    from nights.night import Night

    Process = Generator[Any, Any, None]


def simulate(facts: Facts, night: Night) -> Result:
    """Play a night.

    Args:
        facts: What shares of a job take.
        night: What is to be done, and where.
    """
    return _World(facts, night).played()


@dataclass(slots=True)
class _Job:
    """The job of one store.

    Attributes:
        number: Which.
        store: Whoever holds it has the store to itself.
        shares: Airports of each share.
        recorded: Airports that are recorded.
        ended: Shares that are.
        busy: Seconds in which the store was held.
    """

    number: int
    store: simpy.Resource
    shares: list[int]
    recorded: int = 0
    ended: int = 0
    busy: float = 0.0

    @property
    def whole(self) -> int:
        return sum(self.shares)


class _World:
    def __init__(self, facts: Facts, night: Night) -> None:
        self.facts, self.night, self.result = facts, night, Result()
        self.env = simpy.Environment()
        self.random = np.random.default_rng(night.seed)
        self.fate = Fate(night, self.random)
        self.sample = np.asarray(facts.models)
        self.places = self._places()
        self.free = simpy.Store(self.env)
        self.free.items.extend(self.places)
        each = night.shares or max(len(self.places) // night.stores, 1)
        self.jobs = [
            _Job(number, simpy.Resource(self.env), split_in(airports, each))
            for number, airports in enumerate(split_in(night.airports, night.stores))
        ]

    def played(self) -> Result:
        # A share of each job in turn, as jobs that start together get their machines.
        for turn in range(max(len(job.shares) for job in self.jobs)):
            for job in self.jobs:
                self.env.process(self._share(job, turn))
        self.env.run()
        self.result.store_busy = [job.busy for job in self.jobs]
        for place in self.places:
            self.result.phases["idle"] += place.workers * (self.result.wall - place.used)
        return self.result

    def _places(self) -> list[Place]:
        given, night = self.night.places, self.night
        machines = [
            simpy.PriorityResource(self.env, cores)
            for cores in split_by(night.cores, night.machine)
        ]
        slow = round(night.slow * len(machines))
        return [
            Place(machines[number], workers, night.slowness if number < slow else 1.0)
            for number, workers in given
        ]

    def _share(self, job: _Job, number: int) -> Process:
        """A share, from its start to its end; where its machine dies, again on another."""
        pieces = self._pieces(job.shares[number])
        recorded = False
        while not recorded:
            place = yield self.free.get()
            recorded = yield from self._tried(job, number, pieces, place)
            self.free.put(place)
        # Not the end of the simulation: the deaths of machines that are done would be waited for.
        self.result.wall = max(self.result.wall, self.env.now)

    def _tried(
        self, job: _Job, number: int, pieces: list[Piece], place: Place
    ) -> Generator[Any, Any, bool]:
        """A share on one machine; whether that lived until it was recorded."""
        start = self.facts.starting + self.facts.reading.of(whole=job.whole)
        yield from self._spend(place, "starting", start)
        with job.store.request() as alone:
            yield from self._noted(place, "waiting to plan", alone)
            known = job.recorded
            seconds = self.facts.planning.of(whole=job.whole, recorded=known)
            yield from self._spend(place, "planning", seconds, job)
        pilot = [] if known else self._pilot(job, job.shares[number])
        work = Work(self.env, self.facts, self.fate, place, pieces, pilot, self.result)
        began = self.env.now
        lived = yield from work.tried()
        self._note(place, "working" if lived else "lost", self.env.now - began)
        if lived:
            self.result.worked = self.env.now
            yield from self._recorded(job, number, place)
        return lived

    def _recorded(self, job: _Job, number: int, place: Place) -> Process:
        """A share comes into the store, and the last one closes the job."""
        mine = job.shares[number]
        with job.store.request() as alone:
            yield from self._noted(place, "waiting to record", alone)
            seconds = self.facts.publishing.of(mine=mine, recorded=job.recorded)
            seconds += self.facts.looking.of(recorded=job.recorded + mine)
            yield from self._spend(place, "recording", seconds, job)
            self.result.airports[job.number, number] = mine
            self.result.recorded = self.env.now
            job.recorded += mine
            job.ended += 1
            if job.ended == len(job.shares):
                seconds = self.facts.planning.of(whole=job.whole, recorded=job.whole)
                seconds += self.facts.closing.of(whole=job.whole)
                yield from self._spend(place, "closing", seconds, job)

    def _spend(self, place: Place, phase: str, seconds: float, job: _Job | None = None) -> Process:
        """A step of a share's own process; of one in the store, which."""
        began = self.env.now
        with place.cores.request(priority=DRIVER) as core:
            yield core
            yield self.env.timeout(seconds * place.slowness)
        self._note(place, phase, self.env.now - began)
        if job is not None:
            job.busy += self.env.now - began

    def _noted(self, place: Place, phase: str, event: simpy.Event) -> Process:
        began = self.env.now
        yield event
        self._note(place, phase, self.env.now - began)

    def _note(self, place: Place, phase: str, seconds: float) -> None:
        place.used += seconds
        self.result.phases[phase] += place.workers * seconds

    def _pieces(self, airports: int) -> list[Piece]:
        """The work of a share, in pieces of so many airports as are simulated together."""
        drawn = [self.random.choice(self.sample, n) for n in split_by(airports, self.night.grain)]
        return [Piece(len(costs), float(costs.sum())) for costs in drawn]

    def _pilot(self, job: _Job, mine: int) -> list[Piece]:
        """Airports of other shares that a share searches before its own."""
        foreign = round(min(self.facts.pilot, job.whole) * (1 - mine / max(job.whole, 1)))
        return [Piece(1, float(seconds)) for seconds in self.random.choice(self.sample, foreign)]
