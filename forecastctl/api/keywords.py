"""Arguments of the functions of Python, each written once, with the setting that it overrides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Annotated, Any, Literal

from forecastctl.api.named import Sets

Data = Any
"""Path, address, ``sample``, a data frame; ``parquet:FOLDER``, ``spark:TABLE`` for workers."""
Path = str | PathLike[str]
Day = str | dt.date
Names = str | Sequence[str]
Settings = Mapping[str, Any]

TrackingUri = Annotated[str | None, Sets("tracking.uri")]
Experiment = Annotated[str | None, Sets("tracking.experiment")]
Layout = Annotated[Literal["nested", "flat"] | None, Sets("tracking.layout")]
Horizon = Annotated[int | None, Sets("forecast.horizon")]
Level = Annotated[int | Sequence[int] | None, Sets("forecast.level")]
Freq = Annotated[Literal["M", "Q", "W", "D"] | None, Sets("data.freq")]
SeasonLength = Annotated[int | None, Sets("data.season_length")]
Suspects = Annotated[Literal["recent", "keep", "missing", "reject"] | None, Sets("data.suspects")]
MaxEvals = Annotated[int | None, Sets("tune.max_evals")]
Loss = Annotated[str | None, Sets("tune.loss")]
Families = Annotated[Names | None, Sets("tune.families")]
Folds = Annotated[int | None, Sets("tune.folds")]
Seed = Annotated[int | None, Sets("tune.seed")]
Learn = Annotated[bool | None, Sets("tune.learn")]
Charts = Annotated[bool | None, Sets("forecast.charts")]
Jobs = Annotated[int | None, Sets("run.jobs")]
Parallel = Annotated[str | None, Sets("run.parallel")]
Parallelism = Annotated[int | None, Sets("run.parallelism")]
Backend = Annotated[str | None, Sets("run.backend")]
SkipUnchanged = Annotated[bool | None, Sets("run.skip_unchanged")]
Wait = Annotated[float | None, Sets("run.wait")]
Explained = Annotated[int | None, Sets("report.explained")]
