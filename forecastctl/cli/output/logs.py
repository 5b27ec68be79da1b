"""Logging: everything into the job's log, warnings (or all, when verbose) to stderr."""

from __future__ import annotations

import io
import logging
import time
from typing import TYPE_CHECKING

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
        return self._redact(super().format(record))


class JobLog:
    """Collects the log of one command, to be recorded as an artifact.

    Args:
        verbose: Whether everything goes to stderr, with times; otherwise only warnings do.
        redact: Takes secrets out of each entry, tracebacks included.
    """

    def __init__(self, *, verbose: bool, redact: Callable[[str], str] | None = None) -> None:
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
        formatter = _RedactingFormatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ", redact)
        formatter.converter = time.gmtime
        to_buffer.setFormatter(formatter)
        to_stderr.setFormatter(
            formatter if verbose else _RedactingFormatter("%(message)s", None, redact)
        )
        root.addHandler(to_buffer)
        root.addHandler(to_stderr)

    def read(self) -> bytes:
        """The log so far."""
        return self._buffer.getvalue().encode()
