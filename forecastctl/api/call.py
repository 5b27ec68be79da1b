"""From the arguments of a call to a session: settings, data, and a log that nobody else sees."""

from __future__ import annotations

import io
import logging
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecastctl.api.compose import Session, data_spec, read
from forecastctl.api.frames import LABEL, Form, form_of, panel_in
from forecastctl.api.named import overrides, settings_of
from forecastctl.api.shared import shared_source
from forecastctl.errors import ForecastctlError, UsageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from forecastctl.settings import Settings

log = logging.getLogger(__name__)

ENTRY = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


@contextmanager
def called(
    function: Callable[..., Any], given: Mapping[str, Any], *, reads: bool = False
) -> Iterator[tuple[Session, Form]]:
    """The session of a call, while it lasts.

    Args:
        function: Its parameters say which settings they override.
        given: The values of its parameters.
        reads: Whether the data are read, where any are named.

    Yields:
        The session, and the form that frames have which the call returns.

    Raises:
        UsageError: An argument or a setting is wrong.
        DataError: The data cannot be used.
    """
    from forecastctl.settings import load_redactor

    texts = [str(value) for value in (given.get("settings") or {}).values()]
    texts += [value for value in given.values() if isinstance(value, str)]
    redact = load_redactor(texts, _path(given.get("config")))
    with _discreet(redact):
        yield from _called(function, given, redact, reads=reads)


def _called(
    function: Callable[..., Any],
    given: Mapping[str, Any],
    redact: Callable[[str], str],
    *,
    reads: bool,
) -> Iterator[tuple[Session, Form]]:
    started = time.time_ns() // 1_000_000
    settings = _settings(function, given)
    with _logged(redact) as read_log:
        session, form = Session(started, settings, read_log, _warn), Form()
        if reads and given.get("data") is not None and settings.data.source == LABEL:
            panel, form = panel_in(given["data"], data_spec(settings, groups=True))
            session = Session(started, settings, read_log, _warn, panel)
        elif reads and settings.data.source is not None and not shared_source(settings):
            panel, _ = read(session, groups=True)
            session = Session(started, settings, read_log, _warn, panel)
            form = form_of(panel)
        yield session, form


@contextmanager
def _discreet(redact: Callable[[str], str]) -> Iterator[None]:
    """Take secrets out of what is raised, and have Python show below it what to do next."""
    try:
        yield
    except ForecastctlError as error:
        error.message, error.hint = redact(error.message), redact(error.hint)
        error.args = (error.message,)
        if error.hint:
            error.add_note(f"next: {error.hint}")
        raise


def _warn(text: str) -> None:
    log.warning("%s", text)


def _settings(function: Callable[..., Any], given: Mapping[str, Any]) -> Settings:
    """All settings: arguments before environment, file and defaults.

    Raises:
        UsageError: A setting is given twice, or wrong.
    """
    from forecastctl.settings import ARGUMENT, load_settings

    more = dict(given.get("settings") or {})
    names = settings_of(function)
    both = [name for name in names if given[name] is not None and names[name] in more]
    if both:
        twice = f"{both[0]} and settings[{names[both[0]]!r}] are the same setting."
        raise UsageError(twice, "Give one of them.")
    if given.get("h") is not None and given.get("horizon") is not None:
        raise UsageError("h and horizon are the same setting.", "Give one of them.")
    chosen = {key: _plain(value) for key, value in {**more, **overrides(function, given)}.items()}
    if isinstance(chosen.get("forecast.level"), int):
        chosen["forecast.level"] = [chosen["forecast.level"]]
    if given.get("data") is not None:
        chosen["data.source"] = _source(given["data"])
    spelt = {setting: name for name, setting in names.items() if given[name] is not None}
    spelt["data.source"] = "data"
    return load_settings(
        chosen,
        _path(given.get("config")),
        spelt=lambda name: ARGUMENT + spelt.get(name, f"settings[{name!r}]"),
    )


def _source(data: Any) -> str:
    """What is recorded as the source: a path or address as it is, of a frame that it was one."""
    if isinstance(data, os.PathLike):
        return str(os.fspath(data))
    if not isinstance(data, str):
        return LABEL
    if data == "-":
        raise UsageError("data: '-' is standard input, which belongs to commands.", "Give a path.")
    return data if data != LABEL else os.path.join(".", data)  # noqa: PTH118 - a file of that name


def _plain(value: Any) -> Any:
    """A value as settings take it: a path as text, any sequence as a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, int | float | str | bool):
        return value
    return list(value) if hasattr(value, "__iter__") else value


def _path(value: str | os.PathLike[str] | None) -> Path | None:
    return None if value is None else Path(value)


def names_of(value: object) -> list[str] | None:
    """Names that were given as one text or as several."""
    if value is None:
        return None
    return [value] if isinstance(value, str) else [str(name) for name in value]  # type: ignore[attr-defined]


def day_of(value: str | dt.date | None, *, last: bool = False) -> str | None:
    """A date as commands take it: text in any usual form, or a date of Python or pandas."""
    from forecastctl.records.calendar import iso_date

    if value is None:
        return None
    text = value if isinstance(value, str) else value.isoformat()[:10]
    return iso_date(text, last=last)


@contextmanager
def _logged(redact: Callable[[str], str]) -> Iterator[Callable[[], bytes]]:
    """Collect what is logged meanwhile; whoever listens to forecastctl hears what was asked for.

    Args:
        redact: Takes secrets out of each entry.

    Yields:
        Returns the log so far.
    """
    ours = logging.getLogger("forecastctl")
    level, heard = ours.level, ours.getEffectiveLevel()
    buffer = io.StringIO()
    collects = logging.StreamHandler(buffer)
    collects.setFormatter(_Redacted(redact))
    collects.setLevel(logging.INFO)
    others = [*ours.handlers]
    shields = [(handler, handler.level) for handler in others]
    passes_on = _PassesOn(ours, heard) if ours.propagate else None
    try:
        for handler in others:
            handler.setLevel(max(handler.level, heard))
        ours.addHandler(collects)
        if passes_on is not None:
            ours.propagate = False
            ours.addHandler(passes_on)
        ours.setLevel(min(heard, logging.INFO))
        yield lambda: buffer.getvalue().encode()
    finally:
        ours.removeHandler(collects)
        ours.setLevel(level)
        for handler, before in shields:
            handler.setLevel(before)
        if passes_on is not None:
            ours.removeHandler(passes_on)
            ours.propagate = True


class _PassesOn(logging.Handler):
    """Hands entries on to the loggers above, from the level on that was heard there before."""

    def __init__(self, ours: logging.Logger, level: int) -> None:
        super().__init__(level)
        self._above = ours.parent or logging.getLogger()

    def emit(self, record: logging.LogRecord) -> None:
        self._above.callHandlers(record)


class _Redacted(logging.Formatter):
    """Writes entries without secrets, their times in UTC."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__(ENTRY, "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One entry."""
        return self._redact(super().format(record))
