"""Jobs asked for from Python: frames in, frames out, and the same job as the command does."""

import json
import logging
import signal
from pathlib import Path

import narwhals as nw
import pandas as pd
import pytest
from typer.testing import CliRunner

import forecastctl as fc
from forecastctl import errors
from forecastctl.cli.app import app
from tests.api.conftest import QUICK, long_form

BANDS = [f"forecastctl-{side}-{level}" for level in (80, 95) for side in ("lo", "hi")]


def test_forecasts_are_named_as_other_libraries_name_theirs(job):
    made = job.forecasts
    assert list(made.columns) == ["unique_id", "ds", "forecastctl", *BANDS]
    assert made["ds"].dtype == "datetime64[ns]"
    jfk = made[made["unique_id"] == "JFK"]
    assert list(jfk["ds"]) == list(pd.date_range("2018-05-01", periods=3, freq="MS"))
    assert (made["forecastctl-lo-95"] < made["forecastctl-lo-80"]).all()
    assert (made["forecastctl-lo-80"] < made["forecastctl"]).all()


def test_an_airport_without_a_forecast_is_in_the_result_with_its_reason(job):
    assert job.status == "ok"
    assert job.counts["rejected"] == 1
    (one,) = job.failures
    assert (one.unique_id, one.status) == ("SHORT", "rejected")
    assert "1 observed" in one.reason or "too short" in one.reason
    rows = job.airports.set_index("unique_id")
    assert list(rows.index) == ["JFK", "LGA", "SHORT"]
    assert rows.loc["SHORT", "reason"] == one.reason
    assert rows.loc["JFK", "status"] == "ok"


def test_the_command_does_the_same_job(job, store):
    """One panel, one digest, one set of forecasts, whichever way it is asked for."""
    frame = long_form()
    frame.to_csv("air.csv", index=False)
    flags = ["--family", "seasonal_naive", "--family", "holt_winters", "--max-evals", "3"]
    flags += ["--folds", "2", "--no-charts", "--jobs", "1", "--backend", "serial"]
    flags += [
        "--horizon",
        "3",
        "--out",
        "out.csv",
        "--tracking-uri",
        store,
        "--experiment",
        "command",
    ]
    done = CliRunner().invoke(app, ["run", "--data", "air.csv", *flags, "--json"])
    assert done.exit_code == 0, done.stderr
    written = pd.read_csv("out.csv")
    assert list(written["mean"]) == list(job.forecasts["forecastctl"])
    other = {"tracking_uri": store, "experiment": "command"}
    again = fc.run(frame, h=3, skip_unchanged=True, **other, **QUICK)  # the digest of the file
    assert again.counts["skipped"] == 2
    assert list(again.forecasts["forecastctl"]) == list(written["mean"])


@pytest.mark.parametrize("kind", ["pyarrow", "polars"])
def test_a_frame_of_another_kind_gives_the_same_in_its_own(job, store, kind):
    pytest.importorskip(kind)
    columns = {name: list(column) for name, column in long_form().items()}
    native = nw.from_dict(columns, backend=kind).to_native()
    found = fc.forecast(native, h=3, tracking_uri=store, jobs=1, backend="serial")
    made = nw.from_native(found.forecasts)
    assert str(made.implementation).lower().endswith(kind)
    assert made.columns == list(job.forecasts.columns)
    assert made["forecastctl"].to_list() == list(job.forecasts["forecastctl"])
    for what in ("jobs", "airports", "trials", "models", "forecasts"):
        listed = nw.from_native(fc.history(what, tracking_uri=store, frame=kind))
        assert len(listed) > 0


def test_names_and_days_come_back_as_they_were_given(store):
    frame = long_form()
    frame["unique_id"] = frame["unique_id"].map({"JFK": 7, "LGA": 12})
    frame["ds"] += pd.offsets.MonthEnd(0)
    made = fc.run(frame, h=2, tracking_uri=store, experiment="ends", **QUICK).forecasts
    assert made["unique_id"].dtype == "int64"
    assert list(made["ds"][:2]) == [pd.Timestamp("2018-05-31"), pd.Timestamp("2018-06-30")]
    assert sorted(set(made["unique_id"])) == [7, 12]


