"""reproduce on the command line, against a real MLflow store."""

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.conftest import QUICK, panel


@pytest.fixture
def job(cli):
    data = cli.write(panel(["JFK", "LGA"]))
    return cli.json("run", "--data", data, *QUICK)["job_id"]


def edit(cli, run_id, name, change, *, digests=False):
    """Change a stored artifact, of a record without digests unless they are to be kept."""
    (path,) = cli.folder.rglob(f"{run_id}/artifacts/{name}")
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))
    if not digests:
        with sqlite3.connect(cli.folder / "mlflow.db") as database:
            database.execute("DELETE FROM tags WHERE key = 'digests' AND run_uuid = ?", (run_id,))


def run_of(found, airport):
    return next(a["run_id"] for a in found["airports"] if a["airport"] == airport)


def test_run_reproduce_refit_and_a_tampered_store(cli, job):
    replayed = cli("reproduce", job)
    lines = replayed.stdout.splitlines()
    assert lines[0] == "2 of 2 replayed bit-identical; the environment is the same."
    assert [line.split(maxsplit=1) for line in lines[2:]] == [
        ["JFK", "bit-identical"],
        ["LGA", "bit-identical"],
    ]
    found = cli.json("reproduce", job[:-3], "--refit", "--jobs", 1)
    assert found["schema"] == 1
    assert (found["job_id"], found["command"], found["origin"]) == (job, "run", "live")
    assert found["differs"] is False
    assert found["replay"]["bit-identical"] == found["refit"]["bit-identical"] == 2
    assert {a["refit"]["same_data"] for a in found["airports"]} == {True}
    assert found["environment"] == {"same": True, "differences": []}

    lga = run_of(found, "LGA")
    edit(cli, lga, "forecast.json", lambda v: v["mean"].__setitem__(1, v["mean"][1] + 50))
    tampered = cli("reproduce", job, code=7)
    assert tampered.stdout.startswith("1 of 2 replayed bit-identical, 1 different; ")
    assert re.search(r"LGA +differs +mean 2018-06-01: .* stored, .* now", tampered.stdout)
    value = cli.json("reproduce", lga, "--refit", "--jobs", 1, code=7)
    (row,) = value["airports"]
    assert row["replay"]["result"] == row["refit"]["forecast"]["result"] == "differs"
    assert row["refit"]["parameters"]["result"] == "bit-identical"
    assert cli("reproduce", job, "--quiet", code=7).stdout == ""
    assert cli("reproduce", job, "--airport", "JFK", code=0).stdout.startswith("1 of 1")


@pytest.mark.parametrize("name", ["model.json", "forecast.json"])
def test_a_file_that_was_changed_is_said_to_be_so_and_used_for_nothing(cli, job, name):
    jfk = run_of(cli.json("reproduce", job), "JFK")

    def change(value):
        key = "spread" if name == "model.json" else "sd"
        value[key] = value[key] * 2 if key == "spread" else value[key][::-1]

    edit(cli, jfk, name, change, digests=True)
    changed = f"{name} of run {jfk} was changed after it was recorded"
    assert changed in cli("reproduce", job, code=7).stdout
    value = cli.json("reproduce", job, "--refit", "--jobs", 1, code=7)
    row = next(a for a in value["airports"] if a["airport"] == "JFK")
    assert changed in row["replay"]["where"][0]
    question = ("explain", "--airport", "JFK", "--date", "2018-05")
    if name == "forecast.json":
        assert changed in cli(*question, code=6).stderr
    else:
        answer = cli.json(*question)
        assert changed in json.dumps(answer)


def test_a_tampered_parameter(cli, job):
    found = cli.json("reproduce", job)

    def change(model):
        for member in model["members"]:
            member["states"] = {
                name: [v * 1.001 for v in state] if isinstance(state, list) else state * 1.001
                for name, state in member["states"].items()
            }

    edit(cli, run_of(found, "JFK"), "model.json", change)
    result = cli("reproduce", job, "--refit", "--jobs", 1, code=7)
    assert result.stdout.startswith("1 of 2 replayed bit-identical, 1 different; 1 of 2 tuned")
    value = cli.json("reproduce", job, "--refit", "--jobs", 1, code=7)
    jfk = next(a for a in value["airports"] if a["airport"] == "JFK")
    assert jfk["replay"]["largest_difference"] > 1e-9
    assert jfk["refit"]["parameters"]["largest_difference"] == pytest.approx(1e-3, rel=1e-2)
    assert jfk["refit"]["forecast"]["result"] == "bit-identical"
    assert jfk["refit"]["specification"]["same"] is True


@pytest.mark.slow
def test_stages_apart_and_a_backtest(cli):
    data = cli.write(panel(["JFK"], months=48))
    cli("tune", "--data", data, *QUICK[:-3], "--jobs", 1)
    trained = cli.json("train", "--data", data, "--jobs", 1)["job_id"]
    made = cli.json("forecast", "--horizon", 3, "--level", 50, "--no-charts", "--jobs", 1)["job_id"]
    cli("backtest", "--data", data, "--from", "2018-06", "--to", "2018-07", *QUICK)
    origins = [j["job_id"] for j in cli.json("history") if j["command"] == "backtest"]
    assert len(origins) == 2
    for name in (trained, made, *origins):
        found = cli.json("reproduce", name, "--refit", "--jobs", 1)
        assert found["refit"]["bit-identical"] == 1, found
        assert found["airports"][0]["refit"]["same_data"] is True


def test_names_that_are_not_there(cli, job):
    result = cli("reproduce", f"{job}x", code=6)
    assert result.stdout == ""
    assert f"There is no run or job '{job}x'." in result.stderr
    assert f"Did you mean '{job}'?" in result.stderr
    result = cli("reproduce", job, "--airport", "JKF", code=6)
    assert "Did you mean 'JFK'?" in result.stderr


def test_a_narrow_terminal_shows_blocks(cli, job):
    found = cli.json("reproduce", job)
    edit(cli, run_of(found, "JFK"), "forecast.json", lambda v: v["mean"].reverse())
    main, side = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "forecastctl", "reproduce", job],
        cwd=cli.folder,
        stdout=side,
        stderr=side,
        env={**os.environ, "COLUMNS": "40", "TERM": "xterm"},
    ) as process:
        os.close(side)
        said = b"".join(iter(lambda: read(main), b""))
    os.close(main)
    assert process.returncode == 7
    text = re.sub(r"\x1b\[[0-9;]*m", "", said.decode())
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 40
    assert "  replay: differs" in lines
    assert any(line.startswith("  where: mean 2018-0") for line in lines)


def read(terminal):
    """What is there; nothing when the other side is closed."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
