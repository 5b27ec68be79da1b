"""What an explanation needs beside the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.api.compose import read

if TYPE_CHECKING:
    from forecastctl.api.compose import Session
    from forecastctl.explain.read.series import Source


def newer_data(session: Session) -> Source:
    """The data that the user names."""
    from forecastctl.data.panel.rows import group
    from forecastctl.explain.read.series import Source
    from forecastctl.settings import shown

    panel, spec = read(session)
    return Source(group(panel.frame), spec, str(shown(spec.source)))
