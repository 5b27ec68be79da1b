"""The report of a reproduction: counts, a sentence, and differences of the environment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.models.combination.replay import (
    DIFFERS,
    IDENTICAL,
    NOT_STORED,
    RESULTS,
    ROUNDED,
)
from forecastctl.recording.job import machine_of
from forecastctl.records.schema import UNKNOWN, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.recording.context import Environment
    from forecastctl.records import StoredRun
    from forecastctl.reproduce.values import Chosen, Reproduction

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Report:
    """The result of reproducing a job or a run.

    Attributes:
        chosen: What was reproduced.
        rows: One for each airport's run.
        environment: Differences ``{name, recorded, now, runs}`` to where the runs were made.
        refitted: Whether everything was fitted anew as well.
    """

    chosen: Chosen
    rows: tuple[Reproduction, ...]
    environment: tuple[dict[str, Any], ...]
    refitted: bool

    @property
    def differs(self) -> bool:
        """Whether any airport differs."""
        return any(row.differs for row in self.rows)

    @property
    def same_environment(self) -> bool:
        """Whether nothing that can change a number differs; a commit alone does not count."""
        return all(difference["name"] == "git commit" for difference in self.environment)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        parts = [_counted(self._results(refit=False), "replayed")]
        if self.refitted:
            parts.append(_counted(self._results(refit=True), "tuned and fitted anew"))
        environment = "the environment is the same"
        if self.differs:
            environment += ": what is stored, or the code of forecastctl itself, has changed"
        if not self.same_environment:
            names = dict.fromkeys(d["name"] for d in self.environment if d["name"] != "git commit")
            environment = f"the environment differs: {', '.join(names)}"
        return f"{'; '.join(parts)}; {environment}."

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value; docs/how-to/reproduce.md describes it."""
        return {
            "schema": SCHEMA,
            "job_id": self.chosen.job_id,
            "command": self.chosen.command,
            "origin": self.chosen.origin,
            "run_id": self.chosen.run_id,
            "sentence": self.sentence,
            "differs": self.differs,
            "replay": _counts(self._results(refit=False)),
            "refit": _counts(self._results(refit=True)) if self.refitted else None,
            "environment": {"same": self.same_environment, "differences": list(self.environment)},
            "airports": [row.to_dict() for row in self.rows],
        }

    def _results(self, *, refit: bool) -> list[str]:
        if refit:
            return [row.refit.result for row in self.rows if row.refit]
        return [row.replay.result for row in self.rows]


def _counts(results: Iterable[str]) -> dict[str, int]:
    counted = Counter(results)
    return {result: counted[result] for result in RESULTS}


def _counted(results: Sequence[str], verb: str) -> str:
    """Such as ``437 of 438 replayed bit-identical, 1 differs``."""
    counts = _counts(results)
    compared = len(results) - counts[NOT_STORED]
    if not compared:
        return f"nothing to compare is stored ({len(results)} airports)"
    words = [f"{counts[ROUNDED]} equal after rounding"] if counts[ROUNDED] else []
    words += [f"{counts[DIFFERS]} different"] if counts[DIFFERS] else []
    words += [f"{counts[NOT_STORED]} not stored"] if counts[NOT_STORED] else []
    head = f"{counts[IDENTICAL]} of {compared} {verb} bit-identical"
    return ", ".join([head, *words])


def environment_differences(
    runs: Iterable[StoredRun], now: Environment
) -> tuple[dict[str, Any], ...]:
    """What differs between where runs were made and here, each with the number of runs.

    Args:
        runs: Runs of airports.
        now: Where this process runs.
    """
    differences: Counter[tuple[str, str, str]] = Counter()
    for run in runs:
        differences.update(_differences(run.tags, now))
    return tuple(
        {"name": name, "recorded": recorded, "now": present, "runs": n}
        for (name, recorded, present), n in differences.items()
    )


def _differences(tags: Mapping[str, str], now: Environment) -> list[tuple[str, str, str]]:
    """Name, recorded and present value of versions, machine and commit, where they differ."""
    recorded = dict(
        part.split("=", 1) for part in tags.get(Tag.VERSIONS, "").split() if "=" in part
    )
    pairs: list[tuple[str, str | None, str | None]] = [
        (name, recorded.get(name), value) for name, value in now.versions.items()
    ]
    pairs += [(name, value, None) for name, value in recorded.items() if name not in now.versions]
    machine = machine_of(tags)
    pairs += [(name, _text(machine.get(name)), _text(v)) for name, v in now.machine.items()]
    pairs.append(("git commit", tags.get(Tag.GIT_COMMIT, UNKNOWN), now.git_commit or UNKNOWN))
    return [(n, a or "not recorded", b or "absent") for n, a, b in pairs if a != b]


def _text(value: object) -> str | None:
    """A value of the machine's description as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
