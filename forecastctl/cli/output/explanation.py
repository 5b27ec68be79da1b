"""An explanation on the screen: the verdict in a sentence, then what it rests on."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from forecastctl.cli.output import render
from forecastctl.explain.page import words
from forecastctl.explain.page.tables import (
    interval,
    moment,
    replay_sentence,
    share_of,
)
from forecastctl.figures import is_nothing, number, percent, period, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.values import (
        Alternative,
        Answer,
        Attempt,
        Candidate,
        Evidence,
        Lineage,
        ModelFacts,
        Vintage,
    )

ALTERNATIVES_SHOWN = 3
CANDIDATES_SHOWN = 4
MEMBERS_SHOWN = 5
VINTAGES_SHOWN = 4
DIGEST_SHOWN = 12  # characters
LENGTH_OF_DAY = 10  # characters of an ISO date
NARROW = 60  # columns of a terminal, below which lines are not folded under their last column
DEEPEST = 40  # columns by which they may be indented
INDENT = "  "


def print_explanation(answer: Answer) -> None:
    """Print an explanation for people."""
    freq = words.frequency(answer)
    _lines(answer.sentence, style="bold")
    verdict = ", ".join(text for text in (words.label(answer), words.confidence(answer)) if text)
    if verdict:
        _lines(verdict)
    _section("Next time", [("", text) for text in answer.next_time])
    _section("Miss", _miss(answer, freq))
    _section("Allowed for", [("-", effect.statement) for effect in answer.effects or ()])
    _section("Why", _why(answer.evidence))
    _candidates(answer.candidates)
    _section("Parts of the miss", _parts(answer))
    _section("Around it", _around(answer, freq))
    _alternatives(answer.alternatives)
    _vintages(answer.vintages, freq)
    _section("Runs without a forecast", _attempts(answer.without_forecast))
    _section("Where it comes from", _lineage(answer.model, answer.lineage))


def _miss(answer: Answer, freq: str) -> list[tuple[str, ...]]:
    """Forecast, actual and miss."""
    forecast = answer.forecast
    rows: list[tuple[str, ...]] = []
    if forecast is not None:
        bands = ", ".join(f"{k} % {interval(b)}" for k, b in forecast.intervals.items())
        knowing = f"knowing {period(forecast.cutoff, freq)}, {forecast.lead} ahead"
        rows.append(("forecast", number(forecast.mean), "; ".join(filter(None, (knowing, bands)))))
    if forecast is not None and (made := forecast.reconciled) is not None:
        rows.append(("published", number(made.mean), words.published(made)))
    if answer.actual is not None:
        rows.append(("actual", number(answer.actual), answer.actual_source or ""))
    if answer.miss is not None:
        rows.append(("miss", words.miss(answer), _standing(answer)))
    return rows


def _standing(answer: Answer) -> str:
    """The miss in percent, among the errors of the backtest, and in times of the usual error."""
    if words.missed_nothing(answer):
        return "met exactly"
    place, share = answer.standing, answer.miss_percent
    texts = [] if share is None else [f"{signed(share)} % of the actual"]
    if place is not None:
        texts += filter(None, [words.among(place)])
    times = words.unusual(answer)
    return ", ".join([*texts, *([f"{times} the usual error"] if times else [])])


def _why(evidence: Sequence[Evidence]) -> list[tuple[str, ...]]:
    """The evidence in words; the thresholds stand in --json."""
    return [("-", item.statement) for item in evidence]


def _candidates(candidates: Sequence[Candidate]) -> None:
    """What else may have caused the miss; the first is the verdict's, which is said above."""
    rows = [
        (words.cause(c), percent(c.share), f"{percent(c.certainty)} sure", c.statement)
        for c in candidates[1 : 1 + CANDIDATES_SHOWN]
    ]
    _section("Other causes, by how much of the miss they explain", rows)


def _parts(answer: Answer) -> list[tuple[str, ...]]:
    """The parts of the miss that are not written as zero."""
    return [
        (words.part(p), signed(p.value, answer.miss), share_of(p.value, answer.miss), p.evidence)
        for p in answer.parts
        if not is_nothing(p.value, answer.miss)
    ]


def _around(answer: Answer, freq: str) -> list[tuple[str, ...]]:
    """Fleet, break, what changed the number, replay."""
    rows = [
        ("airports", words.fleet_sentence(answer.fleet)),
        ("break", words.break_sentence(answer, freq)),
    ]
    change = answer.vintage_change
    if change is not None:
        parts = ", ".join(
            f"{words.changed(p)} {signed(p.value, change.difference)}"
            for p in change.parts
            if not is_nothing(p.value, change.difference)
        )
        start, end = period(change.from_, freq), period(change.to, freq)
        text = f"{signed(change.difference)} from {start} to {end}"
        rows.append(("changed", f"{text}: {parts}" if parts else text))
    rows.append(("replay", replay_sentence(answer.replay) if answer.replay else None))
    return [(name, text) for name, text in rows if text]


