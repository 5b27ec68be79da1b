from __future__ import annotations

import sqlite3

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.data.read.sql import database_url, is_url
from forecastctl.data.write.targets import check_target, write_frame
from forecastctl.errors import DataError
from forecastctl.redaction import masked
from tests.data.conftest import months, wave

QUERY = "SELECT * FROM traffic WHERE airport LIKE '%' AND ':x' <> '%s' ORDER BY date"


@pytest.fixture
def database(tmp_path) -> str:
    path = tmp_path / "data.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE traffic (airport TEXT, date TEXT, passengers REAL)")
        rows = [("007", str(d), y) for d, y in zip(months(24), wave(24), strict=True)]
        connection.executemany("INSERT INTO traffic VALUES (?, ?, ?)", rows)
        connection.execute("INSERT INTO traffic VALUES ('NA', '2012-01-01', NULL)")
    connection.close()
    return f"sqlite:///{path}"


def forecasts(mean=1.5, cutoff="2012-12-01"):
    return pd.DataFrame(
        {
            "airport": ["a'b", "B"],
            "date": ["2013-01-01", "2013-01-01"],
            "mean": [mean, 0.1 + 0.2],
            "cutoff": [cutoff] * 2,
        }
    )


def table(url):
    spec = url.removeprefix("sqlite:///")
    with sqlite3.connect(spec) as connection:
        return connection.execute(
            "SELECT airport, date, mean, cutoff FROM forecasts ORDER BY 1, 4"
        ).fetchall()


def test_a_query_gives_a_panel(database):
    panel = read_panel(DataSpec(database, query=QUERY))
    assert panel.unit == "row"
    assert sorted(set(panel.frame.airport)) == ["007", "NA"]
    assert panel.frame.y.isna().sum() == 1
    assert panel.freq == "M"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (None, "no query is given"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELEKT 1", "syntax error"),
        ("SELECT airport, date, passengers FROM traffic WHERE 0", "no rows"),
        ("SELECT airport, date FROM traffic", "no column that looks like the passengers"),
        ("CREATE TABLE other (x INT)", "returns no rows"),
    ],
)
def test_queries_that_give_none(database, query, says):
    with pytest.raises(DataError, match=says) as error:
        read_panel(DataSpec(database, query=query))
    assert database in error.value.message
    assert "\n" not in error.value.message


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "missing.db"
    with pytest.raises(DataError, match="no file"):
        read_panel(DataSpec(f"sqlite:///{path}", query="SELECT 1"))
    check_target(f"sqlite:///{path}")
    assert not path.exists()
    with pytest.raises(DataError, match="no directory"):
        check_target(f"sqlite:///{tmp_path}/nowhere/x.db")


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:secret@127.0.0.1:1/db", "postgresql+psycopg2://me:secret@127.0.0.1:1/db"],
)
def test_an_unreachable_database_keeps_its_password(url):
    for use in (lambda: read_panel(DataSpec(url, query="SELECT 1")), lambda: check_target(url)):
        with pytest.raises(DataError) as error:
            use()
        assert "127.0.0.1" in error.value.message
        assert "secret" not in error.value.message + error.value.hint


def test_urls():
    assert database_url("postgresql://h/d") == "postgresql+psycopg2://h/d"
    assert database_url("postgres://h/d") == "postgresql+psycopg2://h/d"
    assert database_url("postgresql+psycopg://h/d") == "postgresql+psycopg://h/d"
    assert masked("mysql://u:pw@h/d") == "mysql://u:***@h/d"
    assert not is_url("C:/data.csv")
    assert not is_url("data.csv")
    with pytest.raises(DataError, match="not the URL of a database"):
        check_target("s3://bucket/out.csv")


def test_rows_of_the_same_airport_cutoff_and_date_are_replaced(tmp_path):
    url = f"sqlite:///{tmp_path}/out.db"
    write_frame(forecasts(), url)
    write_frame(forecasts(mean=2.5), url)
    write_frame(forecasts(mean=9.0, cutoff="2013-01-01").head(1), url)
    assert table(url) == [
        ("B", "2013-01-01", 0.1 + 0.2, "2012-12-01"),
        ("a'b", "2013-01-01", 2.5, "2012-12-01"),
        ("a'b", "2013-01-01", 9.0, "2013-01-01"),
    ]


def test_a_failing_write_leaves_the_table_as_it_was(tmp_path):
    url = f"sqlite:///{tmp_path}/out.db"
    write_frame(forecasts(), url)
    before = table(url)
    twice = pd.concat([forecasts(mean=7.0), forecasts(mean=8.0)])
    with pytest.raises(DataError, match="UNIQUE"):
        write_frame(twice, url)
    with pytest.raises(DataError, match="no column lo-80"):
        write_frame(forecasts().assign(**{"lo-80": 1.0}), url)
    assert table(url) == before
    with pytest.raises(DataError, match="Rows without airport, cutoff"):
        write_frame(forecasts()[["date", "mean"]], url)


def test_postgresql(postgres_base):
    url = f"{postgres_base}/postgres"
    frame = forecasts()
    frame["mean"] = [np.nextafter(1e6, 2e6), np.nan]
    for _ in range(2):
        write_frame(frame, url, table="some forecasts")
    query = 'SELECT airport, date, mean AS passengers FROM "some forecasts" ORDER BY airport DESC'
    panel = read_panel(DataSpec(url, query=query))
    assert sorted(panel.frame.airport) == ["B", "a'b"]
    assert panel.frame.y.max() == np.nextafter(1e6, 2e6)
    assert panel.frame.y.isna().sum() == 1
    with pytest.raises(DataError, match="does not exist"):
        read_panel(DataSpec(url, query="SELECT * FROM nowhere"))
