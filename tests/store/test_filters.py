"""MLflow's filter language without MLflow; tests/contract compares it with MLflow itself."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.errors import UsageError
from forecastctl.records import Query, StoredRun
from forecastctl.store.filters import (
    Order,
    Predicate,
    conditions,
    like,
    matches,
    order,
    parse_filter,
    parse_order,
)


def stored(run_id="r", start=0, **fields):
    values = {
        "name": "n",
        "status": "FINISHED",
        "end_ms": 5,
        "params": {},
        "metrics": {},
        "tags": {},
    }
    values |= fields
    return StoredRun(run_id, start_ms=start, **values)


class TestParse:
    @pytest.mark.parametrize(
        ("text", "predicates"),
        [
            ("", []),
            ("  \n ", []),
            ("metrics.loss<1", [("metrics", "loss", "<", 1)]),
            ("metric.a.b >= -1.5e-3", [("metrics", "a.b", ">=", -0.0015)]),
            ("params.`a 'b' c` = ''", [("params", "a 'b' c", "=", "")]),
            ('parameter."a`b" != "it\'s"', [("params", "a`b", "!=", "it's")]),
            ("tags.x LIKE '%\"%'", [("tags", "x", "LIKE", '%"%')]),
            ("tag.x is  not\nnull", [("tags", "x", "IS NOT NULL", None)]),
            ("status = 'FAILED'", [("attributes", "status", "=", "FAILED")]),
            ("attr.created > 3", [("attributes", "start_time", ">", 3)]),
            (
                "run.run_id not in ('a',\"b\" , 'c')",
                [("attributes", "run_id", "NOT IN", ("a", "b", "c"))],
            ),
            (
                "metrics.a=1 and tags.b='and' AND end_time<2",
                [
                    ("metrics", "a", "=", 1),
                    ("tags", "b", "=", "and"),
                    ("attributes", "end_time", "<", 2),
                ],
            ),
            ("tags.like LIKE 'x'", [("tags", "like", "LIKE", "x")]),
        ],
    )
    def test_accepted(self, text, predicates):
        assert parse_filter(text) == tuple(Predicate(*p) for p in predicates)

    @pytest.mark.parametrize(
        ("text", "place", "said"),
        [
            ("loss < 3", "character 1", "'loss' is not an attribute"),
            ("metric < 3", "character 1", "not an attribute"),
            ("model.loss < 3", "character 1", "not 'model'"),
            ("metrics. < 3", "character 8", "key after the dot"),
            ("metrics.lo-80 < 3", "character 11", "expected one of = !=".replace(" !", ", !")),
            ("metrics.loss << 3", "character 14", "after metrics.loss"),
            ("metrics.loss == 3", "character 14", "after metrics.loss"),
            ("metrics.loss <> 3", "character 14", "after metrics.loss"),
            ("metrics.loss LIKE 3", "character 14", "after metrics.loss"),
            ("metrics.loss IS NULL", "character 14", "after metrics.loss"),
            ("metrics.loss < '3'", "character 16", "without quotes"),
            ("metrics.loss < 3x", "character 16", "without quotes"),
            ("metrics.loss <", "at its end", "without quotes"),
            ("params.a < '3'", "character 10", "LIKE"),
            ("params.a = 3", "character 12", "in single or double quotes"),
            ("params.a = 'x", "character 12", "in single or double quotes"),
            ("tags.a IN ('x')", "character 8", "after tags.a"),
            ("status IN ('x')", "character 8", "after attributes.status"),
            ("run_id IN 'x'", "character 11", "in parentheses"),
            ("run_id IN ()", "character 12", "each element"),
            ("run_id IN ('a' 'b')", "character 16", "',' or ')'"),
            ("start_time > '2020-01-01'", "character 14", "without quotes"),
            ("metrics.a < 1 OR metrics.b > 2", "character 15", "no OR"),
            ("(metrics.a < 1)", "character 1", "expected a key"),
            ("metrics.a < 1, metrics.b > 2", "character 14", "expected AND"),
            ("metrics.a < 1 AND", "at its end", "expected a key"),
            ("params.a = 'it''s'", "character 16", "cannot be doubled"),
            ("attributes.nothing = 'x'", "character 1", "status, run_name, run_id"),
        ],
    )
    def test_refused_where_it_goes_wrong(self, text, place, said):
        with pytest.raises(UsageError) as error:
            parse_filter(text)
        assert place in error.value.message
        assert said in error.value.message
        assert repr(text) in error.value.message
        assert "\n" not in error.value.message
        assert "metrics.loss < 1.2" in error.value.hint

    @given(st.text(max_size=40))
    def test_any_text_is_read_or_refused(self, text):
        with contextlib.suppress(UsageError):
            assert all(isinstance(p, Predicate) for p in parse_filter(text))

    @given(st.text(st.characters(blacklist_characters="'"), max_size=40))
    def test_any_quoted_text_is_a_value(self, text):
        assert parse_filter(f"tags.a = '{text}' AND tags.b = 'c'")[0].value == text

    @pytest.mark.parametrize(
        ("text", "result"),
        [
            ("start_time DESC", Order("attributes", "start_time", False)),
            (" metrics.`a b`  asc ", Order("metrics", "a b", True)),
            ("tags.x.y", Order("tags", "x.y", True)),
        ],
    )
    def test_orders(self, text, result):
        assert parse_order(text) == result

    @pytest.mark.parametrize(
        "text", ["", "loss", "metrics.loss DOWN", "metrics.a, metrics.b", "DESC"]
    )
    def test_orders_refused(self, text):
        with pytest.raises(UsageError, match="order"):
            parse_order(text)


class TestMatch:
    def test_a_missing_key_meets_nothing(self):
        run = stored(end_ms=None)
        for text in ("metrics.a != 1", "params.a != 'x'", "tags.a LIKE '%'", "end_time != 3"):
            assert not matches(run, parse_filter(text)[0])
        assert matches(run, Predicate("tags", "a", "IS NULL"))

    def test_nan_differs_from_everything(self):
        run = stored(metrics={"a": math.nan})
        met = [
            op
            for op in ("=", "!=", "<", "<=", ">", ">=")
            if matches(run, Predicate("metrics", "a", op, 0))
        ]
        assert met == ["!="]

    @pytest.mark.parametrize(
        ("pattern", "text", "found"),
        [
            ("J%", "JFK", True),
            ("J%", "XJ", False),
            ("%F%", "JFK", True),
            ("J_K", "J\nK", True),
            ("J_K", "JK", False),
            ("a.c", "abc", False),
            ("[a]*", "[a]*", True),
            ("%", "", True),
            ("jfk", "JFK", False),
        ],
    )
    def test_like(self, pattern, text, found):
        assert (like(pattern).fullmatch(text) is not None) == found

    def test_name_and_parent_are_tags_too(self):
        run = stored(name="a", parent_id="p")
        assert matches(run, Predicate("tags", "mlflow.runName", "=", "a"))
        assert matches(run, Predicate("tags", "mlflow.parentRunId", "=", "p"))


def test_order_is_total():
    runs = [
        stored("a", 1, metrics={"m": 2.0}),
        stored("b", 2, metrics={"m": math.nan}),
        stored("c", 2, metrics={"m": 2.0}),
        stored("d", 2),
        stored("e", 3),
        stored("f", 2, metrics={"m": 1.0}),
        stored("g", 2, metrics={"m": 2.0}),
    ]
    for shuffled in (runs, runs[::-1]):
        assert [r.run_id for r in order(shuffled, "metrics.m ASC")] == list("fcgabed")
        assert [r.run_id for r in order(shuffled, "metrics.m DESC")] == list("cgafbed")
        assert [r.run_id for r in order(shuffled, "start_time DESC")] == list("ebcdfga")


def test_everything_that_a_query_says():
    query = Query({"a": "b"}, "FAILED", 1, 2, "p", "metrics.m < 3")
    assert conditions(query) == (
        Predicate("tags", "a", "=", "b"),
        Predicate("tags", "mlflow.parentRunId", "=", "p"),
        Predicate("attributes", "status", "=", "FAILED"),
        Predicate("attributes", "start_time", ">=", 1),
        Predicate("attributes", "start_time", "<", 2),
        Predicate("metrics", "m", "<", 3),
    )