def test_an_index_with_names_is_a_column(store):
    frame = long_form().set_index("unique_id")
    found = fc.forecast(frame, h=1, tracking_uri=store, airports="JFK", backend="serial", jobs=1)
    assert set(found.forecasts["unique_id"]) == {"JFK"}


def test_stages_one_after_the_other(store):
    quick = {"jobs": 1, "backend": "serial", "tracking_uri": store, "experiment": "stages"}
    search = {key: QUICK[key] for key in ("families", "max_evals", "folds")}
    tuned = fc.tune(long_form(["JFK"]), h=3, **search, **quick)
    assert (tuned.status, len(tuned.forecasts)) == ("ok", 0)
    trained = fc.train(long_form(["JFK"]), **quick)
    assert list(trained.airports["status"]) == ["ok"]
    made = fc.forecast(h=2, level=50, **quick).forecasts  # the data that it was trained with
    assert list(made.columns)[2:] == ["forecastctl", "forecastctl-lo-50", "forecastctl-hi-50"]
    assert len(made) == 2


def test_a_backtest_has_what_came_true_beside_the_forecasts(store):
    search = {
        **QUICK,
        "tracking_uri": store,
        "experiment": "back",
        "families": "seasonal_naive",
        "max_evals": 1,
    }
    frame = long_form(["JFK"])
    found = fc.backtest(frame, start="2017-06", end="2017-09", every=3, h=2, **search)
    made = found.forecasts
    assert list(made.columns)[:5] == ["unique_id", "ds", "cutoff", "y", "forecastctl"]
    assert list(made["cutoff"].unique()) == [pd.Timestamp("2017-06-01"), pd.Timestamp("2017-09-01")]
    actual = frame.set_index("ds")["y"]
    assert list(made["y"]) == [actual[day] for day in made["ds"]]
    assert list(found.scores["lead"]) == ["1", "2", "all"]
    inside = made["y"].between(made["forecastctl-lo-80"], made["forecastctl-hi-80"])
    assert found.scores["coverage-80"].iloc[-1] == inside.mean()


def test_arguments_come_before_environment_and_file(job, store, monkeypatch):
    text = "[forecast]\nhorizon = 4\nlevel = [60]\n[run]\njobs = 1\nbackend = 'serial'\n"
    Path("forecastctl.toml").write_text(text)
    monkeypatch.setenv("FORECASTCTL_FORECAST__HORIZON", "2")
    found = fc.forecast(long_form(), tracking_uri=store)
    assert len(found.forecasts) == 4  # two airports, two months as the environment says
    assert list(found.forecasts.columns)[-1] == "forecastctl-hi-60"
    found = fc.forecast(long_form(), h=1, tracking_uri=store, settings={"forecast.level": [70]})
    assert len(found.forecasts) == 2
    assert list(found.forecasts.columns)[-1] == "forecastctl-hi-70"


@pytest.mark.parametrize(
    ("asked", "kind", "says"),
    [
        ({"data": "nothing.csv"}, errors.DataError, "There is no file nothing.csv."),
        ({"data": [1, 2]}, errors.UsageError, "The data are a list, and no data frame."),
        ({"data": "-"}, errors.UsageError, "data: '-' is standard input"),
        ({}, errors.UsageError, "No data source is given."),
        ({"data": "sample", "h": 0}, errors.SettingsError, "argument h: forecast.horizon = 0"),
        ({"data": "sample", "h": 1, "horizon": 1}, errors.UsageError, "h and horizon are"),
        (
            {"data": "sample", "settings": {"tune.max_eval": 3}},
            errors.SettingsError,
            "argument settings['tune.max_eval']: there is no setting 'max_eval' in [tune].",
        ),
        (
            {"data": "sample", "seed": 1, "settings": {"tune.seed": 2}},
            errors.UsageError,
            "seed and settings['tune.seed'] are the same setting.",
        ),
        ({"data": "sample", "families": "nope"}, errors.SettingsError, "argument families: there"),
        (
            {"data": "sample", "settings": {"forecast.out": "-"}},
            errors.UsageError,
            "forecast.out: '-' is for commands.",
        ),
        ({"data": pd.DataFrame({"a": [1]})}, errors.DataError, "the pandas data frame has no"),
    ],
)
def test_what_is_wrong_is_raised_with_the_next_step(asked, kind, says):
    with pytest.raises(kind) as raised:
        fc.run(**asked)
    assert str(raised.value).startswith(says)
    assert raised.value.__notes__ == [f"next: {raised.value.hint}"]


