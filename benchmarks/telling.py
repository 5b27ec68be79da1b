"""What the benchmark of explain counts, and how it says it. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from panels import NOISE, POOR, SHOCKS, UNUSUAL, VERDICTS
from scoring import reliability, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playing import Row

COLUMNS = (*VERDICTS, UNUSUAL, POOR, "error")


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Accuracy by group, class and kind, ordinary months called a shock, and reliability."""
    ordinary = [r for r in rows if r["group"] == "ordinary"]
    shocks = sum(r["said"] in SHOCKS for r in ordinary)
    named = [r for r in rows if NOISE not in r["accepted"]]
    parts = [r["one_off_share"] for r in rows if r.get("one_off_share") is not None]
    return {
        "cases": len(rows),
        "right": sum(r["right"] for r in rows),
        "accuracy": share([r["right"] for r in rows]),
        "accuracy_where_noise_is_no_answer": share([r["right"] for r in named]),
        "where_noise_is_no_answer": len(named),
        "by_group": by(rows, "group"),
        "by_class": by([r for r in rows if r["group"] != "ordinary"], "expected"),
        "by_kind": by(rows, "kind"),
        "by_kind_where_it_shows": by([r for r in named if r["group"] == "injected"], "kind"),
        "ordinary": len(ordinary),
        "ordinary_called_shock": shocks,
        "ordinary_called_unusual": sum(r["said"] == UNUSUAL for r in ordinary),
        "wilson_95": wilson(shocks, len(ordinary)),
        "known_though_outside": sum(r["known_though_outside"] for r in rows),
        "one_off_shares": parts,
        "reliability": {
            "all": reliability(said(rows)),
            "without ordinary months": reliability(
                said([r for r in rows if r["group"] != "ordinary"])
            ),
        },
        "confusion": confusion(rows),
    }


def share(values: Sequence[bool]) -> float:
    """Share of true ones; NaN of none."""
    return sum(values) / len(values) if values else math.nan


def said(rows: Sequence[Row]) -> list[tuple[float, bool]]:
    """Confidence and whether the answer was right, where one was said."""
    return [(r["confidence"], r["right"]) for r in rows if r["confidence"] is not None]


def by(rows: Sequence[Row], key: str) -> dict[str, list[int]]:
    """Right, and asked, by a key."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row["right"])
    return {name: [sum(values), len(values)] for name, values in sorted(found.items())}


def confusion(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Expected by said; where several verdicts are right and one was said, it counts as such."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for r in rows:
        answer = r["said"] if r["said"] in COLUMNS else "error"
        true = r["expected"] if answer in (UNUSUAL, POOR) or not r["right"] else answer
        counts[true][answer] += 1
    return {name: dict(counts[name]) for name in VERDICTS if counts[name]}


def text(answer: dict[str, Any], rows: Sequence[Row], *, shown: bool) -> str:
    """The report; wrong answers one by one only where rules may be amended on them."""
    each = sum(r["seconds"] for r in rows) / max(len(rows), 1)
    lines = [
        *_table(answer["confusion"]),
        "",
        *_counts(answer),
        "",
        *_reliability(answer["reliability"]),
        "",
        *_kinds(answer),
        "",
        *(_wrong(rows) if shown else ["Which answers were wrong is not shown for this half."]),
        "",
        (
            f"{len(rows)} cases of the half {answer['half']}, {answer['date']}, "
            f"{answer['seconds']:.0f} s; explain: {each:.3f} CPU s each"
        ),
    ]
    return "\n".join(lines)


def _table(counts: dict[str, dict[str, int]]) -> Iterator[str]:
    yield "right, said".ljust(26) + "".join(f"{c[:9]:>10}" for c in COLUMNS)
    for name, row in counts.items():
        yield f"{name:<26}" + "".join(f"{row.get(c) or '.':>10}" for c in COLUMNS)


def _counts(a: dict[str, Any]) -> Iterator[str]:
    lo, hi = a["wilson_95"]
    yield f"right: {a['right']} of {a['cases']}, {a['accuracy']:.1%}"
    yield (
        f"  where noise is no answer: {a['accuracy_where_noise_is_no_answer']:.1%} "
        f"of {a['where_noise_is_no_answer']}"
    )
    for name, (right, asked) in a["by_group"].items():
        yield f"  {name}: {right} of {asked}, {right / asked:.1%}"
    for name, (right, asked) in a["by_class"].items():
        yield f"  {name}, without ordinary months: {right} of {asked}, {right / asked:.1%}"
    shocks, ordinary = a["ordinary_called_shock"], a["ordinary"]
    yield (
        f"ordinary months called a shock: {shocks} of {ordinary}, {shocks / max(ordinary, 1):.2%} "
        f"(95 %: {lo:.2%} to {hi:.2%})"
    )
    yield f"ordinary months called unusual, cause not found: {a['ordinary_called_unusual']}"
    yield f"said to be known, though outside the 95 % interval: {a['known_though_outside']}"
    if a["one_off_shares"]:
        ranked = sorted(a["one_off_shares"])
        near = sum(abs(v - 1.0) <= NEAR for v in ranked)
        yield (
            f"share of a one-month change that the one-off part takes: median "
            f"{ranked[len(ranked) // 2]:.0%}, within {NEAR:.0%} of it {near} of {len(ranked)}"
        )


NEAR = 0.1


def _reliability(tables: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for name, rows in tables.items():
        yield f"confidence said, {name}:   right   95 % interval   answers"
        for r in rows:
            lo, hi = r["wilson"]
            yield (
                f"  {r['from']:.0%} to {r['to']:.0%}, mean {r['confidence']:.1%}: "
                f"{r['right']:.1%}   {lo:.1%} to {hi:.1%}   {r['count']}"
            )


def _kinds(answer: dict[str, Any]) -> Iterator[str]:
    for kind, (right, asked) in answer["by_kind"].items():
        shows = answer["by_kind_where_it_shows"].get(kind)
        beside = f", {shows[0]} of {shows[1]} where it shows" if shows else ""
        mark = "     " if right == asked else "WRONG"
        yield f"{mark} {kind}: {right} of {asked}{beside}"


def _wrong(rows: Sequence[Row]) -> Iterator[str]:
    """What was wrong, by kind, with the command that repeats it."""
    wrong = [r for r in rows if not r["right"]]
    wrong.sort(key=lambda r: (r["group"], r["kind"], r["scenario"], str(r["date"])))
    yield f"{len(wrong)} wrong"
    kind = None
    for r in wrong:
        if r["kind"] != kind:
            kind = r["kind"]
            yield f"\n[{r['group']}] {kind}"
        confidence = f"{r['confidence']:.2f}" if r["confidence"] is not None else "-"
        accepted = " or ".join(r["accepted"])
        yield f"  {r['airport']} {r['date']}: {r['said']} ({confidence}), right: {accepted}"
        yield f"    {r['sentence'] or 'no answer'}"
        if r["clean"]:
            miss, error = r["clean"]
            yield f"    without it: miss {miss:,.0f}, ordinary error {error:,.0f}"
        yield f'    python benchmarks/explaining.py --only "{r["scenario"]}"'
