"""Ordinary months of all panels: in how many of them is a shock seen?

Months of the Port Authority, San Francisco and the TSA are ordinary by rule: from every so many
origins, without named events. What happened in the other panels nobody knows, so that there a
yardstick that is not the tool's says which months were ordinary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from panels import NEW_YORK, NOISE, Branch, Question, Scenario, Step, panel
from simulated import PROCESSES, fleet
from sites import QUICKLY, SEARCH
from yardstick import ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKS = (
    ("1989-12", "1993-12"),
    ("1993-12", "1997-12"),
    ("1997-12", "2000-12"),
    ("2003-08", "2007-12"),
    ("2009-12", "2012-09"),
)
_NAMED = ("1991", "2010-04", "2010-12", "2011-08")
LEADS = (1, 3, 6, 12)
TOGETHER = 20
"""So many of the unrelated series of a competition are a fleet."""
FEW = 3
"""In a fleet of so many airports every lead is asked, in a larger one each airport at one."""


def ordinary_scenarios() -> Iterator[Scenario]:
    """Ordinary months: from every so many origins of each panel, asked when all is known."""
    table = panel("port_authority")
    for first, last in _BLOCKS:
        yield _asked("port_authority", table, NEW_YORK, months(first, last, 4))
    yield _asked("sfo", panel("sfo"), ("SFO",), months("2011-12", "2019-12", 6))
    for number, part in enumerate(_parts(panel("tsa"))):
        yield _asked(f"tsa {number}", part, tuple(part), months("2021-09", "2021-12", 1))
    for number, part in enumerate(_parts(panel("tourism"))):
        yield _asked(f"tourism {number}", part, tuple(part), months("2010-04", "2013-04", 9), True)
    for number, part in enumerate(_parts(panel("russia"))):
        yield _asked(f"russia {number}", part, tuple(part), months("2014-05", "2018-05", 8), True)
    for number, part in enumerate(_parts(panel("m1"))):
        yield _asked(f"m1 {number}", part, tuple(part), months("2005-06", "2007-12", 6), True)
    for number, part in enumerate(_parts(panel("hospital"))):
        yield _asked(f"hospital {number}", part, tuple(part), months("2004-06", "2005-12", 4), True)
    for process in PROCESSES:
        for number in range(4):
            made = fleet(process, 1000 + number)
            yield _asked(f"{process} {number}", made, tuple(made), months("2014-06", "2018-06", 8))


def months(first: str, last: str, step: int) -> list[pd.Period]:
    """Every so many months from the first to the last."""
    return list(pd.period_range(first, last, freq="M")[::step])


def _parts(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The series of a panel, so many at a time."""
    count = max(round(len(table.columns) / TOGETHER), 1)
    return [table.iloc[:, k::count] for k in range(count)]


def _asked(
    name: str,
    table: pd.DataFrame,
    asked: tuple[str, ...],
    ends: list[pd.Period],
    screened: bool = False,
) -> Scenario:
    """Jobs at all origins but the last, which bounds the targets, then one that knows the rest."""
    panel_name, steps, questions = name.split(maxsplit=1)[0], [], []
    for origin in ends[:-1]:
        steps.append(Step(table[: str(origin)], search=SEARCH))
        for lead in (1, 3) if name.startswith("tsa") else LEADS:
            target = origin + lead
            if target > ends[-1] or str(target).startswith(_NAMED):
                continue
            questions += [
                Question("ordinary", panel_name, a, str(target), str(origin), (NOISE,))
                for i, a in enumerate(asked)
                if (len(asked) <= FEW or i % len(LEADS) == lead % len(LEADS))
                and (ordinary(table[a], origin, lead) if screened else known(table[a], target))
            ]
    steps.append(Step(table[: str(ends[-1])], search=QUICKLY))
    return Scenario(f"{name} {ends[0]}", "M", tuple(steps), (Branch((), tuple(questions)),))


def known(y: pd.Series, target: pd.Period) -> bool:
    """Whether there is a value."""
    return bool(np.isfinite(y.get(target.to_timestamp(), np.nan)))
