"""Where a forecast comes from: the model, its runs, and runs that ended without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forecastctl.explain.values.form import LEFT_OUT
from forecastctl.records import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """One model of the specification.

    Attributes:
        label: The model in short.
        family: Its family.
        options: Its structural choices and fixed parameters.
        weight: Its weight in the forecast.
        trial: Number of the trial that it came from.
        trial_run_id: Run of that trial, or the row of its table.
        params: Estimated parameters by name.
        sigma: Residual standard deviation, passengers.
    """

    label: str
    family: str
    options: Mapping[str, Option]
    weight: float
    trial: int | None
    trial_run_id: str | None
    params: Mapping[str, Any]
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """The specification with its parameters.

    Attributes:
        label: The specification in short; ``None`` where the run failed.
        members: Its models; none where the model cannot be read.
        cutoff: First day of the last period seen; left out where the model cannot be read.
        n: Number of observations; left out likewise.
        spread: Factor that calibrates the standard deviations on the backtest; left out likewise.
    """

    label: str | None
    members: tuple[MemberFacts, ...] = ()
    cutoff: str | None = field(default=None, metadata=LEFT_OUT)
    n: int | None = field(default=None, metadata=LEFT_OUT)
    spread: float | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Addresses of pages of a server; ``None`` where the store is none.

    Attributes:
        forecast: Of the airport's run.
        trained: Of the run that trained the model.
        tuned: Of the run that searched the specification.
    """

    forecast: str | None
    trained: str | None
    tuned: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What made the forecast.

    Attributes:
        job_id: The job.
        command: Its command.
        layout: Its layout of runs.
        status: Status of the airport in it.
        reason: Why that is not ``ok``.
        seed: Seed of the job.
        data_digest: SHA-256 of the airport's rows.
        panel_digest: SHA-256 of the whole panel.
        config_digest: SHA-256 of the settings.
        environment: Digest of versions and machine.
        versions: Versions of Python and packages.
        git_commit: Code around the job.
        git_dirty: Whether tracked files of it had changed, or untracked code or settings lay in it.
        preparation: What was done to the airport's rows.
        machine: Where it ran.
        job_run_id: Run of the job.
        run_id: Run of the airport.
        trained_run_id: Run that trained the model; the same as ``run_id`` after
            ``forecastctl run``.
        tuned_run_id: Run that searched the specification, likewise.
        urls: Pages of these runs, where the store is a server.
    """

    job_id: str | None
    command: str | None
    layout: str | None
    status: str | None
    reason: str | None
    seed: str | None
    data_digest: str | None
    panel_digest: str | None
    config_digest: str | None
    environment: str | None
    versions: str | None
    git_commit: str | None
    git_dirty: str | None
    preparation: str | None
    machine: Mapping[str, Any] | None
    job_run_id: str | None
    run_id: str
    trained_run_id: str
    tuned_run_id: str
    urls: Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run of the airport that ended without a forecast.

    Attributes:
        job_id: The job.
        status: ``failed`` or ``rejected``.
        reason: Why.
        cutoff: First day of the last period known.
        run_id: The airport's run.
        made: When, UTC.
    """

    job_id: str | None
    status: str | None
    reason: str | None
    cutoff: str | None
    run_id: str
    made: str
