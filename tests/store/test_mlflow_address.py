"""Which addresses are taken, and how they are shown."""

from pathlib import Path

import pytest

from forecastctl.errors import UsageError
from forecastctl.store.mlflow.address import (
    DEFAULT_URI,
    display_uri,
    public_uri,
    resolve,
    scrub,
)


@pytest.mark.parametrize(
    ("given", "kind", "uri"),
    [
        ("sqlite:////var/lib/a b/x.db", "sqlite", "sqlite:////var/lib/a b/x.db"),
        (" sqlite:////x.db ", "sqlite", "sqlite:////x.db"),
        ("SQLite:////x.db", "sqlite", "sqlite:////x.db"),
        ("postgresql://u:p@h/db", "postgresql", "postgresql+psycopg2://u:p@h/db"),
        (
            "postgres://h/db?sslmode=require",
            "postgresql",
            "postgresql+psycopg2://h/db?sslmode=require",
        ),
        ("postgresql+psycopg2://h/db", "postgresql", "postgresql+psycopg2://h/db"),
        ("http://localhost:5000/", "http", "http://localhost:5000"),
        ("https://u:p@mlflow.example/prefix/", "http", "https://u:p@mlflow.example/prefix"),
    ],
)
def test_taken(given, kind, uri):
    address = resolve(given)
    assert (address.kind, address.uri) == (kind, uri)


def test_a_relative_file_does_not_depend_on_the_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    address = resolve("sqlite:///sub/x.db")
    assert address.path == tmp_path / "sub" / "x.db"
    assert address.uri == f"sqlite:///{tmp_path}/sub/x.db"
    assert resolve(None).path == Path(tmp_path, DEFAULT_URI.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "empty"),
        ("file:///tmp/mlruns", "sqlite:///mlflow.db"),
        ("./mlruns", "sqlite:///mlflow.db"),
        ("runs/something.db", "sqlite:///runs/something.db"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory", "names no file"),
        ("sqlite:////tmp", "directory"),
        ("sqlite:///new/", "directory"),
        ("mysql://u:hush@h/db", "mysql://"),
        ("databricks://profile", "databricks://"),
        ("postgresql+asyncpg://u:hush@h/db", "postgresql+asyncpg://"),
        ("http://", "no host"),
        ("http://h:notaport", "no port"),
        ("http://h:99999", "no port"),
        ("http://[::1", "no host"),
        ("C:\\runs.db", "plain path"),
    ],
)
def test_refused(given, said):
    with pytest.raises(UsageError) as error:
        resolve(given)
    assert said in error.value.message
    assert "\n" not in error.value.message
    assert "hush" not in error.value.message
    assert "sqlite:///" in error.value.hint


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://u:hush@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:h@u/s:h@h/db", "postgresql://u:***@h/db"),
        ("postgresql://:hush@h/db", "postgresql://:***@h/db"),
        ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
        (
            "postgresql:///db?user=u&password=hush&port=1",
            "postgresql:///db?user=u&password=***&port=1",
        ),
        ("http://u:hush@h:5000/x?access_token=hush", "http://u:***@h:5000/x?access_token=***"),
        ("http://h:5000", "http://h:5000"),
        ("sqlite:////x.db", "sqlite:////x.db"),
    ],
)
def test_shown(uri, shown):
    assert display_uri(uri) == shown


def test_scrubbed():
    uri = "postgresql://u:h%40sh@h/db"
    assert scrub(f"no\n  {uri}, not h@sh", uri) == "no postgresql://u:***@h/db, not ***"
    assert "h%40sh" not in scrub("connect to http://u:h%40sh@other/", uri)


def test_public():
    assert public_uri("http://u:p@h:5000/prefix") == "http://h:5000/prefix"


def test_a_tilde_is_the_home_and_a_percent_sign_is_itself(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve("sqlite:///~/a/mlflow.db").path == tmp_path / "a" / "mlflow.db"
    assert resolve("sqlite:///~/a/mlflow.db").uri == f"sqlite:///{tmp_path}/a/mlflow.db"
    assert resolve("sqlite:////a%2Fb/~c.db").path == Path("/a%2Fb/~c.db")
    with pytest.raises(UsageError, match="names a directory"):
        resolve("sqlite:///~/")
