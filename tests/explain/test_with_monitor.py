"""Explain and monitor look at the same months: neither calls usual what the other does not."""

import numpy as np
import pandas as pd
import pytest

from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.records import SearchSpec, Series
from tests import panels
from tests.fleets import Fleet

KNOWN = "was known to make"
H = 6
SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=4, horizon=H, folds=4, combine=2
)


class Watched(Fleet):
    """Airports of a table, forecast once at a month and looked at when half a year has come true."""

    def __init__(self, table, cutoff):
        super().__init__()
        days = table.index.to_numpy("datetime64[D]")
        self.n = int(np.searchsorted(days, np.datetime64(f"{cutoff}-01"))) + 1
        self.whole = [
            Series(a, "M", 12, days, table[a].to_numpy(float), f"{a}-{cutoff}") for a in table
        ]
        self.months = [str(d)[:7] for d in days[self.n : self.n + H]]
        self.at(self.n).job(search=SEARCH)
        self.report = self.at(self.n + H).monitor()
        # A job on the newer data makes them known to the store.
        self.job(search=SearchSpec(families=("seasonal_naive",), max_evals=1, horizon=H))

    def said(self, airport):
        """What explain says of each month that came true."""
        cutoff = str(self.whole[0].ds[self.n - 1])[:7]
        asked = (Question(airport, month, cutoff) for month in self.months)
        return [explain(self.tracker, question).answer for question in asked]


def contradictions(fleet):
    """Airports called degraded of which explain finds every month within what was known."""
    degraded = [r["airport"] for r in fleet.report["results"] if r["status"] == "degraded"]
    found = {airport: fleet.said(airport) for airport in degraded}
    wrong = [a for a, said in found.items() if all(KNOWN in one.sentence for one in said)]
    return degraded, wrong


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_degraded_is_not_all_within_the_known_error(seed):
    made = panels.make(
        seed, 10, 84, "2013-01", smallest=2_000, recent="2019-07", local_shocks=2, closed=2
    )
    fleet = Watched(made.table, "2019-06")
    degraded, wrong = contradictions(fleet)
    assert {e.airport for e in made.events if e.kind == "closed"} <= set(degraded)
    assert wrong == []


@pytest.mark.slow
def test_nor_of_real_airports(shared_data):
    """Of the TSA's airports every fourth, at three cutoffs."""
    frame = pd.read_csv(shared_data / "tsa_monthly.csv")
    frame.columns = ["airport", "date", "value"]
    table = frame.assign(date=pd.to_datetime(frame["date"])).pivot_table(
        index="date", columns="airport", values="value", aggfunc="first"
    )
    table = table.dropna(axis=1).iloc[:, ::4]
    seen = 0
    for cutoff in ("2021-06", "2021-09", "2021-12"):
        degraded, wrong = contradictions(Watched(table, cutoff))
        assert wrong == [], cutoff
        seen += len(degraded)
    assert seen > 0
