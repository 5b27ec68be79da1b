"""A real Airflow, in an environment of its own, which runs the printed DAG."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.schedule.places import HOSTILE, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSIONS = {"2": ("apache-airflow==2.11.*",), "3": ("apache-airflow==3.*",)}
MANY = tuple(f"A{number:03d}" for number in range(60))
"""More airports than are done within a second."""


class Airflow:
    """Its command, with a home and a database of its own."""

    def __init__(self, python: Path, home: Path) -> None:
        self.command = python.parent / "airflow"
        self.home = home
        (home / "dags").mkdir(parents=True)
        self.days = iter(range(1, 29))
        self("db", "migrate")

    def __call__(self, *command: str, code: int = 0) -> str:
        """What a command prints and logs."""
        own = {"AIRFLOW_HOME": str(self.home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        others = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
        done = subprocess.run(
            [self.command, *command], cwd=self.home, env={**others, **own},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == code, f"airflow {command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def runs(self, dag: str, code: int = 0) -> str:
        """Install a DAG in place of the one before, and run it once; tries follow at once."""
        (self.home / "dags" / "forecastctl.py").write_text(dag.replace("minutes=10", "seconds=1"))
        self("dags", "reserialize")
        assert "No data found" in self("dags", "list-import-errors")
        assert "forecastctl_run" in self("dags", "list")
        return self("dags", "test", "forecastctl_run", f"2026-02-{next(self.days):02d}", code=code)


def does_the_job(airflow: Airflow, folder: Path) -> None:
    """In a plain directory."""
    place = Place(folder / "plain")
    place.make()
    airflow.runs(place.printed("airflow"))
    (job,) = place.jobs()
    assert job["status"] == "ok", job
    assert (place.folder / "forecasts.csv").exists()


def does_it_where_names_are_hostile(airflow: Airflow, folder: Path) -> None:
    """In a directory, and with a variable, that are templates and names of scripts."""
    experiment = '{{ x }} "5%".sh'
    place = Place(folder / HOSTILE, {"FORECASTCTL_TRACKING__EXPERIMENT": experiment})
    place.make()
    airflow.runs(place.printed("airflow"))
    (job,) = place.jobs()  # of that experiment
    assert job["status"] == "ok", job


def fails_where_the_job_does(airflow: Airflow, folder: Path) -> None:
    """Without data, after three tries."""
    place = Place(folder / "no data")
    place.make()
    dag = place.printed("airflow")
    (place.folder / "air.csv").unlink()
    said = airflow.runs(dag, code=1)
    assert said.count("DAG TEST] starting") == 3, said
    assert "return code 3" in said, said


def goes_on_where_it_was_cut_off(airflow: Airflow, folder: Path) -> None:
    """The second try of the task goes on with the job of the first."""
    place = Place(folder / "cut off")
    place.make(MANY)
    dag = place.printed("airflow").replace(sys.executable, f"'{place.cut_off_once()}'")
    said = airflow.runs(dag)
    assert "return code 12" in said, said
    assert "return code 0" in said, said
    (job,) = place.jobs()
    assert job["status"] == "ok", job
    assert job["ok"] == len(MANY), job


CHECKS: tuple[Callable[[Airflow, Path], None], ...] = (
    does_the_job,
    does_it_where_names_are_hostile,
    fails_where_the_job_does,
    goes_on_where_it_was_cut_off,
)
