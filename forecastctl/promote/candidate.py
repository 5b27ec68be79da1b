"""Which version is to take the champion's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.promote.register import newest_trained, version_of, with_alias
from forecastctl.records.schema import CHALLENGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import ModelVersion, StoredRun
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is asked to be promoted.

    Attributes:
        job: The run of the job that trained it.
        version: Its version; ``None`` where it is not registered yet.
    """

    job: StoredRun
    version: ModelVersion | None


def candidate(
    tracker: Tracker,
    versions: Sequence[ModelVersion],
    name: str,
    number: int | None = None,
    job: StoredRun | None = None,
) -> Candidate:
    """The version or the job that was named, else the challenger, else a job not yet registered.

    Args:
        tracker: The store.
        versions: All versions of the registered model, newest first.
        name: Its name.
        number: The version that was named.
        job: The run of the job that was named.

    Raises:
        NothingRecordedError: There is none.
    """
    if job is not None:
        return Candidate(job, version_of(versions, job.run_id))
    if number is not None:
        named = next((v for v in versions if v.version == number), None)
        if named is None:
            there = ", ".join(str(v.version) for v in reversed(versions)) or "none"
            raise NothingRecordedError(
                f"There is no version {number} of the model {name!r}.", f"There are: {there}."
            )
        return _of_version(tracker, named)
    challenger = with_alias(versions, CHALLENGER)
    if challenger is not None:
        return _of_version(tracker, challenger)
    newest = newest_trained(tracker)
    known = version_of(versions, newest.run_id)
    if known is not None and known.aliases == ():
        raise NothingRecordedError(
            f"The model {name!r} has no challenger: its newest version, {known.version}, was "
            "promoted before.",
            "Run a job that trains, or name a version.",
        )
    return Candidate(newest, known)


def _of_version(tracker: Tracker, version: ModelVersion) -> Candidate:
    return Candidate(tracker.get(version.run_id), version)
