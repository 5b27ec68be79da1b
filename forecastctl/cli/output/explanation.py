"""An explanation on the screen: the verdict in a sentence, then what it rests on."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from forecastctl.cli.output import render
from forecastctl.explain.page import words
from forecastctl.explain.page.tables import (
    interval,
    moment,
    replay_sentence,
    share_of,
)
from forecastctl.figures import number, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ALTERNATIVES_SHOWN = 3
MEMBERS_SHOWN = 5
VINTAGES_SHOWN = 4
DIGEST_SHOWN = 12
DAY = 10
NARROW = 60
DEEPEST = 40
INDENT = "  "


def print_explanation(facts: Mapping[str, Any]) -> None:
    """Print an explanation for people.

    Args:
        facts: The explanation, schema 2 of docs/reference/explain.md.
    """
    freq = words.frequency(facts)
    _lines(facts["sentence"], style="bold")
    sure = ", ".join(text for text in (words.label(facts), words.confidence(facts)) if text)
    if sure:
        _lines(sure)
    _section("Next time", [("", text) for text in facts.get("next_time") or ()])
    _section("Miss", _miss(facts, freq))
    _section("Why", _why(facts))
    _section("Parts of the miss", _parts(facts))
    _section("Around it", _around(facts, freq))
    _alternatives(facts)
    _vintages(facts, freq)
    _section("Runs without a forecast", _attempts(facts))
    _section("Where it comes from", _lineage(facts))


def _miss(facts: Mapping[str, Any], freq: str) -> list[tuple[str, ...]]:
    made, actual = facts.get("forecast"), facts.get("actual")
    rows: list[tuple[str, ...]] = []
    if made:
        bands = ", ".join(f"{k} % {interval(b)}" for k, b in made["intervals"].items())
        known = f"knowing {words.period(made['cutoff'], freq)}, {made['lead']} ahead"
        rows.append(("forecast", number(made["mean"]), "; ".join(filter(None, (known, bands)))))
    if actual is not None:
        rows.append(("actual", number(actual), str(facts.get("actual_source") or "")))
    if facts.get("miss") is not None:
        rows.append(("miss", signed(facts["miss"]), _standing(facts)))
    return rows


def _standing(facts: Mapping[str, Any]) -> str:
    """The miss in percent, in standard deviations, and among the errors of the backtest."""
    place = facts.get("standing") or {}
    share = facts.get("miss_percent")
    found = [] if share is None else [f"{signed(share)} % of the actual"]
    if place.get("z") is not None:
        found.append(f"{number(place['z'])} standard deviations")
    found += filter(None, [words.among(place)])
    times = words.unusual(facts)
    return ", ".join([*found, *([f"{times} the usual error"] if times else [])])


def _why(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for found in facts.get("evidence") or ():
        text = str(found["statement"])
        if found.get("value") is not None and found.get("threshold") is not None:
            text += f" [{render.cell(found['value'])}; rule {render.cell(found['threshold'])}]"
        rows.append(("-", text))
    return rows


def _parts(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Parts that are something; the others have no part in it."""
    return [
        (
            words.PARTS.get(p["name"], p["name"]),
            signed(p["value"]),
            share_of(p["value"], facts.get("miss")),
            str(p.get("evidence") or ""),
        )
        for p in facts.get("parts") or ()
        if p["value"]
    ]


def _around(facts: Mapping[str, Any], freq: str) -> list[tuple[str, ...]]:
    """Fleet, break, what changed the number, replay."""
    rows = [("airports", _fleet(facts)), ("break", words.break_sentence(facts, freq))]
    change = facts.get("vintage_change")
    if change:
        parts = ", ".join(
            f"{p['name'].replace('_', ' ')} {signed(p['value'])}"
            for p in change["parts"]
            if p["value"]
        )
        start, end = (words.period(str(change[k]), freq) for k in ("from", "to"))
        text = f"{signed(change['difference'])} from {start} to {end}"
        rows.append(("changed", f"{text}: {parts}" if parts else text))
    replay = facts.get("replay")
    rows.append(("replay", replay_sentence(replay) if replay else None))
    return [(name, text) for name, text in rows if text]


