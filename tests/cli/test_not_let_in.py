"""A PostgreSQL server that does not let somebody in, as commands tell it."""

import os
from pathlib import Path

import psycopg2
import pytest

from tests import services
from tests.cli.conftest import QUICK, panel

pytestmark = pytest.mark.slow

RIGHT, WRONG = "r1ghtw0rd", "hushhush"
CREDENTIALS = "Check user and password"
CASES = {
    "a wrong password": (f"tester:{WRONG}@{{place}}/postgres", CREDENTIALS),
    "an unknown user": (f"nobody:{WRONG}@{{place}}/postgres", CREDENTIALS),
    "no database": (f"tester:{RIGHT}@{{place}}/nowhere", "make it first"),
    "another server": (f"tester:{RIGHT}@127.0.0.1:{{free}}/postgres", "the store is up"),
    "encryption": (f"tester:{RIGHT}@{{place}}/postgres?sslmode=require", "take sslmode out"),
}


@pytest.fixture(scope="module")
def guarded():
    """Host and port of a server that wants a password from whoever connects over TCP."""
    with services.stoppable_postgres() as server:
        connection = psycopg2.connect(f"{server.address}/postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER USER tester PASSWORD '{RIGHT}'")
            cursor.execute("SHOW hba_file")
            rules = cursor.fetchone()[0]
            Path(rules).write_text("host all all all scram-sha-256\n")
            cursor.execute("SELECT pg_reload_conf()")
        yield server.address.rpartition("@")[2], connection, rules
        connection.close()


@pytest.mark.parametrize(("address", "hint"), CASES.values(), ids=CASES)
def test_a_server_that_lets_nobody_in_is_told_in_a_paragraph(bare, guarded, address, hint):
    where = address.format(place=guarded[0], free=services.free_port())
    store = ["--tracking-uri", f"postgresql://{where}"]
    bare.write(panel(["JFK"]))
    patience = {"FORECASTCTL_TRACKING__PATIENCE": "0"}
    for command in (["history"], ["run", "--data", "air.csv", *QUICK]):
        ended = bare.process(*command, *store, env={**os.environ, **patience})
        waits = "is up" in hint and command[0] == "run"  # who is away may come back
        assert ended.returncode == (9 if waits else 5), ended.stderr
        assert waits or hint in ended.stderr
        assert "Traceback" not in ended.stderr
        assert WRONG not in ended.stdout + ended.stderr
        assert RIGHT not in ended.stdout + ended.stderr


def test_a_server_that_wants_encryption_says_so(bare, guarded):
    place, connection, rules = guarded
    Path(rules).write_text("hostssl all all all scram-sha-256\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_reload_conf()")
    store = ["--tracking-uri", f"postgresql://tester:{RIGHT}@{place}/postgres"]
    assert "add ?sslmode=require" in bare("history", *store, code=5).stderr
