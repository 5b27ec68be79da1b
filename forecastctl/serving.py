"""The fleet as one MLflow model: ``mlflow.pyfunc.load_model("models:/NAME@champion")``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.errors import UsageError
from forecastctl.hints import did_you_mean
from forecastctl.records import HIGHEST_LEVEL, LONGEST_HORIZON, FittedModel
from forecastctl.store.mlflow.refused import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

DEFAULT_HORIZON = 12
DEFAULT_LEVEL = 95
NAMES = ("airport", "unique_id")
"""Columns that may name the airport; the second is what other forecasting tools call it."""
LISTED = ("date", "mean", "lo", "hi", "level")
"""Columns of the answer that hold a list for each request in the nested form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        airport: The airport, as spelt in the data.
        horizon: Periods ahead of the model's cutoff.
        levels: Levels of intervals, percent, at least one.
        as_of: Date after which nothing may have been observed that the answer is made from, or
            ``None``.
    """

    airport: str
    horizon: int = DEFAULT_HORIZON
    levels: tuple[int, ...] = (DEFAULT_LEVEL,)
    as_of: str | None = None


class FleetModel:
    """Forecasts any airport of a job from its stored parameters and states.

    Args:
        rows: Model row as JSON by airport.
    """

    def __init__(self, rows: dict[str, str]) -> None:
        self._rows = rows

    @property
    def airports(self) -> tuple[str, ...]:
        """Airports that have a model."""
        return tuple(self._rows)

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Forecast one or several airports.

        Args:
            model_input: Columns ``airport`` (or ``unique_id``), and optionally ``horizon``
                (periods ahead of the cutoff, default 12), ``level`` or ``levels`` (intervals in
                percent, default 95; a number or a list) and ``as_of`` (a date: an answer that rests
                on anything observed after it is refused).
            params: ``nested``: whether the answer has one row for each request, with lists.

        Returns:
            One row per request, period and level: ``airport, date, mean, lo, hi, level, cutoff,
            model``; passengers. In the nested form one row per request, in which ``date``,
            ``mean``, ``lo``, ``hi`` and ``level`` are lists of the same values.

        Raises:
            RefusedRequestError: No airport is asked for, one without a model, a horizon or a level
                that there cannot be, or a date before the model's cutoff.
        """
        import pandas as pd

        frames = [self._forecast(asked) for asked in requests(model_input)]
        if not frames:
            raise RefusedRequestError("No airport is asked for: give the column 'airport'.")
        if (params or {}).get("nested"):
            return pd.DataFrame([_nested(frame) for frame in frames])
        return pd.concat(frames, ignore_index=True)

    def _model(self, asked: Asked) -> FittedModel:
        """The model that answers, which has seen nothing after the date that is asked for."""
        if asked.airport not in self._rows:
            hint = did_you_mean(asked.airport, self._rows)
            text = f"There is no model of airport '{asked.airport}' in this fleet."
            raise RefusedRequestError(f"{text} {hint}" if hint else text)
        model = FittedModel.from_row(json.loads(self._rows[asked.airport]))
        if asked.as_of is not None and _is_later(model.cutoff, asked.as_of):
            raise RefusedRequestError(
                f"The model of airport '{asked.airport}' has seen data up to {model.cutoff}, which "
                f"is after {asked.as_of}. Ask an older version of it."
            )
        return model

    def _forecast(self, asked: Asked) -> pd.DataFrame:
        """The rows of one request."""
        import pandas as pd

        from forecastctl.models.combination.fit_and_predict import predict

        _check(asked)
        model = self._model(asked)
        forecast = predict(model, asked.horizon, asked.levels)
        frames = [
            pd.DataFrame(
                {
                    "airport": asked.airport,
                    "date": [str(day) for day in forecast.ds],
                    "mean": forecast.mean,
                    "lo": forecast.intervals[level][0],
                    "hi": forecast.intervals[level][1],
                    "level": level,
                    "cutoff": forecast.cutoff,
                    "model": model.specification.label,
                }
            )
            for level in asked.levels
        ]
        return pd.concat(frames, ignore_index=True)


def requests(table: pd.DataFrame) -> Iterator[Asked]:
    """The requests of a table, one a row.

    Args:
        table: See `FleetModel.predict`.

    Raises:
        RefusedRequestError: A row names no airport, or two different ones, or has both ``level``
            and ``levels``, or a horizon or a level that is no whole number.
    """
    for row in table.to_dict("records"):
        given = {str(key): value for key, value in row.items() if _is_given(value)}
        as_of = given.get("as_of")
        yield Asked(
            _name(given),
            _whole("horizon", given.get("horizon", DEFAULT_HORIZON)),
            _levels(given),
            None if as_of is None else str(as_of),
        )


def _is_given(value: Any) -> bool:
    """Whether a cell holds something: MLflow fills what some rows leave out with NaN or None."""
    is_nothing = value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN
    return not is_nothing and (not hasattr(value, "__len__") or len(value) > 0)


def _name(given: Mapping[str, Any]) -> str:
    named = {str(given[column]) for column in NAMES if column in given}
    if not named:
        raise RefusedRequestError("No airport is asked for: give the column 'airport'.")
    if len(named) > 1:
        raise RefusedRequestError(
            f"'airport' and 'unique_id' name different airports: {', '.join(sorted(named))}."
        )
    return named.pop()


def _levels(given: Mapping[str, Any]) -> tuple[int, ...]:
    if "level" in given and "levels" in given:
        raise RefusedRequestError("'level' and 'levels' contradict each other: give one of them.")
    found = given.get("levels", given.get("level", DEFAULT_LEVEL))
    several = found if hasattr(found, "__iter__") else [found]
    return tuple(dict.fromkeys(_whole("level", level) for level in several))


def _whole(what: str, value: Any) -> int:
    """A whole number."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or number != value:
        raise RefusedRequestError(f"{what} must be a whole number, not {value}.")
    return number


def _check(asked: Asked) -> None:
    """Refuse a horizon or a level that there cannot be, in one sentence."""
    if not 1 <= asked.horizon <= LONGEST_HORIZON:
        raise RefusedRequestError(
            f"horizon must be from 1 to {LONGEST_HORIZON:,} periods, not {asked.horizon}."
        )
    for level in asked.levels:
        if not 1 <= level <= HIGHEST_LEVEL:
            raise RefusedRequestError(
                f"level must be from 1 to {HIGHEST_LEVEL} percent, not {level}."
            )


def _is_later(cutoff: str, as_of: str) -> bool:
    """Whether a period that begins on a day is after an as-of date, as `--as-of` means it."""
    import numpy as np

    from forecastctl.records.calendar import parse_as_of

    try:
        last = parse_as_of(as_of)
    except UsageError as error:
        raise RefusedRequestError(f"{error.message} {error.hint}") from None
    return int(np.datetime64(cutoff, "D").astype(np.int64)) > last


def _nested(frame: pd.DataFrame) -> dict[str, Any]:
    """The rows of one request as one row with lists."""
    return {
        column: frame[column].tolist() if column in LISTED else frame[column].iloc[0]
        for column in frame.columns
    }


def _load_pyfunc(path: str) -> FleetModel:
    """MLflow's entry point for models with this loader module.

    Args:
        path: The Parquet file of model rows.
    """
    import pandas as pd

    frame = pd.read_parquet(path)
    return FleetModel(dict(zip(frame["airport"], frame["row"], strict=True)))
