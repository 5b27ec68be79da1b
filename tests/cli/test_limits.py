"""Limits of a job as a user gives them, in real processes with real workers."""

import json
import os
import signal

import pytest

from forecastctl.errors import SettingsError
from forecastctl.settings import limits
from forecastctl.settings.limits import deadline_ms, most_of
from forecastctl.settings.sources import load_settings
from tests.cli.conftest import FORECASTCTL, QUICK, in_a_group, panel, until
from tests.cli.test_process import _with_workers_that

ACTS = """
from forecastctl.search import tune as module
real, acts = module.tune, {acts!r}
def tune(series, *others):
    exec(acts.get(series.airport, ""))
    return real(series, *others)
module.tune = tune
"""

WHATEVER = {
    "SystemExit": ("raise SystemExit(3)", "SystemExit: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
    "os._exit": ("os._exit(0)", "WorkerDied: its process died twice, EXIT(0)"),
    "surrogate": ("raise ValueError('a' + chr(0xD800) + 'b')", "ValueError: a\ufffdb"),
    "10 MB": ("raise ValueError('x' * 10_000_000)", "ValueError: xxx"),
    "memory": ("kept = b'1' * 2_000_000_000; signal.pause()", "OutOfMemory: its process held"),
    "hang": ("signal.pause()", "TimedOut: it was not done within 20 seconds"),
}


LIMITS = ["--airport-timeout", "20", "--airport-memory", "1GB"]


@pytest.mark.slow
def test_whatever_fits_do_is_their_airports_recorded_failure(cli):
    cli.write(panel([*WHATEVER, "LGA"]))
    env = _with_workers_that(cli, ACTS.format(acts={w: act for w, (act, _) in WHATEVER.items()}))
    done = cli.process("run", "--data", "air.csv", *QUICK, *LIMITS, "--json", env=env)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 20_000
    results = {one["airport"]: one for one in json.loads(done.stdout)["results"]}
    rows = {row["airport"]: row for row in cli.json("history", "airports")}
    for what, (_, reason) in WHATEVER.items():
        assert results[what]["reason"].startswith(reason)
        assert (rows[what]["status"], rows[what]["reason"]) == ("failed", results[what]["reason"])
    assert results["LGA"]["status"] == rows["LGA"]["status"] == "ok"


@pytest.mark.slow
def test_the_limits_hold_in_a_backtest(cli):
    both = ("hang", "memory")
    cli.write(panel([*both, "LGA"]))
    env = _with_workers_that(cli, ACTS.format(acts={what: WHATEVER[what][0] for what in both}))
    origins = ["--from", "2018-01", "--to", "2018-02"]
    command = ["backtest", "--data", "air.csv", *origins, *QUICK, *LIMITS, "--json"]
    done = cli.process(*command, env=env)
    assert done.returncode == 4, done.stderr
    reasons = {(r["airport"], str(r["reason"])[:8]) for r in cli.json("history", "airports")}
    assert reasons == {("hang", "TimedOut"), ("memory", "OutOfMem"), ("LGA", "None")}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_within_the_grace_what_is_in_flight_is_recorded(cli, number, code):
    """All searches are over when the signal comes, and one airport has begun to be forecast."""
    cli.write(panel([f"A{i}" for i in range(4)]))
    act = """
from forecastctl.models.combination import fit_and_predict as module
real = module.predict
def predict(*given):
    open("begun", "a").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
    return real(*given)
module.predict = predict
"""
    env = _with_workers_that(cli, "import time" + act)
    command = ["run", "--data", "air.csv", *QUICK[:-1], "2", "--grace", "600", "--out", "f.csv"]
    child = in_a_group([*FORECASTCTL, *command], cli.folder, env)
    until((cli.folder / "begun").exists, child)
    os.killpg(child.pid, number)
    (cli.folder / "go").touch()
    out, err = child.communicate(timeout=600)
    assert (child.returncode, out) == (code, ""), err
    assert "Traceback" not in err
    (job,) = cli.json("history")
    assert job["status"] == "interrupted"
    recorded = {r["airport"] for r in cli.json("history", "airports")}
    assert 1 <= len(recorded) <= 2
    again = cli.process(*command, "--json")
    assert again.returncode == 0, again.stderr
    assert f"after {len(recorded)} of 4 airports" in again.stderr
    assert json.loads(again.stdout)["airports"]["ok"] == 4
    assert len(cli.json("history", "airports")) == 4


def test_a_job_past_its_deadline_leaves_airports_to_the_next(cli, monkeypatch):
    cli.write(panel(["JFK", "LGA"]))
    monkeypatch.setattr(limits, "deadline_ms", lambda _text, started_ms: started_ms)
    command = ["run", "--data", "air.csv", *QUICK, "--out", "f.csv"]
    result = cli(*command, "--deadline", "1h", "--backend", "serial", code=12)
    assert "warning: the deadline passed: 2 are left." in result.stderr
    assert "the same command goes on" in result.stderr
    assert not (cli.folder / "f.csv").exists()
    (job,) = cli.json("history")
    assert (job["status"], job["skipped"]) == ("partial", 2)
    summary = cli.json(*command, "--backend", "serial")
    assert summary["job_id"] == job["job_id"]
    assert (summary["left"], summary["stopped"], summary["airports"]["ok"]) == (0, None, 2)


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("90m", 5400), ("1h30m", 5400), ("2d", 172800)]
)
def test_a_duration_counts_from_the_start(text, seconds):
    assert deadline_ms(text, 1_700_000_000_000) == 1_700_000_000_000 + 1000 * seconds


