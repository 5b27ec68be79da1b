"""What registered models promise, as tests; see `forecastctl.store.port.Models`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.records import Column, RunUpdate, ServedModel
from forecastctl.testing.runs import NOW, run

if TYPE_CHECKING:
    from forecastctl.store.port import Models, Tracker


class ModelsContract:
    """Define the fixtures ``tracker``, a store, and ``models``, the registered models of it."""

    @pytest.fixture
    def name(self) -> str:
        """A name that no model has."""
        return f"it's {uuid.uuid4().hex}"

    def job(self, tracker: Tracker) -> str:
        """A run that holds a model."""
        columns = (Column("airport", str), Column("levels", int, required=False, many=True))
        model = ServedModel(
            path="fleet/rows.bin",
            content=b"rows",
            loader="loader",
            inputs=columns,
            outputs=columns,
            versions={"python": "3.11"},
            needs=(),
            made_ms=NOW,
            options={"nested": False},
        )
        run_id = tracker.start(run("a job"))
        tracker.update(run_id, RunUpdate(status="FINISHED", end_ms=NOW + 1, model=model))
        return run_id

    def test_versions_count_from_one_and_come_newest_first(
        self, tracker: Tracker, models: Models, name: str
    ) -> None:
        assert models.versions(name) == []
        first, second = self.job(tracker), self.job(tracker)
        made = models.register(name, first, "fleet", {"job_id": "a"}, "the *first*")
        assert (made.name, made.version, made.run_id, made.aliases) == (name, 1, first, ())
        models.register(name, second, "fleet", {"job_id": "b"}, "")
        newest, oldest = models.versions(name)
        assert (newest.version, newest.run_id, newest.tags) == (2, second, {"job_id": "b"})
        assert (oldest.tags, oldest.description) == ({"job_id": "a"}, "the *first*")

    def test_a_run_is_registered_once(self, tracker: Tracker, models: Models, name: str) -> None:
        run_id = self.job(tracker)
        made = models.register(name, run_id, "fleet", {"a": "1"}, "")
        again = models.register(name, run_id, "fleet", {"a": "2"}, "")
        assert (again.version, again.tags) == (made.version, {"a": "1"})
        assert len(models.versions(name)) == 1

    def test_an_alias_stands_for_one_version(
        self, tracker: Tracker, models: Models, name: str
    ) -> None:
        for _ in range(2):
            models.register(name, self.job(tracker), "fleet", {}, "")
        models.set_alias(name, "challenger", 2)
        models.set_alias(name, "champion", 1)
        assert [v.aliases for v in models.versions(name)] == [("challenger",), ("champion",)]
        models.set_alias(name, "champion", 2)
        assert [v.aliases for v in models.versions(name)] == [("challenger", "champion"), ()]
        models.set_alias(name, "challenger", None)
        models.set_alias(name, "challenger", None)
        assert [v.aliases for v in models.versions(name)] == [("champion",), ()]

    def test_labels_are_added_and_replaced(
        self, tracker: Tracker, models: Models, name: str
    ) -> None:
        models.register(name, self.job(tracker), "fleet", {"a": "1", "b": "1"}, "")
        models.tag(name, 1, {"b": "2", "c": "3"})
        assert models.versions(name)[0].tags == {"a": "1", "b": "2", "c": "3"}

    def test_what_is_not_there(self, tracker: Tracker, models: Models, name: str) -> None:
        with pytest.raises((NothingRecordedError, TrackingError)):
            models.register(name, "0" * 32, "fleet", {}, "")
        models.register(name, self.job(tracker), "fleet", {}, "")
        with pytest.raises(NothingRecordedError):
            models.set_alias(name, "champion", 2)
        with pytest.raises(NothingRecordedError):
            models.tag(name, 2, {"a": "1"})
