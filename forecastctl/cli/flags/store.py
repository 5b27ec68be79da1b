"""Flags of the tracking store."""

from __future__ import annotations

from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli.flags.headings import ASK, EXECUTION, TRACKING
from forecastctl.cli.options import option

TrackingUri = Annotated[
    str | None,
    option(
        "--tracking-uri", "MLflow store or server, or another package's store.", TRACKING, "URI"
    ),
    Sets("tracking.uri"),
]
Experiment = Annotated[
    str | None,
    option("--experiment", "MLflow experiment.", TRACKING, "NAME"),
    Sets("tracking.experiment"),
]
RegisteredAs = Annotated[
    str | None,
    option("--registered-as", "Name of the fleet's model in MLflow's registry.", TRACKING, "NAME"),
    Sets("tracking.registered_as"),
]
UpgradeStore = Annotated[
    bool,
    option(
        "--upgrade-store",
        "Migrate a store of an older MLflow, so that only newer ones can open it.",
        TRACKING,
    ),
]
Layout = Annotated[
    str | None,
    option("--layout", "nested (a run per trial) or flat (a table per airport).", TRACKING, "NAME"),
    Sets("tracking.layout"),
]

MovedFrom = Annotated[
    str | None,
    option("--moved-from", "Address that the store had when this was recorded.", TRACKING, "URI"),
]

OlderThan = Annotated[
    int,
    option("--older-than", "Delete no job that is younger, in days.", ASK, "DAYS"),
]
Yes = Annotated[bool, option("--yes", "Do it, and not only say what would be done.", EXECUTION)]
