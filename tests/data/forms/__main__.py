"""``python -m tests.data.forms [N]`` writes N panels (10,000) in random forms and reads them."""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, given, settings

from tests.data.forms.forms import FORMS, panels
from tests.data.forms.test_forms import check


def main(n: int) -> None:
    """Try so many forms."""
    done = 0

    @given(panels(), FORMS)
    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def every(panel, form):
        nonlocal done
        check(panel, form)
        done += 1

    every()
    print(f"{done:,} forms read back equal")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
