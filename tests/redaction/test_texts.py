"""Sentences that quote a secret, and what goes through the log and the record."""

import logging

import pytest

from forecastctl.cli.output.logs import JobLog
from forecastctl.errors import TrackingError
from forecastctl.history import compare
from forecastctl.jobs.ending import abandon_job
from forecastctl.records import Run
from forecastctl.redaction import (
    Redactor,
    masked,
    scrub,
    secrets_in,
    without_literals,
    without_values,
)
from forecastctl.settings import load_redactor
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.mlflow.address import scrub as scrub_line

ADDRESS = "postgresql://me:Hush1/hush2@hu%20sh3@db:5432/air"


@pytest.mark.parametrize(
    "text",
    [
        f'connection to "{ADDRESS}" failed',
        'could not translate host name "hush2@hu%20sh3@db" to address',
        'invalid integer value "Hush1" for connection option "port"',
        "Failed to resolve 'hush1'",
        "password: Hush1/hush2@hu sh3",
        "dsn: Hush1%2Fhush2%40hu%2520sh3",
        "invalid literal for int() with base 10: 'hu'",
    ],
)
def test_no_driver_can_quote_a_part_of_a_known_secret(text):
    shown = Redactor.of([ADDRESS])(text)
    assert "***" in shown
    assert not [part for part in ("hush1", "hush2", "sh3", "'hu'") if part in shown.lower()]


def test_what_is_no_secret_stays():
    redact = Redactor.of(["postgresql://mlflow:mlflow@mlflow/mlflow", "http://h:5000"])
    text = (
        'FATAL: role "mlflow" does not exist on http://h:5000: it was tested, (see http://h:5000).'
    )
    assert redact(text) == text
    short = Redactor.of(["postgresql://u:test@h/db"])
    assert short("the latest test of 'test'") == "the latest *** of '***'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see http://u:hush@h:5000/x, then", "see http://u:***@h:5000/x, then"),
        ("{'Authorization': 'Basic aHVzaDpodXNo'}", "{'Authorization': 'Basic ***'}"),
        ("Authorization: Bearer hush.hush-hush", "Authorization: Bearer ***"),
        ('{"password": "hush"}', '{"password": "***"}'),
        ("PGPASSWORD=hush psql", "PGPASSWORD=*** psql"),
    ],
)
def test_an_unknown_secret_is_known_by_what_stands_around_it(text, shown):
    assert scrub(text) == shown
    assert scrub(shown) == shown


def test_one_line_of_a_driver():
    assert scrub_line(f"no\n  {ADDRESS}", ADDRESS) == "no postgresql://me:***@db:5432/air"


def test_the_log_and_its_tracebacks(capsys):
    log = JobLog(verbose=True, redact=Redactor.of([ADDRESS]))
    try:
        int(f"no {ADDRESS}, not Hush1")
    except ValueError:
        logging.getLogger("forecastctl.x").exception("cannot open %s", ADDRESS)
    for text in (log.read().decode(), capsys.readouterr().err):
        assert "Traceback" in text
        assert "cannot open postgresql://me:***@db:5432/air" in text
        assert "hush" not in text.lower()


def test_the_reason_of_a_job_that_stops():
    tracker = MemoryTracker()
    run_id = tracker.start(Run("run", 0))
    abandon_job(tracker, run_id, TrackingError(f"no {ADDRESS}"), lambda: b"")
    assert tracker.get(run_id).tags["reason"] == "no postgresql://me:***@db:5432/air"


def test_what_an_earlier_version_recorded_is_not_shown():
    tracker = MemoryTracker()
    ids = [tracker.start(Run("run", 0, params={"data.source": ADDRESS})) for _ in range(2)]
    (row,) = [row for row in compare(tracker, *ids) if row["key"] == "data.source"]
    assert row["a"] == row["b"] == "postgresql://me:***@db:5432/air"