def test_a_time_of_day_is_the_next_one(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    noon = 1_700_049_600_000  # 12:00
    assert deadline_ms("12:30", noon) == noon + 30 * 60_000
    assert deadline_ms("06:00", noon) == noon + 18 * 3_600_000
    assert deadline_ms("12:00", noon) == noon + 24 * 3_600_000
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "most"), [("3", 3), ("0", 0), ("5%", 10), ("1%", 2), ("100%", 200)]
)
def test_a_share_of_failures_is_of_all_airports(text, most):
    assert most_of(text, 200) == most


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(("deadline", t) for t in ("", "soon", "0s", "25:00", "-1h", "1h 30m", "9" * 30 + "d")),
        *(("max_failures", t) for t in ("-1", "five", "101%", "%", "1.5")),
        *(("airport_memory", t) for t in ("10MB", "much", "-1GB", "")),
        *(("grace", t) for t in ("-1", "long", "inf", "nan")),
        *(("wait", t) for t in ("-1", "nan", "inf")),
        *(("patience", t) for t in ("nan",)),
    ],
)
def test_limits_that_make_no_sense_are_refused(key, text):
    section = "tracking" if key == "patience" else "run"
    with pytest.raises(SettingsError, match=f"^--{key.replace('_', '-')}: {section}.{key}"):
        load_settings({f"{section}.{key}": text}, environ={})


def test_limits_of_a_settings_file(tmp_path):
    path = tmp_path / "forecastctl.toml"
    path.write_text(
        '[run]\nairport_memory = "2GB"\ndeadline = "06:30"\nmax_failures = 5\ngrace = 20\n'
    )
    run = load_settings(config=path, environ={}).run
    assert (run.airport_memory, run.deadline, run.max_failures, run.grace) == (
        2 * 10**9,
        "06:30",
        "5",
        20,
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("06:30:00", "06:30"),
        ("06:30:15", "a deadline is a time of day"),
        ("06:30", 'a time: deadline = "06:30"'),
    ],
)
def test_a_deadline_may_be_a_time_of_toml(tmp_path, written, meant):
    path = tmp_path / "forecastctl.toml"
    path.write_text(f"[run]\ndeadline = {written}\n")
    try:
        assert load_settings(config=path, environ={}).run.deadline == meant
    except SettingsError as error:
        assert meant in f"{error.message} {error.hint}"  # noqa: PT017 - either


def test_memory_cannot_be_limited_in_the_drivers_own_process(cli):
    cli.write(panel(["JFK"]))
    command = ["run", "--data", "air.csv", *QUICK, "--backend", "serial"]
    result = cli(*command, "--airport-memory", "1GB", code=2)
    assert "the executor 'serial' cannot limit the memory" in result.stderr
    assert cli.jobs() == []


@pytest.mark.slow
def test_retry_and_dry_run_on_the_command_line(cli):
    cli.write(panel(["JFK", "LGA"]))
    dry = cli.json("run", "--data", "air.csv", *QUICK, "--dry-run")
    assert dry["why"] == {"never done": 2}
    assert cli.jobs() == []
    env = _with_workers_that(
        cli, ACTS.format(acts={"JFK": "raise ValueError('broken on purpose')"})
    )
    done = cli.process("run", "--data", "air.csv", *QUICK, "--json", env=env)
    assert done.returncode == 4, done.stderr
    first = json.loads(done.stdout)
    (cli.folder / "air.csv").unlink()  # the data are those that the job has stored
    summary = cli.json("retry", "latest", "--jobs", 1, "--out", "f.csv")
    assert summary["job_id"] == first["job_id"]
    assert summary["airports"]["ok"] == 2
    assert {line.split(",")[0] for line in (cli.folder / "f.csv").read_text().splitlines()[1:]} == {
        "JFK",
        "LGA",
    }
    rows = cli.json("history", "airports")
    assert {r["airport"]: r["status"] for r in rows} == {"JFK": "ok", "LGA": "ok"}
    rows = cli.json("history", "airports", "--all-attempts")
    assert [r["attempt"] for r in rows if r["airport"] == "JFK"] == [2, 1]
    assert "Nothing to do" in cli("retry", first["job_id"][:-3]).stdout
    written = (cli.folder / "f.csv").read_text()
    said = cli("retry", "latest", "--out", "g.csv").stdout  # an attempt before may not have
    assert said.splitlines()[-1] == "forecasts   g.csv"
    assert (cli.folder / "g.csv").read_text() == written
    assert cli.json("retry", "latest") == {"job_id": first["job_id"], "retried": 0}
    assert "is not retried" in cli("retry", "latest", "--status", "ok", code=2).stderr
    assert "no run or job 'nope'" in cli("retry", "nope", code=6).stderr
    answer = cli.json("explain", "--airport", "JFK", "--date", "2018-05", "--quick")
    assert len(answer["vintages"]) == 1
