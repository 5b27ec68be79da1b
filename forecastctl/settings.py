"""The settings: defaults < forecastctl.toml < environment < flags. Sole reader of os.environ.

Every key can be given in each of the three places: ``max_evals`` in ``[tune]`` of
``forecastctl.toml``, ``FORECASTCTL_TUNE__MAX_EVALS`` in the environment, ``--max-evals`` as a flag.
``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME`` are honoured below the project's own names.
Relative paths in ``forecastctl.toml`` are relative to that file, so that cron's working directory
does not matter.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from forecastctl.errors import SettingsError
from forecastctl.records import (
    LOSSES,
    ExplainRules,
    MonitorRules,
    SearchSpec,
    canonical_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG_NAME = "forecastctl.toml"
PREFIX = "FORECASTCTL_"
MLFLOW_NAMES = {
    "MLFLOW_TRACKING_URI": ("tracking", "uri"),
    "MLFLOW_EXPERIMENT_NAME": ("tracking", "experiment"),
}
T = TypeVar("T")


def _split(value: Any) -> Any:
    """``"80,95"`` from the environment means the list of both."""
    return [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value


ListOf = Annotated[tuple[T, ...], BeforeValidator(_split), Field(min_length=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Level = Annotated[int, Field(ge=1, le=99)]
Positive = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Section):
    """Where the panel comes from and what is done about its faults."""

    source: str | None = None
    query: str | None = None
    airport: str | None = None
    date: str | None = None
    value: str | None = None
    freq: Literal["M", "Q", "W", "D"] | None = None
    season_length: Positive | None = None
    gaps: Literal["interpolate", "longest", "reject"] = "interpolate"
    max_gap: Annotated[int, Field(ge=0)] = 3
    duplicates: Literal["reject", "sum", "mean", "last"] = "reject"
    suspects: Literal["keep", "missing", "reject"] = "keep"
    min_length: Positive | None = None
    max_stale: Annotated[int, Field(ge=0)] | None = None
    dayfirst: bool | None = None
    groups: Names = ()
    group_file: str | None = None


_SEARCH = SearchSpec()


class Tune(_Section):
    """How each airport's specification is searched."""

    engine: Literal["compiled", "statsmodels"] = "compiled"
    families: ListOf[str] = _SEARCH.families
    loss: Literal["mase", "rmse", "mae", "smape", "wape", "pinball"] = "mase"
    max_evals: Positive = _SEARCH.max_evals
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

    horizon: Annotated[int, Field(ge=1, le=1000)] = 12
    level: ListOf[Level] = (80, 95)
    out: str | None = None
    table: str = "forecasts"
    charts: bool = True
    fallback: bool = True
    reconcile: Literal[
        "none", "bottom_up", "ols", "wls_struct", "wls_var", "mint_shrink", "mint_cov"
    ] = "none"


class Tracking(_Section):
    """Where everything is recorded."""

    uri: str = "sqlite:///mlflow.db"
    experiment: Annotated[str, Field(min_length=1)] = "forecastctl"
    layout: Literal["nested", "flat"] = "nested"
    artifacts: str | None = None
    writer: Literal["auto", "sql", "client"] = "auto"


class Run(_Section):
    """How the work is executed."""

    jobs: Annotated[int, Field(ge=-64, le=512)] = -1
    batch: Positive = 8
    skip_unchanged: bool = False


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
    tracking: Tracking = Tracking()
    run: Run = Run()
    explain: Explain = Explain()
    monitor: Monitor = Monitor()
    origins: dict[str, str] = Field(default_factory=dict)

    def search(self) -> SearchSpec:
        """The search as the core takes it."""
        tune = self.tune.model_dump(exclude={"retune", "learn"})
        return SearchSpec(horizon=self.forecast.horizon, fallback=self.forecast.fallback, **tune)

    def rules(self) -> ExplainRules:
        """Thresholds of the verdicts as the core takes them."""
        return ExplainRules(**self.explain.model_dump())

    def alarms(self) -> MonitorRules:
        """Thresholds of the monitor as the core takes them."""
        return MonitorRules(**self.monitor.model_dump())

    def items(self) -> Iterator[tuple[str, Any, str]]:
        """Every ``section.key`` with its value (passwords masked) and origin."""
        for section in SECTIONS:
            for key, value in getattr(self, section).model_dump().items():
                name = f"{section}.{key}"
                shown = mask_password(value) if isinstance(value, str) else value
                yield name, shown, self.origins.get(name, "default")

    def result_digest(self) -> str:
        """SHA-256 of the settings that can change a forecast (not jobs, store or output)."""
        # Groups and what is made of them leave each forecast as it is.
        data = self.data.model_dump(exclude={"source", "query", "groups", "group_file"})
        forecast = self.forecast.model_dump(include={"horizon", "level", "fallback"})
        tune = self.tune.model_dump(exclude={"retune"})
        content = {"data": data, "tune": tune, "forecast": forecast}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


SECTIONS = ("data", "tune", "forecast", "tracking", "run", "explain", "monitor")


def mask_password(text: str) -> str:
    """Replace the password of a URL by stars."""
    return re.sub(r"(://[^:/@\s]+):[^@\s]+@", r"\1:***@", text)


