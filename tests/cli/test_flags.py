"""Every flag of every command reaches the setting that it says, and is named where it is wrong."""

import re

import pytest
import typer

from forecastctl.api.named import settings_of
from forecastctl.cli.app import app
from forecastctl.errors import SettingsError
from forecastctl.settings import load_settings
from tests.cli.conftest import QUICK, panel

COMMANDS = typer.main.get_command(app).commands
WITH_SETTINGS = sorted(name for name, c in COMMANDS.items() if settings_of(c.callback))
NEEDED = {
    "plot": ["JFK"],
    "backtest": ["--from", "2018-01", "--to", "2018-02"],
    "init": ["--data", "air.csv"],
    "explain": ["--airport", "JFK", "--date", "2018-01"],
    "reproduce": ["some-run"],
    "retry": ["latest"],
}


def flags(command):
    """Flag, whether it takes a value, and setting."""
    settings = settings_of(COMMANDS[command].callback)
    for param in COMMANDS[command].params:
        if param.name in settings:
            yield max(param.opts, key=len), not param.is_flag, settings[param.name]


def test_all_commands_but_those_without_a_store_take_settings():
    assert set(COMMANDS) - set(WITH_SETTINGS) == {"sample", "schedule", "settings"}


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_what_is_given_overrides_the_setting_that_the_flag_names(bare, command, monkeypatch):
    seen = {}

    def load(given, config, **_):
        seen.update(given)
        raise SettingsError("seen")

    monkeypatch.setattr("forecastctl.settings.load_settings", load)
    arguments = [a for flag, value, _ in flags(command) for a in ([flag, "3"] if value else [flag])]
    bare(command, *NEEDED.get(command, []), *arguments, code=2)
    assert set(seen) == {setting for *_, setting in flags(command)}
    for _, takes_value, setting in flags(command):
        assert seen[setting] in (["3", 3.0, ["3"], [3]] if takes_value else [True]), setting


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_a_wrong_value_is_blamed_on_the_flag(bare, command):
    for flag, _, setting in flags(command):
        with pytest.raises(SettingsError, match=f"^{re.escape(f'{flag}: {setting} = ')}"):
            load_settings({setting: object()}, environ={})


def test_an_unknown_executor_is_refused_with_the_known_ones_and_how_one_is_added(bare):
    said = bare("run", "--data", "sample", "--backend", "flink", code=2).stderr
    assert "--backend: there is no executor 'flink'" in said
    assert (
        "Executors are loky, serial, threads, dask, ray, spark; a package adds one by an entry point"
        in said
    )
    assert "group forecastctl.executors" in said
    assert "Did you mean 'loky'?" in bare("tune", "--backend", "locky", code=2).stderr


def test_the_executor_that_is_named_does_the_work(cli, monkeypatch):
    def unwanted(*_):
        raise AssertionError("a process was to be started")

    monkeypatch.setattr("forecastctl.execute.loky.JoblibExecutor.__init__", unwanted)
    assert (
        cli.json("run", "--data", cli.write(panel()), *QUICK, "--backend", "serial")["airports"][
            "ok"
        ]
        == 2
    )
