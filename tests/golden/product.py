"""The command line, and all that it said and recorded."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.golden import store
from tests.golden.masking import mask, text

SECONDS = 1800
"""A command that takes longer hangs."""

_PREFIXES = ("FORECASTCTL_", "MLFLOW_", "NUMBA_DISABLE")


class Product:
    """Runs the commands of one job one after the other, in a folder and an experiment of its own.

    Attributes:
        folder: Working directory.
        answers: What each command said, by the name of its step.
    """

    def __init__(self, place: Path, name: str, code: Path, workers: int) -> None:
        """Make the folder.

        Args:
            place: The folder of all jobs, with one store for all: to make one takes seconds.
            name: What the job is called.
            code: The checkout whose forecastctl is run.
            workers: Worker processes.
        """
        self.folder = place / name
        self.folder.mkdir()
        self.answers: dict[str, Any] = {}
        self._place, self._name, self._workers = place, name, workers
        self._names: dict[str, str] = {}
        self._jobs: dict[str, str] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_PREFIXES)}
        self._environment = {
            **kept,
            "PYTHONPATH": str(code),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "FORECASTCTL_TRACKING__URI": f"sqlite:///{place / 'mlflow.db'}",
            "FORECASTCTL_TRACKING__EXPERIMENT": name,
        }

    def ask(self, step: str, *arguments: str, ordered: bool = True, out: str = "") -> None:
        """Run a command that answers in JSON.

        Args:
            step: What the step is called in the record; jobs are named after it.
            arguments: Command and options.
            ordered: Whether the order of a list that is answered is a matter of the product, and
                not of which worker was done first.
            out: A text file that the command writes: its digest is compared.
        """
        done = self.run(*arguments, "--json")
        store.name_all(self._runs(), step, self._names)
        said = done.stdout.replace(str(self._place), "<place>")
        answer = json.loads(said) if said.strip() else None
        if isinstance(answer, dict):
            self._jobs[step] = str(answer.get("job_id"))
        answer = mask(answer, self._names)
        if not ordered and isinstance(answer, list):
            answer = sorted(answer, key=lambda row: json.dumps(row, sort_keys=True))
        self._keep(step, done, answer, out)

    def make(self, step: str, *arguments: str, out: str) -> None:
        """Run a command that only writes a text file."""
        self._keep(step, self.run(*arguments), None, out)

    def workers(self) -> tuple[str, ...]:
        """The option for the number of workers."""
        return ("--jobs", str(self._workers))

    def job(self, step: str) -> str:
        """Id of the job that a step made."""
        return self._jobs.get(step, "none")

    def record(self) -> dict[str, Any]:
        """All that is compared."""
        return {"answers": self.answers, **store.record(self._runs(), self._names)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever becomes of it."""
        return subprocess.run(
            [sys.executable, "-m", "forecastctl", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _keep(
        self, step: str, done: subprocess.CompletedProcess[str], answer: Any, out: str
    ) -> None:
        if step in self.answers:
            raise ValueError(f"two steps are called {step}")
        found: dict[str, Any] = {"exit": done.returncode, "said": self._said(done.stderr)}
        if answer is not None:
            found["answer"] = answer
        if out:
            path = self.folder / out
            data = path.read_bytes() if path.exists() else b""
            found["file"] = {out: hashlib.sha256(data).hexdigest()}
        self.answers[step] = found

    def _runs(self) -> list[store.Run]:
        return store.read(self._place / "mlflow.db", self._name)

    def _said(self, stderr: str) -> list[str]:
        """Warnings, errors and next steps; not progress. All where a command was misused."""
        wanted = ("warning:", "error:", "next:", "Usage:", "│")
        lines = (line.strip() for line in stderr.replace(str(self._place), "<place>").splitlines())
        return [text(line, self._names) for line in lines if line.startswith(wanted)]


def loaded_from(code: Path) -> Path:
    """The folder of the package that commands run with this code use."""
    found = subprocess.run(
        [sys.executable, "-c", "import forecastctl; print(forecastctl.__file__)"],
        env={**os.environ, "PYTHONPATH": str(code)},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(found.stdout.strip()).resolve().parents[1]
