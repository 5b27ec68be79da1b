"""The composition root: the store, executor and data that settings name."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from forecastctl.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.execute.port import Executor
    from forecastctl.recording.context import Environment
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """What every use of the store has, on the command line and in Python.

    Attributes:
        started: When it started, in milliseconds since the epoch.
        settings: All of them, merged.
        read_log: What is logged so far, to be recorded.
        warn: Told what a user should know whatever else is said, without a "warning" before it.
        given: The data, where they are read already.
    """

    started: int
    settings: Settings
    read_log: Callable[[], bytes]
    warn: Callable[[str], None]
    given: Panel | None = None


@contextmanager
def store_for_job(
    session: Session,
    command: str,
    say: Callable[[str], None],
    *,
    upgrade: bool = False,
    existing: bool = False,
    wait: float = 0.0,
) -> Iterator[tuple[Tracker, bool]]:
    """Have the experiment to oneself while a job records in it.

    Args:
        session: Its settings say where the store is, and how long to wait for another job.
        command: What the job is, for whoever has to wait for it.
        say: Told what is waited for: another job, or a store that does not answer.
        upgrade: Whether a store of an older MLflow is migrated.
        existing: As of `open_store`.
        wait: Seconds to wait for another job at least, whatever the settings say.

    Yields:
        The store, and whether another job was waited for.

    Raises:
        HeldError: Another job is at work there, and does not end in time.
        TrackingError: The store cannot be used.
    """
    import os

    from forecastctl.api import environment as found
    from forecastctl.store.alive import Holder
    from forecastctl.store.lock.hold import held
    from forecastctl.store.lock.open import open_lock
    from forecastctl.store.mlflow.address import display_uri

    settings = session.settings
    tracking = settings.tracking
    tracker = open_store(settings, upgrade=upgrade, existing=existing, say=say)
    holder = Holder(command, found.host(), os.getpid(), session.started)
    with held(
        tracker,
        lambda heart: open_lock(tracking.uri, tracking.experiment, tracker, holder, heart, say),
        lambda: open_store(settings, patience=0.0),
        shown=f"the experiment {tracking.experiment!r} of {display_uri(tracking.uri)}",
        wait=max(wait, settings.run.wait),
        say=say,
    ) as alone:
        yield alone


def open_store(
    settings: Settings,
    *,
    upgrade: bool = False,
    existing: bool = False,
    say: Callable[[str], None] | None = None,
    patience: float | None = None,
) -> Tracker:
    """Open the tracking store to record in it.

    Args:
        settings: Where it is, how it is written, and how long it may be away.
        upgrade: Whether a store of an older MLflow is migrated.
        existing: Whether the command builds on what is recorded: a store or an experiment that is
            missing is not made, but said to be.
        say: Told that the store does not answer; by default that is logged.
        patience: Seconds that the store may be away, in place of what the settings say.
    """
    from forecastctl.store.open import open_tracker
    from forecastctl.store.patience import Patience

    if existing and not upgrade:
        read_store(settings)
    tracking = settings.tracking
    seconds = tracking.patience if patience is None else patience
    tracker: Tracker = open_tracker(
        tracking.uri,
        tracking.experiment,
        artifact_location=tracking.artifacts,
        writer=tracking.writer,
        upgrade_store=upgrade,
        patience=Patience(seconds, say) if say else Patience(seconds),
    )
    return tracker


def read_store(settings: Settings) -> Tracker:
    """Open the tracking store as it is, to read what is recorded: nothing is made or migrated."""
    from forecastctl.store.open import open_tracker

    tracking = settings.tracking
    return open_tracker(tracking.uri, tracking.experiment, writer=tracking.writer, reading=True)


def data_spec(settings: Settings, *, groups: bool = False) -> DataSpec:
    """The data source and policies as the data layer takes them; groups where they matter."""
    from forecastctl.data.panel.panel import DataSpec

    unused = {"keep_query"} if groups else {"keep_query", "groups", "group_file"}
    return DataSpec(**settings.data.model_dump(exclude=unused))


def read(session: Session, *, groups: bool = False) -> tuple[Panel, DataSpec]:
    """Read the panel that is given, or that the settings name.

    Args:
        session: Its settings.
        groups: Whether the groups of its airports matter.
    """
    from forecastctl.data.read.files import read_panel

    spec = data_spec(session.settings, groups=groups)
    if session.given is not None:
        return session.given, spec
    if spec.source is None:
        raise UsageError(
            "No data source is given.",
            "Give --data FILE, or set source in [data] of forecastctl.toml; "
            "--data sample takes the bundled sample.",
        )
    return read_panel(spec), spec


def trained_panel(session: Session, tracker: Tracker, *, groups: bool) -> Panel:
    """The panel of the newest training, for a forecast that names no data."""
    from forecastctl.data.read.files import read_groups
    from forecastctl.recording.read import trained_panel as newest

    data = session.settings.data
    panel = newest(tracker, groups=groups and data.group_file is None)
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


def recorded(settings: Settings) -> dict[str, Any]:
    """Every setting as it is recorded: secrets masked, a list as in the environment."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else value
        for name, value, _ in settings.items()
    }


