"""Environments with other versions of MLflow, installed with pip."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.environments import installed

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = __file__.replace("environments.py", "old_client.py")
OF_THEIR_TIME = ("sqlalchemy<2.1", "setuptools<81")
"""What MLflow's older versions did not know yet that it would change."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of MLflow.

    Attributes:
        name: As users say it.
        requirements: What pip installs.
        served: Whether its server is tried as well, which needs all of MLflow.
        written: Whether its databases are written without a migration.
    """

    name: str
    requirements: tuple[str, ...]
    served: bool = False
    written: bool = False


VERSIONS = (
    Version("2.9", ("mlflow==2.9.2", *OF_THEIR_TIME), served=True),
    Version("2.22", ("mlflow==2.22.0", *OF_THEIR_TIME), served=True),
    Version("3.10", ("mlflow-skinny==3.10.0", "alembic", *OF_THEIR_TIME), written=True),
    Version("newest", ("mlflow-skinny", "sqlalchemy", "alembic"), written=True),
)


def python_of(version: Version, home: Path) -> Path:
    """The Python of an environment with a version; it is made where it is missing."""
    return installed(f"MLflow-{version.name}", (*version.requirements, "psycopg2-binary"), home)


def asked(python: Path, uri: str, act: str, artifacts: Path) -> dict[str, Any]:
    """What the client of an environment does with a store, and then sees in it."""
    uri = uri.replace("postgresql://", "postgresql+psycopg2://")
    done = subprocess.run(
        [python, CLIENT, uri, act, str(artifacts)],
        capture_output=True, text=True, check=False, cwd=artifacts.parent, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"{python} cannot {act} {uri}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
