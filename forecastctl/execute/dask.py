"""Execution on Dask: futures of a client, on a cluster that is there or one of this machine."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from forecastctl.errors import ClusterError
from forecastctl.execute import remote
from forecastctl.execute.address import knock, need
from forecastctl.execute.cluster import ClusterExecutor, Lost, workers_asked
from forecastctl.execute.worker import Limits
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from forecastctl.execute.remote import Answer, Parcel

_CONNECT = 10.0
_SCHEMES = ("", "tcp", "tls", "ws", "wss", "ucx")
"""Seconds in which the scheduler must answer."""
_LOGGERS = ("distributed", "tornado", "asyncio")
"""What would say on stderr what is reported as an error here, or is no fault."""


class DaskEngine:
    """Groups of tasks as futures of Dask.

    Args:
        jobs: Workers of the cluster that is started where there is no address.
        address: The scheduler's, such as ``tcp://host:8786``; empty for a cluster of this machine.
    """

    name = "dask"
    worth = 10.0
    cost = 0.003

    def __init__(self, jobs: int, address: str = "") -> None:
        self._jobs, self._address = jobs, address
        self.where = masked(address) or "this machine"
        self.patience = 30.0 if address else None
        self._cluster: Any = None
        self._client: Any = None
        self._futures: dict[str, tuple[str, Any]] = {}
        self._begun: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._done: SimpleQueue[Any] = SimpleQueue()

    def open(self) -> None:
        """Connect to the scheduler, or start one with workers that are processes."""
        import dask
        from distributed import Client, LocalCluster

        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self._address:
            knock(self._address, "Give that of the scheduler, such as tcp://host:8786.", _SCHEMES)
        else:
            # A worker's death is counted here, so that Dask itself tries nothing again.
            dask.config.set({"distributed.scheduler.allowed-failures": 0})
            self._cluster = LocalCluster(
                n_workers=self._jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,
                silence_logs=logging.CRITICAL,
            )
        try:
            self._client = Client(self._cluster or self._address, timeout=_CONNECT)
            self._client.subscribe_topic(self._topic, self._heard)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"No Dask scheduler answers at {self.where}: {type(error).__name__}."
            ) from error

    @property
    def _topic(self) -> str:
        return f"forecastctl-{id(self)}"

    def _heard(self, event: tuple[float, str]) -> None:
        self._begun[event[1]] += 1

    def workers(self) -> int:
        """Threads of all workers."""
        with suppress(OSError, TimeoutError):
            return sum(self._client.nthreads().values())
        return 0

    def begin(self, call: str, parcels: Sequence[Parcel], limits: Limits) -> Hashable:
        """Submit a group."""
        if self._client.status != "running":
            raise ClusterError(f"The Dask scheduler of {self.where} was lost.")
        key = f"forecastctl-{call}-{next(self._numbers)}"  # of its own: Dask knows results by it
        future = self._client.submit(
            _carry, self._topic, key, call, parcels, limits, key=key, pure=False
        )
        self._futures[key] = (call, future)
        future.add_done_callback(self._done.put)
        return key

    def ended(self, seconds: float) -> list[tuple[Hashable, Answer | Lost]]:
        """Gather all that is done by now."""
        done = []
        with suppress(Empty):
            done.append(self._done.get(timeout=seconds))
            while True:
                done.append(self._done.get_nowait())
        done = [future for future in done if self._futures.pop(future.key, None)]
        found: list[tuple[Hashable, Answer | Lost]] = []
        good = [future for future in done if future.status == "finished"]
        try:
            answers = self._client.gather(good)
        except (OSError, TimeoutError) as error:  # its own errors of connections are OSErrors
            raise ClusterError(f"The Dask scheduler of {self.where} was lost.") from error
        for future, answer in zip(good, answers, strict=True):
            found.append((future.key, self._counted(future.key, answer)))
        for future in done:
            if future.status != "finished":
                found.append((future.key, self._lost(future)))
            future.release()
        return found

    def _counted(self, key: str, answer: Answer) -> Answer:
        return replace(answer, tries=max(self._begun.pop(key, 1), 1))

    def _lost(self, future: Any) -> Lost:
        if self._client.status != "running":
            raise ClusterError(f"The Dask scheduler of {self.where} was lost.")
        why = future.exception() if future.status == "error" else future.status
        return Lost(str(why).partition("\n")[0], max(self._begun.pop(future.key, 1), 1))

    def stop(self, call: str) -> None:
        """Cancel what waits, and end what runs, of which Dask itself says nothing to a worker."""
        mine = [(key, future) for key, (name, future) in self._futures.items() if name == call]
        for key, _ in mine:
            del self._futures[key]
        with suppress(Exception):  # a cluster that is gone has nothing to be stopped
            self._client.cancel([future for _, future in mine], force=True)
            self._client.run(remote.stop, call, on_error="ignore")

    def close(self) -> None:
        """Leave the cluster, or end it."""
        for part in (self._client, self._cluster):
            if part is not None:
                with suppress(Exception):  # what is gone already
                    part.close(timeout=_CONNECT)
        self._client = self._cluster = None
        self._futures.clear()


def _carry(topic: str, key: str, call: str, parcels: Sequence[Parcel], limits: Limits) -> Answer:
    """Do a group on a worker, and say that it was begun: Dask begins it again where one dies.

    It is said, and heard, before it is begun: what a worker has not sent yet dies with it.
    """
    from distributed import get_worker
    from distributed.utils import sync

    worker = get_worker()
    sync(worker.loop, worker.scheduler.log_event, topic=topic, msg=key)
    return remote.carry(call, parcels, limits)


def make_executor(
    jobs: int, limit: float | None = None, memory: int | None = None, cluster: str = ""
) -> ClusterExecutor:
    """Executor on Dask; arguments as in `forecastctl.execute.cluster.workers_asked`."""
    need("distributed", "dask")
    local, most = workers_asked(jobs, cluster)
    return ClusterExecutor(DaskEngine(local, cluster), most, Limits(limit, memory))
