"""From the bytes of a recorded file to a complete value, or an error.

These functions raise whatever Python raises where a file is wrong;
`forecastctl.recording.read.read_as`, which calls them, turns all of it into one kind of error.
Shapes are checked before values are made (`forecastctl.recording.shapes`), so that no caller fails
later on a value that lacks something.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import ValidationError

from forecastctl.recording.shapes import (
    ForecastFile,
    Judgement,
    LearnedFile,
    ModelFile,
    MonitorFile,
    PanelPart,
    PastRow,
    SummaryFile,
    TermsFile,
    TrialRow,
    TuningFile,
    Verdicts,
    WidthsFile,
    WinnersFile,
    is_day,
)
from forecastctl.records import (
    FittedModel,
    FleetTerms,
    Fold,
    Forecast,
    Learned,
    Model,
    Past,
    Specification,
    Trial,
    TuneResult,
    widths_of,
)
from forecastctl.records.schema import WINNERS_VERSION
from forecastctl.search.learned.shape import FEATURES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from forecastctl.recording.shapes import Shape
    from forecastctl.records import Widths

LONGEST_MESSAGE = 200
"""Characters of the message about a damaged file."""

P = TypeVar("P", bound="Shape")


def described(error: Exception) -> str:
    """What is wrong with a file, in one short line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        what = str(first["msg"]).removeprefix("Value error, ")
        text = f"{place}: {what}" if place else what
    elif isinstance(error, json.JSONDecodeError):
        text = f"it is no JSON, {error}"
    else:
        text = f"{type(error).__name__}: {error}"
    line = " ".join(text.split()).rstrip(".")
    return (
        line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}\N{HORIZONTAL ELLIPSIS}"
    )


def _json(content: bytes, shape: type[P]) -> tuple[P, Any]:
    """A JSON object twice: with its shape checked, and as it stands in the file, bit for bit."""
    value = json.loads(content)
    return shape.model_validate(value), value


