"""What is missing in the data that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.shared_source import is_shared
from forecastctl.data.read.files import read_panel
from forecastctl.doctor.checks.months import Data
from forecastctl.errors import ForecastctlError
from forecastctl.records.calendar import PERIOD_WORDS, period_of
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from datetime import date

    from forecastctl.data.check.check import AirportCheck
    from forecastctl.data.panel.panel import DataSpec


def data(spec: DataSpec, today: date) -> Data | None:
    """Read the panel and look for holes; ``None`` where none is named, or workers read it.

    Args:
        spec: The data source.
        today: The user's own day.
    """
    if spec.source is None or is_shared(spec.source):
        return None
    source = masked(spec.source)
    try:
        panel = read_panel(spec)
        airports = check_panel(panel, spec, as_of=None, today=today).airports
    except ForecastctlError as error:
        return Data(source, error.message, error.hint)
    last = max((a.last for a in airports if a.last), default="")
    return Data(
        source=source,
        airports=len(airports),
        last=last,
        behind=_behind(last, panel.freq, today),
        period=PERIOD_WORDS[panel.freq[0]],
        gaps=tuple((a.airport, gaps) for a in airports if (gaps := _gaps(a))),
        ended=tuple((a.airport, a.last) for a in airports if a.last and a.last < last),
    )


def _gaps(airport: AirportCheck) -> tuple[str, ...]:
    return tuple(p for f in airport.findings if f.kind == "gaps" for p in f.periods)


def _behind(last: str, freq: str, today: date) -> int:
    """Periods that are over and newer than the newest in the data."""
    if not last:
        return 0
    day = last if last.count("-") > 1 else f"{last}-01"
    try:
        return max(period_of(today.isoformat(), freq) - 1 - period_of(day, freq), 0)
    except ValueError:
        return 0
