"""The contract of registered models, for our own, in memory and in MLflow on every store."""

import uuid
from pathlib import Path

import pytest

from forecastctl.errors import UsageError
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.memory_models import MemoryModels
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.open import open_models
from forecastctl.testing.models import ModelsContract

STORES = ["memory", "sqlite", "server", pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=STORES)
def both(request, tmp_path_factory):
    """A store, and its registered models."""
    if request.param == "memory":
        tracker = MemoryTracker()
        return tracker, MemoryModels(tracker)
    fixtures = {"sqlite": "contract_store", "postgres": "postgres_uri", "server": "mlflow_server"}
    found = request.getfixturevalue(fixtures[request.param])
    uri = getattr(found, "uri", found)
    location = None if request.param == "server" else str(tmp_path_factory.mktemp("artifacts"))
    experiment = f"models {uuid.uuid4().hex}"
    return open_tracker(uri, experiment, artifact_location=location), open_models(uri)


class TestModels(ModelsContract):
    @pytest.fixture
    def tracker(self, both):
        return both[0]

    @pytest.fixture
    def models(self, both):
        return both[1]

    def test_mlflow_finds_the_files_by_alias(self, both, name):
        """Where there is MLflow: what its own client downloads is what was recorded."""
        tracker, models = both
        if isinstance(tracker, MemoryTracker):
            return
        import mlflow

        models.register(name, self.job(tracker), "fleet", {}, "")
        models.set_alias(name, "champion", 1)
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(models._uri)
        try:
            where = mlflow.artifacts.download_artifacts(f"models:/{name}@champion")
        finally:
            mlflow.set_tracking_uri(before)
        assert (Path(where) / "rows.bin").read_bytes() == b"rows"


@pytest.mark.parametrize("name", ["a/b", "a:b", " ", """it's "x\""""])
def test_a_name_that_mlflow_does_not_take(contract_store, name):
    with pytest.raises(UsageError, match="neither '/' nor ':'"):
        open_models(contract_store).versions(name)
