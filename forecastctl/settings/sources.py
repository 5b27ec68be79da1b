"""The settings: defaults < forecastctl.toml < environment < flags. Sole reader of os.environ.

Every key can be given in each of the three places: ``max_evals`` in ``[tune]`` of
``forecastctl.toml``, ``FORECASTCTL_TUNE__MAX_EVALS`` in the environment, ``--max-evals`` as a flag.
``MLFLOW_TRACKING_URI`` and ``MLFLOW_EXPERIMENT_NAME`` are honoured below the project's own names.
Relative paths in ``forecastctl.toml`` are relative to that file, so that cron's working directory
does not matter.
"""

from __future__ import annotations

import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from forecastctl.errors import SettingsError
from forecastctl.hints import did_you_mean, nearest
from forecastctl.redaction import Redactor, addresses_in, masked, scrub, secrets_in
from forecastctl.registry import EXECUTORS, FAMILIES, LOSSES
from forecastctl.settings.sections import SECTIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CONFIG_NAME = "forecastctl.toml"
MOST_BYTES = 1_000_000
"""Of a settings file; all settings with comments have six thousand."""
PREFIX = "FORECASTCTL_"
EVENTS = "events"
"""The section that is a list of tables."""
MLFLOW_NAMES = {
    "MLFLOW_TRACKING_URI": ("tracking", "uri"),
    "MLFLOW_EXPERIMENT_NAME": ("tracking", "experiment"),
}


def load_settings(
    flags: Mapping[str, Any] | None = None,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    from_file: bool = True,
    spelt: Callable[[str], str] | None = None,
) -> Settings:
    """Read all sources and merge them.

    Args:
        flags: Values given on the command line by ``section.key``; ``None`` means not given.
        config: The TOML file; by default ``FORECASTCTL_CONFIG`` or ``forecastctl.toml`` in the
            working directory, if there.
        environ: The environment; by default the process's own.
        from_file: Whether a settings file is read at all.
        spelt: How ``section.key`` was given, for messages; by default as a flag.

    Raises:
        SettingsError: An unknown key or a wrong value, naming its source, with a suggestion.
    """
    env = os.environ if environ is None else environ
    merged: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    origins: dict[str, str] = {}
    file = _toml_layer(config, env) if from_file else []
    layers = (*file, *_env_layer(env), *_flag_layer(flags or {}, spelt or _as_flag))
    for section, key, value, origin in layers:
        _check_name(section, key, origin)
        merged[section][key] = value
        origins[f"{section}.{key}"] = origin
    try:
        settings = Settings.model_validate({**merged, "origins": origins})
    except ValidationError as error:
        raise _explain(error, origins) from None
    _check_chosen(settings, origins)
    return settings


