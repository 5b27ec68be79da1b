"""Ask explain about labelled real events, ordinary months and injected faults, and count.

Every case is made as a user would make it: jobs that tune, train, forecast and record, then later
ones on newer data, then explain. `events.py` holds the labels with their sources, `injections.py`
the faults. Prints the events one by one, a confusion table, accuracy, the share of ordinary months
that are called a shock with its Wilson interval, and what was wrong.

Cases other than events are split in two halves by their name: thresholds were chosen on the first,
the second reports.

    python benchmarks/explaining.py --quick
    python benchmarks/explaining.py --json cases.json
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from events import EVENTS, event_scenarios, ordinary_scenarios  # noqa: E402 - after the variables
from injections import injected_scenarios  # noqa: E402
from panels import SHOCKS, UNUSUAL, VERDICTS, folder  # noqa: E402
from playing import play  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from panels import Scenario
    from playing import Row
ON_DISK = 2
"""So many scenarios of each group are recorded in SQLite through MLflow, the rest in memory."""


def main() -> None:
    options = parse()
    started = time.perf_counter()
    scenarios = choose(options)
    rows = [row for part in parallel(scenarios, options.jobs) for row in part]
    seconds = time.perf_counter() - started
    answer = {"seconds": seconds, "scenarios": len(scenarios), **summary(rows)}
    if options.json:
        Path(options.json).write_text(json.dumps({**answer, "cases": rows}, indent=1))
    print(text(answer, rows))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Explain against labelled events and faults")
    parser.add_argument("--quick", action="store_true", help="a part of the cases, under a minute")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", metavar="FILE", help="write every case with its evidence")
    return parser.parse_args()


def choose(options: argparse.Namespace) -> list[tuple[Scenario, bool]]:
    """Scenarios, and whether each is recorded on disk."""
    if not folder().is_dir():
        raise SystemExit(f"The real panels are not there: {folder()}.")
    groups = [list(event_scenarios()), list(ordinary_scenarios()), list(injected_scenarios())]
    if options.quick:
        groups = [groups[0][:5], groups[1][4:6], groups[2][::13]]
    chosen = []
    for group in groups:
        smallest = sorted(group, key=lambda s: sum(step.panel.size for step in s.steps))[:ON_DISK]
        chosen += [(s, s in smallest) for s in group if options.only in s.name]
    return chosen


def parallel(scenarios: Sequence[tuple[Scenario, bool]], jobs: int) -> Iterator[list[Row]]:
    """Rows of each scenario; the largest go first."""
    from joblib import Parallel, delayed

    largest = sorted(scenarios, key=lambda s: -sum(step.panel.size for step in s[0].steps))
    yield from Parallel(n_jobs=jobs)(delayed(play)(*one) for one in largest)


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of a share: Wilson (1927)."""
    if not n:
        return 0.0, 1.0
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Accuracy by group and class, and ordinary months called a shock, by half."""
    answer: dict[str, Any] = {}
    for half in ("calibration", "report", "all"):
        mine = [r for r in rows if half in ("all", r["half"])]
        faults = [r for r in mine if r["group"] != "unscreened"]
        ordinary = [r for r in mine if r["group"] == "ordinary"]
        shocks = sum(r["said"] in SHOCKS for r in ordinary)
        answer[half] = {
            "accuracy": share([r["right"] for r in faults]),
            "accuracy_strict": share([r["right_strictly"] for r in faults]),
            "shown": by([r for r in mine if r["group"] == "injected" and not r["hidden"]], "kind"),
            "by_group": by(mine, "group"),
            "by_class": by([r for r in faults if r["group"] != "ordinary"], "expected"),
            "by_kind": by([r for r in mine if r["group"] != "event"], "kind"),
            "ordinary": len(ordinary),
            "ordinary_called_shock": shocks,
            "ordinary_called_unusual": sum(r["said"] == UNUSUAL for r in ordinary),
            "share_called_shock": shocks / max(len(ordinary), 1),
            "wilson_95": wilson(shocks, len(ordinary)),
        }
    return answer


def share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else math.nan


def by(rows: Sequence[Row], key: str) -> dict[str, list[Any]]:
    """Right, and asked, by a key."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row["right"])
    return {name: [sum(values), len(values)] for name, values in found.items()}


