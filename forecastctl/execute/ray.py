"""Execution on Ray: tasks of a cluster that is there, or of one of this machine."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import suppress
from pathlib import Path
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


_TOKEN = Path("~/.ray/auth_token")
"""Where Ray keeps the token of a cluster."""


_NOT_LET_IN = (
    "Give the port of its client server (10001). If the cluster asks for a token, put it into "
    "~/.ray/auth_token here."
)


class RayEngine:
    """Groups of tasks as tasks of Ray.

    Args:
        jobs: Workers of the cluster that is started where there is no address.
        address: ``host:6379`` of a cluster that this machine is part of, ``ray://host:10001`` of
            any other, or empty for a cluster of this machine.
    """

    name = "ray"
    worth = 10.0
    cost = 0.0015

    def __init__(self, jobs: int, address: str = "") -> None:
        self._jobs, self._address = jobs, address
        self.where = masked(address) or "this machine"
        self.patience = 60.0 if address else None
        self._carry: Any = None
        self._calls: dict[Any, str] = {}

    def open(self) -> None:
        """Connect to the cluster, or start one."""
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        if self._address and _TOKEN.expanduser().is_file():
            # A cluster asks for the token where this file is, and who joins it has to say so.
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        import ray

        # It is said here, with what to do about it.
        warnings.filterwarnings("ignore", "Ray Client connection timed out")
        if self._address:
            knock(self._address, "Give host:6379, or ray://host:10001.", ("", "ray"))
        try:
            ray.init(
                address=self._address or "local",
                num_cpus=None if self._address else self._jobs,
                include_dashboard=None if self._address else False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                namespace="forecastctl",
            )
        except Exception as error:
            # Something listens there: it is no port of a Ray client, or lets nobody in without it.
            client = isinstance(error, ConnectionError) and self._address.startswith("ray://")
            hint = _NOT_LET_IN if client else None
            raise ClusterError(f"No Ray cluster answers at {self.where}: {error}", hint) from error
        # A worker's death is counted here, so that Ray itself tries nothing again.
        self._carry = ray.remote(num_cpus=1, max_retries=0)(remote.carry)

    def workers(self) -> int:
        """CPUs of all nodes."""
        import ray

        return int(ray.cluster_resources().get("CPU", 0))

    def begin(self, call: str, parcels: Sequence[Parcel], limits: Limits) -> Hashable:
        """Submit a group."""
        reference: Hashable = self._carry.remote(call, parcels, limits)
        self._calls[reference] = call
        return reference

    def ended(self, seconds: float) -> list[tuple[Hashable, Answer | Lost]]:
        """Fetch all that is done by now."""
        import ray

        waiting = list(self._calls)
        done, _ = ray.wait(waiting, timeout=seconds) if waiting else ([], ())
        if done:
            done, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0)
        found: list[tuple[Hashable, Answer | Lost]] = []
        for reference in done:
            del self._calls[reference]
            try:
                found.append((reference, ray.get(reference)))
            except ray.exceptions.RayError as error:
                if not ray.is_initialized():
                    raise ClusterError(f"The Ray cluster of {self.where} was lost.") from error
                found.append((reference, Lost(str(error).strip().partition("\n")[0])))
        return found

    def stop(self, call: str) -> None:
        """Cancel what waits and what runs: Ray ends the workers, and ours end with them."""
        import ray

        for reference in [r for r, name in self._calls.items() if name == call]:
            del self._calls[reference]
            with suppress(Exception):  # it is done, or the cluster is gone
                ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster, or end it."""
        import ray

        self._calls.clear()
        ray.shutdown()


def make_executor(
    jobs: int, limit: float | None = None, memory: int | None = None, cluster: str = ""
) -> ClusterExecutor:
    """Executor on Ray; arguments as in `forecastctl.execute.cluster.workers_asked`."""
    need("ray", "ray")
    local, most = workers_asked(jobs, cluster)
    return ClusterExecutor(RayEngine(local, cluster), most, Limits(limit, memory))
