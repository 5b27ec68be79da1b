"""The composition root: flags to settings, adapters to ports, one use case per command."""

from __future__ import annotations

import logging
import secrets
import sys
import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from forecastctl.cli.flags.commands import overrides
from forecastctl.cli.output.logs import JobLog
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.jobs.summary import Summary
    from forecastctl.recording.context import Environment
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """What every command has: its flags, settings and log."""

    flags: Mapping[str, Any]
    settings: Settings
    log: JobLog

    @property
    def as_json(self) -> bool:
        """Whether the result is printed as JSON."""
        return bool(self.flags.get("as_json"))

    @property
    def quiet(self) -> bool:
        """Whether progress and tables are left out."""
        return bool(self.flags.get("quiet"))


def open_session(flags: Mapping[str, Any]) -> Session:
    """Read the settings and start the log."""
    from forecastctl.settings import load_redactor, load_settings

    quiet, verbose = bool(flags.get("quiet")), bool(flags.get("verbose"))
    if quiet and verbose:
        raise UsageError("--quiet and --verbose contradict each other.", "Give one of them.")
    settings = load_settings(overrides(flags), flags.get("config"))
    given = [value for value in flags.values() if isinstance(value, str)]
    redact = load_redactor(given, flags.get("config"))
    return Session(flags, settings, JobLog(verbose=verbose, redact=redact))


def open_store(
    settings: Settings, *, heal: bool = False, upgrade: bool = False, existing: bool = False
) -> Tracker:
    """Open the tracking store to record in it, and heal what killed jobs left in it.

    Args:
        settings: Where it is, and how it is written.
        heal: Whether jobs that were killed are marked as such.
        upgrade: Whether a store of an older MLflow is migrated.
        existing: Whether the command builds on what is recorded: a store or an experiment that is
            missing is not made, but said to be.
    """
    from forecastctl.cli.environment import job_is_alive
    from forecastctl.store.mlflow.open import heal as heal_store
    from forecastctl.store.mlflow.open import open_tracker

    if existing and not upgrade:
        read_store(settings)
    tracking = settings.tracking
    tracker: Tracker = open_tracker(
        tracking.uri,
        tracking.experiment,
        artifact_location=tracking.artifacts,
        writer=tracking.writer,
        upgrade_store=upgrade,
    )
    if heal:
        heal_store(tracker, job_is_alive)
    return tracker


def read_store(settings: Settings) -> Tracker:
    """Open the tracking store as it is, to read what is recorded: nothing is made or migrated."""
    from forecastctl.store.mlflow.open import open_tracker

    tracking = settings.tracking
    return open_tracker(tracking.uri, tracking.experiment, writer=tracking.writer, reading=True)


def data_spec(settings: Settings, *, groups: bool = False) -> DataSpec:
    """The data source and policies as the data layer takes them; groups where they matter."""
    from forecastctl.data.panel.panel import DataSpec

    unused = set() if groups else {"groups", "group_file"}
    return DataSpec(**settings.data.model_dump(exclude=unused))


def read(session: Session, *, groups: bool = False) -> tuple[Panel, DataSpec]:
    """Read the panel that the settings name, with the groups of its airports where they matter."""
    from forecastctl.data.read.files import read_panel

    spec = data_spec(session.settings, groups=groups)
    if spec.source is None:
        raise UsageError(
            "No data source is given.",
            "Give --data FILE, or set source in [data] of forecastctl.toml; "
            "--data sample takes the bundled sample.",
        )
    return read_panel(spec), spec


def environment() -> Environment:
    """Where this process runs."""
    import os

    from forecastctl.cli import environment as found
    from forecastctl.recording.context import Environment

    commit, dirty = found.git_state()
    return Environment(
        found.versions(),
        found.machine(),
        commit,
        dirty,
        found.host(),
        os.getpid(),
        found.user(),
    )


