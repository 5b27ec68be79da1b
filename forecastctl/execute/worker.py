"""One worker process: a joblib pool (loky) of its own, so that it can be ended without the others.

Ctrl-C at a terminal reaches workers as well as the driver. It is held back from them from before
their first instruction: a process is born with the signals blocked that the thread blocks which
starts it. Setting it up later is too late, a worker imports for a second or more before.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import re
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import BrokenExecutor, Future
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from forecastctl.errors import ending_signals
from forecastctl.execute.garbage import collect_rarely, pass_over_modules
from forecastctl.execute.memory import resident
from forecastctl.execute.serial import attempt
from forecastctl.records import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

A = TypeVar("A")
B = TypeVar("B")

log = logging.getLogger(__name__)

_WATCH = 1.0
"""Seconds between two looks at whether the driver lives."""
_LATE = 1.0
"""Seconds that a task has that is begun when it should be over."""
_LOOK = 0.1
"""Seconds between two looks at the memory of a worker."""
_START = 600.0
"""Seconds in which a worker process must have started."""
_ANSWER = 60.0
"""Seconds in which one that has nothing to do must answer."""
_GRACE = 60.0
"""Seconds past the limit after which a task ends its process, where no driver is left to do so."""

_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)
"""Libraries make no threads that they would not be allowed to use."""

_idle: list[Worker] = []
"""Workers that have nothing to do, kept for the next call: a start takes about a second."""


DIED = "WorkerDied"
"""Type of the failure of a task whose process died of it, as often as it was tried."""
TRIES = 2
"""A process may be killed for the memory that others take: its task is tried once more."""


class DiedError(Exception):
    """The process of a worker is gone."""


class BeyondError(Exception):
    """A task took more than it may.

    Args:
        failure: What becomes of it.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may take.

    Attributes:
        seconds: Time from when its process has started, or ``None``.
        memory: Bytes that its process may hold, or ``None``. It is looked at ten times a second.
    """

    seconds: float | None = None
    memory: int | None = None

    def of(self, task: object) -> Limits:
        """The same for a task that says by when it has to be over.

        Args:
            task: Its ``ends_ms``, milliseconds since the epoch, counts where it has one. One that
                is late has a moment to say itself that it is not begun any more.
        """
        ends_ms: int | None = getattr(task, "ends_ms", None)
        if ends_ms is None:
            return self
        left = max((ends_ms - now_ms()) / 1000, _LATE)
        return replace(self, seconds=left if self.seconds is None else min(self.seconds, left))


def _quiet() -> dict[str, str]:
    """What keeps a crash from filling the mail of cron with frames, unless the user wants them.

    That a worker died, and of which signal, is recorded with its airport. Empty is off for Python;
    loky turns its report of crashes on where the variable is missing.
    """
    return {"PYTHONFAULTHANDLER": os.environ.get("PYTHONFAULTHANDLER", "")}


class Worker:
    """A process that does one task after another."""

    def __init__(self) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        self._pool: Any = ProcessPoolExecutor(
            1, initializer=_begin, initargs=(os.getpid(),), env=_ONE_THREAD | _quiet()
        )
        self._started: Future[int] = self._pool.submit(os.getpid)
        self._ending = threading.Lock()
        self.ended = False

    def do(self, fn: Callable[[A], B], index: int, task: A, limits: Limits) -> Outcome[B]:
        """Have a task done.

        Args:
            fn: What to do.
            index: Position of the task.
            task: The task.
            limits: What it may take; past that the process is killed. A fit that never ends may
                hang inside of compiled code, which hears of nothing else.

        Raises:
            DiedError: The process ended before the task did.
        """
        limit = limits.seconds
        try:
            self._started.result(_START)
            with self._ending:  # loky's own thread stumbles over a task that comes while it ends
                future: Future[Outcome[B]] = self._pool.submit(_attempt, fn, index, task, limit)
        except Exception as error:  # broken, or being ended: loky has no one name for that
            self.kill()
            raise DiedError(str(error)) from error
        start_ms = now_ms()
        try:
            raised = self._awaited(future, limits)
        except BeyondError as beyond:
            self.kill()
            return Outcome(index, None, beyond.failure, start_ms, now_ms())
        if raised is None:
            return future.result()
        broken, ended = _ends()
        if isinstance(raised, broken):
            self.kill()
        if isinstance(raised, ended):
            raise DiedError(str(raised)) from raised
        # What the task came to could not be sent, or could not be read here.
        return Outcome(index, None, Failure.of(raised), start_ms, now_ms())

    def fits(self, memory: int) -> bool:
        """Whether the process, with nothing to do, leaves a task at least half of its memory."""
        if not self._started.done() or self._started.exception():
            return True  # it has only just been made
        return 0 < resident(self._started.result()) < memory // 2

    def _awaited(self, future: Future[Any], limits: Limits) -> BaseException | None:
        """What a task raised, once it is done.

        Raises:
            BeyondError: It took too long, or too much memory.
        """
        seconds, memory = limits.seconds, limits.memory
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if end is None else max(end - time.monotonic(), 0.0)
            step = left if memory is None else min(_LOOK, _LOOK if left is None else left)
            try:
                return future.exception(step)
            except NotInTimeError:
                pass
            if seconds is not None and end is not None and time.monotonic() >= end:
                raise BeyondError(timed_out(seconds))
            if memory is not None and resident(self._started.result()) > memory:
                message = f"its process held more than {memory / 1e6:,.0f} MB, and was ended"
                raise BeyondError(Failure("OutOfMemory", message))

    def kill(self) -> None:
        """End the process now, whatever it does."""
        self.ended = True
        with self._ending:
            self._pool.shutdown(wait=True, kill_workers=True)

    def rest(self) -> None:
        """Be kept for the next call."""
        _idle.append(self)

    def answers(self) -> bool:
        """Whether it still lives."""
        try:
            self._pool.submit(os.getpid).result(_ANSWER)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is of no use
            self.kill()
            return False
        return True


def kept() -> Worker | None:
    """A worker that has nothing to do, lives, and was kept."""
    try:
        while not (worker := _idle.pop()).answers():
            pass
    except IndexError:
        return None
    return worker


def claim() -> Worker:
    """A worker that has nothing to do: one that was kept, or a new one."""
    return kept() or Worker()


def worker_died(index: int, error: DiedError, start_ms: int) -> Outcome[Any]:
    """What became of a task whose worker died of it."""
    codes = re.search(r"\{(.+)\}", str(error))
    how = f", {codes[1]}" if codes else ""
    message = f"its process died twice{how}: out of memory, killed, or a crash of compiled code"
    return Outcome(index, None, Failure(DIED, message, str(error)), start_ms, now_ms())


def timed_out(seconds: float) -> Failure:
    """What became of a task that took longer than it may."""
    return Failure("TimedOut", f"it was not done within {seconds:g} seconds, and was ended")


def hold_interrupts_back() -> None:
    """Keep Ctrl-C, SIGTERM and SIGHUP from all that this thread starts from here on.

    Both come to all processes of a group at once. What becomes of the workers is up to the driver.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return
    # They ignore the others by themselves, and would end with the terminal.
    signal.pthread_sigmask(
        signal.SIG_BLOCK, set(ending_signals()) - {signal.SIGINT, signal.SIGTERM}
    )
    # Where they are started later, the mask is lifted after it (before Python 3.13).
    for module in ("joblib.externals.loky.backend", "multiprocessing"):
        try:
            import_module(f"{module}.resource_tracker").ensure_running()
        except (ImportError, AttributeError) as error:
            log.warning("Ctrl-C may reach the workers, which then say so (%s)", error)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(ending_signals()))


