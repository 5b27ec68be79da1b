"""Logging: everything into the job's log, warnings (or all, when verbose) to stderr."""

from __future__ import annotations

import io
import logging
import time

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JobLog:
    """Collects the log of one command, to be recorded as an artifact."""

    def __init__(self, *, verbose: bool) -> None:
        self._buffer = io.StringIO()
        root = logging.getLogger("forecastctl")
        root.setLevel(logging.DEBUG if verbose else logging.INFO)
        root.propagate = False
        for old in list(root.handlers):
            root.removeHandler(old)
        kept = logging.StreamHandler(self._buffer)
        shown = logging.StreamHandler()
        shown.setLevel(logging.DEBUG if verbose else logging.WARNING)
        formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ")
        formatter.converter = time.gmtime
        kept.setFormatter(formatter)
        shown.setFormatter(formatter if verbose else logging.Formatter("%(message)s"))
        root.addHandler(kept)
        root.addHandler(shown)

    def read(self) -> bytes:
        """The log so far."""
        return self._buffer.getvalue().encode()
