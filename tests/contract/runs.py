"""Runs that the contract suite records."""

from forecastctl.records import Run

NOW = 1_700_000_000_000


def run(name="a run", start=NOW, **fields):
    return Run(name, **{"start_ms": start, "end_ms": start + 1000, **fields})


def names(runs):
    return [r.name for r in runs]
