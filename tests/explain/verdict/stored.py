"""A case as JSON and back: all that a verdict looks at, number for number."""

import gzip
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from forecastctl.explain.case import CalendarEffect, Case, Swap
from forecastctl.records import (
    FittedModel,
    FleetPoint,
    Forecast,
    Model,
    Series,
    Specification,
    Trial,
)

FILE = Path(__file__).with_name("verdicts.json.gz")
PLAIN = (
    "lead",
    "actual",
    "horizon",
    "engine",
    "status",
    "reason",
    "panel_airports",
    "first_actual",
    "champion_run",
    "stands_out",
    "fleet_moved",
    "failed_since",
)
POINT = ("airport", "z", "ratio", "outside", "recorded", "mean", "actual")


def case_to_dict(case):
    """Plain JSON value. Parameters and states of the model are left out: no rule looks at them."""
    row = case.model.to_row()
    for member in row["members"]:
        member["params"], member["states"] = {}, {}
    return {
        **{key: getattr(case, key) for key in PLAIN},
        "forecast": _forecast_to_dict(case.forecast),
        "seen": _series_to_dict(case.seen),
        "known": _series_to_dict(case.known),
        "fresh": None if case.fresh is None else _series_to_dict(case.fresh),
        "model": row,
        "trials": [_trial_to_dict(trial) for trial in case.trials],
        "champion": None if case.champion is None else case.champion.to_dict(),
        "apart": list(case.apart),
        "calendar": None if case.calendar is None else asdict(case.calendar),
        "swap": None if case.swap is None else _swap_to_dict(case.swap),
        "fleet": [[getattr(point, key) for key in POINT] for point in case.fleet],
    }


def case_from_dict(value):
    """Inverse of `case_to_dict`."""
    fresh, champion = value["fresh"], value["champion"]
    return Case(
        **{key: value.get(key) for key in PLAIN},
        forecast=_forecast_from_dict(value["forecast"]),
        seen=_series_from_dict(value["seen"]),
        known=_series_from_dict(value["known"]),
        fresh=None if fresh is None else _series_from_dict(fresh),
        model=FittedModel.from_row(value["model"]),
        trials=tuple(_trial_from_dict(trial) for trial in value["trials"]),
        champion=None if champion is None else Specification.from_dict(champion),
        apart=tuple(one and tuple(one) for one in value.get("apart", ())),
        calendar=value.get("calendar") and CalendarEffect(**value["calendar"]),
        swap=_swap_from_dict(value.get("swap")),
        fleet=tuple(FleetPoint(*point) for point in value["fleet"]),
    )


def _swap_to_dict(swap):
    plain = {"airport": swap.airport, "since": swap.since, "actual": swap.actual}
    return {**plain, "seen": _series_to_dict(swap.seen)}


def _swap_from_dict(value):
    return value and Swap(**{**value, "seen": _series_from_dict(value["seen"])})


def _days(ds):
    return [str(day) for day in ds]


def _forecast_to_dict(forecast):
    bands = {str(k): [end.tolist() for end in ends] for k, ends in forecast.intervals.items()}
    return {
        "cutoff": forecast.cutoff,
        "ds": _days(forecast.ds),
        "mean": forecast.mean.tolist(),
        "sd": forecast.sd.tolist(),
        "intervals": bands,
    }


def _forecast_from_dict(value):
    bands = {int(k): (np.array(lo), np.array(hi)) for k, (lo, hi) in value["intervals"].items()}
    ds = np.array(value["ds"], dtype="datetime64[D]")
    return Forecast(value["cutoff"], ds, np.array(value["mean"]), np.array(value["sd"]), bands)


def _series_to_dict(series):
    return {
        "airport": series.airport,
        "freq": series.freq,
        "season_length": series.season_length,
        "ds": _days(series.ds),
        "y": series.y.tolist(),
    }


def _series_from_dict(value):
    ds = np.array(value["ds"], dtype="datetime64[D]")
    names = (value["airport"], value["freq"], value["season_length"])
    return Series(*names, ds, np.array(value["y"], dtype=float), "")


def _trial_to_dict(trial):
    model = {
        "family": trial.model.family,
        "options": dict(trial.model.options),
        "label": trial.model.label,
    }
    keys = ("number", "status", "loss", "duplicate_of", "start")
    return {**{key: getattr(trial, key) for key in keys}, "model": model}


def _trial_from_dict(value):
    return Trial(**{**value, "model": Model(**value["model"])})


def read():
    """The corpus: entries with a name, a case, and what is right and what is said of it."""
    return json.loads(gzip.decompress(FILE.read_bytes()))


def write(entries):
    """Store the corpus; equal entries give equal bytes."""
    lines = ",\n".join(json.dumps(e, sort_keys=True, separators=(",", ":")) for e in entries)
    FILE.write_bytes(gzip.compress(f"[{lines}]\n".encode(), mtime=0))
