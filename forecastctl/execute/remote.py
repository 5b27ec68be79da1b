"""What an engine's worker does with tasks, wherever it is: each in a process of its own beside it.

That process is the one that loky's executor has too (`forecastctl.execute.worker`). So a task that
kills its process, hangs in compiled code or takes too much memory costs that task alone under every
engine; one thread of BLAS, signals left to the driver and compiling once a machine are the same
everywhere; and the engine's own worker imports and reads nothing of a task, it passes bytes on.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecastctl.execute.installed import Place, place
from forecastctl.execute.worker import (
    DiedError,
    Limits,
    Worker,
    hold_interrupts_back,
    kept,
    now_ms,
    quiet_loky,
    worker_died,
)
from forecastctl.records import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STOPPED = "Stopped"
"""Type of the failure of a task that was not begun, or was ended, because its call was stopped."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A task as an engine carries it.

    Attributes:
        index: Position of the task.
        content: The function and its argument, pickled.
        ends_ms: By when it has to be over, milliseconds since the epoch, or ``None``.
    """

    index: int
    content: bytes
    ends_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the parcels of a group.

    Attributes:
        place: Where the worker is.
        outcomes: An outcome for each parcel, in order; their values are pickled.
        tries: How often the engine began the group.
    """

    place: Place
    outcomes: list[Outcome[bytes]]
    tries: int = 1


def pack(fn: Callable[[Any], Any], task: Any, index: int) -> Parcel:
    """Close a task up; it raises whatever pickling it raises."""
    import cloudpickle

    return Parcel(index, cloudpickle.dumps((fn, task)), getattr(task, "ends_ms", None))


def unpack(outcome: Outcome[bytes]) -> Outcome[Any]:
    """An outcome with its value as it was; one that cannot be read is a failure."""
    if outcome.value is None:
        return outcome
    try:
        return replace(outcome, value=pickle.loads(outcome.value))  # noqa: S301 - our own worker's
    except Exception as error:  # noqa: BLE001 - whatever reading it runs
        return replace(outcome, value=None, failure=Failure.of(error))


def carry(call: str, parcels: Sequence[Parcel], limits: Limits) -> Answer:
    """Do the tasks of a group, one after the other; never raises for what they do.

    Args:
        call: Name of the call of ``map`` that they belong to, by which `stop` ends them.
        parcels: The tasks; none, to see whether a worker is there.
        limits: What each may take.
    """
    prepare()
    return Answer(place(), [_do(call, parcel, limits) for parcel in parcels])


def stop(call: str) -> None:
    """End what this worker does for a call, and let it do nothing more for it."""
    with _lock:
        _stopped.add(call)
        workers = _working.pop(call, set())
    for worker in workers:
        worker.kill()


_lock = threading.Lock()
_working: dict[str, set[Worker]] = {}
_stopped: set[str] = set()


def prepare() -> None:
    """Let this process, an engine's worker, have processes of its own.

    Dask's workers are daemons of `multiprocessing`, which may have no children unless told so. Ours
    end by themselves when this one is gone.
    """
    with suppress(AssertionError):
        multiprocessing.current_process().daemon = False
    quiet_loky()


def _do(call: str, parcel: Parcel, limits: Limits) -> Outcome[bytes]:
    start_ms = now_ms()
    worker = _hired(call, limits.memory)
    if worker is None:
        return _ended(parcel.index, start_ms)
    try:
        outcome = worker.do(_opened, parcel.index, parcel.content, limits.of(parcel))
    except DiedError as error:
        outcome = worker_died(parcel.index, error, start_ms)
    with _lock:
        wanted = call not in _stopped
        _working.get(call, set()).discard(worker)
    if not wanted:
        return _ended(parcel.index, start_ms)
    if not worker.ended:
        worker.rest()
    return outcome


def _hired(call: str, memory: int | None) -> Worker | None:
    """A worker for a task, or ``None`` where its call was stopped."""
    worker = kept()
    if worker and memory is not None and not worker.fits(memory):
        worker.kill()
        worker = None
    worker = worker or _new()
    with _lock:
        if call not in _stopped:
            _working.setdefault(call, set()).add(worker)
            return worker
    worker.rest()
    return None


def _new() -> Worker:
    """A new worker, started from a thread of its own, whose mask of signals is nobody else's."""
    found: list[Worker] = []

    def start() -> None:
        hold_interrupts_back()
        found.append(Worker())

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    return found[0]


def _ended(index: int, start_ms: int) -> Outcome[bytes]:
    return Outcome(index, None, Failure(STOPPED, "its call was stopped"), start_ms, now_ms())


def _opened(content: bytes) -> bytes:
    """Do a task, in its own process; whatever reading, doing or writing it raises is its own."""
    fn, task = pickle.loads(content)  # noqa: S301 - our own driver's
    return pickle.dumps(fn(task), pickle.HIGHEST_PROTOCOL)
