"""Several processes do one job: a share each, and what is recorded is that of one process."""

import os
import signal

import pandas as pd
import pytest

from forecastctl.api import sharing
from forecastctl.errors import TrackingError
from forecastctl.jobs import share
from forecastctl.store.spool.place import Synced
from tests import services
from tests.cli.conftest import FORECASTCTL, QUICK, in_a_group, panel, until

AIRPORTS = [f"A{i}" for i in range(6)]
"""Of two shares, the first has A0, A2, A3 and A5."""


@pytest.fixture
def data(cli):
    return cli.write(panel(AIRPORTS))


def whole(cli, data, *store):
    """The same job, done by one process in an experiment of its own."""
    cli("run", "--data", data, *QUICK, *store, "--experiment", "whole", "--out", "whole.csv")
    return pd.read_csv(cli.folder / "whole.csv")


def shard(cli, data, text, *more, code=0):
    return cli("run", "--data", data, *QUICK, "--shard", text, "--out", "f.csv", *more, code=code)


def recorded_once(cli, *store):
    """Every airport is recorded once, below one job that is complete."""
    [job] = cli.json("history", *store)
    assert (job["status"], job["total"], job["ok"]) == ("ok", len(AIRPORTS), len(AIRPORTS))
    rows = cli.json("history", "airports", *store)
    assert sorted(row["airport"] for row in rows) == AIRPORTS
    assert len(cli.json("history", "airports", "--all-attempts", *store)) == len(AIRPORTS)
    assert {row["job_id"] for row in rows} == {job["job_id"]}
    assert len(cli.json("history", "trials", *store)) == 3 * len(AIRPORTS)
    return job


def test_shares_of_a_job_record_what_one_process_records(cli, data):
    expected = whole(cli, data)
    first = shard(cli, data, "1/2")
    assert "shard 1 of 2 of job" in first.stderr
    assert "4 of 6 airports" in first.stderr
    assert "left of the job: 2 airports, for other processes" in first.stderr
    assert not (cli.folder / "f.csv").exists()
    [job] = cli.json("history")
    assert job["status"] == "interrupted"
    last = shard(cli, data, "2/2")
    assert f"job {job['job_id']} is closed" in last.stderr
    assert recorded_once(cli)["job_id"] == job["job_id"]
    pd.testing.assert_frame_equal(pd.read_csv(cli.folder / "f.csv"), expected)
    assert [job["status"] for job in cli.json("history")] == ["ok"]
    cli("reproduce", "latest")


def test_a_share_that_died_is_done_again_alone_or_by_a_job_of_its_own(cli, data):
    expected = whole(cli, data)
    shard(cli, data, "2/2")
    [before] = cli.json("history")
    again = shard(cli, data, "2/2")  # started once more: it has nothing to do
    assert "left of the job: 4 airports" in again.stderr
    done = cli("run", "--data", data, *QUICK, "--out", "f.csv")
    assert f"going on with job {before['job_id']}, which was cut off after 2 of 6" in done.stderr
    recorded_once(cli)
    pd.testing.assert_frame_equal(pd.read_csv(cli.folder / "f.csv"), expected)


def test_what_is_complete_stays_as_it_is_until_something_is_other(cli, data):
    """A share that is started once more, whichever, makes no second job, and writes the file."""
    for text in ("1/2", "2/2"):
        shard(cli, data, text)
    expected = (cli.folder / "f.csv").read_bytes()
    [job] = cli.json("history")
    for text in ("2/2", "1/2"):
        (cli.folder / "f.csv").unlink()
        again = shard(cli, data, text)
        said = f"job {job['job_id']} is complete: nothing is left for shard {text[0]} of 2"
        assert said in again.stderr
        assert "6 airports: 6 ok" in again.stdout
        assert (cli.folder / "f.csv").read_bytes() == expected
    recorded_once(cli)
    shard(cli, data, "1/3")  # another way to share it is another job
    newest, _ = cli.json("history")
    assert newest["status"] == "interrupted"


def test_what_a_share_left_behind_takes_nothing_off_a_job_that_others_closed(cli, data, tmp_path):
    """Its machine publishes it later: what it says of the job is of the time at which it joined."""
    elsewhere = {"FORECASTCTL_TRACKING__SPOOL": str(tmp_path / "elsewhere")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in elsewhere.items():
            patch.setenv(name, value)
        patch.setattr(sharing, "publish_all", lambda *_: Synced({}, {}))  # as if killed before
        shard(cli, data, "1/2")
    for text in ("1/2", "2/2"):
        last = shard(cli, data, text)
    assert "is closed" in last.stderr
    expected = (cli.folder / "f.csv").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*next(iter(elsewhere.items())))
        cli("sync")
    recorded_once(cli)
    (cli.folder / "f.csv").unlink()
    assert "is complete" in shard(cli, data, "1/2").stderr
    assert (cli.folder / "f.csv").read_bytes() == expected
    cli("report", "--out", "site")


def test_a_share_that_somebody_did_for_it_makes_no_second_job(cli, data):
    """The job was begun in shares, and closed by one that did all that was missing."""
    shard(cli, data, "2/2")
    cli("run", "--data", data, *QUICK)
    assert "is complete: nothing is left for shard 1 of 2" in shard(cli, data, "1/2").stderr
    recorded_once(cli)
    cli("run", "--data", data, *QUICK)  # another job of the same, done whole
    assert "is complete" in shard(cli, data, "2/2").stderr
    assert [job["status"] for job in cli.json("history")] == ["ok", "ok"]


