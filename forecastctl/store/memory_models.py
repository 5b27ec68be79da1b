"""Registered models that are forgotten when the process ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.records import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.store.port import Tracker


class MemoryModels:
    """In-memory implementation of the port of registered models.

    Args:
        tracker: The store of the runs that hold them.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._versions: dict[str, dict[int, ModelVersion]] = {}
        self._aliases: dict[str, dict[str, int]] = {}

    def register(
        self,
        name: str,
        run_id: str,
        folder: str,  # noqa: ARG002 - the port's signature
        tags: Mapping[str, str],
        description: str,
    ) -> ModelVersion:
        """Make a run's model the newest version."""
        for known in self.versions(name):
            if known.run_id == run_id:
                return known
        made_ms = self._tracker.get(run_id).start_ms
        of = self._versions.setdefault(name, {})
        made = ModelVersion(name, len(of) + 1, run_id, made_ms, dict(tags), (), description)
        of[made.version] = made
        return made

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions, newest first."""
        aliases = self._aliases.get(name, {})
        return [
            replace(made, aliases=tuple(sorted(a for a, v in aliases.items() if v == made.version)))
            for made in sorted(self._versions.get(name, {}).values(), key=lambda m: -m.version)
        ]

    def set_alias(self, name: str, alias: str, version: int | None) -> None:
        """Let an alias stand for a version, or for none."""
        if version is None:
            self._aliases.get(name, {}).pop(alias, None)
            return
        self._check(name, version)
        self._aliases.setdefault(name, {})[alias] = version

    def tag(self, name: str, version: int, tags: Mapping[str, str]) -> None:
        """Add labels to a version."""
        old = self._check(name, version)
        self._versions[name][version] = replace(old, tags={**old.tags, **tags})

    def _check(self, name: str, version: int) -> ModelVersion:
        found = self._versions.get(name, {}).get(version)
        if found is None:
            raise NothingRecordedError(f"There is no version {version} of the model {name!r}.")
        return found