def test_settings_are_known_though_they_are_wrong(tmp_path):
    config = tmp_path / "forecastctl.toml"
    config.write_text("[tun]\nx = 'postgresql://u:filesecret@h/db'\n")
    environ = {"FORECASTCTL_X": "http://u:envsecret@h", "MLFLOW_TRACKING_TOKEN": "tokensecret"}
    environ["MLFLOW_TRACKING_URI"] = "http://u:urisecret@h"
    environ |= {"OTHER_URL": "mysql://u:othersecret@h", "MY_API_KEY": "key}sec;ret'"}
    redact = load_redactor(["--data=postgresql://u:argsecret@h/db"], config, environ)
    text = "filesecret envsecret tokensecret urisecret argsecret othersecret key}sec;ret'"
    assert redact(text) == "*** *** *** *** *** *** ***"


def test_which_variables_hold_a_secret(tmp_path):
    named = ["PGPASSWORD", "MYSQL_PWD", "GITHUB_TOKEN", "X_SECRET", "S3_KEY", "A_PASS", "AZURE_SAS"]
    others = [
        "PWD",
        "OLDPWD",
        "MONKEY",
        "HOME",
        "TOKENIZERS_PARALLELISM",
        "SSH_AUTH_SOCK",
        "COMPASS",
    ]
    assert len(secrets_in(dict.fromkeys(named, "hush-hush"))) == len(named)
    assert secrets_in(dict.fromkeys(others, "hush-hush")) == ()
    file = tmp_path / "key.pem"
    file.touch()
    assert secrets_in({"SSL_KEY": str(file), "A_KEY": "abc"}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "//:" * 7000,
        "://" * 7000,
        "a:" * 10_000,
        "http://" + "a@" * 4000,
        "http://h/x?" + "a=" * 3000,
        "a=b;" * 3000 + "c=d@",
        "x='" * 5000,
        "authorization:" * 1500,
    ],
    ids=lambda text: text[:12],
)
def test_a_long_message_of_delimiters_is_searched(text):
    """The first of these took hours: every part of it might have begun an address."""
    assert scrub(scrub(text)) == scrub(text)
    masked(text)


def test_bytes_of_the_environment_that_are_no_text():
    assert Redactor.of(["http://u:hush\udce9\ud800@h"])("hush\udce9\ud800") == "***"


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("SELECT x FROM t WHERE region = 'east'", "SELECT x FROM t WHERE region = ?"),
        ("SELECT 'it''s', N'x', 12.5e3, 0xFF, t1.c2", "SELECT ?, ?, ?, ?, t1.c2"),
        ("SELECT $$hush$$, $a$hu$$sh$a$ FROM t", "SELECT ?, ? FROM t"),
        ("SELECT 1 -- hush\n/* hush */ FROM t # hush", "SELECT ? FROM t"),
        ("SELECT 'hush", "SELECT ?"),
        ("SELECT a, 'x\\', 'hush', b", "SELECT a, ?"),  # the end of a text depends on the database
        ('SELECT f("hush", `col`)', "SELECT f(?, `col`)"),
        ("SELECT f(password = hush)", "SELECT f(password = ***)"),
    ],
)  # fmt: skip
def test_a_query_without_its_literals(query, shape):
    shown = without_literals(query)
    assert shown.startswith(f"{shape} (sha256 ")
    assert shown != without_literals(query + " ")
    assert masked(shown) == shown


@pytest.mark.parametrize(
    ("query", "said", "shown"),
    [
        (
            "select cast('Top' as int)",
            'invalid input for integer: "Top"',
            "invalid input for integer: ?",
        ),
        ("select E'Top' || 'x'", "near 'Top' and 'x'", "near ? and ?"),
        ("select 1 from air", 'column "air" is missing', 'column "air" is missing'),
        ("select 'it''s'", "'it''s' is wrong", "? is wrong"),
        ("select ''", "'' is wrong", "'' is wrong"),
        ("select 'open", 'unterminated "open"', 'unterminated "open"'),
    ],
)
def test_what_a_database_says_holds_no_value_of_the_query(query, said, shown):
    assert without_values(said, query) == shown
