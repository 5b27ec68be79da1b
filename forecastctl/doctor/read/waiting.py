"""The lock and the spool: the one place where the doctor is told how to look at them.

As long as jobs have neither, there is nothing to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecastctl.doctor.checks.waiting import Held, Waiting
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker


def lock(tracker: Tracker, settings: Settings) -> Held | None:  # noqa: ARG001 - until there is one
    """Who holds the experiment."""
    return None


def spool(settings: Settings) -> list[Waiting] | None:  # noqa: ARG001 - until there is one
    """What waits to be recorded."""
    return None
