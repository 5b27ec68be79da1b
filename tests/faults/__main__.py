"""Strike jobs at random moments, start them again, and count what is not as it should be."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MLFLOW_DISABLE_TELEMETRY"):
    os.environ.setdefault(variable, "1")

from tests.cli.conftest import panel  # noqa: E402
from tests.faults.account import Account, account  # noqa: E402
from tests.faults.places import STORES, places  # noqa: E402
from tests.faults.strike import SIGNALS, VICTIMS, Strike, Struck, strike, undisturbed  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.places import Place

LAYOUTS = ("nested", "flat")
AIRPORTS = tuple(f"A{i}" for i in range(8))
TWICE = 0.3
"""Share of the jobs whose second start is struck as well."""

COUNTED = ("lost", "doubled", "torn", "dangling", "orphaned", "spooled", "broken")


def main() -> None:
    """Print one line for each store and layout, and the faults in full."""
    parser = argparse.ArgumentParser(description="Kill jobs and count what is lost")
    parser.add_argument("--kills", type=int, default=200, help="jobs that are struck")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="stop after these, and a job each"
    )
    options = parser.parse_args()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    end = time.monotonic() + 60 * options.minutes
    combinations = list(itertools.product(options.stores, LAYOUTS))
    share = -(-options.kills // len(combinations))
    total: Counter[str] = Counter()
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        data = home / "air.csv"
        panel(AIRPORTS, months=60).to_csv(data, index=False)
        for number, store in enumerate(options.stores):
            until = time.monotonic() + (end - time.monotonic()) / (len(options.stores) - number)
            with places(store, home) as make:
                for layout in LAYOUTS:
                    half = until if layout == LAYOUTS[-1] else (time.monotonic() + until) / 2
                    rng = random.Random(f"{options.seed} {store} {layout}")  # noqa: S311
                    count = _struck(make, data, layout, rng, share, half)
                    print(f"{store:8} {layout:6} {_line(count)}", flush=True)
                    total += count
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"{'all':15} {_line(total)}")
    wrong = total["jobs"] - total["equal"] + sum(total[name] for name in (*COUNTED, *OTHER))
    sys.exit(1 if wrong else 0)


OTHER = ("hung", "left over", "tracebacks")


def _line(count: Counter[str]) -> str:
    names = (*COUNTED, *OTHER)
    found = ", ".join(f"{name} {count[name]}" for name in names)
    return f"{found}, equal {count['equal']} of {count['jobs']} ({count['strikes']} strikes)"


def _strikes(rng: random.Random) -> Iterator[Strike]:
    """Strikes until chance says that it is enough."""
    while True:
        yield Strike(rng.choice(VICTIMS), rng.choice(SIGNALS), rng.uniform(0.05, 1.0))
        if rng.random() > TWICE:
            return


def _struck(
    make: Callable[[], Place],
    data: Path,
    layout: str,
    rng: random.Random,
    jobs: int,
    until: float,
) -> Counter[str]:
    """So many struck jobs of one layout in one kind of store, compared with an undisturbed one."""
    whole = make()
    undisturbed(whole, data, layout)  # reads what the machine has not read yet
    whole = make()
    seconds = undisturbed(whole, data, layout)
    reference, forecasts = account(whole, AIRPORTS), (whole.folder / "f.csv").read_bytes()
    count: Counter[str] = Counter()
    while count["jobs"] < jobs and (not count["jobs"] or time.monotonic() < until):
        place, strikes = make(), list(_strikes(rng))
        found = strike(place, data, layout, strikes, seconds)
        if not found.landed:
            continue
        out = place.folder / "f.csv"
        held = account(place, AIRPORTS)
        same = out.exists() and out.read_bytes() == forecasts
        good = same and held.trials == reference.trials and found.codes[-1] == 0
        count += Counter(jobs=1, equal=int(good), strikes=found.landed)
        count += Counter({name: len(getattr(held, name)) for name in COUNTED})
        wrong = {"hung": found.hung, "left over": found.left, "tracebacks": len(found.tracebacks)}
        count += Counter({name: int(value) for name, value in wrong.items()})
        if not good or any(wrong.values()) or any(getattr(held, name) for name in COUNTED):
            _report(layout, place, strikes, found, held)
        shutil.rmtree(place.folder, ignore_errors=True)
    return count


def _report(layout: str, place: Place, strikes: list[Strike], found: Struck, held: Account) -> None:
    """All that is known about a job that did not end as it should."""
    print(f"WRONG {place.experiment}, {layout}: {'; then '.join(map(str, strikes))}")
    print(f"  exit codes {found.codes}, hung {found.hung}, left over {found.left}")
    for name in (*COUNTED, "trials"):
        print(f"  {name}: {getattr(held, name)}")
    for text in found.tracebacks:
        print("  " + text[-3000:].replace("\n", "\n  "), flush=True)


if __name__ == "__main__":
    main()
