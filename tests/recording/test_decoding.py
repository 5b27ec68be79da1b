"""Whatever is wrong with a recorded file is one kind of error, and a file that is right is a value."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.explain.read.fleet import Forecasts
from forecastctl.recording import decoding
from forecastctl.recording.read import read_as
from forecastctl.records import Forecast, Query, StoredRun
from tests.cli.test_damage import ANY, OF
from tests.fleets import AIRPORTS, Fleet, H, N

TERMS = {"loss": "mase", "horizon": str(H), "freq": "M", "season_length": "12"}
DECODERS = {
    "tuning.json": decoding.tuning,
    "model.json": decoding.model,
    "forecast.json": decoding.forecast,
    "trials.json": decoding.trials,
    "learned.json": decoding.learned,
    "winners.json": lambda content: decoding.winners(content, TERMS),
    "monitor.json": decoding.judgements,
    "settings.json": decoding.settings,
    "results.json": decoding.summary,
    "panel.parquet": decoding.panel,
    "forecasts.parquet": decoding.forecast_table,
}


class One:
    """A tracker with one file."""

    def __init__(self, content):
        self.content = content

    def get(self, run_id):
        return StoredRun(run_id, "JFK", "FINISHED", 0, 0, {}, {}, {})

    def read_artifact(self, run_id, path):
        return self.content


def read(name, content):
    return read_as(One(content), "run-1", name, DECODERS[name])


@pytest.fixture(scope="module")
def files():
    """One file of each kind, as two months of a fleet and its monitor leave them."""
    fleet = Fleet()
    fleet.job()
    fleet.at(N + H).monitor()
    fleet.job(learn=True)
    found = {}
    for stored in fleet.tracker._artifacts.values():
        found |= {name: content for name, content in stored.items() if name in DECODERS}
    assert set(found) == set(DECODERS)
    return found


def test_what_was_recorded_is_read(files):
    for name, content in files.items():
        assert read(name, content) is not None
    assert isinstance(read("forecast.json", files["forecast.json"]), Forecast)
    assert {p.airport for p in read("winners.json", files["winners.json"])} == set(AIRPORTS)
    assert len(read("trials.json", files["trials.json"])) == 4
    assert len(read("monitor.json", files["monitor.json"])) == len(AIRPORTS)


@pytest.mark.parametrize(
    ("name", "how"),
    [(n, h) for n in DECODERS for h in ANY if n.endswith(".json") or h != "no-utf8"],
)
def test_every_way_to_be_wrong_is_one_kind_of_error(files, name, how):
    if (name, how) == ("settings.json", "an-empty-object"):
        assert read(name, b"{}") == {}
        return
    content = ANY[how](files[name])
    with pytest.raises(DamagedError, match=f"{name} of run run-1 cannot be read: ") as raised:
        read(name, content)
    assert isinstance(raised.value, NothingRecordedError)
    assert "\n" not in raised.value.message
    assert len(raised.value.message) < 300


@pytest.mark.parametrize(("name", "how"), [(n, how) for n, own in OF.items() for how in own])
def test_the_wrong_shape_is_that_error_too(files, name, how):
    with pytest.raises(DamagedError):
        read(name, OF[name][how](files[name]))


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("model.json", "family", "arimax"),
        ("model.json", "trend", "sideways"),
        ("tuning.json", "family", "arimax"),
        ("trials.json", "status", None),
        ("winners.json", "best", [999]),
        ("winners.json", "features", [1.0]),
        ("winners.json", "losses", []),
        ("winners.json", "cutoff", "yesterday"),
        ("monitor.json", "since_ms", "soon"),
        ("results.json", "loss", "0.9"),
    ],
)
def test_a_wrong_value_deep_inside_is_that_error_too(files, name, key, value):
    content, found = json.loads(files[name]), []
    if "columns" in content and key in content["columns"]:
        content["data"][0][content["columns"].index(key)] = value
        found = [key]

    def change(part):
        if isinstance(part, dict):
            if key in part:
                part[key] = value
                found.append(key)
            for inner in part.values():
                change(inner)
        elif isinstance(part, list):
            for inner in part:
                change(inner)

    if not found:
        change(content)
    assert found
    with pytest.raises(DamagedError):
        read(name, json.dumps(content).encode())


def test_the_message_says_what_is_wrong_and_where(files):
    forecast = json.loads(files["forecast.json"])
    cases = {
        b"": "it is empty.",
        b"{": "it is no JSON, Expecting property name enclosed in double quotes: line 1 column 2 (char 1).",
        json.dumps({**forecast, "sd": None}).encode(): "sd: Input should be a valid list.",
        json.dumps({**forecast, "sd": [1.0]}).encode(): (
            "its periods and values differ in number."
        ),
    }
    for content, said in cases.items():
        with pytest.raises(DamagedError) as raised:
            read("forecast.json", content)
        assert raised.value.message == f"forecast.json of run run-1 cannot be read: {said}"
    with pytest.raises(DamagedError, match="model row version 99 is newer than 5"):
        read("model.json", json.dumps({"version": 99}).encode())


@pytest.mark.parametrize("name", DECODERS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_random_damage_gives_a_value_or_that_error(files, name, data):
    content = bytearray(files[name][: data.draw(st.integers(0, len(files[name])))])
    if data.draw(st.booleans()):
        content = bytearray(files[name])
    for _ in range(data.draw(st.integers(0, 5)) if content else 0):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for decode in (
        DECODERS[name],
        Forecasts.of if name == "forecasts.parquet" else DECODERS[name],
    ):
        try:
            read_as(One(bytes(content)), "run-1", name, decode)
        except DamagedError:
            continue


def test_files_become_values_in_one_place_alone():
    from pathlib import Path

    import forecastctl

    root = Path(forecastctl.__file__).parent
    found = [p for p in root.rglob("*.py") if "read_artifact(" in p.read_text()]
    apart = {"store", "testing"}  # what reads, and the contract of it
    users = {str(p.relative_to(root)) for p in found if not apart & set(p.relative_to(root).parts)}
    assert users == {"recording/read.py", "recording/cached.py"}


def test_an_unknown_run_is_no_damage(files):
    fleet = Fleet()
    with pytest.raises(NothingRecordedError) as raised:
        read_as(fleet.tracker, "gone", "model.json", decoding.model)
    assert not isinstance(raised.value, DamagedError)
    assert fleet.tracker.find(Query()) == []
