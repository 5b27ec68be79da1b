"""All models of a job as one model to be served: rows of JSON in Parquet, nothing pickled."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.execute.installed import installed_from
from forecastctl.recording.read import read_as
from forecastctl.records import Column, FittedModel, ServedModel, canonical_json
from forecastctl.records.schema import File

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.recording.context import JobContext
    from forecastctl.store.port import Tracker

INPUTS = (
    Column("airport", str, required=False),  # or unique_id: the model says where neither is there
    Column("unique_id", str, required=False),
    Column("horizon", int, required=False),
    Column("level", int, required=False),
    Column("levels", int, required=False, many=True),
    Column("as_of", str, required=False),
)
OPTIONS = {"nested": False}
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
        options=OPTIONS,
        versions=context.environment.versions,
        needs=(installed_from("forecastctl"), "numpy", "pandas", "pyarrow"),
        made_ms=context.start_ms,
    )


def read_fleet(tracker: Tracker, run_id: str) -> dict[str, FittedModel]:
    """All models of a job, by airport.

    Args:
        tracker: The store.
        run_id: The job's run.

    Raises:
        NothingRecordedError: There is no such run, or the job trained nothing.
        DamagedError: They cannot be read.
    """
    run = tracker.get(run_id)
    try:
        return read_as(tracker, run, File.FLEET, _decoded)
    except DamagedError:
        raise
    except NothingRecordedError:
        raise NothingRecordedError(
            f"Run {run_id} holds no model of a fleet: only jobs that train do.",
            "'forecastctl history jobs --filter \"tags.trained = 'true'\"' lists those that did.",
        ) from None


def _decoded(content: bytes) -> dict[str, FittedModel]:
    """Inverse of `_parquet`."""
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(content))
    rows = zip(frame["airport"], frame["row"], strict=True)
    return {airport: FittedModel.from_row(json.loads(row)) for airport, row in rows}


def _parquet(models: Mapping[str, FittedModel]) -> bytes:
    """A row of JSON for each model, as Parquet."""
    import pandas as pd

    rows = [canonical_json(model.to_row()) for model in models.values()]
    frame = pd.DataFrame({"airport": list(models), "row": rows})
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()
