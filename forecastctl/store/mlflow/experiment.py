"""Experiments: found by name, or made."""

from __future__ import annotations

import logging
import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.hints import did_you_mean
from forecastctl.store.mlflow.address import Experiment, display_uri, public_uri
from forecastctl.store.mlflow.artifacts import current_location, default_location
from forecastctl.store.mlflow.create import find_store
from forecastctl.store.mlflow.revisions import is_own, not_written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Database

_LOG = logging.getLogger(__name__)
_SHOWN = 5
_COMPARED = 1000
"""Names of other experiments that are looked at for one that may have been meant."""
_OTHERS = "SELECT name FROM experiments WHERE lifecycle_stage = 'active' AND "
_NEWEST = " ORDER BY experiment_id DESC LIMIT ?"
_DEFAULT = "default"
MAX_NAME = 250
PROBE_SECONDS = 5


def probe(address: Address) -> None:
    """See within seconds whether MLflow's client may open a store: it would migrate an older one.

    Raises:
        NothingRecordedError: There is no store.
        TrackingError: It does not answer, or has another schema than the installed MLflow's.
    """
    if address.kind == "http":
        _reach(address)
        return
    database, revision = find_store(address)
    database.close()
    if not is_own(revision):
        raise not_written(address, revision)


def _reach(address: Address) -> None:
    """See whether a server answers."""
    import ssl
    import urllib.error
    import urllib.request

    try:
        # Without user and password, which urllib would take for a part of the host's name.
        request = urllib.request.Request(f"{public_uri(address.uri)}/health")  # noqa: S310 - http(s) only
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError:
        return  # Someone answers; who it is shows at the first request.
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return  # MLflow has settings of its own for certificates.
        raise TrackingError(
            f"The tracking server {address.shown} does not answer: {reason}.",
            "Check --tracking-uri (or MLFLOW_TRACKING_URI) and that the server is up, "
            "or record into a file: --tracking-uri sqlite:///mlflow.db.",
        ) from error


def workspace_of(environ: Mapping[str, str]) -> str:
    """The workspace of MLflow's that a database is asked for, as MLflow's own client chooses it.

    Args:
        environ: The environment.
    """
    wanted = environ.get("MLFLOW_WORKSPACE", "").strip()
    if environ.get("MLFLOW_ENABLE_WORKSPACES", "").strip().lower() in ("true", "1"):
        return wanted or _DEFAULT
    if wanted not in ("", _DEFAULT):
        _say_default(wanted)
    return _DEFAULT


@cache
def _say_default(wanted: str) -> None:
    """Once, although a command may open its store twice."""
    _LOG.warning(
        "MLFLOW_WORKSPACE is %s, but in a database MLflow takes the workspace 'default' as long as "
        "MLFLOW_ENABLE_WORKSPACES is not true; so does this.",
        wanted,
    )


def check_name(name: str) -> str:
    """An experiment name that every store takes.

    Raises:
        UsageError: It is empty or too long.
    """
    if not name.strip() or len(name) > MAX_NAME or "\x00" in name:
        raise UsageError(
            f"An experiment cannot be called {name[:300]!r}: "
            f"a name has 1 to {MAX_NAME} characters.",
            "Give another --experiment.",
        )
    return name


def client_experiment(
    client: Any, address: Address, name: str, location: str | None, *, create: bool
) -> str:
    """Id of an experiment through MLflow's client; it is created if it is missing and may be.

    Raises:
        UsageError: No experiment can have that name.
        NothingRecordedError: There is none, and none is created.
        TrackingError: It was deleted.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(check_name(name))
    if found is None and not create:
        others = client.search_experiments(max_results=_COMPARED)
        raise _missing(address, name, [other.name for other in others])
    if found is None:
        try:
            return str(client.create_experiment(name, default_location(address, name, location)))
        except MlflowException as error:
            found = client.get_experiment_by_name(name)  # someone else may have been faster
            if found is None:
                raise error from None
    if found.lifecycle_stage != "active":
        raise _deleted(address, name, found.experiment_id)
    return str(found.experiment_id)


def sql_experiment(
    database: Database, name: str, location: str | None, *, create: bool
) -> Experiment:
    """An experiment through MLflow's tables; it is created if it is missing and may be.

    Raises:
        UsageError: No experiment can have that name.
        NothingRecordedError: There is none, and none is created.
        TrackingError: It was deleted, or the store cannot be written.
    """
    address = database.address
    check_name(name)
    # Schemas before MLflow 3.10 know no workspaces.
    workspace = workspace_of(os.environ)
    known = "workspace" in database.columns("experiments")
    one = "workspace = ?" if known else "? = 'default'"
    select = (
        "SELECT experiment_id, artifact_location, lifecycle_stage FROM experiments "  # noqa: S608 - our own words
        f"WHERE name = ? AND {one}"
    )
    wanted = (name, workspace)
    with database.transaction(write=False) as session:
        found = session.rows(select, wanted)
        others = [] if found else session.rows(_OTHERS + one + _NEWEST, (workspace, _COMPARED))
    if not found and not create:
        raise _missing(address, name, [str(other) for (other,) in others])
    if not found:
        now = time.time_ns() // 1_000_000
        place = default_location(address, name, location)
        with database.transaction(write=True) as session:
            session.run(
                "INSERT INTO experiments (name, artifact_location, lifecycle_stage, "
                "creation_time, last_update_time, workspace) "
                "VALUES (?, ?, 'active', ?, ?, ?) ON CONFLICT DO NOTHING",
                (name, place, now, now, workspace),
            )
            found = session.rows(select, wanted)
    number, place, stage = found[0]
    if stage != "active":
        raise _deleted(address, name, number)
    return Experiment(int(number), current_location(address, name, str(place)))


def _missing(address: Address, name: str, others: Sequence[str]) -> NothingRecordedError:
    """Error for an experiment that is not there, with those that are."""
    shown = ", ".join(repr(other) for other in others[:_SHOWN])
    more = " and others" if len(others) > _SHOWN else ""
    there = f" Others that are there, for --experiment: {shown}{more}." if others else ""
    meant = did_you_mean(name, others)
    return NothingRecordedError(
        f"There is no experiment {name!r} in {address.shown}: nothing is recorded.",
        f"{meant + ' ' if meant else ''}'forecastctl run --data FILE' makes it.{there}",
    )


def _deleted(address: Address, name: str, number: object) -> TrackingError:
    shown = display_uri(address.uri)
    return TrackingError(
        f"The experiment {name!r} in {address.shown} was deleted.",
        f"Restore it with 'mlflow experiments restore --experiment-id {number}' "
        f"(MLFLOW_TRACKING_URI={shown}), or give another --experiment.",
    )
