"""From a file, a database or the sample to one regular series per airport.

``read_panel`` reads and checks every row; ``prepare`` makes a series of each airport, or says why
not; ``check`` reports on both.
"""

from forecastctl.data.check import AirportCheck, PanelCheck, check, check_panel, panel_findings
from forecastctl.data.files import check_target, read_panel, write_frame
from forecastctl.data.findings import Finding
from forecastctl.data.periods import parse_as_of
from forecastctl.data.prepare import prepare
from forecastctl.data.sample import sample_panel
from forecastctl.data.schema import DataSpec, Panel, from_frame

__all__ = [
    "AirportCheck",
    "DataSpec",
    "Finding",
    "Panel",
    "PanelCheck",
    "check",
    "check_panel",
    "check_target",
    "from_frame",
    "panel_findings",
    "parse_as_of",
    "prepare",
    "read_panel",
    "sample_panel",
    "write_frame",
]
