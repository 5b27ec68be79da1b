"""Dask, Ray and Spark, on real clusters: what every executor promises, and whole jobs."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forecastctl.data.read.sample import sample_panel
from forecastctl.execute.cluster import ClusterExecutor, _Keeper
from forecastctl.execute.worker import Limits
from forecastctl.records import Query
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.testing.executor import (
    ProcessContract,
    StreamContract,
    call,
    lives,
    square,
    wait_until,
)
from tests.execute.clusters import CLUSTERS, MODULES
from tests.plugins.conftest import Site

pytestmark = pytest.mark.slow

FAMILIES = """
import os, pathlib, signal, time
from forecastctl.models.seasonal_naive import SeasonalNaive

class Poison(SeasonalNaive):
    name = "poison"

    def fit(self, y, *more):
        if y[0] == {first}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(y, *more)

class Gated(SeasonalNaive):
    name = "gated"

    def fit(self, y, *more):
        if y[0] == {first}:
            gate = pathlib.Path(os.environ["GATE"])
            gate.with_name("waits").touch()
            while not gate.exists():
                time.sleep(0.05)
        return super().fit(y, *more)
"""
AIRPORT = "WYB"
RUN = ["run", "--data", "sample", "--horizon", "6", "--no-charts", "--jobs", "2"]
RUN += ["--family", "seasonal_naive", "--max-evals", "6"]
POISONED = [*RUN, "--family", "poison", "--tracking-uri"]
GATED = [*RUN, "--family", "gated", "--tracking-uri"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Commands, for which a package adds families that do no good to one airport."""
    site = Site(tmp_path_factory.mktemp("families"))
    panel = sample_panel()
    first = float(panel[panel["airport"] == AIRPORT].sort_values("date")["passengers"].iloc[0])
    added = {"poison": "odd:Poison", "gated": "odd:Gated"}
    site.add("odd", {"forecastctl.families": added}, odd=FAMILIES.format(first=first))
    return site


@pytest.fixture(scope="module")
def expected(site, store_template, quick):
    """Forecasts of loky where an airport kills its process, and of one process where none does."""
    gate = site.home / "open"
    gate.touch()
    backends = {"loky": (POISONED, 4), "serial": (GATED, 0)}
    for name, (run, code) in backends.items():
        store, out = quick / f"expected-{name}.db", f"{name}.csv"
        shutil.copy(store_template, store)
        site(*run, f"sqlite:///{store}", "--backend", name, "--out", out, code=code, GATE=str(gate))
    return {name: (site.home / f"{name}.csv").read_bytes() for name in backends}


@pytest.fixture(scope="module", params=MODULES)
def cluster(request, site, tmp_path_factory):
    """Name of an engine, and the address of a cluster of it whose workers know that package."""
    name = request.param
    pytest.importorskip(MODULES[name])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", site.environ["PYTHONPATH"])
        with CLUSTERS[name](tmp_path_factory.mktemp(name)) as address:
            yield name, address


class KeptOpen:
    """An engine that stays open when an executor leaves it, because opening one takes seconds."""

    def __init__(self, engine):
        self._engine = engine

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def open(self):
        pass

    def close(self):
        pass


@pytest.fixture(scope="module")
def engine(cluster):
    name, address = cluster
    module = importlib.import_module(f"forecastctl.execute.{name}")
    engine = module.make_executor(-1, cluster=address).engine
    keeper = _Keeper(engine)
    keeper.open(None)
    yield KeptOpen(engine)
    keeper.close()


@pytest.fixture
def executor(engine):
    return ClusterExecutor(engine, None, Limits())


class TestPromises(ProcessContract, StreamContract):
    @pytest.fixture
    def limited(self, engine):
        return ClusterExecutor(engine, None, Limits(seconds=1.0))

    def test_it_says_where_it_is(self, executor, cluster):
        with executor:
            assert executor.jobs == 2
            assert (executor.name, executor.where) == cluster

    def test_a_lost_worker_of_the_engine_is_one_retry_which_is_told(self, executor, tmp_path):
        tasks = [(kill_engine_worker_once, str(tmp_path)), *((square, i) for i in range(4))]
        outcomes = {o.index: o for o in executor.map(call, tasks)}
        assert [outcomes[i].value for i in range(5)] == ["done", 0, 1, 4, 9]
        assert outcomes[0].retries >= 1

    def test_what_always_takes_the_engines_worker_with_it_fails_alone(self, executor):
        tasks = [(kill_engine_worker, ""), *((square, i) for i in range(4))]
        outcomes = {o.index: o for o in executor.map(call, tasks)}
        assert [outcomes[i].value for i in range(1, 5)] == [0, 1, 4, 9]
        assert outcomes[0].failure.type == "WorkerDied"
        assert outcomes[0].retries >= 1


def make_killers():
    """Functions that workers get whole, so that they need nothing of the tests."""

    def kill_engine_worker(_):
        """Take the worker of the engine along, of which this process is a child."""
        import os
        import signal
        import threading

        os.kill(os.getppid(), signal.SIGKILL)
        threading.Event().wait()

    def kill_engine_worker_once(folder):
        from pathlib import Path

        died = Path(folder, "died")
        if died.exists():
            return "done"
        died.touch()
        return kill_engine_worker(folder)

    return kill_engine_worker, kill_engine_worker_once


kill_engine_worker, kill_engine_worker_once = make_killers()


class TestJobs:
    def test_an_airport_that_kills_its_process_fails_alone(
        self, cluster, site, expected, sqlite_uri, tmp_path
    ):
        name, address = cluster
        if name == "spark":
            address = "local[2,4]"  # three Javas that start for one job take a minute
        out = tmp_path / "out.csv"
        where = ["--backend", name, "--cluster", address, "--out", out]
        done = site(*POISONED, sqlite_uri, *where, "--json", code=4)
        assert "WorkerDied" in done.stdout
        assert out.read_bytes() == expected["loky"]
        tracker = open_tracker(sqlite_uri, "forecastctl", reading=True)
        (job,) = tracker.find(Query(tags={Tag.KIND: Kind.JOB}))
        assert job.tags[Tag.EXECUTOR] == f"{name}, 2 workers of {address}"
        runs = tracker.find(Query(tags={Tag.KIND: Kind.AIRPORT}))
        retried = {r.tags[Tag.AIRPORT]: r.tags[Tag.RETRIES] for r in runs if Tag.RETRIES in r.tags}
        assert retried == {AIRPORT: "1"}

    def test_ctrl_c_ends_all_that_was_started_and_the_job_goes_on_later(
        self, cluster, site, expected, sqlite_uri, tmp_path
    ):
        gate, out = tmp_path / "open", tmp_path / "out.csv"
        command = [*GATED, sqlite_uri, "--out", str(out)]
        job = subprocess.Popen(
            [sys.executable, "-m", "forecastctl", *command, "--backend", cluster[0]],
            cwd=site.home,
            env={**site.environ, "GATE": str(gate)},
            start_new_session=True,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: gate.with_name("waits").exists(), "no worker has begun")
        started = descendants(job.pid)
        os.killpg(job.pid, signal.SIGINT)  # as a terminal does: to all of them
        _, said = job.communicate(timeout=300)
        assert job.returncode == 130, said
        assert "Traceback" not in said
        wait_until(lambda: not any(map(lives, started)), "something is left behind")
        gate.touch()
        site(*command, "--backend", "loky", GATE=str(gate))
        assert out.read_bytes() == expected["serial"]


def descendants(process):
    """Processes that a process has started, and those that they have."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {process}
    for _ in range(10):
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {process}
