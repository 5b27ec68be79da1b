"""All models of a job as one model to be served: rows of JSON in Parquet, nothing pickled."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from forecastctl.execute.installed import installed_from
from forecastctl.records import Column, ServedModel, canonical_json
from forecastctl.records.schema import File

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.recording.context import JobContext
    from forecastctl.records import FittedModel

INPUTS = (
    Column("airport", str),
    Column("horizon", int, required=False),
    Column("level", int, required=False),
)
OUTPUTS = (
    Column("airport", str),
    Column("date", str),
    Column("mean", float),
    Column("lo", float),
    Column("hi", float),
    Column("level", int),
    Column("cutoff", str),
    Column("model", str),
)


def fleet_model(models: Mapping[str, FittedModel], context: JobContext) -> ServedModel | None:
    """The fleet's model; ``None`` where the job trained nothing.

    Args:
        models: Fitted model by airport.
        context: The job.
    """
    if not models:
        return None
    return ServedModel(
        path=File.FLEET,
        content=_parquet(models),
        loader="forecastctl.serving",
        inputs=INPUTS,
        outputs=OUTPUTS,
        versions=context.environment.versions,
        needs=(installed_from("forecastctl"), "numpy", "pandas", "pyarrow"),
        made_ms=context.start_ms,
    )


def _parquet(models: Mapping[str, FittedModel]) -> bytes:
    """A row of JSON for each model, as Parquet."""
    import pandas as pd

    rows = [canonical_json(model.to_row()) for model in models.values()]
    frame = pd.DataFrame({"airport": list(models), "row": rows})
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()
