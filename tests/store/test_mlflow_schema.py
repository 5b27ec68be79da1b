"""A store of another MLflow keeps its schema; what only reads makes nothing."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.records import Query, Run
from forecastctl.store.mlflow import revisions as mlflow_schema
from forecastctl.store.mlflow.client import MlflowClientTracker
from forecastctl.store.mlflow.open import _say_unknown, open_tracker
from forecastctl.store.mlflow.revisions import KNOWN_REVISIONS, installed, named
from tests.old_stores import MLFLOW_2_9, MLFLOW_2_22, NEWER, OLD, dump, experiment, migrate
from tests.services import execute

WRITERS = ["auto", "sql", "client"]


def with_revision(store_template, path, revision):
    """A store that is whole but says to have another revision."""
    shutil.copy(store_template, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    return f"sqlite:///{path}"


@pytest.fixture(params=OLD)
def old_uri(request, old_stores, tmp_path):
    path = tmp_path / "store" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(old_stores[request.param], path)
    experiment(f"sqlite:///{path}", "theirs", tmp_path)
    return f"sqlite:///{path}"


@pytest.fixture
def old_postgres(postgres_base):
    execute(postgres_base, "CREATE DATABASE of_mlflow_2_22")
    uri = f"{postgres_base}/of_mlflow_2_22"
    driven = uri.replace("postgresql://", "postgresql+psycopg2://")
    migrate(driven, MLFLOW_2_22)
    experiment(driven, "theirs", "/nowhere")
    yield uri
    execute(postgres_base, "DROP DATABASE of_mlflow_2_22 WITH (FORCE)")


class TestOlder:
    @pytest.mark.parametrize("writer", WRITERS)
    def test_is_read_and_not_written(self, old_uri, writer, tmp_path):
        self.check(old_uri, writer)
        assert [p.name for p in (tmp_path / "store").iterdir()] == ["mlflow.db"]

    def test_is_read_and_not_written_in_postgres(self, old_postgres):
        self.check(old_postgres, "auto")

    def check(self, uri, writer):
        before = dump(uri)
        tracker = open_tracker(uri, "theirs", writer=writer, reading=True)
        assert tracker.find(Query()) == []
        with pytest.raises(NothingRecordedError, match="no experiment 'ours'") as missing:
            open_tracker(uri, "ours", writer=writer, reading=True)
        assert "'theirs'" in missing.value.hint
        with pytest.raises(NothingRecordedError) as missing:
            open_tracker(uri, "thiers", writer=writer, reading=True)
        assert missing.value.hint.startswith("Did you mean 'theirs'?")
        for write in (
            lambda: open_tracker(uri, "theirs", writer=writer),
            lambda: open_tracker(uri, "ours", writer=writer),
            lambda: tracker.record([Run("a")]),
            lambda: tracker.start(Run("a")),
        ):
            with pytest.raises(TrackingError, match=r"of MLflow 2\.") as error:
                write()
            assert installed().version in error.value.message
            assert "--upgrade-store" in error.value.hint
        tracker.close()
        assert dump(uri) == before

    def test_the_next_step_names_the_command_and_no_password(self, old_postgres):
        with pytest.raises(TrackingError) as error:
            open_tracker(old_postgres, "x")
        masked = old_postgres.replace("postgresql:", "postgresql+psycopg2:").replace(
            "s3cret", "***"
        )
        assert f"mlflow db upgrade {masked}'" in error.value.hint
        assert "s3cret" not in error.value.message + error.value.hint

    def test_the_client_itself_is_kept_from_migrating(self, old_uri):
        before = dump(old_uri)
        with pytest.raises(TrackingError, match=r"of MLflow 2\."):
            MlflowClientTracker(old_uri, "theirs")
        assert dump(old_uri) == before

    def test_what_lacks_something_that_is_read_is_not_read(self, old_uri):
        path = old_uri.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("ALTER TABLE latest_metrics RENAME COLUMN is_nan TO was_nan")
        before = dump(old_uri)
        with pytest.raises(TrackingError, match="cannot be read as it is") as error:
            open_tracker(old_uri, "theirs", reading=True)
        assert f"mlflow db upgrade {old_uri}" in error.value.hint
        assert dump(old_uri) == before

    @pytest.mark.slow
    def test_is_migrated_when_asked_for(self, old_stores, tmp_path):
        path = tmp_path / "mlflow.db"
        shutil.copy(old_stores["2.22"], path)
        uri = f"sqlite:///{path}"
        experiment(uri, "theirs", tmp_path / "artifacts")
        tracker = open_tracker(uri, "theirs", upgrade_store=True)
        [run_id] = tracker.record([Run("a", start_ms=1, end_ms=2)])
        assert open_tracker(uri, "theirs", reading=True).get(run_id).name == "a"
        assert dump_revision(path) == installed().head
        assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]

    @pytest.mark.slow
    def test_is_migrated_when_asked_for_in_postgres(self, old_postgres):
        tracker = open_tracker(old_postgres, "theirs", upgrade_store=True)
        tracker.record([Run("a", start_ms=1, end_ms=2)])
        assert len(open_tracker(old_postgres, "theirs", reading=True).find(Query())) == 1

    def test_what_is_written_as_it_is_is_not_migrated(self, sqlite_uri, store_template, tmp_path):
        old = next(iter(KNOWN_REVISIONS))
        uri = with_revision(store_template, tmp_path / "old.db", old)
        open_tracker(uri, "x", upgrade_store=True).record([Run("a", start_ms=1, end_ms=2)])
        assert dump_revision(tmp_path / "old.db") == old
        with pytest.raises(TrackingError) as error:
            open_tracker(uri, "x", writer="client")
        assert 'writer = "auto"' in error.value.hint


def dump_revision(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def alter(uri, statement):
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement)


OTHER_SHAPES = {
    "a column that must be given": "ALTER TABLE tags ADD COLUMN kind TEXT NOT NULL",
    "a column that is gone": "ALTER TABLE runs DROP COLUMN source_version",
    "a column of another type": "ALTER TABLE runs RENAME COLUMN start_time TO start_ms",
    "a table that is gone": "DROP TABLE input_tags",
}


class TestNewer:
    @pytest.fixture
    def newer_uri(self, store_template, tmp_path):
        return with_revision(store_template, tmp_path / "newer.db", NEWER)

    @pytest.mark.parametrize("upgrade_store", [False, True])
    def test_is_written_where_its_tables_are_as_known(self, newer_uri, upgrade_store, caplog):
        alter(newer_uri, "ALTER TABLE runs ADD COLUMN mood TEXT")
        alter(newer_uri, "ALTER TABLE tags ADD COLUMN weight INTEGER NOT NULL DEFAULT 1")
        tracker = open_tracker(newer_uri, f"x{upgrade_store}", upgrade_store=upgrade_store)
        [run_id] = tracker.record([Run("a", start_ms=1, end_ms=2, tags={"k": "v"})])
        assert open_tracker(newer_uri, f"x{upgrade_store}", reading=True).get(run_id).name == "a"
        assert dump_revision(newer_uri.removeprefix("sqlite:///")) == NEWER

    def test_that_it_is_written_is_said_under_quiet_as_well(self, newer_uri, caplog):
        _say_unknown.cache_clear()
        open_tracker(newer_uri, "x")
        open_tracker(newer_uri, "x")
        [said] = [r for r in caplog.records if NEWER in r.message]
        assert said.levelname == "WARNING"

    @pytest.mark.parametrize("writer", WRITERS)
    @pytest.mark.parametrize("upgrade_store", [False, True])
    @pytest.mark.parametrize("change", OTHER_SHAPES)
    def test_of_another_shape_is_left_alone(self, newer_uri, writer, upgrade_store, change):
        alter(newer_uri, OTHER_SHAPES[change])
        before = dump(newer_uri)
        with pytest.raises(TrackingError, match=f"{NEWER} of a newer MLflow") as error:
            open_tracker(newer_uri, "x", writer=writer, upgrade_store=upgrade_store)
        assert "upgrade" not in error.value.hint
        assert "Install the MLflow that wrote it" in error.value.hint
        assert dump(newer_uri) == before

    def test_of_another_shape_is_read_as_long_as_what_is_read_is_there(self, newer_uri):
        alter(newer_uri, OTHER_SHAPES["a column that must be given"])
        before = dump(newer_uri)
        reader = open_tracker(newer_uri, "Default", reading=True)
        assert reader.find(Query()) == []
        with pytest.raises(TrackingError, match="of a newer MLflow"):
            reader.record([Run("a")])
        assert dump(newer_uri) == before

    def test_in_postgres(self, make_postgres):
        uri = make_postgres()
        import psycopg2

        with closing(psycopg2.connect(uri)) as connection, connection:
            connection.cursor().execute("UPDATE alembic_version SET version_num = %s", (NEWER,))
        open_tracker(uri, "x").record([Run("a", start_ms=1, end_ms=2)])
        with closing(psycopg2.connect(uri)) as connection, connection:
            connection.cursor().execute("ALTER TABLE tags ADD COLUMN kind TEXT NOT NULL DEFAULT ''")
        open_tracker(uri, "x").record([Run("b", start_ms=1, end_ms=2)])
        with closing(psycopg2.connect(uri)) as connection, connection:
            connection.cursor().execute("ALTER TABLE tags ALTER COLUMN kind DROP DEFAULT")
        with pytest.raises(TrackingError, match="of a newer MLflow"):
            open_tracker(uri, "x")
        assert len(open_tracker(uri, "x", reading=True).find(Query())) == 2


class TestNothing:
    @pytest.mark.parametrize("writer", WRITERS)
    def test_reading_makes_no_file(self, tmp_path, writer):
        with pytest.raises(NothingRecordedError, match="no store") as error:
            open_tracker(f"sqlite:///{tmp_path}/new/mlflow.db", "x", writer=writer, reading=True)
        assert "forecastctl run" in error.value.hint
        assert list(tmp_path.iterdir()) == []

    def test_reading_leaves_an_empty_file_empty(self, tmp_path):
        path = tmp_path / "mlflow.db"
        path.touch()
        with pytest.raises(NothingRecordedError, match="no store"):
            open_tracker(f"sqlite:///{path}", "x", reading=True)
        assert path.read_bytes() == b""
        assert [p.name for p in tmp_path.iterdir()] == ["mlflow.db"]

    def test_reading_leaves_an_empty_database_empty(self, postgres_base):
        execute(postgres_base, "CREATE DATABASE read_empty")
        with pytest.raises(NothingRecordedError, match="no store"):
            open_tracker(f"{postgres_base}/read_empty", "x", reading=True)
        assert dump(f"{postgres_base}/read_empty") == []

    @pytest.mark.parametrize("writer", WRITERS)
    def test_reading_makes_no_experiment(self, sqlite_uri, writer):
        before = dump(sqlite_uri)
        with pytest.raises(NothingRecordedError, match="no experiment 'x'"):
            open_tracker(sqlite_uri, "x", writer=writer, reading=True)
        assert dump(sqlite_uri) == before

    @pytest.mark.slow
    @pytest.mark.parametrize("writer", ["auto", "client"])
    def test_reading_makes_no_experiment_on_a_server(self, mlflow_server, writer):
        for name in ("read through a server", "Default"):
            before = dump(mlflow_server.store)
            if name == "Default":
                open_tracker(mlflow_server.uri, name, writer=writer, reading=True).find(Query())
            else:
                with pytest.raises(NothingRecordedError, match=f"no experiment '{name}'"):
                    open_tracker(mlflow_server.uri, name, writer=writer, reading=True)
            assert dump(mlflow_server.store) == before


class TestOfAnotherProgram:
    def fill(self, execute_):
        execute_("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        execute_("INSERT INTO alembic_version VALUES ('aaaaaaaaaaaa')")
        execute_("CREATE TABLE passengers (airport TEXT)")

    @pytest.mark.parametrize("writer", WRITERS)
    @pytest.mark.parametrize("reading", [True, False])
    def test_a_file_is_left_alone(self, tmp_path, writer, reading):
        path = tmp_path / "app.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            self.fill(connection.execute)
        before = path.read_bytes()
        with pytest.raises(TrackingError, match="holds no MLflow store"):
            open_tracker(
                f"sqlite:///{path}", "x", writer=writer, reading=reading, upgrade_store=not reading
            )
        assert path.read_bytes() == before

    def test_a_database_is_left_alone(self, postgres_base):
        execute(postgres_base, "CREATE DATABASE of_an_app")
        uri = f"{postgres_base}/of_an_app"
        import psycopg2

        with (
            closing(psycopg2.connect(uri)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            self.fill(cursor.execute)
        before = dump(uri)
        for reading in (True, False):
            with pytest.raises(TrackingError, match="holds no MLflow store"):
                open_tracker(uri, "x", reading=reading)
        assert dump(uri) == before

    def test_a_database_with_tables_of_the_same_names_is_left_alone(self, postgres_base):
        execute(postgres_base, "CREATE DATABASE of_a_runner")
        uri = f"{postgres_base}/of_a_runner"
        import psycopg2

        with (
            closing(psycopg2.connect(uri)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("CREATE TABLE runs (runner TEXT)")
        before = dump(uri)
        with pytest.raises(TrackingError, match="a table 'runs' of something else"):
            open_tracker(uri, "x")
        assert dump(uri) == before


class TestNames:
    def test_the_installed_one_is_read_off_its_files(self, store_template):
        from importlib.metadata import version

        assert dump_revision(store_template) == installed().head
        assert installed().version == version("mlflow")
        line = installed().line
        assert line.index(MLFLOW_2_9) < line.index(MLFLOW_2_22) < line.index("1b5f0d9ad7c1")
        folder = mlflow_schema.Path(mlflow_schema.util.find_spec("mlflow").origin).parent
        files = list((folder / "store/db_migrations/versions").glob("*_*.py"))
        assert len(line) == len([f for f in files if not f.name.startswith("_")])

    def test_in_words(self):
        line = installed().line
        between = line[line.index(MLFLOW_2_9) + 1]
        assert named(MLFLOW_2_22) == "the schema 0584bdc529eb of MLflow 2.22"
        assert named(between).endswith("of an MLflow between 2.9 and 2.22")
        assert named(line[0]).endswith("of an MLflow before 2.9")
        assert named(NEWER).endswith("of a newer MLflow")