def _alternatives(alternatives: Sequence[Alternative]) -> None:
    rows = [
        (words.alternative(a), number(a.value), signed(a.miss), words.sort(a))
        for a in alternatives[:ALTERNATIVES_SHOWN]
    ]
    more = len(alternatives) - len(rows)
    _section(
        "Other models would have said" + (f" (best of {len(alternatives)})" if more else ""), rows
    )


def _vintages(vintages: Sequence[Vintage], freq: str) -> None:
    rows = [
        (
            period(v.cutoff, freq),
            number(v.mean),
            signed(v.miss) if v.miss is not None else "",
            f"made {moment(v.made)[:LENGTH_OF_DAY]}, {v.origin}, run {v.run_id}",
        )
        for v in vintages[:VINTAGES_SHOWN]
    ]
    more = len(vintages) - len(rows)
    title = "Stored forecasts by last period known"
    _section(f"{title} ({len(rows)} of {len(vintages)})" if more else title, rows)


def _attempts(attempts: Sequence[Attempt]) -> list[tuple[str, ...]]:
    return [
        (str(a.status), f"{a.reason or '-'} (job {a.job_id})") for a in attempts[:VINTAGES_SHOWN]
    ]


def _lineage(model: ModelFacts, lineage: Lineage) -> list[tuple[str, ...]]:
    job = [lineage.job_id, f"run {lineage.run_id}"]
    code = [
        lineage.git_commit,
        "changed since" if str(lineage.git_dirty).lower() == "true" else None,
    ]
    digests = [
        f"{name} {digest[:DIGEST_SHOWN]}"
        for name, digest in (
            ("data", lineage.data_digest),
            ("panel", lineage.panel_digest),
            ("config", lineage.config_digest),
        )
        if digest
    ]
    pages = lineage.urls
    rows = [
        ("status", "; ".join(filter(None, (lineage.status, lineage.reason)))),
        ("model", _members(model)),
        ("job", ", ".join(filter(None, job))),
        ("data", ", ".join(digests)),
        ("code", ", ".join(filter(None, code))),
        ("forecast page", pages.forecast),
        ("trained page", pages.trained),
        ("tuned page", pages.tuned),
    ]
    return [(name, text) for name, text in rows if text]


def _members(model: ModelFacts) -> str:
    """The models that were averaged, and in what shares."""
    shares = [percent(m.weight) for m in model.members]
    equal, mean = len(set(shares)) == 1, len(shares) > 1
    members = [
        m.label
        + (f" (trial {m.trial})" if m.trial is not None else "")
        + (f" {share}" if mean and not equal else "")
        for m, share in zip(model.members[:MEMBERS_SHOWN], shares, strict=False)
    ]
    if len(shares) > MEMBERS_SHOWN:
        members.append(f"{len(shares) - MEMBERS_SHOWN} more that --json names")
    text = ", ".join(members)
    if not mean:
        return text
    return f"{'equal ' if equal else ''}mean of {len(shares)}: {text}"


def _section(title: str, rows: Sequence[Sequence[str]]) -> None:
    """A heading and aligned rows, of which only the last column may be long."""
    if not rows:
        return
    _lines(title, style="bold")
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns[:-1]]
    numbers = [all(_is_number(cell) for cell in column) for column in columns[:-1]]
    for row in rows:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row[:-1], widths, numbers, strict=True)
            if width
        ]
        head = INDENT + "".join(f"{cell}{INDENT}" for cell in cells)
        _lines(row[-1], head)


def _is_number(text: str) -> bool:
    return not text.strip("+-0123456789,.% e")


def _lines(text: str, head: str = "", style: str = "") -> None:
    """Print a paragraph: folded on a terminal, indented as its text is; one line anywhere else."""
    whole = render.printable(f"{head}{text}").rstrip()
    if not sys.stdout.isatty():
        render.print_line(whole, style=style)
        return
    width = shutil.get_terminal_size().columns
    inner = " " * (len(head) if width >= NARROW and len(head) <= DEEPEST else 2 * len(INDENT))
    inner = inner if head else ""
    # Identifiers stay whole where they fit into a line.
    for line in textwrap.wrap(whole, width, subsequent_indent=inner, break_on_hyphens=False):
        render.print_line(line, style=style)
