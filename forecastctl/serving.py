"""The fleet as one MLflow model: ``mlflow.pyfunc.load_model("runs:/<job run>/fleet")``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from forecastctl.hints import did_you_mean
from forecastctl.records import HIGHEST_LEVEL, LONGEST_HORIZON, FittedModel
from forecastctl.store.mlflow.refused import RefusedRequestError

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_HORIZON = 12
DEFAULT_LEVEL = 95


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

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Forecast one or several airports.

        Args:
            model_input: Columns ``airport``, and optionally ``horizon`` (periods ahead, default
                12) and ``level`` (interval in percent, default 95).

        Returns:
            One row per input row and period: ``airport, date, mean, lo, hi, level, cutoff,
            model``; passengers.

        Raises:
            RefusedRequestError: No airport is asked for, one without a model, or a horizon or a
                level that there cannot be.
        """
        import pandas as pd

        horizons = model_input.get("horizon", pd.Series(DEFAULT_HORIZON, model_input.index))
        levels = model_input.get("level", pd.Series(DEFAULT_LEVEL, model_input.index))
        requests = zip(
            model_input["airport"],
            horizons.fillna(DEFAULT_HORIZON),
            levels.fillna(DEFAULT_LEVEL),
            strict=True,
        )
        frames = [
            self._forecast(str(airport), int(h), int(level)) for airport, h, level in requests
        ]
        if not frames:
            raise RefusedRequestError("No airport is asked for.")
        return pd.concat(frames, ignore_index=True)

    def _check(self, airport: str, horizon: int, level: int) -> None:
        """Refuse what there is no forecast of, in one sentence."""
        if airport not in self._rows:
            hint = did_you_mean(airport, self._rows)
            text = f"There is no model of airport '{airport}' in this fleet."
            raise RefusedRequestError(f"{text} {hint}" if hint else text)
        if not 1 <= horizon <= LONGEST_HORIZON:
            raise RefusedRequestError(
                f"horizon must be from 1 to {LONGEST_HORIZON:,} periods, not {horizon}."
            )
        if not 1 <= level <= HIGHEST_LEVEL:
            raise RefusedRequestError(
                f"level must be from 1 to {HIGHEST_LEVEL} percent, not {level}."
            )

    def _forecast(self, airport: str, horizon: int, level: int) -> pd.DataFrame:
        """The rows of one airport."""
        import pandas as pd

        from forecastctl.models.combination.fit_and_predict import predict

        self._check(airport, horizon, level)
        model = FittedModel.from_row(json.loads(self._rows[airport]))
        forecast = predict(model, horizon, (level,))
        lo, hi = forecast.intervals[level]
        return pd.DataFrame(
            {
                "airport": airport,
                "date": [str(day) for day in forecast.ds],
                "mean": forecast.mean,
                "lo": lo,
                "hi": hi,
                "level": level,
                "cutoff": forecast.cutoff,
                "model": model.specification.label,
            }
        )


def _load_pyfunc(path: str) -> FleetModel:
    """MLflow's entry point for models with this loader module.

    Args:
        path: The Parquet file of model rows.
    """
    import pandas as pd

    frame = pd.read_parquet(path)
    return FleetModel(dict(zip(frame["airport"], frame["row"], strict=True)))
