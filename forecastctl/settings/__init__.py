"""The settings of a command: what can be set (`sections`), and where it is set (`sources`)."""

from forecastctl.settings.sections import SECTIONS, Settings, shown
from forecastctl.settings.sources import (
    ARGUMENT,
    CONFIG_NAME,
    files_of,
    for_file,
    is_given,
    load_redactor,
    load_settings,
)

__all__ = [
    "ARGUMENT",
    "CONFIG_NAME",
    "SECTIONS",
    "Settings",
    "files_of",
    "for_file",
    "is_given",
    "load_redactor",
    "load_settings",
    "shown",
]
