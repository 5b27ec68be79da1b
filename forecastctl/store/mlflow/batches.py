"""What one run logs, cut into requests that MLflow takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from forecastctl.records import Metric

MAX_ENTITIES = 1000
MAX_PARAMS = 100
MAX_TAGS = 100
MAX_BYTES = 800_000
"""MLflow's own limit is 1,000,000; the rest is for keys' names, quotes and brackets."""
_METRIC_BYTES = 120


@dataclass(slots=True)
class Batch:
    """What goes into one ``log_batch``."""

    metrics: list[Metric] = field(default_factory=list)
    params: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0

    def full(self, size: int) -> bool:
        """Whether something of this size in bytes does not fit in any more."""
        entities = len(self.metrics) + len(self.params) + len(self.tags)
        return (
            entities >= MAX_ENTITIES
            or len(self.params) >= MAX_PARAMS
            or len(self.tags) >= MAX_TAGS
            or (entities > 0 and self.size + size > MAX_BYTES)
        )


def batches(
    metrics: Iterable[Metric], params: Mapping[str, str], tags: Mapping[str, str]
) -> Iterator[Batch]:
    """Cut what a run logs into batches within MLflow's limits; none for nothing.

    Params come first and tags last, so that whoever finds a run by its tags finds it whole.
    """
    batch = Batch()
    for pair in params.items():
        size = _size(pair)
        if batch.full(size):
            yield batch
            batch = Batch()
        batch.params.append(pair)
        batch.size += size
    for metric in metrics:
        if batch.full(_METRIC_BYTES + len(metric.key)):
            yield batch
            batch = Batch()
        batch.metrics.append(metric)
        batch.size += _METRIC_BYTES + len(metric.key)
    for pair in tags.items():
        size = _size(pair)
        if batch.full(size):
            yield batch
            batch = Batch()
        batch.tags.append(pair)
        batch.size += size
    if batch.metrics or batch.params or batch.tags:
        yield batch


def _size(pair: tuple[str, str]) -> int:
    return len(json.dumps(pair)) + 24
