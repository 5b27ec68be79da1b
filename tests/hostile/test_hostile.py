"""Some hundred generated inputs of each kind; ``make fuzz-input`` tries a hundred thousand."""

import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.hostile import promises, questions, tables
from tests.hostile.store import recorded


def some(count):
    """Settings of a test: so many inputs, the same each time."""
    return settings(
        max_examples=count,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def store(tmp_path_factory, store_template):
    place = tmp_path_factory.mktemp("asked")
    shutil.copy(store_template, place / "mlflow.db")
    recorded(place / "mlflow.db")
    return place


@given(tables.CSV)
@some(60)
def test_csv(folder, case):
    promises.reading(case, folder)


@given(tables.PARQUET)
@some(60)
def test_parquet(folder, case):
    promises.reading(case, folder)


@given(tables.SQL)
@some(20)
def test_a_database(folder, case):
    promises.reading(case, folder)


@given(tables.GROUPED)
@some(20)
def test_groups(folder, case):
    promises.reading(case, folder)


@given(questions.toml(), questions.ENVIRONMENTS, questions.FLAGS)
@some(120)
def test_settings(folder, toml, environ, flags):
    promises.settings(toml, environ, flags, folder)


@given(st.data())
@some(20)
def test_questions(store, data):
    promises.question(data.draw(questions.questions()), store)
