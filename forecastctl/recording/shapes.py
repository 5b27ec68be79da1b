"""What recorded files hold: the shapes that are checked before anything is made of them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field, model_validator

from forecastctl.errors import SettingsError
from forecastctl.records.calendar import ordinals


def is_day(text: str) -> str:
    """The same text; a `ValueError` where it is no day in ISO format."""
    dt.date.fromisoformat(text)
    return text


def _is_freq(text: str) -> str:
    if not text.startswith(("M", "Q", "W", "D", "Y")):
        raise ValueError(f"there is no frequency '{text}'")
    ordinals(np.zeros(1, dtype=np.int64), text)
    return text


Number: TypeAlias = Annotated[float, AllowInfNan(False)]

Widths: TypeAlias = dict[
    Annotated[str, Field(pattern=r"^\d{1,2}$")], Annotated[float, AllowInfNan(False), Field(gt=0)]
]
"""Half the width of an interval by its level."""
Day: TypeAlias = Annotated[str, AfterValidator(is_day)]
Scalar: TypeAlias = str | bool | int | float | None


class Shape(BaseModel):
    """What a part of a file must hold; what it holds beyond that is left alone."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class ModelShape(Shape):
    """A family with its options."""

    family: str
    options: dict[str, Scalar]
    label: str


class FamilyModelShape(ModelShape):
    """The same, of a family that this version knows, with options that the family knows."""

    @model_validator(mode="after")
    def _known(self) -> FamilyModelShape:
        from forecastctl.models import family
        from forecastctl.registry import FAMILIES

        if not FAMILIES.knows(self.family):
            raise ValueError(f"there is no family '{self.family}', nor a package that adds it")
        try:
            known = family(self.family)
        except SettingsError as error:  # its package is broken: that costs this record alone
            raise ValueError(error.message) from error
        known.label(self.options)
        return self


class MemberShape(Shape):
    """A model with its weight."""

    model: FamilyModelShape
    weight: Number
    trial: int | None


class SpecificationShape(Shape):
    """One model or a combination."""

    members: Annotated[list[MemberShape], Field(min_length=1)]


class TuningFile(Shape):
    """What ``tuning.json`` holds."""

    specification: SpecificationShape
    loss: Number | None
    metrics: dict[str, Number | None]
    backtest_errors: list[list[Number]]
    spread: Number
    baseline_loss: Number | None
    reason: str | None
    stopped: str
    widths: Widths = {}
    space: list[str] | None = None
    repeats: int | None = None


class SearchRow(Shape):
    """A search of a job's pilot."""

    airport: str
    tuning: TuningFile
    sizes: list[list[float]]
    start_ms: int
    end_ms: int
    cpu_seconds: float
    objective_seconds: float
    engine: str | None


class PanelPart(Shape):
    """A part of a panel: its file, the digest of that, and whose rows are in it."""

    file: str
    sha256: str
    airports: list[str]


class WidthsFile(Shape):
    """What ``widths.json`` holds."""

    airports: int
    widths: Widths


class FittedMemberShape(Shape):
    """A fitted model; its parameters and states are its family's own."""

    member: MemberShape
    params: dict[str, Any]
    states: dict[str, Any]
    sigma: float


class ShockShape(Shape):
    """A stretch that was replaced."""

    first: Day
    last: Day
    shift: float


class EffectShape(Shape):
    """What one regressor does to a series."""

    name: str
    kind: Literal["calendar", "event", "regressor"]
    beta: Number
    se: Number
    ahead: list[Number]


class RegressorShape(Shape):
    """One regressor of some airports, or of all."""

    name: str
    kind: Literal["calendar", "event", "regressor"]
    first: Day
    values: list[Number | None]
    airports: list[str] | None


class TermsFile(Shape):
    """What ``terms.json`` holds."""

    columns: list[RegressorShape]
    digest: str
    leave_out: bool


