"""A canary in every place that takes a secret: it comes out nowhere, in success or in failure."""

import json
import sqlite3
import uuid
from contextlib import contextmanager, nullcontext
from itertools import product

import pytest
import typer
from typer.testing import CliRunner

from forecastctl.cli.app import app
from forecastctl.redaction import own
from forecastctl.store.mlflow import pages
from tests.cli.conftest import QUICK, panel

ENDS = ["c4naryone", "c4narytwo", "c4narytri"]
RAW = "C4NARYone/C4NARYtwo@C4NARYtri"
ENCODED = "C4NARYone%2FC4NARYtwo%40C4NARYtri"


VARIABLES = ["PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD", "MY_API_KEY"]


@pytest.fixture(autouse=True)
def canaries_in_the_environment(monkeypatch):
    """Secrets of drivers, and of programs that have nothing to do with this one."""
    for name in VARIABLES:
        monkeypatch.setenv(name, RAW)
    own.cache_clear()
    yield
    own.cache_clear()


def leaks(text, canary=ENDS):
    low = text.lower()
    return [low[max(0, low.index(c) - 80) : low.index(c) + 20] for c in canary if c in low]


def said(*arguments, codes):
    """All that a command prints; the end that it should come to."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    text = f"{result.stdout}\n{result.stderr}"
    assert result.exit_code in codes, text
    assert not leaks(text), text
    return text


COMMANDS = {
    "run": ["--data", "air.csv", *QUICK],
    "tune": ["--data", "air.csv", *(o for o in QUICK if o != "--no-charts")],
    "train": ["--data", "air.csv"],
    "forecast": ["--data", "air.csv"],
    "backtest": ["--data", "air.csv", "--from", "2018-01", "--to", "2018-02", "--max-evals", "2"],
    "history": [],
    "explain": ["--airport", "JFK", "--date", "2018-05"],
    "plot": ["JFK"],
    "reproduce": ["x"],
    "monitor": [],
    "promote": [],
    "serve": [],
    "retry": ["x"],
    "prune": [],
    "report": [],
    "plan": [],
    "ui": ["--no-browser"],
}
WITHOUT_A_STORE = {"bench", "check", "init", "sample", "settings", "schedule"}
OTHER_ENDS = {"doctor": (5, 7), "sync": (0, 5)}
"""Commands that say otherwise that a store is away."""


def test_every_command_has_a_canary():
    """Whoever adds a command adds it above, and to `test_a_job_that_ends_well`."""
    assert set(typer.main.get_command(app).commands) == {*COMMANDS, *WITHOUT_A_STORE, *OTHER_ENDS}


STORES = [
    f"postgresql://me:{RAW}@127.0.0.1:9/x",
    f"postgresql://me:{ENCODED}@127.0.0.1:9/x",
    f"postgresql://127.0.0.1:9/x?user=me&password={RAW}",
    f"postgresql://127.0.0.1:9/x?user=me&sslpassword={ENCODED}&sslmode=verify-full",
    f"postgresql://me:{RAW}@127.0.0.1:port/x",
    "postgresql://me:C4NARYone/C4NARYtwo",
    f"http://me:{ENCODED}@127.0.0.1:9",
    f"http://{ENCODED}@127.0.0.1:9",
    f"http://127.0.0.1:9/x?token={RAW}",
    f"http://me:{RAW}@[::1",
    f"mysql+pymysql://me:{RAW}@127.0.0.1:9/x",
    f"mssql+pyodbc:///?odbc_connect=SERVER%3Dx%3BPWD%3D{ENCODED}",
    f"me:{RAW}@127.0.0.1/x",
    f"postgresql:/me:{RAW}@127.0.0.1/x",
    f"sqlite:///nowhere/?password={RAW}",
]


@pytest.mark.parametrize("store", STORES)
def test_a_store_that_cannot_be_used(bare, store, own_state):
    bare.write(panel(["JFK"]))
    said("history", "--json", "--tracking-uri", store, codes=(2, 5))
    ended = ("run", *COMMANDS["run"], "--verbose", f"--tracking-uri={store}")
    said(*ended, codes=(2, 5, 9))
    assert not list(bare.folder.glob("*.db"))
    said("sync", "--json", "--tracking-uri", store, codes=(0, 2, 5))
    spooled = [p for p in own_state.rglob("*") if p.is_file()]
    assert not [p for p in spooled if found_in(p.read_bytes())]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_opens_a_store(bare, command, monkeypatch):
    bare.write(panel(["JFK"]))
    options = [*COMMANDS[command], "--verbose"]
    said(command, *options, "--tracking-uri", STORES[0], codes=(5, 9))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", STORES[6])
    said(command, *options, codes=(5, 9))
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    bare.write(f"[tracking]\nuri = '{STORES[2]}'\n", "forecastctl.toml")
    said(command, *options, codes=(5, 9))


@pytest.mark.parametrize("command", OTHER_ENDS)
def test_commands_that_look_whether_a_store_is_there(bare, command):
    said(command, "--verbose", "--tracking-uri", STORES[0], codes=OTHER_ENDS[command])
    said(command, "--json", "--tracking-uri", STORES[6], codes=OTHER_ENDS[command])


SOURCES = [
    *STORES[:6],
    f"postgresql://127.0.0.1:9/x?pass={RAW}",
    f"mysql+nodriver://me:{RAW}@h/x",
    f"sqlite:///nowhere.db?password={RAW}",
    *STORES[11:14],
]


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_or_target_that_cannot_be_used(cli, source):
    query = f"SELECT * FROM dblink('host=h password={RAW}', 'x')"  # noqa: S608
    said("check", "--data", source, "--query", query, "--verbose", codes=(1, 3))
    said("run", "--data", source, "--query", query, "--json", *QUICK, codes=(1, 3))
    cli.write(panel(["JFK"]))
    made = 0 if source.startswith("sqlite") else 3
    said("run", "--data", "air.csv", *QUICK, "--out", source, "--verbose", codes=(made,))


def test_a_query_that_fails(cli):
    sqlite3.connect(cli.folder / "air.db").close()
    query = f"SELECT '{RAW}' WITH password='{RAW}'"
    said("check", "--data", "sqlite:///air.db", "--query", query, "--verbose", codes=(3,))


ADDRESS = STORES[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", ADDRESS],
        [ADDRESS],
        ["run", "--data", "air.csv", ADDRESS],
        ["run", "--data", "air.csv", "--horizon", ADDRESS],
        ["run", "--data", "air.csv", "--loss", ADDRESS],
        ["run", "--data", "air.csv", "--family", ADDRESS],
        ["run", "--data", "air.csv", "--as-of", ADDRESS],
        ["run", "--data", "air.csv", "--value", ADDRESS],
        ["run", "--data", "air.csv", "--airport", ADDRESS],
        ["run", "--data", "air.csv", "--select", ADDRESS],
        ["run", "--data", "air.csv", "--group", ADDRESS],
        ["run", "--data", "air.csv", "--groups-from", ADDRESS],
        ["run", "--data", "air.csv", "--config", ADDRESS],
        ["run", "--data", "air.csv", "--experiment", ADDRESS],
        ["run", "--data", "air.csv", "--experiment", f"me:{RAW}@h/x"],
        ["history", "--filter", ADDRESS],
        ["history", "--since", ADDRESS],
        ["history", "--job", ADDRESS],
        ["history", "--compare", ADDRESS, ADDRESS],
        ["explain", "--airport", ADDRESS, "--date", "2018-05"],
        ["explain", "--airport", "JFK", "--date", ADDRESS],
        ["reproduce", ADDRESS],
    ],
    ids=lambda a: " ".join(x for x in a if RAW not in x),
)
def test_an_address_where_something_else_is_asked(cli, arguments):
    cli.write(panel(["JFK"]))
    said(*arguments, codes=(0, 2, 3, 6))
    assert not [p for p in cli.folder.rglob("*") if p.is_file() and found_in(p.read_bytes())]


def found_in(content):
    return leaks(content.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FORECASTCTL_TUNE__SEED", ADDRESS),
        ("FORECASTCTL_FORECAST__LEVEL", ADDRESS),
        ("FORECASTCTL_FORECAST__TABLE", ADDRESS),
        ("FORECASTCTL_TRACKING__EXPERIMENT", ADDRESS),
        ("FORECASTCTL_DATA_QUERY", ADDRESS),
        ("FORECASTCTL_CONFIG", ADDRESS),
        ("MLFLOW_EXPERIMENT_NAME", ADDRESS),
    ],
)
def test_an_address_in_the_wrong_setting(cli, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    said("settings", codes=(2,))
    monkeypatch.delenv(name)
    section, _, key = name.removeprefix("FORECASTCTL_").lower().partition("__")
    if key:
        cli.write(f"[{section}]\n{key} = '{value}'\n", "forecastctl.toml")
        said("settings", "--json", codes=(2,))


def test_settings_show_no_secret(bare):
    text = f"[data]\nsource = '{STORES[1]}'\nquery = \"SELECT 1 -- password={RAW}\"\nvalue = 'me:{RAW}@h'\n"
    text += f"[forecast]\nout = '{STORES[2]}'\n[tracking]\nuri = '{STORES[7]}'\n"
    bare.write(text + f"artifacts = 's3://me:{RAW}@bucket/x'\n", "forecastctl.toml")
    for options in ([], ["--json"]):
        shown = said("settings", *options, codes=(0,))
        assert "postgresql://me:***@127.0.0.1:9/x" in shown
        assert "http://***@127.0.0.1:9" in shown


def test_an_artifact_location_is_kept_in_the_store_and_takes_no_secret(cli, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__ARTIFACTS", f"ftp://me:{RAW}@h/x")
    cli.write(panel(["JFK"]))
    assert "ftp://me:***@h/x" in said("run", "--data", "air.csv", *QUICK, codes=(2,))
    assert not found_in((cli.folder / "mlflow.db").read_bytes())


def postgres_content(uri):
    """Every row of every table."""
    import psycopg2

    connection = psycopg2.connect(uri)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            yield from (row[0] for row in cursor.fetchall())
    connection.close()


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.slow),
        pytest.param("server", marks=pytest.mark.slow),
    ]
)
def place(request, bare, fresh_store):
    """A store whose address has a secret that it does not ask for; how to read all that it keeps."""
    if request.param == "sqlite":
        (bare.folder / "mlflow.db").write_bytes(fresh_store.read_bytes())
        return "sqlite:///mlflow.db?key={}", bare.folder, lambda: ()
    if request.param == "postgresql":
        uri = request.getfixturevalue("make_postgres")()
        return uri.replace("s3cret", "{}"), bare.folder, lambda: postgres_content(uri)
    server = request.getfixturevalue("mlflow_server")
    home = request.getfixturevalue("quick") / "server"
    return server.uri.replace("http://", "http://me:{}@"), home, lambda: ()


def ctrl_c(_seconds):
    raise KeyboardInterrupt


@contextmanager
def without_a_server(monkeypatch):
    """The pages are looked at without MLflow's server, which somebody would have to end."""
    with monkeypatch.context() as instead:
        instead.setattr(pages, "_server", lambda *_: nullcontext())
        instead.setattr(pages, "_wait", lambda *_: None)
        instead.setattr("time.sleep", ctrl_c)
        yield


