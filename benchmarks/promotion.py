"""How often `promote` takes an equal model for a better one, and finds one that is 5 % better.

python benchmarks/promotion.py [--fleets 2000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.promote.test_comparison import share_promoted

SHARED = 0.3
"""What one month adds to all errors of a model, in standard deviations of its airports' own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=2000)
    fleets = parser.parse_args().fleets
    print(
        "equal models that are promoted, percent: alone, and where a month favours one everywhere"
    )
    for airports in (5, 10, 50, 200):
        for periods in (1, 3, 4, 12):
            size = {"airports": airports, "periods": periods}
            alone = share_promoted(fleets, **size)
            shared = share_promoted(fleets, **size, shared=SHARED)
            print(f"{airports:4} airports {periods:3} periods {alone:6.1%} {shared:6.1%}")
    print("models that are 5 % better, of 200 airports, that are found, percent")
    for own, correlation in ((0.3, 0.8), (0.2, 0.9)):
        for periods in (1, 12):
            size = {"airports": 200, "periods": periods, "factor": 0.95, "own": own}
            found = share_promoted(fleets // 4, **size)
            print(f"correlation {correlation} {periods:3} periods {found:6.1%}")


if __name__ == "__main__":
    main()
