"""The settings that a job was run with, as values of this version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.recording.job import KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.settings import Settings

DECISIVE = ("data", "tune", "forecast")
"""Sections that decide what becomes of an airport."""


def settings_of(recorded: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Settings of a job as far as this version knows them, and a note on the others.

    Args:
        recorded: All settings of the job by ``section.key``; of them only those in `DECISIVE` are
            taken, the others have their defaults.
    """
    from forecastctl.settings import SECTIONS, Settings

    known = {f"{s}.{k}" for s in SECTIONS for k in getattr(Settings(), s).model_dump()}
    given: dict[str, dict[str, Any]] = {section: {} for section in DECISIVE}
    unknown = []
    for name, value in recorded.items():
        section, _, key = name.partition(".")
        if section in given and name in known:
            given[section][key] = value
        elif section in given:
            unknown.append(name)
    given["data"].setdefault("suspects", KEPT)
    given["tune"].setdefault("tpe_share", 0.0)
    notes = (f"settings that this version does not know: {', '.join(unknown)}",) if unknown else ()
    return Settings.model_validate(given), notes
