"""Have the real Airflow start jobs as 'forecastctl schedule airflow' prints them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from tests.environments import installed
from tests.schedule import real_airflow


def tried(version: str, home: Path, scratch: Path) -> list[bool]:
    """Which checks one Airflow passes."""
    python = installed(f"Airflow-{version}", real_airflow.VERSIONS[version], home)
    airflow = real_airflow.Airflow(python, scratch / f"airflow-{version}")
    right = []
    for check in real_airflow.CHECKS:
        try:
            check(airflow, scratch / f"work-{version}")
            right.append(True)
        except AssertionError as error:
            right.append(False)
            print(f"WRONG: {error}")
        verb = "right" if right[-1] else "wrong"
        print(f"Airflow {version} {check.__name__.replace('_', ' ')}: {verb}", flush=True)
    return right


def main() -> None:
    """Try all and count; ends with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description="Jobs that real schedulers start")
    names = list(real_airflow.VERSIONS)
    parser.add_argument("--airflow", nargs="*", choices=names, default=names)
    parser.add_argument("--environments", type=Path, help="where they are kept for another time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="schedule-") as scratch:
        home = (options.environments or Path(scratch, "environments")).absolute()
        right = [r for version in options.airflow for r in tried(version, home, Path(scratch))]
    print(f"{sum(right)} of {len(right)} are right")
    sys.exit(not all(right))


if __name__ == "__main__":
    main()
