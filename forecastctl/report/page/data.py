"""What the pages load on demand: the fleet in one file, each airport in one of its own. Pure.

A file is a script that hands one value to the page, because a page that is opened from disk may
load scripts and nothing else. The value is JSON in ASCII, so that no name can end the script.
"""

from __future__ import annotations

import json
import math
import shlex
from typing import TYPE_CHECKING, Any, Final

from forecastctl.explain.page import words
from forecastctl.recording.context import airport_key
from forecastctl.report.page.glance import Grid, glance

if TYPE_CHECKING:
    from forecastctl.report.values import AirportFacts, Fan, JobFacts, Report

FLEET_FILE: Final = "data/fleet.js"
AIRPORT_FILES: Final = "data/airports"
"""Folder of the airports' files, each named by a digest: a name may hold what no file may."""
EXPLAINED: Final = "explained"
"""Folder of the pages that explain a miss in full, named in the same way."""

DIGITS = 9
"""Significant digits of a number in a file."""

FLEET_COLUMNS: Final = (
    *("airport", "key", "status", "model", "loss", "last_date", "last", "next_date", "next"),
    *("next_lo", "next_hi", "change", "miss_percent", "verdict", "outside"),
    *("spark", "ahead", "begins"),
)
"""Columns of the fleet's file, in their order; the page finds them by these names."""


def fleet_file(report: Report) -> bytes:
    """The script with a row for each airport."""
    grid = Grid(report.job.freq, report.job.season_length)
    rows = [_row(facts, grid) for facts in report.airports]
    return _script("fleet", {"columns": FLEET_COLUMNS, "rows": rows})


def airport_path(airport: str) -> str:
    """Path of an airport's file, whatever its name is."""
    return f"{AIRPORT_FILES}/{airport_key(airport)}.js"


def explained_path(airport: str) -> str:
    """Path of the page that explains an airport's newest miss in full."""
    return f"{EXPLAINED}/{airport_key(airport)}.html"


def airport_file(facts: AirportFacts, report: Report) -> bytes:
    """The script with all that the page of an airport shows."""
    job, search = report.job, facts.search
    value = {
        "airport": facts.airport,
        "status": facts.status,
        "reason": facts.reason,
        "model": facts.model,
        "loss": facts.loss,
        "loss_name": job.loss,
        "baseline_loss": search.baseline_loss if search else None,
        "freq": job.freq,
        "season_length": job.season_length,
        "history": {"ds": facts.history.ds, "y": facts.history.y},
        "fan": _fan(facts.fan),
        "errors": search.errors if search else (),
        "trials": [
            (t.number, t.model, t.status, t.loss, t.reason, t.weight)
            for t in (search.trials if search else ())
        ],
        "miss": _miss(facts, report),
        "outcomes": [
            (o.ds, o.y, [(e.cutoff, e.lead, e.mean, e.inside) for e in o.forecasts])
            for o in facts.outcomes
        ],
        "verdicts": [
            (v.ds, v.label, v.confidence, v.miss_percent, v.sentence) for v in facts.verdicts
        ],
        "job": job.job_id,
        "run": facts.run_id,
        "url": facts.url,
        "search_run": search.run_id if search else None,
        "commands": commands(facts, job, report.misses.date if report.misses else None),
    }
    return _script("airport", value)


def _miss(facts: AirportFacts, report: Report) -> dict[str, Any] | None:
    """The newest miss with its verdict, and where it is explained in full, its parts."""
    miss, found = facts.miss, report.explanations.get(facts.airport)
    if miss is None or report.misses is None:
        return None
    return {
        "date": report.misses.date,
        "label": miss.label,
        "verdict": miss.verdict,
        "confidence": miss.confidence,
        "forecast": miss.forecast,
        "actual": miss.actual,
        "miss": miss.miss,
        "outside": miss.outside,
        "cutoff": miss.cutoff,
        "sentence": miss.sentence,
        "parts": [
            (words.part(part), part.value, part.evidence)
            for part in (found.answer.parts if found else ())
        ],
        "page": explained_path(facts.airport) if found and found.view else None,
    }


def commands(facts: AirportFacts, job: JobFacts, date: str | None) -> list[tuple[str, str]]:
    """What to type to know more of an airport: what it tells, and the command.

    Args:
        facts: All that is known of it.
        job: The job of the report.
        date: First day of the newest period that came true; ``None`` where none has.
    """
    name = f"--airport {shlex.quote(facts.airport)}"
    where = job.options
    found = []
    if facts.miss is not None and facts.miss.miss is not None and date is not None:
        asked = f"forecastctl explain {name} --date {date}{where}"
        found.append(("Why the forecast missed, in full, with its parts", asked))
    found += [
        ("Its recorded forecasts", f"forecastctl history forecasts {name}{where}"),
        ("All trials of its searches", f"forecastctl history trials {name} --best{where}"),
    ]
    if facts.run_id and facts.fan:
        again = f"forecastctl reproduce {facts.run_id}{where}"
        found.append(("Make this forecast again and compare", again))
    found.append(("Its run on MLflow's pages", f"forecastctl ui {name}{where}"))
    return found


def _row(facts: AirportFacts, grid: Grid) -> list[Any]:
    seen, miss = glance(facts, grid), facts.miss
    pairs = (seen.last, seen.following, seen.interval)
    last, following, interval = (pair or (None, None) for pair in pairs)
    judged = miss is not None and miss.miss is not None
    values = {
        "airport": facts.airport,
        "key": airport_key(facts.airport),
        "status": facts.status,
        "model": facts.model,
        "loss": facts.loss,
        "last_date": last[0],
        "last": last[1],
        "next_date": following[0],
        "next": following[1],
        "next_lo": interval[0],
        "next_hi": interval[1],
        "change": seen.change,
        "miss_percent": miss.miss_percent if miss and judged else None,
        "verdict": miss.label if miss and judged else None,
        "outside": bool(miss and miss.outside),
        "spark": seen.spark,
        "ahead": seen.ahead,
        "begins": seen.begins,
    }
    return [values[column] for column in FLEET_COLUMNS]


def _fan(fan: Fan | None) -> dict[str, Any] | None:
    if fan is None:
        return None
    bands = [[level, *fan.bands[level]] for level in sorted(fan.bands, reverse=True)]
    return {"cutoff": fan.cutoff, "ds": fan.ds, "mean": fan.mean, "bands": bands}


def _script(name: str, value: object) -> bytes:
    """A script that hands a value to the page: ``forecastctl.NAME(VALUE)``."""
    text = json.dumps(_short(value), separators=(",", ":"), allow_nan=False)
    return f"forecastctl.{name}({text.replace('<', chr(92) + 'u003c')});\n".encode("ascii")


def _short(value: Any) -> Any:
    """The same value with numbers that are short, and none that JSON does not have."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return value


def _number(value: float) -> float | int | None:
    """A number with `DIGITS` digits at most; a whole one has no point."""
    if value.is_integer():
        return int(value)
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