def load_redactor(
    arguments: Iterable[str] = (),
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Redactor:
    """What takes the secrets of all settings out of a text, whether they are valid or not.

    Args:
        arguments: Those of the command line, with or without the names of flags.
        config: As in `load_settings`.
        environ: As in `load_settings`.
    """
    env = os.environ if environ is None else environ
    given = [a.partition("=")[2] if a.startswith("--") else a for a in arguments]
    given += [str(value) for _, _, value, _ in _env_layer(env)]
    with suppress(SettingsError, OSError, ValueError):
        given += [
            value if isinstance(value, str) else _repr(value)
            for _, _, value, _ in _toml_layer(config, env)
        ]
    return Redactor.of((*given, *addresses_in(env)), secrets_in(env))


_Layer = list[tuple[str, str, Any, str]]
_SHOWN = 200
"""Characters of a value in a message."""


def _toml_layer(config: Path | None, env: Mapping[str, str]) -> _Layer:
    chosen = config or (Path(env["FORECASTCTL_CONFIG"]) if "FORECASTCTL_CONFIG" in env else None)
    path = chosen or Path(CONFIG_NAME)
    if not _is_file(path):
        if chosen:
            raise SettingsError(f"There is no settings file {_cut(str(path))}.", "Check --config.")
        return []
    content = _toml(path)
    layer: _Layer = []
    for section, values in content.items():
        if section == EVENTS and isinstance(values, list):
            values = {"list": values}  # noqa: PLW2901 - [[events]] is the list itself
        if not isinstance(values, dict):
            _check_name(section, None, str(path))
            raise SettingsError(f"{path}: '{section}' stands outside a section.", _sections_hint())
        if not values:
            _check_name(section, None, str(path))
        layer += [
            (section, k, _anchored(section, k, v, path), str(path)) for k, v in values.items()
        ]
    return layer


def _is_file(path: Path) -> bool:
    """Whether there is such a file; no path is one that the system cannot even look for."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _toml(path: Path) -> dict[str, Any]:
    """Content of a settings file.

    Raises:
        SettingsError: It cannot be read, is no TOML, or is larger or deeper than settings are.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise SettingsError(
                f"{path} is larger than {MOST_BYTES:,} bytes: it cannot be a settings file.",
                "Check --config.",
            )
        return tomllib.loads(raw.decode("utf-8-sig"))
    except RecursionError:
        reason = "its brackets or names are nested too deep"
    except (ValueError, OSError) as error:  # of which TOMLDecodeError and UnicodeError are kinds
        reason = _cut(str(error).rstrip("."))
    raise SettingsError(
        f"{path} cannot be read as TOML: {reason}.",
        'Mend the file; a text stands in quotes, also a time: deadline = "06:30".',
    )


_PATHS = {
    ("data", "source"),
    ("data", "group_file"),
    ("calendar", "countries"),
    ("regressors", "file"),
    ("forecast", "out"),
    ("report", "out"),
    ("tracking", "artifacts"),
    ("run", "metrics"),
    ("tracking", "spool"),
}


_NO_PATHS = ("", "sample", "-", "off")


def _anchored(section: str, key: str, value: Any, config: Path) -> Any:
    """Make a relative path of the settings file relative to that file."""
    base = config.resolve().parent
    if not isinstance(value, str) or base == Path.cwd():
        return value
    if (section, key) in _PATHS:
        return value if "://" in value or value in _NO_PATHS else str(base / value)
    if (section, key) == ("tracking", "uri"):
        match = re.fullmatch(r"sqlite:///(?!/)(?P<path>.+)", value)
        return f"sqlite:///{base / match['path']}" if match else value
    return value


def for_file(name: str, value: Any, config: Path) -> Any:
    """A value as a settings file holds it: a relative path is relative to that file.

    Args:
        name: The setting, as ``section.key``.
        value: Its value, as it is given on the command line.
        config: The settings file.
    """
    section, _, key = name.partition(".")
    folder = config.resolve().parent
    if not isinstance(value, str) or folder == Path.cwd():
        return value
    if (section, key) in _PATHS and "://" not in value and value not in _NO_PATHS:
        return os.path.relpath(value, folder)
    match = re.fullmatch(r"sqlite:///(?!/)(?P<path>.+)", value)
    if (section, key) == ("tracking", "uri") and match:
        return f"sqlite:///{os.path.relpath(match['path'], folder)}"
    return value


def files_of(settings: Settings) -> dict[str, Path]:
    """Files and folders of this machine that settings name: absolute paths by ``section.key``."""
    found = {}
    for name, value, _ in settings.items():
        text = value if isinstance(value, str) else ""
        if tuple(name.split(".")) in _PATHS and "://" not in text and text not in _NO_PATHS:
            found[name] = Path(text).expanduser().absolute()
        elif name == "tracking.uri" and (match := re.fullmatch(r"sqlite:///(.+)", text)):
            found[name] = Path(match[1]).expanduser().absolute()
    return {name: Path(os.path.normpath(path)) for name, path in found.items()}


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


def _flag_layer(flags: Mapping[str, Any], spelt: Callable[[str], str]) -> _Layer:
    layer: _Layer = []
    for name, value in flags.items():
        if value is None or value == []:
            continue
        section, _, key = name.partition(".")
        layer.append((section, key, value, spelt(name)))
    return layer


def _as_flag(name: str) -> str:
    """The flag of a setting: its key, unless here."""
    names = {
        "tracking.uri": "tracking-uri",
        "data.source": "data",
        "data.groups": "group",
        "data.group_file": "groups-from",
        "tune.families": "family",
        "report.out": "report",
        "log.format": "log-format",
    }
    return f"--{names.get(name, name.partition('.')[2].replace('_', '-'))}"


ARGUMENT = "argument "
"""What the origin of a setting begins with that was given to a function."""


def is_given(origin: str) -> bool:
    """Whether a setting was given with the call: as a flag, or to a function of Python."""
    return origin.startswith(("--", ARGUMENT))


def _sections_hint() -> str:
    return f"Sections are {', '.join(f'[{s}]' for s in SECTIONS)}."


def _cut(text: str) -> str:
    """A text that is quoted in a message, at most so long that the message can be read."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\N{HORIZONTAL ELLIPSIS}"


def _check_name(section: str, key: str | None, origin: str) -> None:
    """Refuse an unknown section or key, and suggest the nearest one."""
    section, key, origin = _cut(section), None if key is None else _cut(key), _cut(origin)
    if section not in SECTIONS:
        close = nearest(section, SECTIONS)
        hint = f"Did you mean [{close}]?" if close else _sections_hint()
        raise SettingsError(f"{origin}: there is no section '{section}'.", hint)
    if key is None:
        return
    known = Settings.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
    if key in known:
        return
    likely = did_you_mean(key, known)
    elsewhere = [s for s in SECTIONS if key in getattr(Settings(), s).model_dump()]
    if elsewhere:
        hint = f"'{key}' belongs to [{elsewhere[0]}]."
    elif likely:
        hint = likely
    else:
        hint = f"Keys of [{section}] are {', '.join(known)}."
    raise SettingsError(f"{origin}: there is no setting '{key}' in [{section}].", hint)


def _explain(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    """Turn the first validation error into one sentence that names the source."""
    first = error.errors()[0]
    name = ".".join(str(p) for p in first["loc"][:2])
    given = first["input"]
    shown = _cut(repr(masked(given)) if isinstance(given, str) else scrub(_repr(given)))
    message = _cut(str(first["msg"]).removeprefix("Value error, ").lower())
    origin = _cut(origins.get(name, name))
    return SettingsError(f"{origin}: {name} = {shown} is wrong: {message}.")


def _repr(value: object) -> str:
    """A value as Python writes it, if it can: whole numbers of many digits it does not."""
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__}"


def _check_chosen(settings: Settings, origins: Mapping[str, str]) -> None:
    """Refuse a name behind which there is nothing, and suggest the nearest one."""
    chosen = (
        ("tune.families", settings.tune.families, FAMILIES, "Families"),
        ("tune.loss", (settings.tune.loss,), LOSSES, "Losses"),
        ("run.backend", (settings.run.backend,), EXECUTORS, "Executors"),
    )
    for setting, names, door, plural in chosen:
        unknown = [name for name in names if not door.knows(name)]
        if unknown:
            known, origin = door.names(), origins.get(setting, setting)
            likely = did_you_mean(unknown[0], known)
            hint = f"{likely} " if likely else ""
            hint += f"{plural} are {', '.join(known)}; "
            hint += f"a package adds one by an entry point in the group {door.group}."
            message = f"{origin}: there is no {door.kind} '{_cut(masked(unknown[0]))}'."
            raise SettingsError(message, hint)
