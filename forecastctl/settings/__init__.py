"""The settings of a command: what can be set (`sections`), and where it is set (`sources`)."""

from forecastctl.settings.sections import SECTIONS, Settings, shown
from forecastctl.settings.sources import (
    CONFIG_NAME,
    files_of,
    for_file,
    load_redactor,
    load_settings,
)

__all__ = [
    "CONFIG_NAME",
    "SECTIONS",
    "Settings",
    "files_of",
    "for_file",
    "load_redactor",
    "load_settings",
    "shown",
]
