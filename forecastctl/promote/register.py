"""The model of a job's fleet as a version of a registered model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.figures import counted
from forecastctl.recording.fleet import read_fleet
from forecastctl.recording.notes import escaped
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Query
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import CHALLENGER, CHAMPION, LIVE, TRUE, File, Tag, VersionTag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import ModelVersion, StoredRun
    from forecastctl.store.port import Models, Tracker


def register_fleet(tracker: Tracker, models: Models, name: str, job: StoredRun) -> ModelVersion:
    """Register the model of a job; a new version is the challenger from then on.

    A job that is registered already keeps its version, and aliases stay as they are.

    Args:
        tracker: The store of the job.
        models: The registered models.
        name: Name of the registered model.
        job: The job's run.

    Raises:
        NothingRecordedError: The job trained nothing.
        UsageError: No model can have such a name.
        TrackingError: The store cannot be written.
    """
    known = version_of(models.versions(name), job.run_id)
    if known is not None:
        return known
    fleet = read_fleet(tracker, job.run_id)
    of = RunOf(job)
    cutoff = max(model.cutoff for model in fleet.values())
    tags: dict[str, str] = {
        VersionTag.JOB_ID: of.job_id,
        VersionTag.CUTOFF: cutoff,
        VersionTag.AIRPORTS: str(len(fleet)),
    }
    description = (
        f"All models of job {escaped(of.job_id)}: {counted(len(fleet), 'airport')}, data up to "
        f"{cutoff}. `forecastctl promote` decides whether it answers; `forecastctl serve` starts "
        "what answers."
    )
    folder = str(PurePosixPath(File.FLEET).parent)
    made = models.register(name, job.run_id, folder, tags, description)
    models.set_alias(name, CHALLENGER, made.version)
    return replace(made, aliases=(CHALLENGER,))


def version_of(versions: Iterable[ModelVersion], run_id: str) -> ModelVersion | None:
    """The version that a run's model is, if it is registered."""
    return next((v for v in versions if v.run_id == run_id), None)


def with_alias(versions: Iterable[ModelVersion], alias: str) -> ModelVersion | None:
    """The version that an alias stands for, if any."""
    return next((v for v in versions if alias in v.aliases), None)


def champion_of(models: Models, name: str) -> ModelVersion:
    """The version that answers.

    Raises:
        NothingRecordedError: None does.
    """
    found = with_alias(models.versions(name), CHAMPION)
    if found is None:
        raise NothingRecordedError(
            f"The registered model {name!r} has no version with the alias {CHAMPION!r}.",
            "'forecastctl promote' makes one.",
        )
    return found


def newest_trained(tracker: Tracker) -> StoredRun:
    """The newest job that trained a fleet.

    Raises:
        NothingRecordedError: None has.
    """
    tags = {JOBS: SET, Tag.TRAINED: TRUE, Tag.ORIGIN: LIVE}
    jobs = tracker.find(Query(tags=tags, status=FINISHED, limit=1))
    if not jobs:
        raise NothingRecordedError(
            "No job has trained a model in this experiment.",
            "Run 'forecastctl train' first, or 'forecastctl run', which does it all.",
        )
    return jobs[0]
