"""The calendar, events and regressors on the command line, from settings to explanation."""

import json

import numpy as np
import pandas as pd
import pytest

from forecastctl.api.compose import read_store
from forecastctl.errors import ModelError, SettingsError
from forecastctl.jobs import work
from forecastctl.records import Query
from forecastctl.records.calendar import period_of
from forecastctl.records.feasts import EASTER, shares
from forecastctl.settings import load_settings

MONTHS, HORIZON = 96, 12
FIRST = "2010-01"

SETTINGS = """
[data]
source = "air.csv"
[tune]
families = ["annual", "seasonal_naive", "pooled"]
max_evals = 10
folds = 2
[forecast]
horizon = 12
charts = false
[run]
jobs = 1
backend = "serial"
[calendar]
terms = "auto"
[regressors]
file = "capacity.csv"
"""

GAMES = """
[[events]]
name = "Games"
from = 2012-07-27
to = "2012-08-12"
airports = ["LGA"]
[[events]]
name = "Games"
date = "2016-08"
airports = ["LGA"]
[[events]]
name = "Games"
date = "2018-07"
airports = ["LGA"]
"""


def air():
    """JFK and LGA follow Easter and their seats; EWR has neither."""
    rng = np.random.default_rng(0)
    t = np.arange(MONTHS)
    easter = shares(EASTER, period_of(FIRST, "M") + t, "M")
    dates = pd.date_range(FIRST, periods=MONTHS, freq="MS").strftime("%Y-%m")
    parts = []
    for i, airport in enumerate(("JFK", "LGA", "EWR")):
        logs = 8 + i + 0.003 * t + 0.2 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 0.01, MONTHS)
        if airport != "EWR":
            logs += 0.15 * easter + 0.8 * np.log(capacity(airport)["seats"].to_numpy()[:MONTHS])
        y = np.exp(logs).round().astype(int)
        parts.append(pd.DataFrame({"airport": airport, "date": dates, "passengers": y}))
    return pd.concat(parts, ignore_index=True)


def capacity(airport):
    """Seats of the past and of a year and a half ahead, one of which is a jump."""
    n = MONTHS + 18
    rng = np.random.default_rng(7)
    seats = np.exp(np.cumsum(rng.normal(0, 0.04, n)) + 0.2 * (np.arange(n) >= MONTHS + 2))
    dates = pd.date_range(FIRST, periods=n, freq="MS").strftime("%Y-%m")
    return pd.DataFrame({"airport": airport, "date": dates, "seats": seats.round(4)})


def written(cli, settings=SETTINGS + GAMES):
    cli.write(air())
    cli.write(pd.concat([capacity("JFK"), capacity("LGA")]), "capacity.csv")
    (cli.folder / "forecastctl.toml").write_text(settings)


def files(cli, name):
    return [json.loads(path.read_text()) for path in cli.folder.rglob(name)]


def runs_of(cli, command):
    tracker = read_store(load_settings({"tracking.uri": cli.uri}, environ={}))
    return tracker.find(Query(tags={"kind": "airport", "command": command}))


def skipped(cli):
    return cli.json("run", "--as-of", "2016-12", "--skip-unchanged")["airports"]["skipped"]


def test_a_job_takes_records_explains_and_reproduces_effects(cli):
    written(cli)
    whole = air()
    job = cli.json("run", "--as-of", "2016-12")
    (terms,) = files(cli, "terms.json")
    names = {column["name"] for column in terms["columns"]}
    assert {"Easter", "seats", "Games"} <= names
    found = files(cli, "effects.json")
    assert len(found) == 2
    for effects in found:
        assert abs(effects["Easter"]["beta"] - 0.15) < 3 * effects["Easter"]["se"]
        assert abs(effects["seats"]["beta"] - 0.8) < 3 * effects["seats"]["se"]
        assert len(effects["seats"]["passengers"]) == HORIZON
    tags = {run["airport"]: run for run in cli.json("history", "airports")}
    assert "terms out" in tags["JFK"]["model"]
    assert "terms out" not in tags["EWR"]["model"]

    answer = cli.json("explain", "--airport", "JFK", "--date", "2017-04")
    of_easter = {effect["name"]: effect for effect in answer["effects"]}["Easter"]
    usual = whole.query("airport == 'JFK' and date == '2017-04'")["passengers"].item()
    assert 0 < of_easter["value"] < 0.1 * usual
    said = of_easter["statement"]
    assert said.startswith("Easter fell into April 2017 more than usual: the model allowed for +")
    assert said in cli("explain", "--airport", "JFK", "--date", "2017-04").stdout
    assert "effects" not in cli.json("explain", "--airport", "EWR", "--date", "2017-04", "--quick")
    cli("explain", "--airport", "JFK", "--date", "2017-04", "--html", "why.html")
    page = (cli.folder / "why.html").read_text()
    assert "What the forecast allowed for" in page
    assert said in page

    again = cli.json("reproduce", job["job_id"], "--refit", "--jobs", 1, "--backend", "serial")
    assert again["refit"]["bit-identical"] == 3
    assert skipped(cli) == 3
    path = cli.folder / "capacity.csv"
    path.write_text(path.read_text() + "LGA,2030-01,1.0\n")
    assert skipped(cli) == 0
    path.unlink()  # a model that is fitted has its effects with it
    assert cli.json("forecast", "--as-of", "2016-12")["airports"]["ok"] == 3


