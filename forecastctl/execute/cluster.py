"""Execution on an engine: what Dask, Ray and Spark have in common, seen from the driver.

An engine carries groups of tasks to workers and brings answers back, in any order (`Engine`).
Everything else is here, once: how many are on their way, what is tried again, what comes to an end
early, and who computes with something else than the driver.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from forecastctl.errors import ClusterError
from forecastctl.execute.installed import place
from forecastctl.execute.remote import STOPPED, Answer, pack, unpack
from forecastctl.execute.worker import DIED, TRIES, Limits, hold_interrupts_back, now_ms
from forecastctl.records import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from forecastctl.execute.remote import Parcel

A = TypeVar("A")
B = TypeVar("B")

log = logging.getLogger(__name__)

_STEP = 0.25
"""Seconds between two looks at what else may have happened while nothing is answered."""
_FIRST_ANSWER = 180.0
"""Seconds in which a worker must have answered: those of an elastic cluster may have to start."""
_CLOSE = 30.0
"""Seconds in which an engine must have closed: one that is gone would be asked for minutes."""
_COUNT = 5.0
"""Seconds for which a number of workers holds good."""
_MOST = 256
"""Tasks of a group at most."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Instead of an answer: the worker or what it did was lost.

    Attributes:
        why: What the engine says of it.
        tries: How often the engine began it.
    """

    why: str
    tries: int = 1


class Engine(Protocol):
    """Carries groups of tasks to workers; called by one thread at a time."""

    name: str
    where: str
    """The cluster's address without secrets, or this machine."""
    patience: float | None
    """Seconds in which a cluster must have let us in; ``None`` where one may be started."""
    worth: float
    """Seconds of work that a group should hold for each second that the engine takes for it."""
    cost: float
    """CPU seconds that the driver and its engine take for a group."""

    def open(self) -> None:
        """Start it, or connect to it; it raises `ClusterError` or whatever the engine raises."""

    def workers(self) -> int:
        """How many tasks can be done at the same time now; 0 where no worker is there."""

    def begin(self, call: str, parcels: Sequence[Parcel], limits: Limits) -> Hashable:
        """Have `forecastctl.execute.remote.carry` called by a worker; returns a ticket."""

    def ended(self, seconds: float) -> list[tuple[Hashable, Answer | Lost]]:
        """What has ended since the last call, after so many seconds at the latest."""

    def stop(self, call: str) -> None:
        """End what was begun for a call, also what runs."""

    def close(self) -> None:
        """End what `open` has started, or leave the cluster."""


@dataclass(slots=True)
class _Call:
    """The state of one call of ``map``."""

    fn: Callable[[Any], Any]
    tasks: Sequence[Any]
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    known: int = 0
    """How many tasks there were when it was last looked."""
    todo: deque[int] = field(default_factory=deque)
    flying: dict[Hashable, Sequence[Parcel]] = field(default_factory=dict)
    retries: dict[int, int] = field(default_factory=dict)
    seconds: float | None = None
    """What a task takes, a moving average."""


