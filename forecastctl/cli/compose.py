"""From flags to a session: the settings that they override, and the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.api import compose as api
from forecastctl.api.named import overrides
from forecastctl.cli.output import render
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from forecastctl.cli.output.metrics import Measured
    from forecastctl.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(api.Session):
    """What every command has.

    Attributes:
        as_json: Whether the result is printed as JSON.
        quiet: Whether nothing is said unless something is wrong.
        config: The settings file, where the command line names one.
        measured: What is noted for ``--metrics``, where that is asked for.
    """

    as_json: bool
    quiet: bool
    config: Path | None = None
    measured: Measured | None = None


def open_session(
    command: Callable[..., None], given: Mapping[str, Any], *, from_file: bool = True
) -> Session:
    """Read the settings and start the log.

    Args:
        command: Its parameters say which settings they override.
        given: The values of its parameters.
        from_file: Whether a settings file is read.
    """
    started = time.time_ns() // 1_000_000
    from forecastctl.cli.output.logs import JobLog
    from forecastctl.settings import load_redactor, load_settings

    quiet, verbose = bool(given.get("quiet")), bool(given.get("verbose"))
    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other.", "Give one of them.")
    config = given.get("config")
    settings = load_settings(overrides(command, given), config, from_file=from_file)
    redact = load_redactor([v for v in given.values() if isinstance(v, str)], config)
    log = JobLog(verbose=verbose, redact=redact, form=settings.log.format)
    works = "metrics" in given and not given.get("dry_run")
    measured = _measured(command, settings, started) if works else None
    return Session(
        started,
        settings,
        log.read,
        render.warning,
        as_json=bool(given.get("as_json")),
        quiet=quiet,
        config=config,
        measured=measured,
    )


def _measured(command: Callable[..., None], settings: Settings, started_ms: int) -> Measured | None:
    """What is to be noted for ``--metrics``, from now on; nothing where that is not asked for."""
    from pathlib import Path

    from forecastctl.cli.output import metrics

    if settings.run.metrics is None:
        return None
    path = Path(settings.run.metrics).expanduser()
    metrics.check_path(path)
    experiment = settings.tracking.experiment
    measured = metrics.Measured(path, command.__name__, started_ms / 1000, experiment)
    metrics.start(measured)
    return measured


def check_out(session: Session, out: str | None) -> None:
    """Refuse a target of forecasts that cannot be written, before any work is done for it.

    Raises:
        UsageError: It cannot be written, or the result that is printed would go there as well.
    """
    if out == "-":
        if session.as_json:
            raise UsageError("--out - and --json both want stdout.", "Write --out to a file.")
    elif out:
        from forecastctl.data.write.targets import check_target

        check_target(out)
