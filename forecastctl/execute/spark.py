"""Execution on Spark: jobs of one partition each, which hold a group of tasks.

A job for all tasks would give its results back in order, the first airport before all others. Jobs
from as many threads as there are workers give them back as they come. So that their cost, some 60
ms of CPU time, is little beside the work, a job holds several short tasks.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import shutil
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

from forecastctl.errors import ClusterError
from forecastctl.execute import remote
from forecastctl.execute.address import knock, need, need_hadoop
from forecastctl.execute.cluster import ClusterExecutor, Lost, workers_asked
from forecastctl.execute.spark_tables import lay_down, reason
from forecastctl.execute.worker import Limits
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from forecastctl.execute.remote import Answer, Parcel

_ASKED = ("spark://", "sc://")
"""Masters that are asked for over TCP directly; others are found by Spark itself."""
_TRIES = 4
"""How often Spark itself begins a task whose worker it lost."""

_PARTS = 4
"""Partitions of a table for each worker."""
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A driver that lives for minutes is not worth compiling well: a third less CPU time to start."""


_WAREHOUSE = Path("spark-warehouse")
"""The folder that Spark makes where it is started, once it is asked for a table."""


class SparkEngine:
    """Groups of tasks as jobs of Spark.

    Args:
        jobs: Python workers of the Spark that is started where there is no address.
        address: A master, such as ``spark://host:7077`` or ``yarn``, a Connect server's
            ``sc://host:15002``, or empty for a Spark of this machine.
        session: A session that is there already, as in notebooks: it is used, and not ended.
    """

    name = "spark"
    worth = 30.0
    cost = 0.06

    def __init__(self, jobs: int, address: str = "", session: Any = None) -> None:
        self._jobs, self._address, self._session = jobs, address, session
        self.where = masked(address) or "this machine"
        self.patience = 90.0 if address.startswith(_ASKED) else None
        self._spark: Any = None
        self._done: SimpleQueue[tuple[Hashable, Answer | Lost]] = SimpleQueue()
        self._begun = 0
        self._had_warehouse = _WAREHOUSE.exists()

    def open(self) -> None:
        """Connect to the master or server, or start a Spark in a process of its own."""
        # Nothing here is done with pandas.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        for name in ("py4j", "pyspark"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self._address.startswith(_ASKED):
            knock(self._address, "Give spark://host:7077, or sc://host:15002.", ("spark", "sc"))
        try:
            if self._address.startswith("sc://"):
                self._spark = _Session(self._connect())
            elif self._session is not None:
                self._spark = _Context(self._session.sparkContext, self._session)
            else:
                self._spark = _Context(self._start())
        except ClusterError:
            raise
        except Exception as error:
            raise ClusterError(
                f"No Spark could be started for {self.where}: {reason(error)}"
            ) from error

    def _start(self) -> Any:
        """A context whose driver is a Java process of this machine, silent on stderr."""
        from pyspark import SparkConf, SparkContext

        if not shutil.which("java") and "JAVA_HOME" not in os.environ:
            raise ClusterError("Spark needs Java, which is not here.", "Install Java 17 or newer.")
        conf = SparkConf().setMaster(self._address or f"local[{self._jobs},{_TRIES}]")
        conf.setAppName("forecastctl").set("spark.ui.enabled", "false")
        if self._address.startswith("local") or not self._address:
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
            for part in ("driver", "executor"):
                conf.set(f"spark.{part}.extraJavaOptions", _SHORT_LIVED)
        return SparkContext(conf=conf, gateway=_gateway(conf))

    def _connect(self) -> Any:
        """A session of a Connect server."""
        from pyspark.sql import SparkSession

        session = SparkSession.builder.remote(self._address).getOrCreate()
        session.range(1).collect()  # it is not asked before that
        return session

    def lay_down(
        self, table: str, choose: Callable[[Sequence[tuple[str, str]]], Sequence[str]], folder: str
    ) -> None:
        """As `forecastctl.execute.port.LaysTablesDown`."""
        parts = _PARTS * max(self.workers(), 1)
        lay_down(self._spark.session(), self.where, table, choose, folder, parts)

    def workers(self) -> int:
        """Cores of all executors."""
        with suppress(Exception):  # it is gone
            return self._spark.workers() or self._jobs
        return 0

    def begin(self, call: str, parcels: Sequence[Parcel], limits: Limits) -> Hashable:
        """Begin a job, in a thread of its own."""
        self._begun += 1
        arguments = (self._begun, call, parcels, limits)
        threading.Thread(target=self._job, args=arguments, daemon=True).start()
        return self._begun

    def _job(self, ticket: int, call: str, parcels: Sequence[Parcel], limits: Limits) -> None:
        try:
            answer = self._spark.run(call, pickle.dumps((call, parcels, limits)))
            self._done.put((ticket, pickle.loads(answer)))  # noqa: S301 - our own worker's
        except BaseException as error:  # noqa: BLE001 - whatever Spark raises
            self._done.put((ticket, Lost(reason(error), _TRIES)))

    def ended(self, seconds: float) -> list[tuple[Hashable, Answer | Lost]]:
        """What the threads have come back with."""
        found: list[tuple[Hashable, Answer | Lost]] = []
        with suppress(Empty):
            found.append(self._done.get(timeout=seconds))
            while True:
                found.append(self._done.get_nowait())
        return found

    def stop(self, call: str) -> None:
        """Have Spark interrupt the jobs of a call; our workers end with those that it ends."""
        with suppress(Exception):  # a Spark that is gone has nothing to be interrupted
            self._spark.interrupt(call)

    def close(self) -> None:
        """Leave the cluster, or end the Spark that was started."""
        spark, self._spark = self._spark, None
        if spark is not None:
            with suppress(Exception):  # it is gone already
                spark.stop()
        if not self._had_warehouse:
            with suppress(OSError):  # none was made, or somebody keeps a table in it
                _WAREHOUSE.rmdir()


