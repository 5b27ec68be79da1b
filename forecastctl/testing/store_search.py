"""What every store promises about searching, as tests: the answers are those of MLflow itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from forecastctl.errors import UsageError
from forecastctl.records import FAILED, FINISHED, KILLED, RUNNING, Metric, Query
from forecastctl.testing.runs import NOW, names, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.store.port import Tracker


class Searching:
    """Filters and orders."""

    @pytest.fixture(scope="class")
    def recorded(self, open_one: Callable[[], Tracker]) -> tuple[Tracker, dict[str, str]]:
        """A store with runs to search: five, a second apart, the newest last."""
        tracker = open_one()
        rows = [
            ("a", FINISHED, {"loss": 3.0}, {"airport": "JFK", "n": "1"}, {"family": "ets"}),
            ("b", FAILED, {}, {"airport": "jfk", "n": "2"}, {}),
            ("c", FINISHED, {"loss": 1.0, "z": 0.0}, {"airport": "LGA"}, {"family": "sarimax"}),
            (
                "d",
                FINISHED,
                {"loss": math.nan},
                {"airport": "J_K", "b c": "x"},
                {"max evals": "15"},
            ),
            ("e", RUNNING, {"loss": 2.0}, {"airport": "J\nK", "x.y": "1"}, {"family": "ETS"}),
        ]
        runs = []
        for i, (name, status, metrics, tags, params) in enumerate(rows):
            logged = tuple(Metric(key, value) for key, value in metrics.items())
            fields = {"status": status, "tags": tags, "params": params, "metrics": logged}
            runs.append(run(name, NOW + 1000 * i, **fields))
        return tracker, dict(zip("abcde", tracker.record(runs), strict=True))

    @pytest.fixture
    def fleet(self, recorded: tuple[Tracker, dict[str, str]]) -> Tracker:
        """The store alone."""
        return recorded[0]

    def answer(self, fleet: Tracker, query: Query) -> list[str] | None:
        """Names that something else finds, to compare with, or ``None``."""
        return None

    def test_newest_first(self, fleet: Tracker) -> None:
        assert names(fleet.find(Query())) == list("edcba")
        assert names(fleet.find(Query(limit=2))) == ["e", "d"]
        assert fleet.find(Query(limit=0)) == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (Query(tags={"airport": "JFK"}), "a"),
            (Query(tags={"airport": "JFK", "n": "2"}), ""),
            (Query(tags={"airport": "J\nK", "x.y": "1"}), "e"),
            (Query(tags={"mlflow.runName": "c"}), "c"),
            (Query(status=FINISHED), "dca"),
            (Query(status=KILLED), ""),
            (Query(since_ms=NOW + 2000), "edc"),
            (Query(before_ms=NOW + 2000), "ba"),
            (Query(since_ms=NOW + 1000, before_ms=NOW + 3000, status=FINISHED), "c"),
            (Query(parent_id="0" * 32), ""),
            (Query(tags={"airport": "LGA"}, status=FINISHED, filter="metrics.loss < 2"), "c"),
        ],
    )
    def test_by_what_a_query_says(self, fleet: Tracker, query: Query, found: str) -> None:
        assert names(fleet.find(query)) == list(found)

    @pytest.mark.parametrize(
        ("order", "found"),
        [
            ("start_time DESC", "edcba"),
            ("start_time ASC", "abcde"),
            ("attributes.start_time", "abcde"),
            ("metrics.loss ASC", "ceadb"),
            ("metrics.loss DESC", "aecdb"),
            ("metrics.`loss` desc", "aecdb"),
            ("params.family ASC", "eacdb"),
            ("tags.n DESC", "baedc"),
            ("tags.`b c`", "decba"),
            ("run_name ASC", "abcde"),
            ("end_time ASC", "abcde"),
            ("metrics.none", "edcba"),
        ],
    )
    def test_in_order(self, fleet: Tracker, order: str, found: str) -> None:
        assert names(fleet.find(Query(order_by=order))) == list(found)
        assert self.answer(fleet, Query(order_by=order)) in (None, list(found))

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", "edcba"),
            ("metrics.loss < 3", "ec"),
            ("metrics.loss <= 3.0 and metric.loss > 1", "ea"),
            ("metrics.loss = 1", "c"),
            ("metrics.loss != 1", "eda"),
            ("metrics.loss > -1e3", "eca"),
            ("metrics.z >= 0", "c"),
            ("metrics.`z` = -0.0", "c"),
            ("params.family = 'ets'", "a"),
            ("params.family != 'ets'", "ec"),
            ("param.family ILIKE 'ET%'", "ea"),
            ("params.family LIKE 'ET%'", "e"),
            ('parameters."max evals" = "15"', "d"),
            ("params.`max evals` = '15'", "d"),
            ("tags.airport = 'JFK'", "a"),
            ("tags.airport LIKE 'J%'", "eda"),
            ("tags.airport LIKE 'J_K'", "eda"),
            ("tags.airport ilike 'jfk'", "ba"),
            ("tag.airport LIKE '%K'", "eda"),
            ("tags.x.y = '1'", "e"),
            ("tags.`b c` = 'x'", "d"),
            ("tags.n IS NULL", "edc"),
            ("tags.n IS NOT NULL AND params.family IS NULL", "b"),
            ("tags.mlflow.runName = 'b'", "b"),
            ("status = 'FINISHED'", "dca"),
            ("attributes.status != 'FINISHED'", "eb"),
            ("attribute.status LIKE 'F%'", "dcba"),
            ("attr.run_name = 'a'", "a"),
            ("run.run_name LIKE '_'", "edcba"),
            (f"start_time >= {NOW + 3000}", "ed"),
            (f"created < {NOW + 1000}", "a"),
            (f"end_time != {NOW + 1000}", "dcb"),
            (f"attributes.start_time = {NOW}.0", "a"),
            ("status = 'FINISHED' AND\n  metrics.loss < 5   AND tags.airport != 'LGA'", "a"),
            ("run_id = 'nothing'", ""),
            ("tags.airport = ''", ""),
        ],
    )
    def test_by_filters_as_mlflow_itself_answers(
        self, fleet: Tracker, text: str, found: str
    ) -> None:
        assert names(fleet.find(Query(filter=text))) == list(found)
        assert self.answer(fleet, Query(filter=text)) in (None, list(found))

    def test_by_lists_of_ids(self, recorded: tuple[Tracker, dict[str, str]]) -> None:
        fleet, ids = recorded
        listed = f"('{ids['a']}', \"{ids['c']}\")"
        assert names(fleet.find(Query(filter=f"run_id IN {listed}"))) == ["c", "a"]
        assert names(fleet.find(Query(filter=f"attributes.run_id NOT IN {listed}"))) == list("edb")
        assert names(fleet.find(Query(filter=f"run_id IN ('{ids['e']}')"))) == ["e"]

    @pytest.mark.parametrize(
        "query",
        [
            Query(filter="metrics.loss << 3"),
            Query(filter="loss < 3"),
            Query(filter="metrics.loss < 'x'"),
            Query(filter="metrics.loss < 3 OR metrics.loss > 5"),
            Query(filter="tags.airport = JFK"),
            Query(filter="tags.airport = 'JFK"),
            Query(filter="metrics.loss < 3 AND"),
            Query(order_by="loss"),
            Query(order_by="metrics.loss UP"),
            Query(order_by=""),
        ],
    )
    def test_what_cannot_be_understood(self, fleet: Tracker, query: Query) -> None:
        with pytest.raises(UsageError):
            fleet.find(query)
