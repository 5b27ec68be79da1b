"""Which command takes which flags, and how they become parameters and settings."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from forecastctl.cli.flags.all_flags import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

READ = ("data", "query", "value", "suspects", "as_of", "airport", "select")
GROUPS = ("group", "groups_from", "reconcile")
TUNE = (
    "max_evals",
    "loss",
    "family",
    "engine",
    "folds",
    "combine",
    "shocks",
    "timeout",
    "early_stop",
    "seed",
)
PREDICT = ("level", "out", "charts")
STORE = ("tracking_uri", "experiment")
RECORD = (*STORE, "upgrade_store")
SHOW = ("config", "as_json", "quiet", "verbose")

COMMANDS: dict[str, tuple[str, ...]] = {
    "run": (
        *READ,
        *GROUPS,
        *TUNE,
        "learn",
        "retune",
        "horizon",
        *PREDICT,
        "fallback",
        *RECORD,
        "layout",
        "jobs",
        "airport_timeout",
        "skip_unchanged",
        *SHOW,
    ),
    "tune": (
        *READ,
        *GROUPS,
        *TUNE,
        "learn",
        "horizon",
        *RECORD,
        "layout",
        "jobs",
        "airport_timeout",
        *SHOW,
    ),
    "train": (
        *READ,
        *GROUPS,
        "engine",
        "fallback",
        *RECORD,
        "layout",
        "jobs",
        "airport_timeout",
        *SHOW,
    ),
    "forecast": (
        *READ,
        *GROUPS,
        "horizon",
        *PREDICT,
        *RECORD,
        "layout",
        "jobs",
        "airport_timeout",
        *SHOW,
    ),
    "check": (*READ, "group", "groups_from", *SHOW),
    "backtest": (
        "start",
        "end",
        "every",
        "retune_every",
        *(name for name in READ if name != "as_of"),
        *TUNE,
        "horizon",
        "level",
        "charts",
        "out",
        "fallback",
        *RECORD,
        "layout",
        "jobs",
        "airport_timeout",
        *SHOW,
    ),
    "history": (
        "what",
        "one_airport",
        "job",
        "status",
        "since",
        "filter",
        "best",
        "compare",
        "limit",
        *STORE,
        "config",
        "as_json",
        "as_csv",
        "verbose",
    ),
    "explain": (
        "this_airport",
        "date",
        "cutoff",
        "between",
        "quick",
        "data",
        "query",
        "value",
        *STORE,
        "config",
        "as_json",
        "html",
        "image",
        "verbose",
    ),
    "reproduce": (
        "run_or_job",
        "refit",
        "airport",
        *STORE,
        "jobs",
        "airport_timeout",
        *SHOW,
    ),
    "monitor": (*READ, "origin", *RECORD, *SHOW),
    "sample": ("sample_out", "airports", "months", "sample_seed"),
    "settings": ("config", "as_json"),
}


def signature(function: Callable[..., None], names: Sequence[str]) -> Callable[..., None]:
    """Give a ``**flags`` function the named flags as its parameters, for typer to read."""
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if FLAGS[name].default is ... else FLAGS[name].default,
            annotation=FLAGS[name].annotation,
        )
        for name in names
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    return function


def overrides(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Given flags by the setting that they override."""
    return {
        setting: flags[name]
        for name, flag in FLAGS.items()
        if (setting := flag.setting) is not None and flags.get(name) is not None
    }
