"""What only a real process shows: imports, pipes, signals, terminals."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.cli.conftest import FORECASTCTL, QUICK, in_a_group, panel, until


def test_help_imports_nothing_heavy(bare):
    code = (
        "import sys; from forecastctl.cli.app import app\n"
        "try: app(['run', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'mlflow', 'hyperopt', 'statsmodels', 'sqlalchemy', 'joblib'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "--max-evals" in done.stdout


@pytest.mark.slow
def test_reading_a_sql_store_imports_no_mlflow(cli):
    cli("run", "--data", cli.write(panel(["JFK"])), *QUICK)
    for command in (
        "['history', 'trials']",
        "['explain', '--airport', 'JFK', '--date', '2018-05']",
    ):
        code = (
            f"import sys; from forecastctl.cli.app import app\ntry: app({command})\n"
            "except SystemExit as e: assert not e.code, e.code\n"
            "heavy = {'mlflow', 'hyperopt', 'statsmodels', 'matplotlib'}\n"
            "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cli.folder
        )
        assert done.stderr.strip() == "[]"


def test_module_and_version_also_beside_a_folder_of_that_name(bare):
    # As where the project was cloned, and where XDG_STATE_HOME is the current folder.
    (bare.folder / "forecastctl").mkdir()
    done = bare.process("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("forecastctl ")
    assert bare.process().returncode == 2


@pytest.mark.slow
def test_json_alone_on_stdout_and_progress_on_stderr(cli):
    cli.write(panel())
    done = cli.process("run", "--data", "air.csv", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "ok"
    assert "2/2 airports" in done.stderr
    quiet = cli.process("run", "--data", "air.csv", *QUICK, "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    loud = cli.process("run", "--data", "air.csv", *QUICK, "--verbose")
    assert "INFO" in loud.stderr


def test_a_closed_pipe_is_silent(cli):
    cli("run", "--data", cli.write(panel()), *QUICK)
    line = (
        f"{sys.executable} -m forecastctl history trials --json | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=cli.folder, check=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == "["


ENDINGS = pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        pytest.param(signal.SIGHUP, 129, "ended by SIGHUP", marks=pytest.mark.slow),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)


@pytest.mark.slow
@ENDINGS
def test_an_ended_job_ends_cleanly_and_leaves_a_true_record(cli, number, code, said):
    cli.write(panel([f"A{i}" for i in range(100)], months=60))  # more than are done in time
    command = [*FORECASTCTL, "run", "--data", "air.csv", "--jobs", "2", "--max-evals", "30"]
    child = in_a_group([*command, "--out", "f.csv"], cli.folder)
    until(cli.jobs, child)
    os.killpg(child.pid, number)
    out, err = child.communicate(timeout=600)
    assert child.returncode == code, err
    assert "Traceback" not in err
    assert said in err
    assert out == ""
    assert not (cli.folder / "f.csv").exists()
    (job,) = cli.json("history")
    assert job["status"] == "interrupted"
    done = len(cli.json("history", "airports"))
    left, then = err.splitlines()[-2:]
    assert f": {done} of 100 airports are recorded; what was under way is lost" in left
    assert f"--resume {job['job_id']}'" in then
    assert cli.json("history", "--status", "interrupted") == [job]
    assert cli.json("history", "--status", "killed") == []


KILLS = [signal.SIGKILL]


@pytest.mark.slow
@pytest.mark.parametrize("number", KILLS, ids=[k.name for k in KILLS])
def test_a_job_that_is_cut_off_goes_on_and_ends_like_another(cli, number):
    """The forecasts are those of a job that was never cut off, bit by bit."""
    cli.write(panel([f"A{i:03d}" for i in range(60)], months=60))
    command = ["run", "--data", "air.csv", "--jobs", "2", "--max-evals", "14", "--no-charts"]
    child = in_a_group([*FORECASTCTL, *command], cli.folder)
    until(lambda: cli.jobs() and len(cli.json("history", "airports")) > 8, child)
    os.killpg(child.pid, number)
    child.communicate(timeout=600)
    again = cli.process(*command, "--out", "f.csv", "--json")
    assert again.returncode == 0, again.stderr
    assert "going on with job" in again.stderr
    assert len(cli.jobs()) == 1
    summary = json.loads(again.stdout)
    assert summary["airports"]["ok"] == summary["airports"]["total"] == 60
    lines = cli.json("history", "airports", "--limit", "1000")
    assert len({line["airport"] for line in lines}) == len(lines) == 60
    other = cli.process(*command, "--out", "other.csv", "--fresh", "--quiet")
    assert other.returncode == 0, other.stderr
    assert (cli.folder / "f.csv").read_bytes() == (cli.folder / "other.csv").read_bytes()


def _with_workers_that(cli, act):
    """Environment in which the very first thing that a worker does is something else."""
    (cli.folder / "first").mkdir()
    (cli.folder / "first" / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "if any('popen_loky' in word for word in sys.orig_argv):\n" + textwrap.indent(act, "    ")
    )
    path = os.pathsep.join(filter(None, [str(cli.folder / "first"), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_a_worker_ignores_what_ends_its_driver_from_its_first_instruction(cli, ending):
    cli.write(panel())
    env = _with_workers_that(cli, f"os.kill(os.getpid(), signal.{ending})")
    done = cli.process("run", "--data", "air.csv", *QUICK[:-1], "2", "--quiet", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


WHILE_WORKERS_START = [
    ["run", "--data", "air.csv"],
    ["backtest", "--data", "air.csv", "--from", "2017-10", "--to", "2017-12"],
    ["reproduce", "--refit"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", WHILE_WORKERS_START, ids=lambda command: command[0])
@ENDINGS
def test_ended_while_workers_start(cli, command, number, code, said):
    cli.write(panel([f"A{i}" for i in range(4)]))
    if command[0] == "reproduce":
        cli("run", "--data", "air.csv", *QUICK)
        command = [*command, cli.json("history")[0]["job_id"]]
    env = _with_workers_that(cli, f"os.killpg(0, {int(number)})")
    child = in_a_group([*FORECASTCTL, *command, "--jobs", "2"], cli.folder, env)
    out, err = child.communicate(timeout=600)  # once no process of it holds these open
    assert child.returncode == code, err
    assert "Traceback" not in err
    assert "Exception" not in err
    assert said in err
    assert out == ""
    if command[0] != "reproduce":
        assert {job["status"] for job in cli.jobs()} <= {"interrupted"}


STOPS = """
from forecastctl.search import tune as module
real = module.tune
def tune(series, *others):
    if series.airport == "JFK":
        os.kill(os.getpid(), signal.{signal})
    return real(series, *others)