def quiet_loky() -> None:
    """Leave out loky's warnings of what is dealt with.

    A worker that has grown by 300 MB is replaced, and where ``pgrep`` is missing only the worker
    itself is killed and not what it may have started.
    """
    for message in ("A worker stopped while some jobs", "Failed to kill subprocesses"):
        warnings.filterwarnings("ignore", message, UserWarning)
    _quiet_manager()


@cache
def _quiet_manager() -> None:
    """Leave out the traceback of loky's own thread, where a pool is ended with a task on its way.

    The thread looks for the task once more after it has given it up, and dies of that; the pool has
    ended by then.
    """
    usual = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        manager = type(args.thread).__name__ == "ExecutorManagerThread"
        if not (manager and args.exc_type is KeyError):
            usual(args)

    threading.excepthook = hook


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def unknown_pool() -> str | None:
    """What keeps joblib's pool from being used as it is here, or ``None``.

    joblib does not promise to keep it: it lies in ``joblib.externals``.
    """
    try:
        from joblib.externals.loky import ProcessPoolExecutor

        signature(ProcessPoolExecutor).bind(1, initializer=None, initargs=(), env={})
        signature(ProcessPoolExecutor.shutdown).bind(None, wait=True, kill_workers=True)
    except (ImportError, TypeError) as error:
        return str(error)
    return None


@cache
def _ends() -> tuple[type[BaseException], tuple[type[BaseException], ...]]:
    """What loky raises: of a pool that is broken, and of one whose process is gone.

    Where it has no such names any more, what they are derived from in the standard library.
    """
    try:
        loky = import_module("joblib.externals.loky.process_executor")
        died = loky.BrokenProcessPool, (loky.TerminatedWorkerError, loky.ShutdownExecutorError)
    except (ImportError, AttributeError) as error:
        log.warning(
            "joblib does not tell the death of a worker from a result that cannot be read (%s): "
            "both count as a death",
            error,
        )
        died = BrokenExecutor, (BrokenExecutor, RuntimeError)
    return died


def _attempt(fn: Callable[[A], B], index: int, task: A, limit: float | None) -> Outcome[B]:
    """Do a task in the worker, where all that it raises is its own, `KeyboardInterrupt` too."""
    if limit is not None:
        faulthandler.dump_traceback_later(limit + _GRACE, exit=True, file=_nowhere())
    try:
        outcome = attempt(fn, index, task, (BaseException,))
    finally:
        faulthandler.cancel_dump_traceback_later()
    pass_over_modules(len(sys.modules))
    return outcome


@lru_cache(maxsize=1)
def _nowhere() -> IO[str]:
    return Path(os.devnull).open("w", encoding="utf-8")


def _begin(driver: int) -> None:
    """Leave Ctrl-C, SIGTERM and SIGHUP to the driver for good, and end with it, however it ends.

    A driver that is killed outright tells its workers nothing: they would go on for minutes.
    """
    for number in ending_signals():
        signal.signal(number, signal.SIG_IGN)
    collect_rarely()
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(_WATCH)
    os._exit(1)