def _home() -> Path:
    """Where Spark is installed: as it was given, else in pyspark's own package."""
    package = importlib.util.find_spec("pyspark")
    inside = Path(package.origin or "").parent if package else Path()
    return Path(os.environ.get("SPARK_HOME") or inside)


def _active() -> Any:
    """The session that this thread has already, as notebooks do, or ``None``."""
    if "pyspark.sql" not in sys.modules:
        return None
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()


_java: list[Any] = []
"""The Java process of this one, once it is there: one for all Sparks, as pyspark has it."""


def _gateway(conf: Any) -> Any:
    """The Java process, started where it is not there."""
    from pyspark.java_gateway import launch_gateway

    if not _java:
        _java.append(launch_gateway(conf, {"stdout": DEVNULL, "stderr": DEVNULL}))
    return _java[0]


class _Context:
    """Spark as it is used here, where its driver is a process of this machine."""

    def __init__(self, context: Any, session: Any = None) -> None:
        self._context, self._given = context, session
        self.interrupt = context.cancelJobsWithTag

    def stop(self) -> None:
        """End it, unless it was there before."""
        if self._given is None:
            self._context.stop()

    def session(self) -> Any:
        """What knows tables."""
        from pyspark.sql import SparkSession

        return self._given or SparkSession(self._context)

    def workers(self) -> int:
        """Cores of all executors."""
        return int(self._context.defaultParallelism)

    def run(self, tag: str, content: bytes) -> bytes:
        """Do a group in a job of its own."""
        self._context.addJobTag(tag)
        (answer,) = self._context.parallelize([content], 1).map(_carry).collect()
        return bytes(answer)


class _Session:
    """The same through a Connect server, which has no plain collections, only tables."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.interrupt, self.stop = session.interruptTag, session.stop

    def session(self) -> Any:
        """What knows tables."""
        return self._session

    def workers(self) -> int:
        """What the server was told to count on; 0 where it was not."""
        return int(self._session.conf.get("spark.default.parallelism", "0"))

    def run(self, tag: str, content: bytes) -> bytes:
        """Do a group in a query of its own, of one row."""
        self._session.addTag(tag)
        one = self._session.range(0, 1, 1, 1)
        (row,) = one.mapInArrow(partial(_carry_row, content), "answer binary").collect()
        return bytes(row.answer)


def _carry(content: bytes) -> bytes:
    """Do a group on a worker, and say how often Spark has begun it."""
    from pyspark import TaskContext

    answer = remote.carry(*pickle.loads(content))  # noqa: S301 - our own driver's
    context = TaskContext.get()
    return pickle.dumps(replace(answer, tries=context.attemptNumber() + 1 if context else 1))


def _carry_row(content: bytes, batches: Iterator[Any]) -> Iterator[Any]:
    """The same, for the one row of a table."""
    import pyarrow as pa

    for batch in batches:
        if batch.num_rows:
            yield pa.RecordBatch.from_pydict({"answer": [_carry(content)]})


class SparkExecutor(ClusterExecutor):
    """The executor on Spark, whose workers know tables."""

    def __init__(self, engine: SparkEngine, jobs: int | None, limits: Limits) -> None:
        super().__init__(engine, jobs, limits)
        self._spark = engine

    def lay_down(
        self, table: str, choose: Callable[[Sequence[tuple[str, str]]], Sequence[str]], folder: str
    ) -> None:
        """As `forecastctl.execute.port.LaysTablesDown`."""
        self._start()
        self._spark.lay_down(table, choose, folder)


def make_executor(
    jobs: int, limit: float | None = None, memory: int | None = None, cluster: str = ""
) -> SparkExecutor:
    """Executor on Spark; arguments as in `forecastctl.execute.cluster.workers_asked`."""
    need("pyspark", "spark")
    if cluster.lower() == "yarn":
        need_hadoop(os.environ, _home())
    local, most = workers_asked(jobs, cluster)
    engine = SparkEngine(local, cluster, None if cluster else _active())
    return SparkExecutor(engine, most, Limits(limit, memory))
