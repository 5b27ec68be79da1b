"""A million airports a night on 500 cores: measured in small, simulated in large.

Runs small jobs in shares on this machine, with a watch on every step (flat and nested, and with
larger transactions), and simulates a night of that at full size, in several ways of recording it::

    python benchmarks/simulate.py --airports 300
    python benchmarks/simulate.py --check 2000

Prints Markdown: what was measured, where the time of a night goes, and what the tracking stores
must take. ``--check`` does a job of so many airports for real instead, on the cores of this
machine with few evaluations, and prints predicted over actual. ``--keep FILE`` writes all figures
as JSON, which is what the documentation's drawing is made of; ``--facts FILE`` takes what was
measured from one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nights import told
from nights.check import checked
from nights.facts import Facts
from nights.measure import Asked, facts_of
from nights.night import Night
from nights.scenarios import BATCH, played, scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

WAYS = ("nested", "flat", "batched")
"""Of recording; without ``flat`` nothing can be simulated."""


def main() -> None:
    options = parsed()
    kept = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    asked = Asked(
        options.airports, options.planned, options.months, options.evals, store=options.store
    )
    if options.check:
        kept["checks"] = [*kept.get("checks", []), check(asked, options)]
    else:
        known = read(options.facts) if options.facts else measured(asked, options.ways)
        kept["measured"] = {name: facts.to_dict() for name, facts in known.items()}
        kept["nights"] = simulated(known, options)
    if options.keep:
        options.keep.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def measured(asked: Asked, names: Sequence[str]) -> dict[str, Facts]:
    """Facts of ways of recording, by their names."""
    ways = {
        "nested": replace(asked, layout="nested"),
        "flat": asked,
        "batched": replace(asked, at_once=BATCH),
    }
    found = {}
    for name in names:
        print(f"measuring: {name}, load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
        found[name] = facts_of(ways[name])
    # The models are the same, however they are recorded; each job saw their CPU time anew.
    models = tuple(round(cpu, 4) for facts in found.values() for cpu in facts.models)
    return {name: replace(facts, models=models) for name, facts in found.items()}


def read(path: Path) -> dict[str, Facts]:
    """Facts that were measured before."""
    kept = json.loads(path.read_text(encoding="utf-8"))["measured"]
    return {name: Facts.from_dict(value) for name, value in kept.items()}


def simulated(known: dict[str, Facts], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Play all scenarios and print them."""
    night = Night(options.fleet, options.cores, options.machine, grain=options.grain)
    print(f"Measured, milliseconds an airport and what it leaves:\n\n{told.measured(known)}\n")
    found = []
    for scenario in scenarios(known, night):
        print(f"simulating: {scenario.name}", file=sys.stderr)
        found.append(played(scenario))
    print(f"{options.fleet:,} airports on {options.cores} cores:\n\n{told.nights(found)}\n")
    print(f"What the stores must take:\n\n{told.stores(found)}")
    return found


def check(asked: Asked, options: argparse.Namespace) -> dict[str, Any]:
    """Predict a job from small ones, do it, and print both."""
    few = replace(asked, evals=options.evals or 3)
    found = checked(facts_of(few), few, options.check, options.check_cores)
    print(told.compared(found))
    return found


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A million airports a night, simulated")
    parser.add_argument("--airports", type=int, default=300, help="of the larger measured job")
    parser.add_argument("--planned", type=int, default=5000, help="of a job that is only planned")
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--evals", type=int, help="evaluations of a search, by default as in run")
    parser.add_argument("--store", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="that are measured")
    parser.add_argument("--fleet", type=int, default=1_000_000)
    parser.add_argument("--cores", type=int, default=500)
    parser.add_argument("--machine", type=int, default=32, help="cores of one")
    parser.add_argument("--grain", type=int, default=20, help="airports simulated as one piece")
    parser.add_argument("--facts", type=Path, help="figures that were kept, to simulate from")
    parser.add_argument("--keep", type=Path, help="where all figures go, as JSON")
    parser.add_argument("--check", type=int, nargs="?", const=2000, help="do a job for real")
    parser.add_argument("--check-cores", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
