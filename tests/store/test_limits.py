"""Runs are fitted into what a store can hold, and nothing is lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.errors import TrackingError
from forecastctl.records import Artifact, Run, RunUpdate
from forecastctl.store.limits import (
    MAX_NAME,
    MAX_PARAM,
    MAX_TAG,
    artifact_path,
    fit,
    fit_update,
)

texts = st.one_of(
    st.text(max_size=20),
    st.integers(240, 7000).map("é🛫x".__mul__).map(lambda t: t[:7000]),
    st.text(st.sampled_from("a\x00\ud800"), max_size=5),
)


@given(
    st.dictionaries(st.sampled_from("abc"), texts), st.dictionaries(st.sampled_from("abc"), texts)
)
def test_what_does_not_fit_is_kept_whole(params, tags):
    run = fit(Run("n", params=params, tags=tags, children=(Run("x" * 251, tags=tags),)))
    kept = {a.path: json.loads(a.content) for a in run.artifacts}
    for kind, before, after, limit in (
        ("params", params, run.params, MAX_PARAM),
        ("tags", tags, run.tags, MAX_TAG),
    ):
        assert after.keys() == before.keys()
        whole = {**after, **kept.get(f"long/{kind}.json", {})}
        assert whole == before
        for value in after.values():
            assert len(value) <= limit
            value.encode()
            assert "\x00" not in value
    [child] = run.children
    assert child.tags == run.tags
    assert len(child.name) == MAX_NAME
    assert json.loads(child.artifacts[0].content) == {"name": "x" * 251}


def test_what_fits_is_left_alone():
    run = Run("n" * MAX_NAME, params={"a": "b" * MAX_PARAM}, tags={"a": "b" * MAX_TAG})
    assert fit(run) == run


def test_an_update_keeps_what_was_kept():
    asked = []

    def read(path):
        asked.append(path)
        return b'{"old": "whole"}'

    long = "x" * (MAX_TAG + 1)
    update = fit_update(RunUpdate(tags={"new": long}), read)
    assert asked == ["long/tags.json"]
    assert json.loads(update.artifacts[0].content) == {"old": "whole", "new": long}
    assert fit_update(RunUpdate(tags={"a": "b"}), read) == RunUpdate(tags={"a": "b"})
    assert asked == ["long/tags.json"]


@pytest.mark.parametrize("before", [b"", b'{"old": ', b"[]", b"\xff"])
def test_an_update_goes_on_where_what_was_kept_is_damaged(before):
    long = "x" * (MAX_TAG + 1)
    update = fit_update(RunUpdate(tags={"new": long}), lambda _: before)
    assert json.loads(update.artifacts[0].content) == {"new": long}


@pytest.mark.parametrize("key", ["a", "a b", "A.b-c_d/e:f", "é", "x" * 250])
def test_keys(key):
    assert fit(Run("n", params={key: "v"}, tags={key: "v"}))


@pytest.mark.parametrize(
    "key",
    ["", "a=b", "a\nb", "a`b", "..", "../a", "/a", "a//b", "a/", "a/../b", "./a", "x" * 251, "🛫"],
)
def test_keys_refused(key):
    with pytest.raises(TrackingError):
        fit(Run("n", params={key: "v"}))
    with pytest.raises(TrackingError):
        fit_update(RunUpdate(tags={key: "v"}), lambda _: None)


@pytest.mark.parametrize("path", ["a", "a/b.c", "dir é/🛫 x'y.txt"])
def test_paths(path):
    assert artifact_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        ".",
        "a\\b",
        "a%2e",
        "a#b",
        "a?b",
        "c:/x",
        "a\x00",
        "a\nb",
        "x" * 201,
    ],
)
def test_paths_refused(path):
    with pytest.raises(TrackingError):
        fit(Run("n", artifacts=(Artifact(path, b""),)))