module.tune = tune
"""


INTERRUPTS = """
import sys
class Finder:
    def find_spec(self, name, *_):
        if name == {name!r}:
            exec("raise KeyboardInterrupt")  # as in the making of a dataclass
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_that_comes_within_a_callback_is_not_lost(bare, number, code):
    """Python prints what is raised in the callback of a weak reference, and goes on."""
    program = f"""
        import signal, time, weakref
        import forecastctl.cli.app
        from forecastctl.__main__ import main

        class Thing: pass

        def app(**_):
            thing = Thing()
            gone = weakref.ref(thing, lambda _: signal.raise_signal({int(number)}))
            del thing
            time.sleep(600)

        forecastctl.cli.app.app = app
        main()
    """
    process = in_a_group([sys.executable, "-c", textwrap.dedent(program)], bare.folder)
    _, said = process.communicate(timeout=600)
    assert (process.returncode, said) == (code, "interrupted.\n")


@pytest.mark.parametrize("name", ["forecastctl.cli.app", "forecastctl.settings"])
def test_an_interruption_ends_with_130_before_and_in_a_command(bare, name):
    (bare.folder / "sitecustomize.py").write_text(INTERRUPTS.format(name=name))
    path = os.pathsep.join(filter(None, [str(bare.folder), os.environ.get("PYTHONPATH")]))
    done = bare.process("history", env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("interrupted")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        pytest.param(
            "SIGKILL", "WorkerDied: its process died twice, SIGKILL(-9)", marks=pytest.mark.slow
        ),
        pytest.param(
            "SIGSEGV", "WorkerDied: its process died twice, SIGSEGV(-11)", marks=pytest.mark.slow
        ),
        # No code of its own runs in it any more, as in a loop of compiled code.
        pytest.param("SIGSTOP", "TimedOut: it was not done within 20", marks=pytest.mark.slow),
    ],
)
def test_what_a_fit_does_to_its_only_worker_costs_its_airport_alone(cli, how, reason):
    cli.write(panel(["JFK", "LGA"]))
    env = _with_workers_that(cli, STOPS.format(signal=how))
    done = cli.process(
        "run", "--data", "air.csv", *QUICK, "--airport-timeout", "20", "--json", env=env
    )
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert "Fatal Python error" not in done.stderr
    one, two = json.loads(done.stdout)["results"]
    assert one["reason"].startswith(reason)
    assert two["status"] == "ok"
    rows = cli.json("history", "airports")
    assert {row["airport"]: row["status"] for row in rows} == {"JFK": "failed", "LGA": "ok"}


@pytest.mark.slow
def test_a_killed_job_is_healed_on_the_next_start(cli):
    cli.write(panel(["JFK"], months=60))
    child = subprocess.Popen(
        [*FORECASTCTL, "run", "--data", "air.csv", "--jobs", "1", "--max-evals", "400"],
        cwd=cli.folder,
        stderr=subprocess.DEVNULL,
    )
    until(cli.jobs, child)
    child.kill()
    child.wait()
    assert [r["status"] for r in cli.json("history")] == ["running"]
    cli("run", "--data", "air.csv", *QUICK)
    assert sorted(r["status"] for r in cli.json("history")) == ["killed", "ok"]
    assert [r["status"] for r in cli.json("history", "--status", "killed")] == ["killed"]


@pytest.mark.slow
def test_no_color_and_a_narrow_terminal(cli):
    data = cli.write(panel(["[red]X[/red]"]))
    job = _on_a_terminal(cli, f"run --data {data} {' '.join(QUICK)}", no_color=False)
    assert COLOUR.search(job)
    assert "1 airport: 1 ok" in job
    job = _on_a_terminal(cli, f"check --data {data}", no_color=True)
    assert not COLOUR.search(job)
    for no_color in (True, False):
        listed = _on_a_terminal(cli, "history airports -n 1", no_color=no_color)
        assert "[red]X[/red]" in listed
        assert max(len(row) for row in ESCAPE.sub("", listed).splitlines()) <= 40


ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COLOUR = re.compile(r"\x1b\[([0-9]+;)*(3[0-7]|38|9[0-7])(;[0-9]+)*m")


def _on_a_terminal(cli, arguments, *, no_color):
    """Output of a command in a terminal of 40 columns."""
    line = f"stty cols 40; {' '.join(FORECASTCTL)} {arguments}"
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "CI")}
    env |= {"TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if no_color else {})
    done = subprocess.run(
        ["script", "-qec", line, "/dev/null"],
        capture_output=True,
        text=True,
        cwd=cli.folder,
        env=env,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def test_completion_can_be_shown(bare):
    # Which shell it is, is read from the processes above: there need be none where tests run.
    line = f"{' '.join(FORECASTCTL)} --show-completion; exit $?"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "forecastctl" in done.stdout
