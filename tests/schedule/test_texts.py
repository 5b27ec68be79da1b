"""What is printed is read back as cron, systemd and Airflow read it."""

import shlex
import shutil
import subprocess
import sys
import types
from configparser import ConfigParser

import jinja2
import pytest

from forecastctl.errors import UsageError
from forecastctl.schedule import airflow, cron, systemd, times
from forecastctl.schedule.job import ScheduledJob, check_printable

NASTY = ["plain", "a b", "100%", "it's", 'quo"te', "$HOME", "back\\slash", "{{ x }}", "ü", "a;b&c"]


def job(name="plain", **others):
    folder = f"/srv/{name}"
    given = {
        "times": times.at("05:15"),
        "interpreter": sys.executable,
        "arguments": ("run", "--config", f"{folder}/forecastctl.toml", "--skip-unchanged"),
        "directory": folder,
        "log": f"{folder}/forecastctl.log",
        "environment": {"FORECASTCTL_TRACKING__EXPERIMENT": name},
    }
    return ScheduledJob(**given | others)


def crontab_command(text):
    """Schedule and command of the one entry, as cron reads it (crontab(5))."""
    (entry,) = (line for line in text.splitlines() if line and not line.startswith("#"))
    *fields, command = entry.split(maxsplit=5)
    plain, rest = [], command
    while rest:
        if rest.startswith(r"\%"):
            plain, rest = [*plain, "%"], rest[2:]
        else:
            assert rest[0] != "%", "cron would cut the command here"
            plain, rest = [*plain, rest[0]], rest[1:]
    return " ".join(fields), "".join(plain)


@pytest.mark.parametrize("name", NASTY)
def test_cron(name, tmp_path):
    """The shell of cron starts exactly the command, in the directory, with the variables."""
    folder = tmp_path / name
    folder.mkdir()
    shown = tmp_path / "python"
    shown.write_text(
        '#!/bin/sh\npwd\necho "$FORECASTCTL_TRACKING__EXPERIMENT"\nprintf "%s\\n" "$@"\n'
    )
    shown.chmod(0o755)
    planned = job(
        name,
        interpreter=str(shown),
        directory=str(folder),
        log=str(folder / "x.log"),
    )
    schedule, command = crontab_command(cron.crontab(planned))
    assert schedule == "15 5 * * *"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={}, capture_output=True, text=True, check=True, cwd="/"
    )
    assert (done.stdout, done.stderr) == ("", "")
    said = (folder / "x.log").read_text().splitlines()
    assert said == [str(folder), name, *planned.command[1:]]


def test_cron_prints_the_end_of_the_log_where_the_job_does_not_end_well(tmp_path):
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\nfor i in $(seq 60); do echo line $i; done\nexit 4\n")
    failing.chmod(0o755)
    log = tmp_path / "x.log"
    planned = job(interpreter=str(failing), directory=str(tmp_path), log=str(log), environment={})
    _, command = crontab_command(cron.crontab(planned))
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    first, *rest = done.stdout.splitlines()
    assert first == "forecastctl ended with exit code 4; the end of its log:"
    assert rest == [f"line {i}" for i in range(21, 61)]


def words(line):
    """Words of a command line as systemd reads them (systemd.service(5))."""
    assert "%" not in line.replace("%%", "")
    assert "$" not in line.replace("$$", "")
    found, rest = [], line
    while rest:
        assert rest.startswith('"'), rest
        at, word = 1, ""
        while rest[at] != '"':
            if rest[at] == "\\":
                at += 1
                assert rest[at] in '\\"'
            word += rest[at]
            at += 1
        found.append(word.replace("%%", "%").replace("$$", "$"))
        rest = rest[at + 1 :].lstrip()
    return found


@pytest.mark.parametrize("name", NASTY)
def test_systemd(name):
    files = systemd.units(job(name, times=times.every("0 6 13 * FRI")))
    read = {}
    for file, text in files.items():
        entries = ConfigParser(
            interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",)
        )
        entries.optionxform = str
        entries.read_string(text)
        read[file] = entries
    service, timer = read["forecastctl.service"]["Service"], files["forecastctl.timer"]
    assert service["Type"] == "oneshot"
    assert service["WorkingDirectory"].replace("%%", "%") == f"/srv/{name}"
    assert words(service["ExecStart"]) == list(job(name).command)
    variable = service["Environment"].replace("$", "$$")  # not expanded there
    assert words(variable) == [f"FORECASTCTL_TRACKING__EXPERIMENT={name}"]
    assert timer.count("OnCalendar=") == 2
    assert read["forecastctl.timer"]["Timer"]["Persistent"] == "true"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("name", NASTY)
