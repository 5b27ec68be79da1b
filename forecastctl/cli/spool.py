"""Opens the store to read, for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.api import spool
from forecastctl.cli.output import render

if TYPE_CHECKING:
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker


def read_with_spool(settings: Settings) -> Tracker:
    """Open the store to read, and print what is not in it yet: see `spool.read_with_spool`."""
    return spool.read_with_spool(settings, lambda said: render.note(f"note: {said}"))
