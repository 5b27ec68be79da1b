"""The port of the store: where runs are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.records import ModelVersion, Query, Run, RunUpdate, StoredRun


class Tracker(Protocol):
    """Store of runs in one experiment. Only the driver uses it, never a worker."""

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run whose end is not known yet, and return its id.

        Its status is `RUNNING` whatever ``run`` says; it must have no children.

        Raises:
            TrackingError: The store cannot be written.
        """
        ...

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write finished runs with their whole subtrees, and return the ids of the roots.

        A subtree is visible whole or not at all, or, where the store has no transactions, its
        root stays `RUNNING` until all of it is written.

        Raises:
            TrackingError: The store cannot be written.
        """
        ...

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run, and end it where the update gives a status.

        Raises:
            TrackingError: The store cannot be written.
        """
        ...

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query, in its order, at most its limit.

        Raises:
            UsageError: The filter or the order cannot be understood.
            TrackingError: The store cannot be read.
        """
        ...

    def get(self, run_id: str) -> StoredRun:
        """One run by id.

        Raises:
            NothingRecordedError: There is no such run.
        """
        ...

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact.

        Raises:
            NothingRecordedError: There is no such run or artifact.
            DamagedError: It is there and cannot be read.
        """
        ...

    def url(self, run_id: str) -> str | None:
        """Address of the run's page, or ``None`` where the store has no pages."""
        ...


@runtime_checkable
class Deletes(Protocol):
    """A tracker that can delete runs, in the way of its store: MLflow keeps them in its bin."""

    def delete(self, run_ids: Sequence[str]) -> int:
        """Delete runs with all below them; what is deleted already stays so.

        Args:
            run_ids: Ids of roots.

        Returns:
            How many runs that were.

        Raises:
            TrackingError: The store cannot be written.
        """
        ...


@runtime_checkable
class Keeps(Protocol):
    """A tracker that can be told of a run before it is recorded, so that nothing of it is lost."""

    def keep(self, run: Run, parent_id: str | None = None) -> None:
        """Keep a run, outside of this process, that will be recorded soon.

        It stands for what a process leaves that is killed before: `Tracker.record` of the same run
        is still to come, and ends the keeping. That it cannot be kept is no error.
        """
        ...


class Models(Protocol):
    """Registered models: versions of a model under one name, and aliases that stand for one.

    Only few calls are made to it, and none while a job works.
    """

    def register(
        self, name: str, run_id: str, folder: str, tags: Mapping[str, str], description: str
    ) -> ModelVersion:
        """Make a run's model the newest version of a registered model, which is made if missing.

        A run that is a version of it already stays that version, with its tags.

        Args:
            name: Name of the registered model.
            run_id: The run that holds the model.
            folder: Folder of the model in the run.
            tags: Small labels.
            description: What it is, in Markdown.

        Raises:
            UsageError: No model can have such a name.
            NothingRecordedError: There is no such run.
            TrackingError: The store cannot be written.
        """
        ...

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of a registered model, newest first; none where there is no such model.

        Raises:
            TrackingError: The store cannot be read.
        """
        ...

    def set_alias(self, name: str, alias: str, version: int | None) -> None:
        """Let an alias stand for a version from now on, or for none.

        Raises:
            NothingRecordedError: There is no such version.
            TrackingError: The store cannot be written.
        """
        ...

    def tag(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """Add labels to a version; those that it has under the same names are replaced.

        Raises:
            NothingRecordedError: There is no such version.
            TrackingError: The store cannot be written.
        """
        ...
