"""What a repository around the working directory counts as changed."""

import subprocess

import pytest

from forecastctl.api.environment import git_state, own_files
from forecastctl.settings import load_settings


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow sets it in this process
    (tmp_path / "forecastctl.toml").write_text(
        '[forecast]\nout = "out[1].csv"\n[tracking]\nuri = "sqlite:///mlflow.db"\n'
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "air.csv").write_text("airport,date,passengers\n")
    me = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "."), (*me, "commit", "-qm", "x")):
        subprocess.run(["git", *command], check=True)
    return tmp_path


def dirty():
    commit, changed = git_state(own_files(load_settings()))
    assert len(commit) == 40
    return changed


def test_what_commands_write_is_no_change(repository, monkeypatch):
    assert not dirty()
    for name in ("mlflow.db", "mlflow.db-wal", "mlflow.db.99e5a83e.lock", "out[1].csv"):
        (repository / name).touch()
    (repository / "mlartifacts" / "x").mkdir(parents=True)
    (repository / "mlartifacts" / "x" / "log.txt").touch()
    assert not dirty()
    monkeypatch.chdir(repository / "sub")
    monkeypatch.setenv("FORECASTCTL_CONFIG", str(repository / "forecastctl.toml"))
    assert not dirty()


@pytest.mark.parametrize(
    "name", ["sub/air.csv", "model.py", "mlflow.py", 'new/é " model.PY', "other.toml"]
)
def test_all_else_is_one_wherever_the_command_runs(repository, monkeypatch, name):
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("changed")
    (repository / "mlflow.db").touch()
    assert dirty()
    monkeypatch.chdir(repository / "sub")
    monkeypatch.setenv("FORECASTCTL_CONFIG", str(repository / "forecastctl.toml"))
    assert dirty()


@pytest.mark.parametrize("name", ["older.csv", "report/index.html", "metrics.prom", "x.py.csv"])
def test_an_untracked_file_that_is_neither_code_nor_settings_is_none(repository, name):
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("written by an earlier command, under another name")
    assert not dirty()


def test_a_tracked_file_that_is_gone_or_moved_is_a_change(repository):
    (repository / "sub" / "air.csv").rename(repository / "sub" / "moved.csv")
    assert dirty()
    subprocess.run(["git", "add", "-A"], check=True)
    assert dirty()


def test_without_a_repository_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(own_files(load_settings())) == ("", False)
