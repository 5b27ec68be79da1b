"""The names under which everything is recorded: kinds of runs, tags, parameters, metrics, files.

Each name stands here once, with the kinds of runs that have it and what it means. All other code
uses these names and spells none itself, and docs/reference/lineage.md is generated from them. They
are among the records, not in `forecastctl.recording`, because the store, which lies below that,
finds the runs of killed jobs by some of them. Stored runs keep their names for ever: a name may be
added, but none may be changed.

Marks, which are tags that only find runs, are in `forecastctl.records.marks`.
"""

from forecastctl.records.schema.files import (
    FILE_VERSIONS,
    MONITOR_VERSION,
    PROMOTION_VERSION,
    WINNERS_VERSION,
    File,
    page_path,
    panel_part_path,
    searches_path,
)
from forecastctl.records.schema.keys import A_PANEL, A_SERIES, ALL_KINDS, IN_JOBS, Key, Kind
from forecastctl.records.schema.metrics import (
    MetricKey,
    airports_key,
    backtest_coverage_key,
    fold_key,
    lead_key,
)
from forecastctl.records.schema.params import Param
from forecastctl.records.schema.tags import (
    BACKTEST,
    FLAT,
    LIVE,
    NESTED,
    STAGES,
    TRUE,
    UNKNOWN,
    Tag,
)
from forecastctl.records.schema.versions import CHALLENGER, CHAMPION, VersionTag

__all__ = [
    "ALL_KINDS",
    "A_PANEL",
    "A_SERIES",
    "BACKTEST",
    "CHALLENGER",
    "CHAMPION",
    "FILE_VERSIONS",
    "FLAT",
    "IN_JOBS",
    "LIVE",
    "MONITOR_VERSION",
    "NESTED",
    "PROMOTION_VERSION",
    "STAGES",
    "TRUE",
    "UNKNOWN",
    "WINNERS_VERSION",
    "File",
    "Key",
    "Kind",
    "MetricKey",
    "Param",
    "Tag",
    "VersionTag",
    "airports_key",
    "backtest_coverage_key",
    "fold_key",
    "lead_key",
    "page_path",
    "panel_part_path",
    "searches_path",
]
