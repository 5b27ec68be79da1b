"""Every setting with its type, bounds and default, and what other layers take of them."""

from __future__ import annotations

import hashlib
import json
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from forecastctl.records import (
    HIGHEST_LEVEL,
    LONGEST_HORIZON,
    ExplainRules,
    MonitorRules,
    SearchSpec,
    canonical_json,
)
from forecastctl.records.events import some_events
from forecastctl.redaction import masked, without_literals
from forecastctl.registry import EXECUTORS, LOSSES
from forecastctl.settings.limits import a_deadline, a_share

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def _split(value: Any) -> Any:
    """``"80,95"`` from the environment means the list of both."""
    return [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value


def _no_secret(value: str) -> str:
    """Refuse as a name, which every store shows, what was meant for another setting."""
    if masked(value) != value:
        raise ValueError("a name is recorded as it is, and this one holds a secret")
    return value


def _some_workers(value: int) -> int:
    """Refuse no worker at all."""
    if value == 0:
        raise ValueError("it takes at least one worker; -1 is one for each core")
    return value


def _part_of_an_address(value: str) -> str:
    """Refuse what MLflow does not take in the name of a model, which is part of an address."""
    if not value.strip() or "/" in value or ":" in value:
        raise ValueError("it is part of an address, and may hold neither '/' nor ':'")
    return value


PublicName = Annotated[str, Field(min_length=1), AfterValidator(_no_secret)]
ModelName = Annotated[PublicName, AfterValidator(_part_of_an_address)]
ListOf = Annotated[tuple[T, ...], BeforeValidator(_split), Field(min_length=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Level = Annotated[int, Field(ge=1, le=HIGHEST_LEVEL)]
Positive = Annotated[int, Field(ge=1)]
# Other packages may add to these; `forecastctl.settings.sources` asks whether they do.
Loss = Annotated[str, WithJsonSchema({"enum": list(LOSSES.own)})]
Backend = Annotated[str, WithJsonSchema({"enum": list(EXECUTORS.own)})]

MOST_SECONDS = 10_000_000
"""Of any limit: a third of a year, which every clock can count."""
LEAST_SECONDS = 900
LEAST_MEMORY = 500_000_000
"""A worker holds some 300 MB with all of its libraries."""
SECONDS_PER_TRIAL = {"compiled": 60, "statsmodels": 600}
"""Many times what a trial takes on a slow and busy machine."""


def _enough_memory(value: ByteSize) -> ByteSize:
    """Refuse what not even an idle worker would keep within."""
    if value < LEAST_MEMORY:
        raise ValueError(f"a worker alone needs {LEAST_MEMORY // 1_000_000} MB")
    return value


def _as_text(value: Any) -> Any:
    """A number of a settings file as it would be given as a flag."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_time_of_day(value: Any) -> Any:
    """A time of TOML, which has seconds there, as it would be given as a flag."""
    if not isinstance(value, time):
        return value
    return f"{value:%H:%M}" if not value.second and not value.microsecond else str(value)


def _as_events(value: Any) -> Any:
    """Events of TOML, a list of tables, or of the environment, as JSON in one form."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("events are a list of tables, or JSON of it") from None
    if not isinstance(value, list | tuple):
        raise ValueError("events are a list of tables, [[events]]")  # noqa: TRY004 - pydantic's
    return json.dumps(list(value), default=str, ensure_ascii=False)


EventList = Annotated[
    str,
    BeforeValidator(_as_events),
    AfterValidator(some_events),
    WithJsonSchema({"type": "array", "items": {"type": "object"}}),
]
Memory = Annotated[ByteSize, AfterValidator(_enough_memory), WithJsonSchema({"type": "string"})]
Deadline = Annotated[str, BeforeValidator(_as_time_of_day), AfterValidator(a_deadline)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(_Section):
    """Where the panel comes from and what is done about its faults."""

    source: str | None = None
    query: str | None = None
    keep_query: bool = False
    airport: str | None = None
    date: str | None = None
    value: str | None = None
    freq: Literal["M", "Q", "W", "D"] | None = None
    season_length: Annotated[int, Field(ge=1, le=1000)] | None = None
    gaps: Literal["interpolate", "longest", "reject"] = "interpolate"
    max_gap: Annotated[int, Field(ge=0)] = 3
    duplicates: Literal["reject", "sum", "mean", "last"] = "reject"
    suspects: Literal["recent", "keep", "missing", "reject"] = "recent"
    min_length: Positive | None = None
    max_stale: Annotated[int, Field(ge=0)] | None = None
    dayfirst: bool | None = None
    groups: Names = ()
    group_file: str | None = None
    decimal: Literal[".", ","] | None = None
    language: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    totals: Literal["leave-out", "keep"] = "leave-out"


_SEARCH = SearchSpec()


class Tune(_Section):
    """How each airport's specification is searched."""

    engine: Literal["compiled", "statsmodels"] = "compiled"
    families: ListOf[str] = _SEARCH.families
    loss: Loss = "mase"
    max_evals: Positive = _SEARCH.max_evals
    tpe_share: Annotated[float, Field(ge=0, le=1)] = _SEARCH.tpe_share
    folds: Positive = _SEARCH.folds
    step: Positive | None = None
    combine: Positive = _SEARCH.combine
    shocks: Literal["replace", "keep"] = "replace"
    timeout: Annotated[float, Field(gt=0)] | None = None
    early_stop: Positive | None = None
    seed: int = 0
    retune: Literal["auto", "always", "degraded"] = "auto"
    learn: bool = False


class Forecast(_Section):
    """What is forecast and where it goes."""

    horizon: Annotated[int, Field(ge=1, le=LONGEST_HORIZON)] = 12
    level: ListOf[Level] = (80, 95)
    out: str | None = None
    table: PublicName = "forecasts"
    charts: bool | None = None
    fallback: bool = True
    reconcile: Literal[
        "none", "bottom_up", "ols", "wls_struct", "wls_var", "mint_shrink", "mint_cov"
    ] = "none"


class Tracking(_Section):
    """Where everything is recorded."""

    uri: str = "sqlite:///mlflow.db"
    experiment: PublicName = "forecastctl"
    layout: Literal["nested", "flat"] = "nested"
    curves: bool | None = None
    artifacts: str | None = None
    writer: Literal["auto", "sql", "client"] = "auto"
    patience: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 300.0
    spool: Annotated[str, Field(min_length=1)] | None = None
    registered_as: ModelName | None = None


class Run(_Section):
    """How the work is executed."""

    jobs: Annotated[int, Field(ge=-64, le=512), AfterValidator(_some_workers)] = -1
    parallel: Literal["airports", "trials", "both", "auto"] = "airports"
    parallelism: Annotated[int, Field(ge=1, le=512)] | None = None
    backend: Backend = "loky"
    cluster: Annotated[str, Field(min_length=1)] | None = None
    shared: Annotated[str, Field(min_length=1)] | None = None
    airport_timeout: Annotated[float, Field(gt=0, le=MOST_SECONDS)] | None = None
    airport_memory: Memory | None = None
    deadline: (
        Annotated[str, BeforeValidator(_as_time_of_day), AfterValidator(a_deadline)] | None
    ) = None
    max_failures: Annotated[str, BeforeValidator(_as_text), AfterValidator(a_share)] | None = None
    grace: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 0
    batch: Positive = 8
    longest_wait: Annotated[float, Field(gt=0, le=MOST_SECONDS)] = 5.0
    skip_unchanged: bool = False
    wait: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 0.0
    metrics: str | None = None
    shard: Annotated[str, Field(min_length=1)] | None = None
    rejected: Literal["pass", "fail"] = "pass"


class Calendar(_Section):
    """What of the calendar may move passengers."""

    terms: Literal["auto", "off"] | None = None
    country: Annotated[str, Field(min_length=2, max_length=20)] | None = None
    countries: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether terms of the calendar are tried."""
        named = self.country is not None or self.countries is not None
        return self.terms == "auto" or (self.terms is None and named)


class Events(_Section):
    """Events that are known: `[[events]]`, each with name, date or from and to, airports."""

    list: EventList | None = None


class Regressors(_Section):
    """A file of numbers that are known in advance, such as capacity and schedules."""

    file: str | None = None
    columns: Names = ()
    airport: str | None = None
    date: str | None = None
    missing: Literal["reject", "leave-out"] = "reject"


class Report(_Section):
    """The site that shows a job."""

    out: str | None = None
    explained: Annotated[int, Field(ge=0)] = 10
    log: bool = True


class Log(_Section):
    """How what happens is written down."""

    format: Literal["text", "json"] = "text"


_RULES = ExplainRules()
_ALARMS = MonitorRules()
Share = Annotated[float, Field(gt=0, lt=1)]
Above = Annotated[float, Field(gt=0)]


class Explain(_Section):
    """Thresholds of the verdicts."""

    noise_z: Above = _RULES.noise_z
    doubt_z: Above = _RULES.doubt_z
    fleet_z: Above = _RULES.fleet_z
    system_share: Share = _RULES.system_share
    fleet_least: Positive = _RULES.fleet_least
    near: Share = _RULES.near
    visible: Positive = _RULES.visible
    revised: Share = _RULES.revised


class Monitor(_Section):
    """When an airport's forecasts count as degraded."""

    false_alarm: Share = _ALARMS.false_alarm
    least_scored: Positive = _ALARMS.least_scored
    window: Positive = _ALARMS.window
    max_age: Positive = _ALARMS.max_age


class Settings(_Section):
    """All settings of one command, frozen.

    Attributes:
        origins: Where each ``section.key`` was set, for those that are not defaults.
    """

    data: Data = Data()
    tune: Tune = Tune()
    forecast: Forecast = Forecast()
    calendar: Calendar = Calendar()
    events: Events = Events()
    regressors: Regressors = Regressors()
    tracking: Tracking = Tracking()
    run: Run = Run()
    report: Report = Report()
    log: Log = Log()
    explain: Explain = Explain()
    monitor: Monitor = Monitor()
    origins: dict[str, str] = Field(default_factory=dict)

    def search(self) -> SearchSpec:
        """The search as the core takes it."""
        tune = self.tune.model_dump(exclude={"retune", "learn"})
        return SearchSpec(horizon=self.forecast.horizon, fallback=self.forecast.fallback, **tune)

    def airport_limit(self, times: int = 1) -> float:
        """Seconds after which the work on an airport counts as hung and is ended.

        Where it is not set, no sound search comes near it.

        Args:
            times: How often an airport is worked on in one go.
        """
        limit = self.run.airport_timeout
        if limit is None:
            trials = SECONDS_PER_TRIAL[self.tune.engine] * self.tune.max_evals
            limit = max(LEAST_SECONDS, trials)
        return min(limit * times, MOST_SECONDS)

    def rules(self) -> ExplainRules:
        """Thresholds of the verdicts as the core takes them."""
        return ExplainRules(**self.explain.model_dump())

    def alarms(self) -> MonitorRules:
        """Thresholds of the monitor as the core takes them."""
        return MonitorRules(**self.monitor.model_dump())

    def items(self) -> Iterator[tuple[str, Any, str]]:
        """Every ``section.key`` with its value (secrets masked) and origin."""
        for section in SECTIONS:
            for key, value in getattr(self, section).model_dump().items():
                name = f"{section}.{key}"
                if name == "data.query" and value is not None and not self.data.keep_query:
                    value = without_literals(value)  # noqa: PLW2901 - what may be seen of it
                yield name, shown(value), self.origins.get(name, "default")

    def result_digest(self, parallelism: int = 1) -> str:
        """SHA-256 of the settings that can change a forecast (not jobs, store or output).

        Args:
            parallelism: Evaluations of one airport that may be under way at once, on which what a
                search finds depends.
        """
        # Groups and what is made of them leave each forecast as it is.
        data = self.data.model_dump(exclude=_NO_CHANGE)
        forecast = self.forecast.model_dump(include={"horizon", "level", "fallback"})
        tune = self.tune.model_dump(exclude={"retune"})
        content: dict[str, object] = {"data": data, "tune": tune, "forecast": forecast}
        if parallelism > 1:
            content["parallelism"] = parallelism
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


_NO_CHANGE = {
    *("source", "query", "keep_query", "groups", "group_file"),
    *("decimal", "language", "encoding", "sheet", "totals"),
}
"""Of the data, what leaves each forecast as it is, or shows in the digest of the panel."""

SECTIONS = (
    *("data", "tune", "forecast", "calendar", "events", "regressors"),
    *("tracking", "run", "report", "log", "explain", "monitor"),
)


def shown(value: Any) -> Any:
    """A value as it may be printed and recorded: secrets masked, whatever it is given for."""
    if isinstance(value, list | tuple):
        return type(value)(shown(v) for v in value)
    return masked(value) if isinstance(value, str) else value