class ClusterExecutor:
    """Runs tasks through an engine and yields their outcomes as they complete.

    The engine is started by the first call, or as a context manager, at whose end what still runs
    is ended, and what was started as well.

    Args:
        engine: What carries tasks to workers.
        jobs: Tasks at the same time at most; ``None`` for as many as the cluster has room for.
        limits: What one task may take.
    """

    def __init__(self, engine: Engine, jobs: int | None, limits: Limits) -> None:
        self.engine, self.limits = engine, limits
        self.name, self.where = engine.name, engine.where
        self._most = jobs
        self._open = False
        self._keeper: _Keeper | None = None
        self._until: float | None = None
        self._calls: dict[str, _Call] = {}
        self._counted: tuple[float, int] = (-_COUNT, 0)
        self._elsewhere: set[str] = set()

    def __enter__(self) -> Self:
        self._until = None
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._open:
            return
        for name in list(self._calls):
            self.engine.stop(name)
        self._calls.clear()
        self._open = False
        if self._keeper:
            self._keeper.close()

    @property
    def jobs(self) -> int:
        """Tasks that are done at the same time, at most."""
        return max(self._room(), 1) if self._open else self._most or 1

    def wind_down(self, seconds: float) -> None:
        """Begin no further task, and end what still runs after so many seconds."""
        self._until = time.monotonic() + seconds

    def map(self, fn: Callable[[A], B], tasks: Sequence[A]) -> Iterator[Outcome[B]]:
        """Yield one outcome per task; what a task does to its process costs that task alone."""
        if not tasks:
            return
        self._start()
        call = _Call(fn, tasks)
        self._calls[call.name] = call
        try:
            while self._goes_on(call):
                if self._until is None:
                    yield from self._begin(call)
                elif time.monotonic() >= self._until:
                    return
                yield from self._ended(call)
                if call.name not in self._calls:
                    raise RuntimeError("The workers have been ended: there are no more outcomes.")
        finally:
            if self._calls.pop(call.name, None) and call.flying:
                self.engine.stop(call.name)

    def _goes_on(self, call: _Call) -> bool:
        """Whether something is to be done or on its way, of tasks that were appended as well."""
        call.todo.extend(range(call.known, len(call.tasks)))
        call.known = len(call.tasks)
        return bool(call.flying or (call.todo and self._until is None))

    def _start(self) -> None:
        """Start the engine, from a thread that no signal reaches, as none may reach its processes.

        Raises:
            ClusterError: It cannot be reached, or no worker of it can do a task.
        """
        if self._open:
            return
        self._keeper = _Keeper(self.engine)
        try:
            self._keeper.open(self.engine.patience)
            self._open = True
            self._greet()
        except BaseException:
            self._open = False
            self._keeper.close()
            raise

    def _greet(self) -> None:
        """See that a worker is there and has what it needs.

        One that dies meanwhile may be one that was being ended, with what an earlier call had left
        to it; only the second one says something.
        """
        ticket, lost = self.engine.begin(uuid.uuid4().hex, (), self.limits), 0
        end = time.monotonic() + _FIRST_ANSWER
        while time.monotonic() < end:
            for ended, answer in self.engine.ended(_STEP):
                if ended != ticket:
                    continue
                if isinstance(answer, Lost):
                    lost += 1
                    if lost == 1:
                        ticket = self.engine.begin(uuid.uuid4().hex, (), self.limits)
                        continue
                    raise ClusterError(
                        f"A worker of {self.where} cannot do the work: {answer.why}",
                        "Install the same forecastctl where the workers are.",
                    )
                self._compare(answer)
                return
        raise ClusterError(f"No worker of {self.where} has answered in {_FIRST_ANSWER:g} seconds.")

    def _begin(self, call: _Call) -> Iterator[Outcome[Any]]:
        """Send as much on its way as there is room for, and a little more, to be there at once."""
        room = self._room()
        while call.todo and len(call.flying) < room + 1 + room // 4:
            parcels: list[Parcel] = []
            for _ in range(self._size(call, room)):
                index = call.todo.popleft()
                try:
                    parcels.append(pack(call.fn, call.tasks[index], index))
                except Exception as error:  # noqa: BLE001 - whatever pickling runs
                    yield Outcome(index, None, Failure.of(error), now_ms(), now_ms())
                if call.retries.get(index):
                    break  # what was lost once goes alone
            if parcels:
                call.flying[self.engine.begin(call.name, parcels, self.limits)] = parcels

    def _size(self, call: _Call, room: int) -> int:
        """Tasks of the next group: so many that the engine's own work is little beside theirs."""
        fair = max(len(call.todo) // (2 * max(room, 1)), 1)
        if call.seconds is None or call.retries.get(call.todo[0]):
            return 1
        # Where workers are many, the driver has to keep all of them busy.
        wanted = self.engine.cost * max(self.engine.worth, 2.0 * room)
        return min(int(wanted / max(call.seconds, 1e-4)) + 1, fair, _MOST)

    def _ended(self, call: _Call) -> Iterator[Outcome[Any]]:
        """What has come of what was on its way."""
        step = _STEP if self._until is None else min(_STEP, self._until - time.monotonic())
        for ticket, answer in self.engine.ended(max(step, 0.0)):
            parcels = call.flying.pop(ticket, ())
            if isinstance(answer, Answer):
                self._compare(answer)
                outcomes = answer.outcomes
            else:
                outcomes = [_lost(parcel.index, answer.why) for parcel in parcels]
            # What was lost with others is not known to be the reason.
            more = answer.tries - 1 if len(parcels) == 1 else 0
            for outcome in outcomes if parcels else ():
                yield from self._settled(call, outcome, more)

    def _settled(self, call: _Call, raw: Outcome[bytes], more: int) -> Iterator[Outcome[Any]]:
        """An outcome as the caller gets it, or nothing where the task is tried once more."""
        index, failure = raw.index, raw.failure
        earlier = call.retries.get(index, 0) + more
        died = failure is not None and failure.type == DIED
        if failure is not None and failure.type == STOPPED:
            return
        if died and earlier + 1 < TRIES and self._until is None:
            log.warning("a worker died; what it did is tried once more")
            call.retries[index] = earlier + 1
            call.todo.append(index)
            return
        if not died:
            took = (raw.end_ms - raw.start_ms) / 1000
            call.seconds = took if call.seconds is None else 0.8 * call.seconds + 0.2 * took
        yield replace(unpack(raw), retries=earlier)

    def _room(self) -> int:
        """How many tasks may be done at the same time now."""
        since, count = self._counted
        if time.monotonic() - since >= _COUNT:
            count = self.engine.workers()
            self._counted = (time.monotonic(), count)
        return count if self._most is None else min(count, self._most)

    def _compare(self, answer: Answer) -> None:
        """Say, once for each machine, where a worker computes with something else."""
        there = answer.place
        if there.host not in self._elsewhere:
            self._elsewhere.add(there.host)
            if other := there.differs(place()):
                log.warning(
                    "the worker %s has %s: its forecasts may differ from those made here",
                    there.host,
                    ", ".join(other),
                )


def workers_asked(jobs: int, cluster: str) -> tuple[int, int | None]:
    """Workers of a cluster that is started, and tasks at the same time at most.

    Args:
        jobs: As joblib counts; negative means all that a cluster has.
        cluster: Address of a cluster that is there, or empty.
    """
    from joblib import effective_n_jobs

    local = effective_n_jobs(jobs)
    return local, None if cluster and jobs < 0 else local


def _lost(index: int, why: str) -> Outcome[bytes]:
    message = f"its worker was lost twice: {why}"
    return Outcome(index, None, Failure(DIED, message), now_ms(), now_ms())


class _Keeper(threading.Thread):
    """Starts an engine and closes it, with signals held back, which its processes inherit.

    It lives as long as the engine: Ray's processes end with the thread that started them. Starting
    is not cut off by Ctrl-C, because what is half started would be left behind.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(daemon=True)
        self._engine = engine
        self._open, self._leave = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._given_up = False

    def open(self, seconds: float | None) -> None:
        """Start the engine; it raises what that raises.

        Args:
            seconds: How long it may take, or ``None``. After it the thread is left behind.

        Raises:
            ClusterError: It took longer.
        """
        self.start()
        if not self._open.wait(seconds):
            self._given_up = True
            raise ClusterError(
                f"What listens at {self._engine.where} has not answered as {self._engine.name} "
                f"does in {seconds:g} seconds."
            )
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Close the engine, once it has started; one that does not end is left behind."""
        self._leave.set()
        if not self._given_up:
            self.join(_CLOSE if self._open.is_set() else None)

    def run(self) -> None:
        """Start, wait, close."""
        try:
            hold_interrupts_back()
            self._engine.open()
        except BaseException as error:  # noqa: BLE001 - it goes to the caller
            self._error = error
            self._leave.set()
        self._open.set()
        self._leave.wait()
        self._engine.close()
