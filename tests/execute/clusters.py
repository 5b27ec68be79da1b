"""Real clusters on this machine: a Dask scheduler, two nodes of Ray, a Spark with two executors."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

from tests.services import free_port

MODULES = {"dask": "distributed", "ray": "ray", "spark": "pyspark"}


@contextmanager
def running(*command, **options):
    """A program that is ended at the end."""
    quiet = subprocess.DEVNULL
    program = subprocess.Popen(
        [sys.executable, "-m", *map(str, command)], stdout=quiet, stderr=quiet, **options
    )
    try:
        yield program
    finally:
        program.terminate()
        program.wait(60)


def wait_for_port(port):
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "the scheduler has not started"
            time.sleep(0.1)
        else:
            return


@contextmanager
def dask(folder):
    """A scheduler, and two workers that reach it over TCP."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port]
    worker = ["distributed.cli.dask_worker", address, "--nworkers", 2, "--nthreads", 1]
    worker += ["--host", "127.0.0.1", "--memory-limit", 0, "--local-directory", folder]
    with running(*scheduler, "--no-dashboard"):
        wait_for_port(port)
        with running(*worker, "--no-dashboard"):
            yield address


@contextmanager
def ray(folder):
    """Two nodes, with a CPU each."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        cluster.add_node(**node)
        yield cluster.address
    finally:
        cluster.shutdown()


@contextmanager
def spark(folder):
    """A Spark that starts a master and two executors, each a process, when it is asked for."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    yield "local-cluster[2,1,1024]"


CLUSTERS = {"dask": dask, "ray": ray, "spark": spark}
