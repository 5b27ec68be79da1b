"""Loading the compiled engine: one process compiles it, once per machine, and the others wait."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from forecastctl.models.kernels import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ENGINE = "forecastctl.models.kernels.engine"

_PATIENCE = 600.0
"""Seconds to wait for another process that compiles; then compile as well."""

_LOG = logging.getLogger(__name__)


def load() -> Exception | None:
    """Import the engine.

    Returns:
        Why it is not compiled, where it is not.
    """
    from forecastctl.models.kernels import decorate

    folder = cache.place()
    if folder is None or cache.is_ready(folder):
        import_module(_ENGINE)
    else:
        _LOG.info("compiling the models, once per machine")
        with _one_at_a_time(folder):
            if not cache.is_ready(folder):  # another process may have compiled by now
                cache.clear(folder)
            import_module(_ENGINE)
            if not decorate.trouble:
                cache.mark_ready(folder)
    return decorate.trouble[0] if decorate.trouble else None


def warm(say: Callable[[str], None]) -> None:
    """Compile what is not compiled yet, so that workers need not do so each for itself.

    Where it is there already, nothing is imported and nothing is said.
    """
    folder = cache.place()
    if folder is not None and cache.is_ready(folder):
        return
    from forecastctl.models.kernels import decorate

    if decorate.trouble:
        return  # nothing is compiled here: a warning says so where a model is fitted
    if folder is None:
        say("the compiled models cannot be kept here: every worker compiles for itself")
    else:
        say("compiling the models, once per machine: about a minute")
        load()


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    with ExitStack() as stack:
        with suppress(OSError, Timeout):  # without it, some work is done twice: no harm
            stack.enter_context(FileLock(folder / "lock", timeout=_PATIENCE))
        yield
