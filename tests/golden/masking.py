"""Puts names in place of what differs from run to run: ids, times, durations, places, code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "*"

VOLATILE = frozenset(
    {
        # when and how long
        *("made", "started", "start_ms", "end_ms", "since_ms", "wall_seconds", "work_seconds"),
        *("startup_seconds", "worked_seconds", "recording_seconds", "recording_cpu_seconds"),
        *(
            "prepare_seconds",
            "cpu_seconds",
            "objective_seconds",
            "drawing_seconds",
            "airports_per_minute",
        ),
        "efficiency",
        # where, with how many workers and with what code
        *("environment", "versions", "machine", "git_commit", "git_dirty", "host", "pid"),
        "digests",  # of files that hold times
        *("heartbeat", "process"),
        *("mlflow.user", "run.jobs", "tracking.uri", "backtest_id"),
    }
)
"""Names of values that are not compared; it is compared whether they are there, and not null."""

_ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32}|\d{8}-\d{6}-[0-9a-f]{6})(?![0-9a-f])")
_BACKTEST = re.compile(r"(?<![0-9a-z])bt-[0-9a-f]{12}(?![0-9a-f])")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_MARK = re.compile(r"^(mlflow\.forecastctl\.[a-z]+)\..+$")


def mask(value: Any, names: Mapping[str, str]) -> Any:
    """A JSON value with volatile values masked and ids replaced by what they stand for.

    In a table, given as ``columns`` and ``data``, the volatile columns are masked, and of two runs
    side by side what a volatile ``key`` was in ``a`` and ``b``.
    """
    if isinstance(value, list):
        return [mask(item, names) for item in value]
    if isinstance(value, dict):
        if {"columns", "data"} <= value.keys():
            rows = [dict(zip(value["columns"], row, strict=True)) for row in value["data"]]
            return {"columns": value["columns"], "data": mask(rows, names)}
        if value.keys() >= {"key", "a", "b"} and value["key"] in VOLATILE:
            return {**value, **dict.fromkeys(("a", "b", "same"), MASK)}
        return {text(name, names): _item(name, item, names) for name, item in value.items()}
    return text(value, names) if isinstance(value, str) else value


def _item(name: str, value: Any, names: Mapping[str, str]) -> Any:
    return MASK if name in VOLATILE and value is not None else mask(value, names)


def text(value: str, names: Mapping[str, str]) -> str:
    """A text with known ids replaced, and times and ids of backtests masked.

    The id of a backtest is a digest of the code's, which differs between any two versions.
    """
    value = _ID.sub(lambda found: names.get(found.group(), found.group()), value)
    value = _BACKTEST.sub(f"bt-{MASK}", value)
    return _TIME.sub("<time>", value)


def key(name: str) -> str:
    """The key of a tag without the id that it holds where it is a mark."""
    return _MARK.sub(r"\1.*", name)
