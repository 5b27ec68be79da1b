"""The example package keeps the promises that forecastctl's own families and stores keep."""

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.testing.executor import ProcessContract
from forecastctl.testing.family import FamilyContract, seasonal_data
from forecastctl.testing.loss import LossContract
from forecastctl.testing.store import StoreContract
from tests.plugins.conftest import EXAMPLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def importable():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        yield


class TestMedian(FamilyContract):
    @pytest.fixture
    def family(self):
        from forecastctl_example.family import Median

        return Median()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Of a line through twelve months ahead, learned from two years of other series."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([seasonal_data(300, seed=seed) for seed in range(5)]), 36
    )
    scaled = windows / windows[:, :24].mean(axis=1, keepdims=True)
    x, ahead = scaled[:, :24], scaled[:, 24:]
    found = np.linalg.solve(x.T @ x + np.eye(24), x.T @ ahead).T
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    np.savez(path, weights=found)
    return path


class TestWeightsFile(FamilyContract):
    @pytest.fixture
    def family(self, weights, monkeypatch):
        from forecastctl_example.weights_file import VARIABLE, WeightsFile

        monkeypatch.setenv(VARIABLE, str(weights))
        return WeightsFile()

    def test_other_weights_are_another_model(self, family, tmp_path, monkeypatch):
        from forecastctl_example.weights_file import VARIABLE, WeightsFile

        [options] = family.starts
        fit = family.fit(seasonal_data(60), 12, options)
        np.savez(tmp_path / "other.npz", weights=np.eye(12, 24))
        monkeypatch.setenv(VARIABLE, str(tmp_path / "other.npz"))
        with pytest.raises(ModelError, match="other weights"):
            WeightsFile().forecast(fit, 12, options, 3)
        monkeypatch.delenv(VARIABLE)
        with pytest.raises(ValueError, match="names no file of weights"):
            WeightsFile()


class TestLostSeats(LossContract):
    @pytest.fixture
    def loss(self):
        from forecastctl_example.loss import lost_seats

        return lost_seats


class TestSpawn(ProcessContract):
    @pytest.fixture
    def executor(self):
        from forecastctl_example.executor import SpawnExecutor

        return SpawnExecutor(2)

    @pytest.fixture
    def limited(self):
        from forecastctl_example.executor import SpawnExecutor

        return SpawnExecutor(1, limit=1.0)


class TestJournal(StoreContract):
    @pytest.fixture(scope="class")
    def open_one(self, tmp_path_factory):
        from forecastctl_example.store import open_journal

        return lambda: open_journal(f"journal://{tmp_path_factory.mktemp('store')}/x", "test")

    def test_what_was_written_is_there_when_it_is_opened_again(self, tmp_path):
        from forecastctl_example.store import open_journal

        from forecastctl.records import FINISHED, Query, RunUpdate
        from forecastctl.testing.runs import NOW, names, run

        uri = f"journal://{tmp_path}/x"
        first = open_journal(uri, "a")
        job = first.start(run("job"))
        first.record([run("a", children=(run("b"),))], job)
        first.update(job, RunUpdate(FINISHED, NOW + 5))
        file = tmp_path / "x.a"
        file.write_bytes(file.read_bytes() + b"\x80\x05cut")
        second = open_journal(uri, "a", reading=True)
        assert names(second.find(Query())) == names(first.find(Query()))
        assert second.get(job).status == FINISHED
        second.record([run("c")])
        assert "c" in names(open_journal(uri, "a").find(Query()))


@pytest.mark.parametrize("broken", ["negative", "blind", "numb"])
def test_the_contract_of_losses_finds_what_is_wrong(broken):
    loss = {
        "negative": lambda y, f, *_: float((y - f).sum()),
        "blind": lambda *_: 1.0,
        "numb": lambda y, f, *_: float(np.nansum(abs(y - f))),
    }[broken]
    contract = LossContract()
    found = []
    for name in dir(contract):
        if name.startswith("test_"):
            try:
                getattr(contract, name)(loss)
            except AssertionError:
                found.append(name)
    assert found
