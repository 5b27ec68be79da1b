"""An executor: a fresh process for each task, so that a death is always that task's own."""

import multiprocessing
import pickle
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from forecastctl.execute.serial import attempt
from forecastctl.records import Failure, Outcome


class SpawnExecutor:
    """As many processes at a time as there are workers; one that takes too long is killed."""

    def __init__(self, jobs, limit=None):
        self.jobs = jobs if jobs > 0 else max(multiprocessing.cpu_count() + 1 + jobs, 1)
        self.limit = limit
        self._left = threading.Event()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._left.set()

    def map(self, fn, tasks):
        self._left.clear()
        with ThreadPoolExecutor(self.jobs) as lanes:
            running = [lanes.submit(self._one, fn, i, task) for i, task in enumerate(tasks)]
            try:
                for done in as_completed(running):
                    yield done.result()
            finally:
                for waiting in running:
                    waiting.cancel()

    def _one(self, fn, index, task):
        start = _now()
        try:
            work = pickle.dumps((fn, task))
        except Exception as error:
            return Outcome(index, None, Failure.of(error), start, _now())
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_work, args=(theirs, index, work))
        process.start()
        theirs.close()
        try:
            return self._answer(ours, index, start)
        finally:
            process.kill()
            process.join()

    def _answer(self, ours, index, start):
        deadline = None if self.limit is None else time.monotonic() + self.limit
        try:
            while not ours.poll(0.1):
                if self._left.is_set():
                    return _lost(index, "Left", "the executor was left before it was done", start)
                if deadline is not None and time.monotonic() > deadline:
                    return _lost(index, "TimedOut", f"it took over {self.limit:g} seconds", start)
            answer = ours.recv_bytes()
        except EOFError:
            return _lost(index, "WorkerDied", "its process died", start)
        try:
            return pickle.loads(answer)
        except Exception as error:
            return Outcome(index, None, Failure.of(error), start, _now())


def _work(pipe, index, work):
    """In the new process: do the task, and send its outcome, or why it cannot be sent."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's
        fn, task = pickle.loads(work)
        answer = pickle.dumps(attempt(fn, index, task, (BaseException,)))
    except Exception as error:
        answer = pickle.dumps(Outcome(index, None, Failure.of(error), 0, _now()))
    pipe.send_bytes(answer)


def _lost(index, kind, message, start):
    return Outcome(index, None, Failure(kind, message), start, _now())


def _now():
    return time.time_ns() // 1_000_000
