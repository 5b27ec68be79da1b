"""A file that is damaged costs its own airport or job one night, and no command its end."""

import json
import re
import shutil

import pytest

from tests.cli.conftest import QUICK, Cli, panel

AIRPORTS = ["EWR", "JFK", "LGA", "SWF"]
CRON = ["run", "--quiet", "--skip-unchanged", "--data", "air.csv", *QUICK]


def without(key):
    def change(content):
        value = json.loads(content)
        del value[key]
        return json.dumps(value).encode()

    return change


def with_value(key, new):
    def change(content):
        return json.dumps({**json.loads(content), key: new}).encode()

    return change


ANY = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "no-json": lambda content: b"<html>502</html>",
    "a-list": lambda content: b"[]",
    "null": lambda content: b"null",
    "no-utf8": lambda content: content.replace(b'"', b"\xff", 1),
    "an-empty-object": lambda content: b"{}",
}


def another_digit(content):
    """One digit of a number is another, so that the file still has a sense."""
    at = max(m.start(1) for m in re.finditer(rb"\d\.(\d)", content))
    return b"%b%d%b" % (content[:at], (int(content[at : at + 1]) + 1) % 10, content[at + 1 :])


SENSIBLE = {"one-digit": another_digit}
"""What only the recorded digest shows."""
OF = {
    "tuning.json": {
        "no-key": without("specification"),
        "type": with_value("loss", "0.9"),
        "nan": with_value("spread", float("nan")),
        "no-member": with_value("specification", {"members": []}),
    },
    "forecast.json": {
        "no-key": without("sd"),
        "type": with_value("mean", "much"),
        "nan": with_value("mean", [float("nan")] * 3),
        "number-of-values": with_value("mean", [1.0]),
        "no-day": with_value("cutoff", "2018-13-01"),
    },
    "model.json": {
        "no-key": without("members"),
        "enum": with_value("shape", "cauchy"),
        "frequency": with_value("freq", "X"),
        "newer": with_value("version", 99),
        "nan": with_value("spread", float("inf")),
    },
}


def gone(path):
    path.unlink()


def directory(path):
    path.unlink()
    path.mkdir()


def unreadable(path):
    """As a file without permission, which would not stop root: a link to itself."""
    path.unlink()
    path.symlink_to(path.name)


FILES = {"missing": gone, "directory": directory, "unreadable": unreadable}


def damage(path, how):
    if how in FILES:
        FILES[how](path)
    else:
        path.write_bytes({**ANY, **SENSIBLE, **OF.get(path.name, {})}[how](path.read_bytes()))


WAYS = [*FILES, *ANY, *SENSIBLE, *dict.fromkeys(how for own in OF.values() for how in own)]
QUICKLY = ("missing", "unreadable", "cut", "empty", "one-digit")
"""The other ways differ in what decoding says alone: tests/recording/test_decoding.py."""


@pytest.fixture(scope="module")
def night(tmp_path_factory, fresh_store):
    """A fleet that was forecast once."""
    folder = tmp_path_factory.mktemp("fleet")
    shutil.copy(fresh_store, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        cli = Cli(folder, patch)
        cli.write(panel(AIRPORTS))
        cli(*CRON)
        yield cli


def artifact(cli, run_id, name):
    (path,) = cli.folder.rglob(f"{run_id}/artifacts/{name}")
    return path


def again(cli, *more):
    """The line of cron: what became of each airport, and what was said."""
    result = cli(*CRON, "--json", *more)
    summary = json.loads(result.stdout)
    return {r["airport"]: r for r in summary["results"]}, result.stderr


@pytest.mark.parametrize(
    "how", [how if how in QUICKLY else pytest.param(how, marks=pytest.mark.slow) for how in WAYS]
)
def test_the_damaged_airports_alone_are_done_anew_and_only_once(night, how):
    before = {r["airport"]: r for r in night.json("history", "airports", "--limit", 100)[::-1]}
    ways = {*FILES, *ANY, *SENSIBLE}
    files = dict(zip(AIRPORTS, OF, strict=False))  # the last airport stays as it is
    files = {a: name for a, name in files.items() if how in ways or how in OF[name]}
    for airport, name in files.items():
        damage(artifact(night, before[airport]["run_id"], name), how)
    second, said = again(night)
    assert {a: r["status"] for a, r in second.items()} == {
        a: "ok" if a in files else "skipped" for a in AIRPORTS
    }
    runs = {r["airport"]: r for r in night.json("history", "airports", "--job", _job(night))}
    assert set(runs) == set(files)
    for airport, name in files.items():
        why = _tags(night, runs[airport]["run_id"])["done_anew"]
        assert before[airport]["run_id"] in why
        assert name in why
        assert f"{airport} is done anew: {why}\n" in said
        same = ("model", "loss", "cutoff")
        assert [runs[airport][k] for k in same] == [before[airport][k] for k in same]
    third, said = again(night)
    assert {r["status"] for r in third.values()} == {"skipped"}
    assert said == ""


def _job(cli):
    return cli.json("history", "--limit", 1)[0]["job_id"]


def _tags(cli, run_id):
    import sqlite3

    with sqlite3.connect(cli.folder / "mlflow.db") as database:
        return dict(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run_id,)))
