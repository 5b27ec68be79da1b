"""Logging: everything into the job's log, warnings (or all, when verbose) to stderr.

Entries are lines of text, or JSON objects, one a line.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from typing import TYPE_CHECKING

from forecastctl.cli.output import said
from forecastctl.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class _RedactingFormatter(logging.Formatter):
    """Writes entries without secrets."""

    def __init__(self, text: str, dates: str | None, redact: Callable[[str], str]) -> None:
        super().__init__(text, dates)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One entry."""
        return said.harmless(self._redact(super().format(record)))


class _JsonFormatter(logging.Formatter):
    """Writes entries as JSON, without secrets."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One entry."""
        trace = self.formatException(record.exc_info) if record.exc_info else None
        return said.json_line(
            record.created,
            record.levelname,
            record.name,
            self._redact(record.getMessage()),
            self._redact(trace) if trace else None,
        )


class _OfLibraries(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes what libraries warn of to stderr."""


def hear_libraries(form: str, redact: Callable[[str], str]) -> None:
    """Have JSON lines of what others than forecastctl say in this process; text is left as it is.

    Their loggers, Python's warnings, and what ends a thread.

    Args:
        form: ``text`` or ``json``.
        redact: Takes secrets out of each entry.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _OfLibraries)]:
        root.removeHandler(handler)
    as_json = form == said.JSON
    logging.captureWarnings(as_json)
    threading.excepthook = _tell_of_a_thread if as_json else threading.__excepthook__
    if as_json:
        handler = _OfLibraries()
        handler.setLevel(logging.WARNING)
        handler.setFormatter(_JsonFormatter(redact))
        root.addHandler(handler)


def _tell_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "?"
    trace = (ended.exc_type, ended.exc_value or ended.exc_type(), ended.exc_traceback)
    logging.getLogger(__name__).error("The thread %s ended.", name, exc_info=trace)


class JobLog:
    """Collects the log of one command, to be recorded as an artifact.

    Args:
        verbose: Whether everything goes to stderr, with times; otherwise only warnings do.
        redact: Takes secrets out of each entry, tracebacks included.
        form: ``text`` or ``json``, of both logs and of all else that goes to stderr.
    """

    def __init__(
        self,
        *,
        verbose: bool,
        redact: Callable[[str], str] | None = None,
        form: str = said.TEXT,
    ) -> None:
        said.use(form)
        self._buffer = io.StringIO()
        root = logging.getLogger("forecastctl")
        root.setLevel(logging.DEBUG if verbose else logging.INFO)
        root.propagate = False
        for old in list(root.handlers):
            root.removeHandler(old)
        to_buffer = logging.StreamHandler(self._buffer)
        to_stderr = logging.StreamHandler()
        to_stderr.setLevel(logging.DEBUG if verbose else logging.WARNING)
        redact = redact or Redactor()
        hear_libraries(form, redact)
        whole, short = _formatters(form, redact)
        to_buffer.setFormatter(whole)
        to_stderr.setFormatter(whole if verbose else short)
        root.addHandler(to_buffer)
        root.addHandler(to_stderr)

    def read(self) -> bytes:
        """The log so far."""
        return self._buffer.getvalue().encode()


def _formatters(
    form: str, redact: Callable[[str], str]
) -> tuple[logging.Formatter, logging.Formatter]:
    """Of the whole log, and of the warnings that people are shown."""
    if form == said.JSON:
        as_json = _JsonFormatter(redact)
        return as_json, as_json
    whole = _RedactingFormatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ", redact)
    whole.converter = time.gmtime
    return whole, _RedactingFormatter("%(message)s", None, redact)