def test_systemd_takes_the_units(name, tmp_path):
    for file, text in systemd.units(job(name)).items():
        (tmp_path / file).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
        + [str(tmp_path / file) for file in systemd.units(job(name))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "forecastctl" in line]
    assert ours == []


@pytest.mark.parametrize("name", ["ends with a blank ", "ends with a backslash\\"])
def test_systemd_gets_the_whole_name_of_a_directory(name):
    """It cuts blanks from the end of a line, and a backslash there joins it to the next one."""
    lines = systemd.units(job(name))["forecastctl.service"].splitlines()
    (line,) = (line for line in lines if line.startswith("WorkingDirectory="))
    assert line == f"WorkingDirectory=/srv/{name}/."


@pytest.mark.parametrize(("grace", "seconds"), [(0, 120), (60, 120), (300.5, 361)])
def test_systemd_waits_longer_than_the_grace(grace, seconds):
    service = systemd.units(job(grace=grace))["forecastctl.service"]
    assert f"TimeoutStopSec={seconds}\n" in service


def test_the_text_of_systemd_holds_both_files():
    text = systemd.text(job())
    for file, body in systemd.units(job()).items():
        assert f"# /etc/systemd/system/{file}\n{body}" in text


@pytest.fixture(params=[2, 3])
def scheduled(request, monkeypatch):
    """Airflow, as far as the file uses it: what it makes of it is returned."""
    made = {}

    class DAG:
        def __init__(self, **given):
            made["dag"] = given

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    def operator(**given):
        made["operator"] = given

    package = types.ModuleType("airflow")
    package.DAG = DAG
    where = {2: "airflow.operators.bash", 3: "airflow.providers.standard.operators.bash"}
    monkeypatch.setitem(sys.modules, "airflow", package)
    path = where[request.param].split(".")
    for at in range(2, len(path) + 1):
        module = types.ModuleType(".".join(path[:at]))
        module.BashOperator = operator
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


@pytest.mark.parametrize("name", NASTY)
def test_airflow(name, scheduled):
    exec(compile(airflow.dag(job(name)), "dag.py", "exec"), {})  # noqa: S102
    assert scheduled["dag"]["schedule"] == "15 5 * * *"
    assert scheduled["dag"]["max_active_runs"] == 1
    assert scheduled["dag"]["catchup"] is False
    work = scheduled["operator"]
    assert not work["bash_command"].endswith((".sh", ".bash"))  # the name of a template
    rendered = jinja2.Environment(autoescape=False).from_string(work["bash_command"]).render()  # noqa: S701
    assert shlex.split(rendered) == [
        *("cd", f"/srv/{name}", "&&", "exec", "env", f"FORECASTCTL_TRACKING__EXPERIMENT={name}"),
        *job(name).command,
    ]
    assert set(work) == {"task_id", "bash_command"}  # cwd and env would be templates
    assert scheduled["dag"]["default_args"]["retries"] == 2


def test_airflow_does_not_try_again_what_has_a_deadline(scheduled):
    """A second try would begin the time anew."""
    exec(compile(airflow.dag(job(deadline="06:30")), "dag.py", "exec"), {})  # noqa: S102
    assert scheduled["dag"]["default_args"] == {"retries": 0}


def test_what_jinja_would_take_for_its_own_is_refused():
    with pytest.raises(UsageError, match="endraw"):
        airflow.dag(job("x{% endraw %}"))


@pytest.mark.parametrize("name", ["two\nlines", "a\tb", "\x7f"])
def test_what_no_line_can_hold_is_refused(name):
    with pytest.raises(UsageError, match="control character"):
        check_printable(job(name))


def test_secrets_are_named_and_not_printed():
    planned = job(missing=("FORECASTCTL_TRACKING__URI",))
    printed = (cron.crontab, systemd.text, airflow.dag)
    for text in (make(planned) for make in printed):
        (note,) = (line for line in text.splitlines() if "FORECASTCTL_TRACKING__URI" in line)
        assert note.startswith("# ")