def test_a_share_that_others_published_and_closed_makes_no_second_job(cli, data, monkeypatch):
    """They have a spool in common, and this one had to wait for the store."""
    expected = whole(cli, data)
    real, opened = sharing.store_for_job, []

    def late(*given, **named):
        opened.append(given)
        if len(opened) == 2:  # before it records: another one publishes what both have, and closes
            assert "is closed" in shard(cli, data, "2/2").stderr
            (cli.folder / "f.csv").unlink()
        return real(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(sharing, "store_for_job", late)
        said = shard(cli, data, "1/2").stderr
    job = recorded_once(cli)
    assert f"job {job['job_id']} is closed by another of its shards" in said
    pd.testing.assert_frame_equal(pd.read_csv(cli.folder / "f.csv"), expected)


def test_rejected_and_skipped_airports_are_accounted_for_once(cli):
    data = cli.write(pd.concat([panel(AIRPORTS), *[panel(["A9"])] * 2]))
    cli("run", "--data", data, *QUICK, code=0)
    said = [shard(cli, data, f"{number}/3", "--skip-unchanged").stderr for number in (1, 2)]
    said.append(shard(cli, data, "3/3", "--skip-unchanged", code=3).stderr)
    newest, first = cli.json("history")
    assert (first["ok"], first["rejected"], first["total"]) == (6, 1, 7)
    assert (newest["skipped"], newest["rejected"], newest["total"]) == (6, 1, 7)
    assert ["is closed" in each for each in said] == [False, False, True]


@pytest.mark.parametrize("dies_in", ["store_inputs", "clock"])
def test_a_share_that_dies_while_it_begins_the_job(cli, data, monkeypatch, dies_in):
    """The next one says of the job what the first one had no time to say."""

    def dies(*given):
        raise SystemExit(137)

    with monkeypatch.context() as patched:
        patched.setattr(share, dies_in, dies)
        shard(cli, data, "1/2", code=137)
    shard(cli, data, "2/2")
    [job] = cli.json("history")
    assert job["status"] == "interrupted"
    assert cli.json("history", "--status", "killed") == []
    assert "is closed" in shard(cli, data, "1/2").stderr
    recorded_once(cli)
    assert "complete" in shard(cli, data, "2/2").stderr


def test_kubernetes_says_which(cli, data, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_RUN__SHARD", "/2")
    for index in ("1", "0"):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", index)
        said = cli("run", "--data", data, *QUICK).stderr
        assert f"shard {int(index) + 1} of 2" in said
    recorded_once(cli)


def test_a_share_whose_store_has_gone_waits_on_its_machine(cli, data, monkeypatch):
    shard(cli, data, "1/2")
    real, opened = sharing.store_for_job, []

    def gone(*given, **named):
        opened.append(given)
        if len(opened) > 1:
            raise TrackingError("The store went away.")
        return real(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(sharing, "store_for_job", gone)
        said = shard(cli, data, "2/2", code=9).stderr
    assert "2 airports" in said
    assert "published from the spool: 2 airports of 1 job" in cli("sync").stdout
    assert "is closed" in shard(cli, data, "1/2").stderr
    recorded_once(cli)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--shard", "3/2"], "no shard 3 of 2"),
        (["--shard", "two"], "as 2/8"),
        (["--shard", "/2"], "JOB_COMPLETION_INDEX"),
        (["--shard", "1/2", "--fresh"], "--fresh"),
        (["--shard", "1/2", "--learn"], "--learn"),
        (["--shard", "1/2", "--group", "state"], "groups and totals"),
    ],
)
def test_what_is_refused(cli, more, said):
    frame = panel(AIRPORTS).assign(state="NY")
    refused = cli("run", "--data", cli.write(frame), *QUICK, *more, code=2)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_spool_there_are_no_shares(cli, data, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__SPOOL", "off")
    assert "spool" in shard(cli, data, "1/2", code=2).stderr


@pytest.mark.slow
def test_shares_over_a_server_one_of_which_is_killed(cli, data, postgres_base, tmp_path):
    """Three processes at once, over a server on PostgreSQL; one is killed while it works."""
    services.execute(postgres_base, "CREATE DATABASE of_shards")
    store = f"{postgres_base}/of_shards".replace("postgresql://", "postgresql+psycopg2://")
    home = tmp_path / "server"
    home.mkdir()
    with services.mlflow_server(store, home) as uri:
        more = ["--tracking-uri", uri]
        expected = whole(cli, data, *more)
        command = [*FORECASTCTL, "run", "--data", str(data), *QUICK, *more, "--out", "f.csv"]

        def start(number):
            env = {**os.environ, "FORECASTCTL_TRACKING__SPOOL": str(tmp_path / f"spool{number}")}
            return in_a_group([*command, "--shard", f"{number}/3"], cli.folder, env)

        shares = [start(number) for number in (1, 2, 3)]
        until(lambda: cli.jobs(*more), shares[2])
        os.killpg(shares[2].pid, signal.SIGKILL)
        assert shares[2].wait(600) == -signal.SIGKILL
        assert [share.wait(600) for share in shares[:2]] == [0, 0]
        [job] = cli.json("history", *more)
        assert job["status"] == "interrupted"
        again = start(3)
        said = again.communicate(timeout=600)[1]
        assert again.returncode == 0, said
        assert f"job {job['job_id']} is closed" in said
        recorded_once(cli, *more)
        pd.testing.assert_frame_equal(pd.read_csv(cli.folder / "f.csv"), expected)
