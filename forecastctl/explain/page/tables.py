"""The tables below the charts of an explanation. Pure; every cell is text or a link."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.explain.page import words
from forecastctl.figures import number, percent, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

VINTAGES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading.

    Attributes:
        title: Heading.
        columns: Names; those that end in ``#`` hold numbers.
        rows: Cells by row, one per column.
        notes: Sentences below it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Link, ...], ...]
    notes: tuple[str, ...] = ()


def tables(facts: Mapping[str, Any], freq: str) -> tuple[Table, ...]:
    """Every table that has something to say, in the order of interest."""
    found = (
        _evidence(facts),
        _parts(facts),
        _alternatives(facts),
        _fleet(facts),
        _change(facts, freq),
        _vintages(facts, freq),
        _attempts(facts, freq),
        _model(facts),
        _lineage(facts),
        _rules(facts),
    )
    return tuple(t for t in found if t is not None and (t.rows or t.notes))


def _evidence(facts: Mapping[str, Any]) -> Table:
    rows = tuple(
        (e["statement"], _value(e.get("value")), _value(e.get("threshold")))
        for e in facts.get("evidence") or ()
    )
    return Table("Why", ("What was found", "Value#", "Threshold#"), rows)


def _parts(facts: Mapping[str, Any]) -> Table | None:
    parts, miss = facts.get("parts") or (), facts.get("miss")
    if not parts:
        return None
    rows = [
        (
            words.PARTS.get(p["name"], p["name"]),
            signed(p["value"]),
            share_of(p["value"], miss),
            p.get("evidence") or "",
        )
        for p in parts
    ]
    total = ("together: the miss", signed(miss), percent(1.0) if miss else "-", "")
    columns = ("Part", "Passengers#", "Share#", "From what")
    return Table("Parts of the miss", columns, (*rows, total))


def share_of(value: float, miss: float | None) -> str:
    """A part in percent of the miss."""
    return percent(value / miss if value else 0.0) if miss else "-"


def _alternatives(facts: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            words.alternative(a),
            words.sort(a),
            number(a["value"]),
            signed(a.get("miss")),
            _value(a.get("loss")),
            str(a.get("run_id") or ""),
        )
        for a in facts.get("alternatives") or ()
    )
    columns = ("Model", "Kind", "Would have said#", "Miss#", "Backtest loss#", "Run")
    return Table("Other models", columns, rows)


def _fleet(facts: Mapping[str, Any]) -> Table | None:
    fleet = facts.get("fleet")
    if not fleet:
        return None
    rows = tuple(
        (
            str(w["airport"]),
            _value(w.get("z")),
            "-" if w.get("ratio") is None else percent(w["ratio"]),
        )
        for w in fleet.get("worst") or ()
    )
    said = words.fleet_sentence(facts)
    notes = [f"{said}."] if said else []
    if fleet.get("source") == "stand-in":
        notes.append("Their forecasts are stand-ins made now, for want of recorded ones.")
    columns = ("Airport", "Miss in standard deviations#", "Actual in percent of forecast#")
    return Table("Airports farthest off", columns, rows, tuple(notes))


def _change(facts: Mapping[str, Any], freq: str) -> Table | None:
    change = facts.get("vintage_change")
    if not change:
        return None
    rows = [(p["name"].replace("_", " "), signed(p["value"])) for p in change["parts"]]
    order = ", ".join(n.replace("_", " ") for n in change.get("order") or ())
    notes = (f"Swapped one after the other, in this order: {order}.",) if order else ()
    ends = [words.period(str(change[k]), freq) for k in ("from", "to")]
    return Table(
        f"What changed the forecast from {ends[0]} to {ends[1]}",
        ("Cause", "Passengers#"),
        (*rows, ("together", signed(change["difference"]))),
        (*notes, *map(str, change.get("notes") or ())),
    )


def _vintages(facts: Mapping[str, Any], freq: str) -> Table:
    every = facts.get("vintages") or ()
    levels = list(every[0]["intervals"]) if every else []
    rows = tuple(_vintage(v, levels, freq) for v in every[:VINTAGES_SHOWN])
    columns = ("Knew up to", "Made", "Lead#", "Forecast#", *(f"{k} % interval#" for k in levels))
    more = len(every) - len(rows)
    notes = (f"And {more:,} more; --json has them all.",) if more else ()
    columns = (*columns, "Miss#", "Model", "Kind", "Run")
    return Table("Every stored forecast of this period", columns, rows, notes)


def _vintage(v: Mapping[str, Any], levels: Sequence[str], freq: str) -> tuple[str | Link, ...]:
    return (
        words.period(v["cutoff"], freq),
        moment(v["made"]),
        str(v["lead"]),
        number(v["mean"]),
        *(interval(v["intervals"].get(k)) for k in levels),
        signed(v.get("miss")),
        str(v["model"]),
        str(v.get("origin") or "live"),
        _link(v["run_id"], v.get("url")),
    )


def interval(band: Mapping[str, float] | None) -> str:
    """Both ends of an interval."""
    return "-" if not band else f"{number(band['lo'])} to {number(band['hi'])}"


def moment(iso: str | None) -> str:
    """A time without its fractions of a second."""
    return str(iso or "-")[:16].replace("T", " ")


def _attempts(facts: Mapping[str, Any], freq: str) -> Table:
    rows = tuple(
        (
            words.period(a["cutoff"], freq) if a.get("cutoff") else "-",
            moment(a.get("made")),
            str(a.get("status") or "-"),
            str(a.get("reason") or "-"),
            str(a["run_id"]),
        )
        for a in facts.get("without_forecast") or ()
    )
    columns = ("Knew up to", "Made", "Status", "Reason", "Run")
    return Table("Runs without a forecast", columns, rows)


def _model(facts: Mapping[str, Any]) -> Table:
    rows = tuple(
        (
            str(m["label"]),
            number(m["weight"]),
            "-" if m.get("trial") is None else str(m["trial"]),
            str(m.get("trial_run_id") or "-"),
        )
        for m in (facts.get("model") or {}).get("members") or ()
    )
    return Table("The model", ("Member", "Weight#", "Trial#", "Run of the trial"), rows)


def _lineage(facts: Mapping[str, Any]) -> Table:
    rows: list[tuple[str | Link, ...]] = []
    replay = facts.get("replay")
    if replay:
        rows.append(("replayed from what is stored", replay_sentence(replay)))
    if facts.get("actual_source"):
        rows.append(("actual known from", str(facts["actual_source"])))
    lineage = dict(facts.get("lineage") or {})
    urls = lineage.pop("urls", None) or {}
    for key, value in lineage.items():
        if value is not None and value != "":
            rows.append((key.replace("_", " "), _plain(value)))
    rows += [(f"{name} page", _link(url, url)) for name, url in urls.items() if url]
    return Table("Where it comes from", ("What", "Value"), tuple(rows))


def replay_sentence(replay: Mapping[str, Any]) -> str:
    """What a replay of the stored forecast gave."""
    text = str(replay["result"])
    largest = replay.get("largest_difference")
    if largest:
        text += f", by at most {number(largest)}"
    where = replay.get("where")
    return f"{text} ({', '.join(map(str, where))})" if where else text


def _rules(facts: Mapping[str, Any]) -> Table:
    rules = facts.get("rules") or {}
    rows = tuple((f"explain.{k}", _value(v)) for k, v in rules.items())
    return Table("Rules used", ("Setting", "Value#"), rows)


def _link(text: str, url: str | None) -> str | Link:
    """A link where the address is one of a web page, and nothing else."""
    web = url is not None and url.startswith(("http://", "https://"))
    return Link(str(text), str(url)) if web else str(text)


def _plain(value: Any) -> str:
    """A value of the lineage: versions and machine are objects, or JSON of one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return str(value)


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {None: "-", True: "yes", False: "no"}[value]
    return number(value) if isinstance(value, int | float) else str(value)
