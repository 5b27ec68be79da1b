"""What every run of a job has in common."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.records import Plan, canonical_json
from forecastctl.records.schema import LIVE, UNKNOWN, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.records import Dataset

NAME_LIMIT = 250
VALUE_LIMIT = 5_000
PARAM_LIMIT = 6_000


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a job ran, and with which versions.

    Attributes:
        versions: Version by package name, Python included.
        machine: CPU and BLAS fingerprint.
        git_commit: Commit of the project in the working directory, or empty.
        git_dirty: Whether that project had uncommitted changes.
        host: Host name.
        pid: Process id of the driver.
        user: Login name.
    """

    versions: Mapping[str, str]
    machine: Mapping[str, object]
    git_commit: str
    git_dirty: bool
    host: str
    pid: int
    user: str

    def to_dict(self) -> dict[str, object]:
        """Plain JSON value."""
        return {
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "git": {"commit": self.git_commit, "dirty": self.git_dirty},
            "host": self.host,
            "pid": self.pid,
            "user": self.user,
        }

    @property
    def digest(self) -> str:
        """Digest of what can change a number: versions and machine."""
        content = {"versions": dict(self.versions), "machine": dict(self.machine)}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class JobContext:
    """Identity of a job, shared by all its runs.

    Attributes:
        job_id: Sortable id that the runs of the job share.
        command: ``tune``, ``train``, ``forecast`` or ``run``.
        layout: ``nested`` or ``flat``.
        plan: What the job does with each airport.
        environment: Where it runs.
        config_digest: SHA-256 of the settings that can change a forecast.
        panel_digest: SHA-256 of the panel.
        start_ms: Start, milliseconds since the epoch.
        freq: pandas period alias of the panel.
        season_length: Observations per season.
        attempt: 1 for the first try.
        origin: ``live``, or ``backtest`` for replayed history.
        extra_tags: Tags of every run of the job besides these.
        groups: Level by name of the sums over airports that are forecast beside them.
        again: Run of the attempt before, by airport or group that is done again.
        data: The panel, as a store may list it.
        curves: Whether runs of airports hold metrics that a store may draw as lines.
    """

    job_id: str
    command: str
    layout: str
    plan: Plan
    environment: Environment
    config_digest: str
    panel_digest: str
    start_ms: int
    freq: str = "M"
    season_length: int = 12
    attempt: int = 1
    origin: str = LIVE
    extra_tags: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    again: Mapping[str, str] = field(default_factory=dict)
    data: Dataset | None = None
    curves: bool = False

    @property
    def inputs(self) -> tuple[Dataset, ...]:
        """Data that its runs were made from."""
        return () if self.data is None else (self.data,)

    def tags(self) -> dict[str, str]:
        """Tags of every run of the job."""
        env = self.environment
        return {
            Tag.JOB_ID: self.job_id,
            Tag.COMMAND: self.command,
            Tag.LAYOUT: self.layout,
            Tag.ORIGIN: self.origin,
            Tag.ATTEMPT: str(self.attempt),
            Tag.FREQ: self.freq,
            Tag.SEASON_LENGTH: str(self.season_length),
            Tag.SEED: str(self.plan.search.seed),
            Tag.CONFIG_DIGEST: self.config_digest,
            Tag.PANEL_DIGEST: self.panel_digest,
            Tag.ENVIRONMENT: env.digest,
            Tag.GIT_COMMIT: env.git_commit or UNKNOWN,
            Tag.GIT_DIRTY: str(env.git_dirty).lower(),
            **self.extra_tags,
        }

    def environment_tags(self) -> dict[str, str]:
        """Versions and machine in full, for runs of jobs and airports."""
        env = self.environment
        return {
            Tag.VERSIONS: cut(" ".join(f"{k}={v}" for k, v in env.versions.items())),
            Tag.MACHINE: cut(canonical_json(dict(env.machine))),
        }


def airport_key(airport: str) -> str:
    """Short digest of an airport's name, safe in any filter whatever the name holds."""
    return hashlib.sha256(airport.encode()).hexdigest()[:16]


def cut(text: str, limit: int = VALUE_LIMIT) -> str:
    """Cut a text to a limit, with an ellipsis; an artifact holds it whole."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def json_bytes(value: object, *, readable: bool = False) -> bytes:
    """JSON with exact floats.

    Readable ones are indented, for files of which a job writes one. Indenting takes Python's own
    encoder instead of the compiled one, which is too slow for three files of each of thousands of
    airports.
    """
    indent = 1 if readable else None
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str).encode()