def run_command(command: str, flags: Mapping[str, Any]) -> tuple[Session, Summary]:
    """Run a job from flags to the written forecasts."""
    from forecastctl.data.prepare.prepare import prepare_panel
    from forecastctl.data.write.spreadsheets import csv_text
    from forecastctl.data.write.targets import check_target, write_frame
    from forecastctl.execute.loky import make_executor
    from forecastctl.jobs.plan import plan_job
    from forecastctl.jobs.run import run_job

    started = time.time_ns() // 1_000_000
    session = open_session(flags)
    settings = session.settings
    out = settings.forecast.out if command in ("run", "forecast") else None
    _check_output(session, out)
    if out and out != "-":
        check_target(out)
    source_given = settings.data.source is not None or command != "forecast"
    sums = adds_up(session)
    panel, spec = read(session, groups=sums) if source_given else (None, data_spec(settings))
    upgrade, recorded_panel = flags["upgrade_store"], panel is None
    tracker = open_store(settings, heal=True, upgrade=upgrade, existing=recorded_panel)
    if panel is None:
        panel = _trained_panel(session, tracker, groups=sums)
    prepared = prepare_panel(
        panel,
        spec,
        as_of=flags.get("as_of"),
        today=date.today(),  # noqa: DTZ011 - local day
    )
    executor = make_executor(settings.run.jobs, settings.airport_limit())
    request = _request(command, session, started, executor.jobs)
    request = replace(request, sums=sums, reconcile=settings.forecast.reconcile)
    job = plan_job(request, panel, prepared.entries, environment(), tracker)
    job = replace(job, warnings=prepared.warnings)
    with Progress(quiet=session.quiet) as progress, executor:
        summary = run_job(job, tracker, executor, progress, session.log.read)
    if out and summary.table is not None and len(summary.table):
        if out == "-":
            sys.stdout.write(csv_text(summary.table))
        else:
            write_frame(summary.table, out, table=settings.forecast.table)
    return session, summary


def adds_up(session: Session) -> bool:
    """Whether the job forecasts groups and the total as well; what that needs is there.

    Where the settings file asks for it and the command line selects airports, it does not: the
    sums of a few airports are not those of all.

    Raises:
        UsageError: The command line asks for both, or the library that reconciles is missing.
    """
    settings, origins = session.settings, session.settings.origins
    asked = {
        "data.groups": bool(settings.data.groups),
        "data.group_file": settings.data.group_file is not None,
        "forecast.reconcile": settings.forecast.reconcile != "none",
    }
    if not any(asked.values()):
        return False
    if session.flags.get("airport") or session.flags.get("select"):
        given = [origins[key] for key, wanted in asked.items() if wanted]
        flags = [origin for origin in given if origin.startswith("--")]
        if flags:
            raise UsageError(
                f"{flags[0]} adds up all airports, and --airport and --select leave some out.",
                "Give one or the other.",
            )
        log.info("airports are selected: no groups and no total in this job")
        return False
    if asked["forecast.reconcile"]:
        from forecastctl.jobs.sums.reconcile import library_version

        log.info("hierarchicalforecast %s reconciles", library_version())
    return True


def _check_output(session: Session, out: str | None) -> None:
    if out == "-" and session.as_json:
        raise UsageError("--out - and --json both want stdout.", "Write --out to a file.")


def _request(command: str, session: Session, started: int, jobs: int) -> Any:
    from forecastctl.jobs.plan import Request
    from forecastctl.settings import shown

    settings = session.settings
    return Request(
        command=command,
        job_id=new_job_id(started),
        start_ms=started,
        search=settings.search(),
        levels=settings.forecast.level,
        layout=settings.tracking.layout,
        charts=settings.forecast.charts,
        config_digest=settings.result_digest(),
        settings={
            **{name: _plain(value) for name, value, _ in settings.items()},
            "as_of": session.flags.get("as_of"),
            "airport": shown(session.flags.get("airport")),
            "select": shown(session.flags.get("select")),
        },
        airports=tuple(session.flags.get("airport") or ()),
        select=tuple(session.flags.get("select") or ()),
        skip_unchanged=settings.run.skip_unchanged,
        retune=settings.tune.retune,
        learn=settings.tune.learn,
        max_age=settings.monitor.max_age,
        jobs=jobs,
        batch=settings.run.batch,
    )


def _plain(value: Any) -> Any:
    """A list as it would be written in the environment."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def new_job_id(started_ms: int) -> str:
    """Sortable and unique: UTC time to the second and six random hexadecimal digits."""
    from datetime import UTC

    stamp = datetime.fromtimestamp(started_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    return f"{stamp}-{secrets.token_hex(3)}"


def _trained_panel(session: Session, tracker: Tracker, *, groups: bool) -> Panel:
    """The panel of the newest training, for a forecast that names no data."""
    from forecastctl.data.read.files import read_groups
    from forecastctl.recording.read import trained_panel

    data = session.settings.data
    panel = trained_panel(tracker, groups=groups and data.group_file is None)
    if not groups:
        return panel
    if data.group_file is not None:
        spec = data_spec(session.settings, groups=True)
        return replace(panel, groups=read_groups(spec, data.group_file))
    unknown = [column for column in data.groups if column not in panel.groups]
    if unknown:
        raise UsageError(
            f"The job that trained knows no groups by {unknown[0]!r}.",
            "Name the data with --data, or the groups with --groups-from.",
        )
    return replace(panel, groups={c: panel.groups[c] for c in data.groups or panel.groups})