def test_nothing_is_printed_and_the_log_is_as_it_was(store, capfd, caplog):
    ours = logging.getLogger("forecastctl")
    before = (ours.level, ours.propagate, list(ours.handlers))
    with caplog.at_level(logging.INFO, logger="forecastctl"):
        found = fc.forecast(long_form(), h=1, tracking_uri=store, jobs=1, backend="serial")
    assert "2 to be done" in caplog.messages
    assert capfd.readouterr().out == ""
    assert (ours.level, ours.propagate, list(ours.handlers)) == before
    caplog.clear()
    fc.forecast(long_form(), h=1, tracking_uri=store, jobs=1, backend="serial")
    assert "2 to be done" not in caplog.messages  # nobody has asked for it
    assert found.exit_code == 0


def test_a_job_is_shown_as_a_table(job):
    assert repr(job) == f"<JobResult {job.job_id}: ok; 3 airports: 2 ok, 1 rejected>"
    shown = job._repr_html_()
    assert shown.count("<tr>") == 4
    assert ">SHORT</td>" in shown
    assert ">rejected</td>" in shown
    assert json.dumps(job.summary)


def test_what_a_table_shows_is_text(store):
    frame = long_form(["<b>JFK"])
    found = fc.run(frame, h=1, tracking_uri=store, experiment="html", **QUICK)
    assert "&lt;b&gt;JFK" in found._repr_html_()
    assert "<b>JFK" not in found._repr_html_()


def test_an_interruption_ends_the_job_and_the_same_call_goes_on(store):
    """As Ctrl-C in a terminal, and as the stop button of a notebook."""

    class Interrupts(logging.Handler):
        def emit(self, record):
            if record.name == "forecastctl.api.progress" and "JFK: ok" in record.getMessage():
                signal.raise_signal(signal.SIGINT)

    ours = logging.getLogger("forecastctl.api.progress")
    given = signal.signal(signal.SIGINT, signal.default_int_handler)  # who is in the background
    before = signal.getsignal(signal.SIGINT)  # ignores it
    asked = {"data": long_form(), "h": 2, "tracking_uri": store, "experiment": "stopped", **QUICK}
    handler = Interrupts()
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            fc.run(**asked)
    finally:
        ours.removeHandler(handler)
        ours.setLevel(logging.NOTSET)
    assert signal.signal(signal.SIGINT, given) is before
    where = {"tracking_uri": store, "experiment": "stopped"}
    (stopped,) = fc.history(**where).to_dict("records")
    assert stopped["status"] == "interrupted"
    left, then = raised.value.__notes__
    done = len(fc.history("airports", **where))
    assert left.startswith(f"{done} of 2 airports are recorded")
    assert f"'forecastctl run --resume {stopped['job_id']}'" in then
    found = fc.run(**asked)
    assert found.job_id == stopped["job_id"]
    assert found.counts["ok"] == 2


def test_no_secret_is_in_what_is_raised(job, store):
    address = "postgresql://me:tops3cret@127.0.0.1:1/db"
    with pytest.raises(errors.NothingRecordedError) as raised:
        fc.report(address, tracking_uri=store)
    assert "postgresql://me:***@127.0.0.1:1/db" in str(raised.value)
    assert "tops3cret" not in f"{raised.value.message} {raised.value.__notes__}"


@pytest.mark.slow
def test_a_share_of_a_job_is_what_the_command_does(tmp_path):
    """One share by a call, the other by a command; whoever comes last has all forecasts."""
    air = long_form(("A0", "A1", "A2", "A3"))
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    asked = {**QUICK, "horizon": 3, "tracking_uri": store}
    shares = [fc.run(air, **asked, settings={"run.shard": f"{n}/2"}) for n in (1, 2)]
    assert shares[0].counts["total"] < 4
    assert shares[0].exit_code == 0
    assert shares[1].counts["ok"] == 4
    assert {share.job_id for share in shares} == {shares[0].job_id}
    whole = fc.run(air, **asked, experiment="whole")
    pd.testing.assert_frame_equal(shares[1].forecasts, whole.forecasts)