def prepare(folder, canary, monkeypatch):
    """Data in a database, and a secret in every variable."""
    with sqlite3.connect(folder / "air.db") as database:
        panel(["JFK"], months=44).to_sql("air", database, index=False)
    for name in VARIABLES:
        monkeypatch.setenv(name, canary)
    own.cache_clear()


def written_in(folder):
    """What commands wrote beside the store: tables, pages and the whole report."""
    found = (*folder.iterdir(), *(folder / "report").rglob("*"))
    return [p.read_text() for p in found if p.suffix in (".csv", ".html", ".js")]


@pytest.mark.slow
def test_a_job_that_ends_well(place, bare, monkeypatch):  # noqa: PLR0915 - every command
    """Every command, with a secret in the store's address, the source's and the query."""
    address, home, rows = place
    canaries = [f"c4nary{uuid.uuid4().hex[:6]}" for _ in range(2)]
    store = ["--tracking-uri", address.format("%2F".join(c.upper() for c in canaries))]
    store += ["--experiment", canaries[0][6:]]
    prepare(bare.folder, canaries[1].upper(), monkeypatch)
    secret = f"password={canaries[0]}, token='{canaries[1]}'"
    source = ["--data", f"sqlite:///file:{bare.folder}/air.db?token={canaries[0]}&uri=true"]
    literal = f"airport <> '{canaries[1]}'"
    source += ["--query", f"SELECT * FROM air WHERE {literal} -- {secret}"]  # noqa: S608

    shown, used = [], set()

    def done(*arguments, codes=(0,)):
        result = CliRunner().invoke(app, list(map(str, arguments)))
        used.add(arguments[0])
        shown.append(f"{result.stdout}\n{result.stderr}")
        assert result.exit_code in codes, shown[-1]
        return result

    job = [*source, *store, "--jobs", "1"]
    done("run", *job, *QUICK[:-2], "--as-of", "2018-02", "--verbose", "--out", "forecasts.csv")
    done("tune", *job, *QUICK[:8], "--json")
    run = json.loads(done("history", *store, "--json").stdout)[0]["job_id"]
    done("train", *job)
    done("forecast", *job, "--horizon", "3", "--out", "-")
    done("check", *source, "--json")
    done("init", *source[:2], "--write", "made.toml", codes=(3,))  # it wants a query
    done("explain", *store, *source, "--airport", "JFK", "--date", "2018-05", "--html", "page.html")
    done("explain", *store, "--airport", "JFK", "--date", "2018-05", "--json", "--quick")
    done("plot", "JFK", *store, "--out", "plot.svg", "--json")
    for what, form in product(("jobs", "airports", "trials"), ("--json", "--csv")):
        done("history", what, *store, form)
    done("monitor", *source, *store, "--json", codes=(0, 7))
    done("backtest", *job, *QUICK[:-2], "--from", "2018-03", "--to", "2018-04", "--out", "b.csv")
    done("reproduce", run, *store, "--verbose", codes=(0, 7))
    done("promote", *source, *store, "--registered-as", "fleet", "--verbose")
    done("serve", *store, "--registered-as", "other", "--verbose", codes=(6,))
    done("history", "promotions", *store, "--json")
    done("prune", *store, "--json")
    done("report", *store, "--job", run, "--verbose")
    done("plan", *store, "--json")
    with without_a_server(monkeypatch):
        done("ui", *store, "--airport", "JFK", "--no-browser")
    done("retry", run, *store, "--jobs", "1", "--verbose")
    done("doctor", *store, *source, "--json", codes=(0, 7))
    done("sync", *store, "--json")
    monkeypatch.setenv("FORECASTCTL_TRACKING__URI", store[1])
    monkeypatch.setenv("FORECASTCTL_DATA__SOURCE", source[1])
    monkeypatch.setenv("FORECASTCTL_DATA__QUERY", source[3])
    done("settings", "--json")
    for kind in ("cron", "systemd", "kubernetes", "airflow"):
        done("schedule", kind)
    done("sample", "--out", "sample.csv")
    done("bench", *source[:2], "--backends", "serial", "--max-evals", "2", "--json")
    assert used == set(typer.main.get_command(app).commands)
    for text in shown:
        assert not leaks(text, canaries), text
    texts = [p.read_bytes().decode("utf-8", "replace") for p in home.rglob("*") if p.is_file()]
    texts += [*written_in(bare.folder), *rows()]
    assert any("***" in text for text in texts)
    for text in texts:
        assert not leaks(text, canaries)


