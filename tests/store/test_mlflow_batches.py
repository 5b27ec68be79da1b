"""Requests to MLflow in bytes: as few as can be, each below what MLflow takes."""

import json

import pytest

from forecastctl.records import Metric
from forecastctl.store.limits import MAX_PARAM, MAX_TAG
from forecastctl.store.mlflow.batches import batches

TAKEN = 1_000_000
"""MLflow's own limit of a request of ``log_batch``, in bytes of its JSON."""


def request(batch):
    """The request as MLflow's REST client writes it, without the run's id."""
    return json.dumps(
        {
            "run_id": "0" * 32,
            "metrics": [
                {"key": m.key, "value": m.value, "timestamp": m.timestamp_ms, "step": m.step}
                for m in batch.metrics
            ],
            "params": [{"key": k, "value": v} for k, v in batch.params],
            "tags": [{"key": k, "value": v} for k, v in batch.tags],
        }
    )


@pytest.mark.parametrize("letter", ["x", "é", '"', "🛫", "\n"])
def test_no_request_is_larger_than_mlflow_takes(letter):
    """Letters that JSON writes in six or twelve bytes are counted as these."""
    params = {f"p{i:03d}": letter * MAX_PARAM for i in range(100)}
    tags = {f"t{i:03d}": letter * MAX_TAG for i in range(100)}
    metrics = [Metric("m" * 250, 1.0 / 3.0, 1_700_000_000_000, i) for i in range(2000)]
    cut = list(batches(metrics, params, tags))
    assert max(len(request(b)) for b in cut) <= TAKEN


def test_a_request_is_filled_up_to_four_fifths_of_that():
    """99 parameters of 6,000 letters are 0.6 MB; what tags add to that decides."""
    params = {f"p{i:03d}": "x" * MAX_PARAM for i in range(99)}
    for length, counts in ((2000, [96]), (2100, [94, 2])):
        tags = {f"t{i:03d}": "x" * length for i in range(96)}
        cut = list(batches([], params, tags))
        assert [len(b.tags) for b in cut] == counts
        assert len(cut[0].params) == 99
        assert all(b.size <= 0.8 * TAKEN for b in cut)