class ModelFile(Shape):
    """What ``model.json`` holds."""

    members: Annotated[list[FittedMemberShape], Field(min_length=1)]
    freq: Annotated[str, AfterValidator(_is_freq)]
    season_length: Annotated[int, Field(ge=1)]
    cutoff: Day
    n: int
    spread: Number = 1.0
    data_digest: str = ""
    backtest_errors: list[list[Number]]
    scale: float | None = None
    shape: Literal["widths", "t4", "normal"] = "normal"
    widths: Widths = {}
    shocks: list[ShockShape] = []
    effects: list[EffectShape] = []


class Band(Shape):
    """Both ends of an interval, by period."""

    lo: list[Number]
    hi: list[Number]


class ForecastFile(Shape):
    """What ``forecast.json`` holds: as `forecastctl.records.Forecast`, with the model's label."""

    cutoff: Day
    model: str
    ds: Annotated[list[Day], Field(min_length=1)]
    mean: list[Number]
    sd: list[Number]
    intervals: dict[str, Band]

    @model_validator(mode="after")
    def _whole(self) -> ForecastFile:
        bands = [values for band in self.intervals.values() for values in (band.lo, band.hi)]
        if any(len(values) != len(self.ds) for values in (self.mean, self.sd, *bands)):
            raise ValueError("its periods and values differ in number")
        if not all(level.isdecimal() for level in self.intervals):
            raise ValueError("a level of its intervals is no number")
        return self


class FoldShape(BaseModel):
    """A fold of a trial, with its measures."""

    model_config = ConfigDict(strict=True, extra="allow", defer_build=True)
    __pydantic_extra__: dict[str, float | None]

    cutoff: Day
    h: int


class TrialRow(Shape):
    """A row of ``trials.json``."""

    trial: Annotated[int, Field(ge=0)]
    status: Literal["ok", "failed", "pruned"]
    model: str
    family: str
    options: dict[str, Scalar]
    loss: Number | None
    metrics: dict[str, float | None]
    folds: list[FoldShape]
    reason: str | None
    duplicate_of: int | None
    start_ms: int
    end_ms: int
    cpu_seconds: float
    start: str | None = None
    weight: Number | None = None


class StartShape(Shape):
    """A model that a search began with."""

    model: ModelShape
    origin: str


class LearnedFile(Shape):
    """What ``learned.json`` holds; of earlier versions ``prior`` in place of ``families``."""

    starts: list[StartShape]
    families: list[str] = []
    prior: dict[str, float] = {}
    rate: float
    runs: list[str]
    airports: list[str]


class PastRow(Shape):
    """A row of ``winners.json``."""

    airport: str
    run_id: str
    cutoff: Day
    features: list[Number]
    best: list[Annotated[int, Field(ge=0)]]
    losses: list[Number]
    proposed: int
    improved: int


class WinnersFile(Shape):
    """What ``winners.json`` holds; the rows are checked one by one."""

    loss: str
    horizon: int
    freq: str
    season_length: int
    models: list[ModelShape]
    columns: list[str]
    data: list[list[Any]]


class Judgement(Shape):
    """What a run of the monitor says of one airport."""

    airport: str
    status: str
    reason: str | None
    since_ms: int | None
    ratio: float | None = None


class MonitorFile(Shape):
    """What ``monitor.json`` holds, as far as later jobs read it."""

    results: list[Judgement]


class VerdictLine(Shape):
    """What a report says of one airport."""

    airport: str
    label: str
    confidence: float | None
    miss_percent: float | None
    sentence: str


class Verdicts(Shape):
    """What ``report/verdicts.json`` holds."""

    date: Day
    airports: list[VerdictLine]


class Line(Shape):
    """An airport's account."""

    airport: str
    status: str
    reason: str | None
    loss: float | None


class SummaryFile(Shape):
    """What ``results.json`` holds, as far as it is read again."""

    job_id: str
    run_id: str
    status: str
    airports: dict[str, int]
    results: list[Line]
