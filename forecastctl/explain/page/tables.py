"""The tables below the charts of an explanation. Pure; every cell is text or a link."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from forecastctl.explain.page import words
from forecastctl.explain.values import plain
from forecastctl.figures import is_nothing, number, percent, period, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.values import (
        Answer,
        Attempt,
        FleetFacts,
        Interval,
        Vintage,
        VintageChange,
    )
    from forecastctl.records import Replay

VINTAGES_SHOWN = 40
REPLAYS = {
    "bit-identical": "made again from what is stored, the forecast is exactly the same",
    "equal after rounding": "made again from what is stored, the forecast is the same but for "
    "rounding",
    "differs": "made again from what is stored, the forecast is another one",
    "not stored": "the forecast cannot be made again: what it needs is not stored",
}
"""What became of a replay, by its result."""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class PageTable:
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


def tables(answer: Answer, freq: str) -> tuple[PageTable, ...]:
    """Every table that has something to say, in the order of interest."""
    every = (
        _evidence(answer),
        _effects(answer),
        _candidates(answer),
        _parts(answer),
        _alternatives(answer),
        _fleet(answer.fleet),
        _change(answer.vintage_change, freq),
        _vintages(answer.vintages, freq),
        _attempts(answer.without_forecast, freq),
        _model(answer),
        _lineage(answer),
        _rules(answer),
    )
    return tuple(t for t in every if t is not None and (t.rows or t.notes))


def _evidence(answer: Answer) -> PageTable:
    return PageTable("Why", ("What was found",), tuple((e.statement,) for e in answer.evidence))


def _effects(answer: Answer) -> PageTable:
    rows = tuple((e.statement, signed(e.value)) for e in answer.effects or ())
    return PageTable("What the forecast allowed for", ("What", "Passengers#"), rows)


def _candidates(answer: Answer) -> PageTable:
    rows = tuple(
        (
            words.cause(c),
            percent(c.share),
            percent(c.certainty),
            c.statement if c.shown else f"{c.statement} (not clearly)",
        )
        for c in answer.candidates
    )
    columns = ("Cause", "Of the miss#", "Sure#", "What would have happened")
    return PageTable("Causes side by side", columns, rows)


def _parts(answer: Answer) -> PageTable | None:
    if not answer.parts:
        return None
    rows = [
        (words.part(p), signed(p.value, answer.miss), share_of(p.value, answer.miss), p.evidence)
        for p in answer.parts
    ]
    total = ("together: the miss", signed(answer.miss), percent(1.0) if answer.miss else "-", "")
    columns = ("Part", "Passengers#", "Share#", "From what")
    return PageTable("Parts of the miss", columns, (*rows, total))


def share_of(value: float, miss: float | None) -> str:
    """A part in percent of the miss."""
    return percent(0.0 if is_nothing(value, miss) else value / miss) if miss else "-"


def _alternatives(answer: Answer) -> PageTable:
    rows = tuple(
        (
            words.alternative(a),
            words.sort(a),
            number(a.value),
            signed(a.miss),
            _value(a.loss),
            a.run_id or "",
        )
        for a in answer.alternatives
    )
    columns = ("Model", "Kind", "Would have said#", "Miss#", "Backtest loss#", "Run")
    return PageTable("Other models", columns, rows)


def _fleet(fleet: FleetFacts | None) -> PageTable | None:
    if fleet is None:
        return None
    rows = tuple(
        (w.airport, _value(w.z), "-" if w.ratio is None else percent(w.ratio)) for w in fleet.worst
    )
    said = words.fleet_sentence(fleet)
    notes = [f"{said}."] if said else []
    if fleet.source == "stand-in":
        notes.append("Their forecasts are stand-ins made now, for want of recorded ones.")
    columns = ("Airport", "Miss in standard deviations#", "Actual in percent of forecast#")
    return PageTable("Airports farthest off", columns, rows, tuple(notes))


def _change(change: VintageChange | None, freq: str) -> PageTable | None:
    if change is None:
        return None
    rows = [(words.changed(p), signed(p.value, change.difference)) for p in change.parts]
    order = ", ".join(n.replace("_", " ") for n in change.order)
    notes = (f"Swapped one after the other, in this order: {order}.",) if order else ()
    start, end = period(change.from_, freq), period(change.to, freq)
    return PageTable(
        f"What changed the forecast from {start} to {end}",
        ("Cause", "Passengers#"),
        (*rows, ("together", signed(change.difference))),
        (*notes, *change.notes),
    )


def _vintages(vintages: Sequence[Vintage], freq: str) -> PageTable:
    levels = list(vintages[0].intervals) if vintages else []
    rows = tuple(_vintage(v, levels, freq) for v in vintages[:VINTAGES_SHOWN])
    columns = ("Knew up to", "Made", "Lead#", "Forecast#", *(f"{k} % interval#" for k in levels))
    more = len(vintages) - len(rows)
    notes = (f"And {more:,} more; --json has them all.",) if more else ()
    columns = (*columns, "Miss#", "Model", "Kind", "Run")
    return PageTable("Every stored forecast of this period", columns, rows, notes)


def _vintage(vintage: Vintage, levels: Sequence[str], freq: str) -> tuple[str | Link, ...]:
    return (
        period(vintage.cutoff, freq),
        moment(vintage.made),
        str(vintage.lead),
        number(vintage.mean),
        *(interval(vintage.intervals.get(k)) for k in levels),
        signed(vintage.miss),
        vintage.model,
        vintage.origin,
        _link(vintage.run_id, vintage.url),
    )


def interval(band: Interval | None) -> str:
    """Both ends of an interval."""
    return "-" if band is None else f"{number(band.lo)} to {number(band.hi)}"


def moment(iso: str) -> str:
    """A time without its fractions of a second."""
    return iso[:16].replace("T", " ")


def _attempts(attempts: Sequence[Attempt], freq: str) -> PageTable:
    rows = tuple(
        (
            period(a.cutoff, freq) if a.cutoff else "-",
            moment(a.made),
            a.status or "-",
            a.reason or "-",
            a.run_id,
        )
        for a in attempts
    )
    columns = ("Knew up to", "Made", "Status", "Reason", "Run")
    return PageTable("Runs without a forecast", columns, rows)


def _model(answer: Answer) -> PageTable:
    rows = tuple(
        (
            m.label,
            percent(m.weight),
            "-" if m.trial is None else str(m.trial),
            m.trial_run_id or "-",
        )
        for m in answer.model.members
    )
    return PageTable("The model", ("Member", "Share#", "Trial#", "Run of the trial"), rows)


def _lineage(answer: Answer) -> PageTable:
    rows: list[tuple[str | Link, ...]] = []
    if answer.replay is not None:
        rows.append(("replayed from what is stored", replay_sentence(answer.replay)))
    if answer.actual_source:
        rows.append(("actual known from", answer.actual_source))
    lineage = plain(answer.lineage)
    pages = lineage.pop("urls")
    for key, value in lineage.items():
        if value is not None and value != "":
            rows.append((key.replace("_", " "), _plain(value)))
    rows += [(f"{name} page", _link(url, url)) for name, url in pages.items() if url]
    return PageTable("Where it comes from", ("What", "Value"), tuple(rows))


def replay_sentence(replay: Replay) -> str:
    """What a replay of the stored forecast gave."""
    text = REPLAYS[replay.result]
    if replay.result == "differs" and replay.largest_difference:
        text += f", by up to {percent(replay.largest_difference)}"
    return f"{text} ({', '.join(replay.where)})" if replay.where else text


def _rules(answer: Answer) -> PageTable:
    rules = {} if answer.rules is None else asdict(answer.rules)
    rows = tuple((f"explain.{k}", _value(v)) for k, v in rules.items())
    return PageTable("Rules used", ("Setting", "Value#"), rows)


def _link(text: str, url: str | None) -> str | Link:
    """A link where the address is one of a web page, and nothing else."""
    web = url is not None and url.startswith(("http://", "https://"))
    return Link(str(text), str(url)) if web else str(text)


def _plain(value: object) -> str:
    """A value of the lineage: versions and machine are objects, or JSON of one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return str(value)


def _value(value: float | None) -> str:
    return "-" if value is None else number(value)