def text(answer: dict[str, Any], rows: Sequence[Row]) -> str:
    lines = [*events_table(rows), "", *confusion(rows), ""]
    for half in ("calibration", "report", "all"):
        a = answer[half]
        lo, hi = a["wilson_95"]
        groups = ", ".join(f"{k} {r}/{n} ({r / n:.1%})" for k, (r, n) in a["by_group"].items())
        lines.append(f"{half}: accuracy {a['accuracy']:.1%} (without unscreened): {groups}")
        shown = [sum(values) for values in zip(*a["shown"].values(), strict=True)] or [0, 0]
        lines.append(f"  injected and not hidden in the 99 % interval: {shown[0]} of {shown[1]}")
        strict = a["accuracy_strict"]
        lines.append(f"  {strict:.1%} where noise is accepted only inside of the 95 % interval")
        lines.append(
            f"  ordinary months called a shock: {a['ordinary_called_shock']} of {a['ordinary']}, "
            f"{a['share_called_shock']:.2%} (95 %: {lo:.2%} to {hi:.2%})"
        )
        unusual = a["ordinary_called_unusual"]
        lines.append(f"  ordinary months called unusual, cause not found: {unusual}")
    lines.append("")
    for kind, (right, asked) in answer["all"]["by_kind"].items():
        shown = answer["all"]["shown"].get(kind)
        beside = f", {shown[0]} of {shown[1]} where it shows" if shown else ""
        lines.append(f"{kind}: {right} of {asked}{beside}")
    lines.append("")
    lines += errors(rows)
    each = sum(r["seconds"] for r in rows) / max(len(rows), 1)
    lines.append(f"{len(rows)} cases, {answer['seconds']:.0f} s; explain: {each:.3f} CPU s each")
    return "\n".join(lines)


def events_table(rows: Sequence[Row]) -> list[str]:
    sources = {event.name: event.source for event in EVENTS}
    lines = []
    for name, source in sources.items():
        mine = [r for r in rows if r["group"] == "event" and r["kind"] == name]
        if mine:
            lines += ["", f"{name} [{source}]"]
        for r in sorted(mine, key=lambda r: (r["date"], r["cutoff"], r["airport"])):
            mark = "ok   " if r["right"] else "WRONG"
            verdict = f"{r['said']} ({r['confidence'] or 0:.2f})"
            lines.append(f"{mark} {r['date']} lead {r['lead']} {verdict:<32} {r['sentence']}")
            if not r["right"]:
                lines.append(f"      accepted: {', '.join(r['accepted'])}")
    return lines


def confusion(rows: Sequence[Row]) -> list[str]:
    """Expected by said; where several verdicts are right and one was said, it counts as such."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for r in rows:
        if r["group"] == "unscreened":
            continue
        said = r["said"] if r["said"] in (*VERDICTS, UNUSUAL) else "error"
        true = r["expected"] if said == UNUSUAL or not r["right"] else said
        counts[true][said] += 1
    columns = [*VERDICTS, UNUSUAL, "error"]
    lines = ["expected, said".ljust(26) + "".join(f"{c[:9]:>10}" for c in columns)]
    return lines + [
        f"{name:<26}" + "".join(f"{counts[name][c] or '.':>10}" for c in columns)
        for name in VERDICTS
    ]


def errors(rows: Sequence[Row], most: int = 40) -> list[str]:
    wrong = [r for r in rows if not r["right"] and r["group"] not in ("event", "unscreened")]
    wrong.sort(key=lambda r: (r["group"] == "ordinary" and r["said"] not in SHOCKS, r["kind"]))
    lines = [f"{len(wrong)} wrong, other than events" + (f"; {most} of them:" if wrong else "")]
    for r in wrong[:most]:
        z = r["z"]
        size = "" if z is None else f"z {z:.1f} "
        where = f"{r['scenario']} > {r['date']}"
        lines.append(
            f"  {r['kind']}: {where}: {r['said']} for {r['expected']}; {size}{r['sentence']}"
        )
    return lines


if __name__ == "__main__":
    main()