def test_what_a_worker_raises(cli, monkeypatch):
    """Of an error that quotes a variable nothing is said or kept: message, traceback, log."""
    from forecastctl.jobs import work

    def broken(*_):
        raise RuntimeError(f"cannot log in with {RAW}, nor as me:{RAW}@h")

    monkeypatch.setattr(work, "_tune", broken)
    data = cli.write(panel(["JFK"]))
    options = [*QUICK, "--backend", "serial", "--verbose", "--out", "f.csv"]
    text = said("run", "--data", data, *options, "--json", codes=(4,))
    assert "cannot log in with ***" in text
    said("history", "airports", "--json", codes=(0,))
    said("history", "airports", "--csv", codes=(0,))
    kept = [p.read_bytes() for p in cli.folder.rglob("*") if p.is_file()]
    assert any(b"cannot log in with ***" in content for content in kept)
    assert not [content for content in kept if found_in(content)]


def test_a_query_is_kept_where_that_is_asked_for(bare, monkeypatch):
    query = "SELECT * FROM air WHERE region = 'east' AND code = 'C4NARYone'"
    monkeypatch.setenv("FORECASTCTL_DATA__QUERY", query)
    text = said("settings", codes=(0,))
    assert "WHERE region = ? AND code = ? (sha256 " in text
    monkeypatch.setenv("FORECASTCTL_DATA__KEEP_QUERY", "true")
    monkeypatch.setenv("FORECASTCTL_DATA__QUERY", query.replace("code", "password"))
    assert "WHERE region = 'east' AND password = '***'" in said("settings", codes=(0,))