def test_a_job_without_the_terms_of_its_search_says_so(cli):
    written(cli)
    cli("tune", "--as-of", "2016-12")
    (cli.folder / "forecastctl.toml").write_text(SETTINGS.partition("[calendar]")[0])
    cli("train", "--as-of", "2016-12")
    cli("forecast", "--as-of", "2016-12")
    assert files(cli, "effects.json") == []
    preparation = [run.tags.get("preparation", "") for run in runs_of(cli, "train")]
    assert sum("this job knows none of them" in text for text in preparation) == 2


def test_a_retry_has_the_terms_of_its_job(cli, monkeypatch):
    written(cli)
    with monkeypatch.context() as broken:
        train = work._train

        def fails(result, task):
            if task.series.airport == "LGA":
                raise ModelError("broken on purpose")
            return train(result, task)

        broken.setattr(work, "_train", fails)
        cli("run", "--as-of", "2016-12", code=4)
    assert len(files(cli, "effects.json")) == 1
    (cli.folder / "capacity.csv").unlink()
    (cli.folder / "forecastctl.toml").unlink()
    cli("retry", "latest", "--jobs", 1, "--backend", "serial")
    retried = files(cli, "effects.json")
    assert {"Easter", "seats"} <= set(retried[0]) & set(retried[1])
    found = cli.json("reproduce", "latest", "--refit", "--jobs", 1, "--backend", "serial")
    assert found["refit"]["bit-identical"] == 3


def test_stages_backtests_and_shared_tables_take_them_too(cli):
    written(cli, SETTINGS)
    cli("tune", "--as-of", "2015-12")
    cli("train", "--as-of", "2015-12")
    assert len(files(cli, "effects.json")) == 0  # nothing is forecast yet
    cli("forecast", "--as-of", "2015-12")
    assert len(files(cli, "effects.json")) == 2
    cli("backtest", "--from", "2016-06", "--to", "2016-07")
    assert len(files(cli, "effects.json")) == 6
    (cli.folder / "table").mkdir()
    table = air().assign(date=lambda frame: pd.to_datetime(frame["date"]))
    table.to_parquet(cli.folder / "table" / "part-0.parquet")
    cli("run", "--data", f"parquet:{cli.folder / 'table'}")
    assert len(files(cli, "effects.json")) == 8


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (GAMES.replace('["LGA"]', '["LGX"]'), 2, "there is no airport 'LGX' in the data"),
        (GAMES.replace('"2016-08"', '"2016-13"'), 2, "the date '2016-13'"),
        (GAMES.replace("2012-07-27", "2013-07-27"), 2, "before it begins"),
        ("[events]\nlast = 3", 2, "no setting 'last' in [events]"),
    ],
)
def test_what_makes_no_sense_is_refused(cli, more, code, said):
    written(cli, SETTINGS + more)
    assert said in cli("run", code=code).stderr


def test_a_regressor_without_its_future_is_refused_or_left_out(cli):
    written(cli, SETTINGS)
    short = pd.concat([capacity("JFK")[: MONTHS + 11], capacity("LGA")])
    cli.write(short, "capacity.csv")
    found = cli("run", code=3).stderr
    assert "The regressor 'seats' of JFK has no value for 2018-12" in found
    assert 'missing = "leave-out"' in found
    (cli.folder / "forecastctl.toml").write_text(SETTINGS + 'missing = "leave-out"\n')
    cli("run")
    found = {tuple(sorted(effects)) for effects in files(cli, "effects.json")}
    assert found == {("Easter",), ("Easter", "seats")}


def test_a_country_needs_the_library_and_must_exist(cli, monkeypatch):
    import sys

    written(cli, SETTINGS.replace('terms = "auto"', 'country = "XX"'))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "holidays", None)
        assert "pip install 'forecastctl[calendar]'" in cli("run", code=2).stderr
    pytest.importorskip("holidays")
    assert "there is no country 'XX'" in cli("run", code=2).stderr


def test_a_file_of_countries_without_them_is_refused(cli):
    cli.write("airport,land\nJFK,US\n", "countries.csv")
    written(cli, SETTINGS.replace('terms = "auto"', 'countries = "countries.csv"'))
    found = cli("run", code=3).stderr
    assert "countries.csv has no column 'country'" in found
    assert "It needs the columns airport and country." in found


def test_events_in_the_environment_are_json():
    text = '[{"name": "Games", "date": "2012-08"}]'
    found = load_settings(environ={"FORECASTCTL_EVENTS__LIST": text})
    assert json.loads(found.events.list) == json.loads(text)
    with pytest.raises(SettingsError, match="FORECASTCTL_EVENTS__LIST"):
        load_settings(environ={"FORECASTCTL_EVENTS__LIST": "Games"})


def test_a_country_asks_for_the_calendar_unless_it_is_off():
    wanted = [
        load_settings(dict(given), environ={}).calendar.wanted
        for given in (
            {},
            {"calendar.terms": "auto"},
            {"calendar.country": "US"},
            {"calendar.country": "US", "calendar.terms": "off"},
        )
    ]
    assert wanted == [False, True, True, False]