def _table(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table with ``columns`` and ``data``."""
    return [dict(zip(value["columns"], row, strict=True)) for row in value["data"]]


def _floats(values: Mapping[str, Any], skip: Collection[str] = ()) -> dict[str, float]:
    """Numbers by name, of which JSON has NaN as ``null``."""
    return {k: float("nan") if v is None else float(v) for k, v in values.items() if k not in skip}


def tuning(content: bytes) -> TuneResult:
    """What a search chose; its trials are in another file."""
    return tuning_of(*_json(content, TuningFile))


def tuning_of(checked: TuningFile, value: Mapping[str, Any]) -> TuneResult:
    """A search without its trials.

    Args:
        checked: Its value, checked.
        value: The same as it stands in the file.
    """
    return TuneResult(
        specification=Specification.from_dict(value["specification"]),
        loss=checked.loss,
        metrics=_floats(checked.metrics),
        trials=(),
        backtest_errors=tuple(tuple(fold) for fold in checked.backtest_errors),
        spread=checked.spread,
        baseline_loss=checked.baseline_loss,
        reason=checked.reason,
        stopped=checked.stopped,
        widths=widths_of(checked.widths),
        space=None if checked.space is None else tuple(checked.space),
        repeats=checked.repeats,
    )


def widths(content: bytes) -> Widths:
    """How wide intervals are in a job."""
    return widths_of(_json(content, WidthsFile)[0].widths)


def model(content: bytes) -> FittedModel:
    """A fitted model."""
    value = json.loads(content)
    fitted = FittedModel.from_row(value)  # first, as it says so where the version is a later one
    ModelFile.model_validate(value)
    return fitted


def forecast_file(content: bytes) -> ForecastFile:
    """A forecast as it stands in its file."""
    return _json(content, ForecastFile)[0]


def forecast(content: bytes) -> Forecast:
    """A forecast."""
    value = forecast_file(content)
    return Forecast(
        cutoff=value.cutoff,
        ds=np.asarray(value.ds, dtype="datetime64[D]"),
        mean=np.asarray(value.mean),
        sd=np.asarray(value.sd),
        intervals={
            int(level): (np.asarray(band.lo), np.asarray(band.hi))
            for level, band in value.intervals.items()
        },
    )


def trials(content: bytes) -> list[Trial]:
    """The trials of a search, in order."""
    return trials_of(json.loads(content))


def trials_of(table: Mapping[str, Any]) -> list[Trial]:
    """The trials of a table, in order."""
    return [_trial(TrialRow.model_validate(row)) for row in _table(table)]


def _trial(row: TrialRow) -> Trial:
    folds = [Fold(f.cutoff, f.h, _floats(f.__pydantic_extra__)) for f in row.folds]
    return Trial(
        number=row.trial,
        model=Model(row.family, row.options, row.model),
        status=row.status,
        loss=row.loss,
        metrics=_floats(row.metrics),
        folds=tuple(folds),
        reason=row.reason,
        duplicate_of=row.duplicate_of,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        cpu_seconds=row.cpu_seconds,
        start=row.start,
        weight=row.weight,
    )


def learned(content: bytes) -> Learned:
    """What a search knew before it began."""
    return Learned.from_dict(_json(content, LearnedFile)[1])


def winners(content: bytes, terms: Mapping[str, str]) -> list[Past]:
    """The winners of a job; none where they are of a later version, or were chosen on other terms.

    Args:
        content: The file.
        terms: Loss, horizon, frequency and season that the job must have had, as text.
    """
    value = json.loads(content)
    if value["version"] > WINNERS_VERSION:
        return []
    checked = WinnersFile.model_validate(value)
    rows = [PastRow.model_validate(row) for row in _table(value)]
    models = [Model(m.family, m.options, m.label) for m in checked.models]
    pasts = [_past(row, models) for row in rows]
    return pasts if all(str(value[k]) == text for k, text in terms.items()) else []


def _past(row: PastRow, models: Sequence[Model]) -> Past:
    """One row of the winners; rows refer to models by their position."""
    if len(row.best) != len(row.losses) or len(row.features) != FEATURES:
        raise ValueError(f"{row.airport} has too many or too few models, losses or features")
    return Past(
        airport=row.airport,
        run_id=row.run_id,
        cutoff=row.cutoff,
        features=tuple(row.features),
        best=tuple(models[i] for i in row.best),
        losses=tuple(row.losses),
        proposed=row.proposed,
        improved=row.improved,
    )


def judgements(content: bytes) -> list[Judgement]:
    """What a run of the monitor says of its airports."""
    return _json(content, MonitorFile)[0].results


def verdicts(content: bytes) -> Verdicts:
    """What a report says of the airports of its job."""
    return _json(content, Verdicts)[0]


def settings(content: bytes) -> dict[str, Any]:
    """The settings of a job."""
    value = json.loads(content)
    if not isinstance(value, dict):
        raise TypeError("it holds no object")
    return value


def groups(content: bytes) -> dict[str, dict[str, str]]:
    """Value of each airport by column of groups."""
    columns = settings(content)
    for values in columns.values():
        if not all(isinstance(v, str) for v in values.values()):
            raise TypeError("a group is no text")
    return columns


def terms(content: bytes) -> FleetTerms:
    """Regressors of the airports of a job."""
    return FleetTerms.from_dict(_json(content, TermsFile)[1])


def summary(content: bytes) -> dict[str, Any]:
    """The summary of a job, as ``--json`` printed it."""
    value: dict[str, Any] = _json(content, SummaryFile)[1]
    return value


def panel_parts(content: bytes) -> list[PanelPart]:
    """The parts of a panel, in order."""
    return [PanelPart.model_validate(row) for row in json.loads(content)]


def panel(content: bytes) -> pd.DataFrame:
    """The rows of a panel, typed as they are in `forecastctl.data.panel.panel.Panel`."""
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(content))
    texts = frame[["airport", "problem"]]
    if not all(isinstance(v, str) for v in texts["airport"].unique()):
        raise TypeError("an airport is no text")
    for name, kind in (("ds", "datetime64[s]"), ("y", "float64"), ("row", "int64")):
        np.asarray(frame[name].to_numpy(), dtype=np.dtype(kind))
    return frame


def forecast_table(content: bytes, levels: Collection[int] = ()) -> pd.DataFrame:
    """A job's table of forecasts; an empty one may lack the types of its columns.

    Args:
        content: The file.
        levels: Intervals that it must have, in percent.
    """
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(content))
    if frame.empty:
        return frame
    bands = [c for c in frame.columns if c.startswith(("lo-", "hi-"))]
    bands += [f"{side}-{level}" for level in levels for side in ("lo", "hi")]
    frame[bands].to_numpy(dtype=np.float64)
    if not np.isfinite(frame["mean"].to_numpy(dtype=np.float64)).all():
        raise ValueError("it holds a forecast that is no number")
    for name in ("date", "cutoff"):
        for text in frame[name].unique():
            is_day(text)
    if not all(isinstance(v, str) for v in frame["airport"].unique()):
        raise TypeError("an airport is no text")
    return frame
