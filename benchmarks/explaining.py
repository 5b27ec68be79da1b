"""Ask explain about labelled real events, ordinary months and injected faults, and count.

Every case is made as a user would make it: jobs that tune, train, forecast and record, then later
ones on newer data, then explain. `events.py` holds the real events with their sources,
`ordinary.py` months in which nothing happened, `injections.py` and the `kinds_of_*.py` what is put
into real and simulated fleets. What is right is decided by the fault, and by what the forecast
would have missed without it (`scoring.hidden`), never by the forecast that the fault has spoilt.

All that happens at one place (an event, a fleet with its airport and cutoff, a block of ordinary
months) falls into one of two halves, by a digest of the place's name. Rules may be amended on the
half `amend`, whose wrong answers are printed one by one with the command that repeats each. The
half `asked` is asked once, when the rules are done; its wrong answers are counted, not shown.

    python benchmarks/explaining.py                      # the half to amend rules on
    python benchmarks/explaining.py --quick              # a part of it, under a minute
    python benchmarks/explaining.py --half asked         # once, at the end
    python benchmarks/explaining.py --only "m1 3" --json cases.json
    python benchmarks/explaining.py --seed 7 --half asked --made    # other made cases, for trying
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import sites  # noqa: E402 - after the variables
from events import event_scenarios  # noqa: E402
from making import made_scenarios  # noqa: E402
from ordinary import ordinary_scenarios  # noqa: E402
from panels import AT, folder  # noqa: E402
from playing import play  # noqa: E402
from scoring import AMEND, ASKED, HALVES, half_of  # noqa: E402
from telling import summary, text  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from panels import Scenario
    from playing import Row
ON_DISK = 2
"""So many scenarios of each group are recorded in SQLite through MLflow, the rest in memory."""
OFTEN = 10
QUICKLY = {"event": 9, "ordinary": 24, "made": 80}
"""Of how many scenarios of each group ``--quick`` plays one."""


def main() -> None:
    options = parse()
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    if options.half == ASKED:
        print(f"The half that is asked once, asked on {today}, seed {options.seed}.", flush=True)
    started = time.perf_counter()
    chosen = choose(options)
    rows = [row for part in parallel(chosen, options) for row in part]
    rows.sort(key=lambda r: (r["scenario"], r["kind"], r["airport"], str(r["date"])))
    seconds = time.perf_counter() - started
    answer = {
        "half": options.half,
        "date": today,
        "seed": options.seed,
        "seconds": seconds,
        "scenarios": len(chosen),
        **summary(rows),
    }
    if options.json:
        Path(options.json).write_text(json.dumps({**answer, "cases": rows}, indent=1))
    print(text(answer, rows, shown=options.half == AMEND))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Explain against labelled events and faults")
    parser.add_argument("--half", choices=HALVES, default=AMEND, help="amend unless asked for")
    parser.add_argument("--quick", action="store_true", help="a part of the cases, under a minute")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one scenario of N")
    parser.add_argument("--only", default="", help="scenarios whose name holds this text")
    parser.add_argument("--made", action="store_true", help="only what is put into fleets")
    parser.add_argument("--seed", type=int, default=sites.SEED, help="of what is put into fleets")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", metavar="FILE", help="write every case with its evidence")
    options = parser.parse_args()
    if options.seed != sites.SEED and not options.made:
        parser.error("real events and ordinary months know no seed: add --made")
    return options


def choose(options: argparse.Namespace) -> list[tuple[Scenario, bool]]:
    """Scenarios of the half, and whether each is recorded on disk."""
    if not folder().is_dir():
        sys.exit(f"The real panels are not there: {folder()}.")

    def mine(place: str) -> bool:
        return half_of(place) == options.half and options.only.split(AT)[0] in place

    groups = {"made": made_scenarios(options.seed, mine)}
    if not options.made:
        groups = {"event": event_scenarios(), "ordinary": ordinary_scenarios(), **groups}
    chosen = []
    for name, scenarios in groups.items():
        half = [s for s in scenarios if mine(s.place)]
        asked = [s for s in half if options.only in s.name]
        every = QUICKLY[name] if options.quick else options.every
        asked = asked[every // 2 :: every]
        smallest = {s.name for s in sorted(half, key=size)[:ON_DISK]}
        chosen += [(s, s.name in smallest) for s in asked]
    return chosen


def size(scenario: Scenario) -> int:
    """How much its jobs have to do."""
    return sum(step.panel.size for step in scenario.steps)


def parallel(
    scenarios: Sequence[tuple[Scenario, bool]], options: argparse.Namespace
) -> Iterator[list[Row]]:
    """Rows of each scenario as they come, the largest first; how many are done goes to stderr."""
    from joblib import Parallel, delayed

    largest = sorted(scenarios, key=lambda s: -size(s[0]))
    workers = Parallel(n_jobs=options.jobs, return_as="generator_unordered")
    for done, rows in enumerate(workers(delayed(play)(*one) for one in largest), 1):
        yield rows
        if done % OFTEN == 0 or done == len(largest):
            print(f"{done} of {len(largest)} scenarios", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