def load_settings(
    flags: Mapping[str, Any] | None = None,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read all sources and merge them.

    Args:
        flags: Values given on the command line by ``section.key``; ``None`` means not given.
        config: The TOML file; by default ``FORECASTCTL_CONFIG`` or ``forecastctl.toml`` in the
            working directory, if there.
        environ: The environment; by default the process's own.

    Raises:
        SettingsError: An unknown key or a wrong value, naming its source, with a suggestion.
    """
    env = os.environ if environ is None else environ
    merged: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    origins: dict[str, str] = {}
    layers = (*_toml_layer(config, env), *_env_layer(env), *_flag_layer(flags or {}))
    for section, key, value, origin in layers:
        _check_name(section, key, origin)
        merged[section][key] = value
        origins[f"{section}.{key}"] = origin
    try:
        settings = Settings.model_validate({**merged, "origins": origins})
    except ValidationError as error:
        raise _explain(error, origins) from None
    _check_families(settings, origins)
    return settings


_Layer = list[tuple[str, str, Any, str]]


def _toml_layer(config: Path | None, env: Mapping[str, str]) -> _Layer:
    chosen = config or (Path(env["FORECASTCTL_CONFIG"]) if "FORECASTCTL_CONFIG" in env else None)
    path = chosen or Path(CONFIG_NAME)
    if not path.is_file():
        if chosen:
            raise SettingsError(f"There is no settings file {path}.", "Check --config.")
        return []
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}.", "Mend the file.") from None
    layer: _Layer = []
    for section, values in content.items():
        if not isinstance(values, dict):
            _check_name(section, None, str(path))
            raise SettingsError(f"{path}: '{section}' stands outside a section.", _sections_hint())
        if not values:
            _check_name(section, None, str(path))
        layer += [
            (section, k, _anchored(section, k, v, path), str(path)) for k, v in values.items()
        ]
    return layer


_PATHS = {
    ("data", "source"),
    ("data", "group_file"),
    ("forecast", "out"),
    ("tracking", "artifacts"),
}


def _anchored(section: str, key: str, value: Any, config: Path) -> Any:
    """Make a relative path of the settings file relative to that file."""
    base = config.resolve().parent
    if not isinstance(value, str) or base == Path.cwd():
        return value
    if (section, key) in _PATHS:
        return value if "://" in value or value in ("sample", "-") else str(base / value)
    if (section, key) == ("tracking", "uri"):
        match = re.fullmatch(r"sqlite:///(?!/)(?P<path>.+)", value)
        return f"sqlite:///{base / match['path']}" if match else value
    return value


def _env_layer(env: Mapping[str, str]) -> _Layer:
    layer: _Layer = [
        (*place, env[name], name) for name, place in MLFLOW_NAMES.items() if env.get(name)
    ]
    for name, value in sorted(env.items()):
        if not name.startswith(PREFIX) or name == "FORECASTCTL_CONFIG":
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        layer.append((section, key, value, name))
    return layer


def _flag_layer(flags: Mapping[str, Any]) -> _Layer:
    layer: _Layer = []
    for name, value in flags.items():
        if value is None or value == []:
            continue
        section, _, key = name.partition(".")
        layer.append((section, key, value, f"--{_flag_name(key)}"))
    return layer


def _flag_name(key: str) -> str:
    names = {
        "uri": "tracking-uri",
        "source": "data",
        "families": "family",
        "groups": "group",
        "group_file": "groups-from",
    }
    return names.get(key, key.replace("_", "-"))


def _sections_hint() -> str:
    return f"Sections are {', '.join(f'[{s}]' for s in SECTIONS)}."


def _check_name(section: str, key: str | None, origin: str) -> None:
    """Refuse an unknown section or key, and suggest the nearest one."""
    if section not in SECTIONS:
        close = difflib.get_close_matches(section, SECTIONS, n=1)
        hint = f"Did you mean [{close[0]}]?" if close else _sections_hint()
        raise SettingsError(f"{origin}: there is no section '{section}'.", hint)
    if key is None:
        return
    known = Settings.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
    if key in known:
        return
    close = difflib.get_close_matches(key, known, n=1)
    elsewhere = [s for s in SECTIONS if key in getattr(Settings(), s).model_dump()]
    if elsewhere:
        hint = f"'{key}' belongs to [{elsewhere[0]}]."
    elif close:
        hint = f"Did you mean '{close[0]}'?"
    else:
        hint = f"Keys of [{section}] are {', '.join(known)}."
    raise SettingsError(f"{origin}: there is no setting '{key}' in [{section}].", hint)


def _explain(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    """Turn the first validation error into one sentence that names the source."""
    first = error.errors()[0]
    name = ".".join(str(p) for p in first["loc"][:2])
    given = first["input"]
    message = str(first["msg"]).removeprefix("Value error, ").lower()
    return SettingsError(f"{origins.get(name, name)}: {name} = {given!r} is wrong: {message}.")


def _check_families(settings: Settings, origins: Mapping[str, str]) -> None:
    known = SearchSpec().families
    for name in settings.tune.families:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Families are {', '.join(known)}."
            origin = origins.get("tune.families", "tune.families")
            raise SettingsError(f"{origin}: there is no model family '{name}'.", hint)


assert set(LOSSES) == set(Tune.model_fields["loss"].annotation.__args__)  # type: ignore[union-attr]  # noqa: S101