def _fleet(facts: Mapping[str, Any]) -> str | None:
    """How the other airports fared, and by how much in the middle."""
    text = words.fleet_sentence(facts)
    middle = (facts.get("fleet") or {}).get("median_z")
    return text if text is None or middle is None else f"{text} (median z {number(middle)})"


def _alternatives(facts: Mapping[str, Any]) -> None:
    every = facts.get("alternatives") or ()
    rows = [
        (words.alternative(a), number(a["value"]), signed(a.get("miss")), words.sort(a))
        for a in every[:ALTERNATIVES_SHOWN]
    ]
    more = len(every) - len(rows)
    _section("Other models would have said" + (f" (best of {len(every)})" if more else ""), rows)


def _vintages(facts: Mapping[str, Any], freq: str) -> None:
    every = facts.get("vintages") or ()
    rows = [
        (
            words.period(v["cutoff"], freq),
            number(v["mean"]),
            signed(v["miss"]) if v.get("miss") is not None else "",
            f"made {moment(v['made'])[:DAY]}, {v.get('origin') or 'live'}, run {v['run_id']}",
        )
        for v in every[:VINTAGES_SHOWN]
    ]
    more = len(every) - len(rows)
    title = "Stored forecasts by last period known"
    _section(f"{title} ({len(rows)} of {len(every)})" if more else title, rows)


def _attempts(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (str(a.get("status")), f"{a.get('reason') or '-'} (job {a.get('job_id')})")
        for a in (facts.get("without_forecast") or ())[:VINTAGES_SHOWN]
    ]


def _lineage(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    model, lineage = facts.get("model") or {}, facts.get("lineage") or {}
    every = model.get("members") or ()
    members = [
        f"{number(m['weight'])} {m['label']}"
        + (f" (trial {m['trial']})" if m.get("trial") is not None else "")
        for m in every[:MEMBERS_SHOWN]
    ]
    if len(every) > MEMBERS_SHOWN:
        members.append(f"{len(every) - MEMBERS_SHOWN} more that --json names")
    job = [lineage.get("job_id"), f"run {lineage.get('run_id')}"]
    code = [lineage.get("git_commit"), "changed since" if _dirty(lineage) else None]
    digests = [
        f"{key} {str(lineage[f'{key}_digest'])[:DIGEST_SHOWN]}"
        for key in ("data", "panel", "config")
        if lineage.get(f"{key}_digest")
    ]
    rows = [
        ("model", " + ".join(members)),
        ("status", "; ".join(str(lineage[k]) for k in ("status", "reason") if lineage.get(k))),
        ("job", ", ".join(str(text) for text in job if text)),
        ("data", ", ".join(digests)),
        ("code", ", ".join(str(text) for text in code if text)),
        *((f"{k} page", url) for k, url in (lineage.get("urls") or {}).items() if url),
    ]
    return [(name, text) for name, text in rows if text]


def _dirty(lineage: Mapping[str, Any]) -> bool:
    return str(lineage.get("git_dirty")).lower() == "true"


def _section(title: str, rows: Sequence[Sequence[str]]) -> None:
    """A heading and aligned rows, of which only the last column may be long."""
    if not rows:
        return
    _lines(title, style="bold")
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns[:-1]]
    numbers = [all(_numeric(cell) for cell in column) for column in columns[:-1]]
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row[:-1], widths, numbers, strict=True)
            if width
        ]
        head = INDENT + "".join(f"{cell}{INDENT}" for cell in cells)
        _lines(row[-1], head)


def _numeric(text: str) -> bool:
    return not text.strip("+-0123456789,.% e")


def _lines(text: str, head: str = "", style: str = "") -> None:
    """A paragraph; folded below its own beginning on a terminal, one line anywhere else."""
    whole = render.printable(f"{head}{text}").rstrip()
    if not sys.stdout.isatty():
        render.print_line(whole, style=style)
        return
    width = shutil.get_terminal_size().columns
    inner = " " * (len(head) if width >= NARROW and len(head) <= DEEPEST else 2 * len(INDENT))
    for line in _folded(whole, width, inner if head else ""):
        render.print_line(line, style=style)


def _folded(text: str, width: int, inner: str) -> Iterable[str]:
    """Lines of at most ``width``; identifiers stay whole where they fit."""
    return textwrap.wrap(
        text, width, subsequent_indent=inner, break_on_hyphens=False, drop_whitespace=True
    )