def environment(settings: Settings) -> Environment:
    """Where this process runs.

    Args:
        settings: They say which files of the working directory are written by the command itself.
    """
    import os

    from forecastctl.api import environment as found
    from forecastctl.recording.context import Environment

    commit, dirty = found.git_state(found.own_files(settings))
    return Environment(
        found.versions(),
        found.machine(),
        commit,
        dirty,
        found.host(),
        os.getpid(),
        found.user(),
    )


def make_executor(settings: Settings, limit: float) -> Executor:
    """The executor that the settings name.

    Args:
        settings: They say which, and how many workers.
        limit: Seconds that a task may take.

    Raises:
        SettingsError: It is another package's, which is broken, or it cannot limit memory or has no
            cluster.
        UsageError: What it needs is not installed.
    """
    from forecastctl.execute.port import Executor
    from forecastctl.registry import CLUSTERS, EXECUTORS

    run = settings.run
    more: dict[str, object] = {}
    if run.airport_memory is not None:
        if run.backend not in ("loky", *CLUSTERS):
            raise SettingsError(
                f"{settings.origins['run.airport_memory']}: the executor '{run.backend}' cannot "
                "limit the memory of an airport.",
                "Take --backend loky, or leave the limit out.",
            )
        more["memory"] = int(run.airport_memory)
    if run.cluster:
        if run.backend not in CLUSTERS:
            raise SettingsError(
                f"{settings.origins['run.cluster']}: the executor '{run.backend}' has no cluster.",
                f"Take one of --backend {', '.join(CLUSTERS)}, or leave the address out.",
            )
        more["cluster"] = run.cluster
    executor: Executor = EXECUTORS.make(run.backend, Executor, run.jobs, limit, **more)
    return executor


def check_plug_ins(settings: Settings) -> None:
    """Load what other packages add to a search, because a fault of theirs is no failed trial.

    Where one of them adds what forecastctl has itself, a warning says that it is not used.

    Raises:
        SettingsError: Such a package is broken.
    """
    from forecastctl.models.metrics import loss_of
    from forecastctl.registry import EXECUTORS, FAMILIES, LOSSES

    tune = settings.tune
    chosen = [(FAMILIES, name) for name in tune.families]
    chosen += [(LOSSES, tune.loss), (EXECUTORS, settings.run.backend)]
    for door, name in chosen:
        if said := door.hidden(name):
            log.warning("%s", said)
    added = [name for name in tune.families if name not in FAMILIES.own]
    if added:
        from forecastctl.models import family

        for name in added:
            family(name)
    loss_of(tune.loss)


def new_job_id(started_ms: int) -> str:
    """Sortable and unique: UTC time to the second and six random hexadecimal digits."""
    import secrets

    stamp = datetime.fromtimestamp(started_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    return f"{stamp}-{secrets.token_hex(3)}"
