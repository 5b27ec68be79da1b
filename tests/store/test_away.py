"""What passes by itself, and what somebody has to mend."""

import errno
import os
import sqlite3
import urllib.error

import pytest
import requests
from mlflow.exceptions import RestException

from forecastctl.errors import StoreAwayError, TrackingError
from forecastctl.store.spool.away import is_away

psycopg2 = pytest.importorskip("psycopg2")

NO_ANSWER = 'connection to server at "h", port 5432 failed: Connection refused'
FATAL = 'connection to server at "h", port 5432 failed: FATAL:  '


def caused_by(cause, kind=TrackingError):
    try:
        raise kind("the store cannot be used") from cause
    except TrackingError as error:
        return error


PASSES = [
    sqlite3.OperationalError("database is locked"),
    sqlite3.OperationalError("database or disk is full"),
    sqlite3.OperationalError("disk I/O error"),
    psycopg2.OperationalError(NO_ANSWER),
    psycopg2.OperationalError(f"{FATAL}the database system is starting up"),
    psycopg2.OperationalError(f"{FATAL}sorry, too many clients already"),
    psycopg2.InterfaceError("connection already closed"),
    requests.ConnectionError("refused"),
    requests.Timeout("no answer"),
    RestException({"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}),
    urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    TimeoutError("timed out"),
]
STAYS = [
    sqlite3.OperationalError("no such table: runs"),
    sqlite3.DatabaseError("file is not a database"),
    psycopg2.OperationalError(f'{FATAL}database "x" does not exist'),
    psycopg2.OperationalError(f'{FATAL}password authentication failed for user "me"'),
    psycopg2.OperationalError("server does not support SSL, but SSL was required"),
    requests.exceptions.InvalidURL("no host"),
    RestException({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"}),
    PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    ValueError("anything else"),
]


@pytest.mark.parametrize("cause", PASSES, ids=repr)
def test_what_passes(cause):
    assert is_away(caused_by(cause))
    assert is_away(caused_by(caused_by(cause)))


@pytest.mark.parametrize("cause", STAYS, ids=repr)
def test_what_stays(cause):
    assert not is_away(caused_by(cause))


def test_what_the_store_says_itself():
    assert is_away(StoreAwayError("no answer"))
    assert not is_away(TrackingError("an old schema"))
    wrong = psycopg2.OperationalError(f'{FATAL}database "x" does not exist')
    assert not is_away(caused_by(wrong, StoreAwayError))
