"""Whatever becomes of its streams, disk and environment, a good job ends as a good job."""

import json
import logging
import os
import shlex
import stat
import subprocess
import sys
import threading
import warnings

import pytest

from forecastctl.cli.output.logs import JobLog
from tests.cli.conftest import QUICK, panel

COMMAND = [sys.executable, "-m", "forecastctl"]
RUN = [*COMMAND, "run", "--data", "air.csv", *QUICK]


def shell(cli, line, **options):
    """A line for bash, without a terminal."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=cli.folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **options,
    )


@pytest.fixture
def ready(cli):
    cli.write(panel(["JFK"]))
    return cli


@pytest.mark.parametrize(
    "behind",
    ["--json | head -n 1", "2>&1 | true", "<&- >&- 2>&-"],
)
@pytest.mark.slow
def test_a_job_whose_output_nobody_reads_ends_well(ready, behind):
    done = shell(ready, f"{shlex.join(RUN)} --out f.csv {behind}; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert (ready.folder / "f.csv").stat().st_size
    (airport,) = ready.json("history", "airports")
    assert airport["status"] == "ok"


def test_a_question_whose_answer_is_cut_off_ends_well(ready):
    ready("run", "--data", "air.csv", *QUICK)
    done = shell(ready, f"{shlex.join(COMMAND)} history trials | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_failed_job_whose_output_nobody_reads_is_still_a_failed_one(ready):
    ready.write("airport,date,passengers\nJFK,2015-01,1\n")
    done = shell(ready, f"{shlex.join(RUN)} | true; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 3, done.stderr


@pytest.mark.slow
def test_a_full_disk_behind_stdout_is_an_error(ready):
    done = shell(ready, f"{shlex.join(RUN)} > /dev/full")
    assert done.returncode == 11
    assert done.stderr.count("stdout cannot be written: No space left on device") == 1
    assert "Traceback" not in done.stderr


def test_a_full_disk_at_out_says_what_it_is_and_what_is_there(ready):
    """/dev/full refuses each byte as a full disk does."""
    result = ready("run", "--data", "air.csv", *QUICK, "--out", "/dev/full", code=11)
    assert "/dev/full cannot be written: No space left on device" in result.stderr
    assert "The forecasts are made, and are not there" in result.stderr
    assert "1 airport: 1 ok" in result.stdout
    assert "forecasts " not in result.stdout
    (job,) = ready.json("history")
    assert job["status"] == "ok"
    again = ready("run", "--data", "air.csv", *QUICK, "--skip-unchanged", "--out", "f.csv")
    assert "1 skipped" in again.stdout
    assert (ready.folder / "f.csv").stat().st_size


def test_a_table_of_another_shape_at_out_is_no_fault_of_the_data(ready):
    import sqlite3

    with sqlite3.connect(ready.folder / "out.db") as database:
        database.execute("CREATE TABLE forecasts (airport TEXT, cutoff TEXT, date TEXT)")
    result = ready("run", "--data", "air.csv", *QUICK, "--out", "sqlite:///out.db", code=11)
    assert "has no column" in result.stderr
    assert "The forecasts are made, and are not there" in result.stderr


ENVIRONMENTS = {
    "nothing": {},
    "C": {"LANG": "C", "LC_ALL": "C", "HOME": "/none/home"},
    "read-only HOME": {"HOME": "/proc"},  # also for root
    "cron": {"HOME": "/", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "x"},
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.slow
def test_the_job_is_the_same_in_any_environment(cli, name):
    """No terminal, no stdin, a strict umask: as a service manager starts it, with charts."""
    cli.write(panel(["Zürich 東京"]))
    arguments = [a for a in QUICK if a != "--no-charts"]
    job = [*COMMAND, "run", "--data", "air.csv", *arguments, "--out", "f.csv", "--quiet"]
    environ = ENVIRONMENTS[name] | {"PYTHONPATH": os.pathsep.join(sys.path)}
    line = f"umask 077; exec {shlex.join(job)} <&-"
    done = shell(cli, line, env=environ, start_new_session=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    cli("run", "--data", "air.csv", *QUICK, "--fresh", "--out", "other.csv")
    assert (cli.folder / "f.csv").read_bytes() == (cli.folder / "other.csv").read_bytes()
    assert stat.S_IMODE((cli.folder / "f.csv").stat().st_mode) == 0o600
    said = shell(cli, f"{shlex.join(COMMAND)} history airports", env=environ)
    assert (said.returncode, said.stderr) == (0, "")
    assert "Zürich 東京" in said.stdout


def test_a_name_that_the_encoding_of_the_terminal_lacks_is_escaped(cli):
    cli.write(panel(["東京"]))
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    cli("run", "--data", "air.csv", *QUICK)
    done = shell(cli, f"{shlex.join(COMMAND)} history airports", env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u6771\u4eac" in done.stdout


def test_what_libraries_say_is_json_as_well(capsys):
    """Each line has the same keys: a warning, a logger's own, and the end of a thread."""
    JobLog(verbose=False, redact=lambda text: text.replace("sesame", "***"), form="json")
    warnings.warn("open sesame\nin two lines", RuntimeWarning, stacklevel=1)
    logging.getLogger("some.library").warning("it says %s", "sesame")
    thread = threading.Thread(target=lambda: int("sesame"))
    thread.start()
    thread.join()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["logger"] for line in lines] == [
        "py.warnings", "some.library", "forecastctl.cli.output.logs",
    ]  # fmt: skip
    keys = {"time", "level", "logger", "message"}
    assert [set(line) for line in lines] == [keys, keys, keys | {"traceback"}]
    assert "ValueError" in lines[-1]["traceback"]
    assert "sesame" not in json.dumps(lines)


def test_stderr_and_log_of_a_job_are_json_lines_where_that_is_asked_for(ready):
    ready.write("[log]\nformat = 'json'\n", "forecastctl.toml")
    done = ready("run", "--data", "air.csv", *QUICK)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert "1/1 airports, 1 ok" in said[-1]["message"]
    assert {"time", "level", "logger", "message"} <= set(said[0])
    wrong = ready("run", "--data", "none.csv", "--log-format", "json", code=3)
    error, hint = (json.loads(line) for line in wrong.stderr.splitlines())
    assert (error["level"], hint["level"]) == ("ERROR", "ERROR")
    assert "none.csv" in error["message"]
    plain = ready("run", "--data", "air.csv", *QUICK, "--log-format", "text")
    assert "1/1 airports, 1 ok" in plain.stderr.splitlines()[-1]
    log = (ready.folder / "mlartifacts").rglob("log.txt")
    texts = sorted(path.read_text() for path in log)
    entries = [json.loads(line) for line in max(texts).splitlines()]
    assert any("ended: ok" in entry["message"] for entry in entries)
    assert any("ended: ok" in text and not text.startswith("{") for text in texts)


def test_a_traceback_is_a_part_of_its_json_line(capsys):
    import logging

    log = JobLog(verbose=False, redact=lambda text: text.replace("sesame", "***"), form="json")
    try:
        int("sesame")
    except ValueError:
        logging.getLogger("forecastctl.test").exception("it broke: %s", "sesame")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["message"], entry["level"]) == ("it broke: ***", "ERROR")
    assert "ValueError: invalid literal" in entry["traceback"]
    assert "sesame" not in entry["traceback"]
    assert log.read().decode().splitlines() == [line]
