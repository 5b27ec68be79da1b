"""Panels that workers read: a folder of Parquet, or a table of Spark laid down in one for a job."""

from __future__ import annotations

import shutil
import uuid
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from forecastctl.api.compose import data_spec
from forecastctl.data.panel.shared_source import folder_in, is_shared, table_in
from forecastctl.errors import UsageError
from forecastctl.execute.port import LaysTablesDown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.api.compose import Session
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.prepare import Prepared
    from forecastctl.data.shared.panel import SharedPanel
    from forecastctl.execute.port import Executor
    from forecastctl.settings import Settings


def shared_source(settings: Settings) -> str | None:
    """The source of the settings, where workers read it; ``None`` where it is read here."""
    source = settings.data.source
    return source if is_shared(source) else None


def check_shared(settings: Settings) -> None:
    """See that a table of Spark can be read with these settings.

    Raises:
        UsageError: Nothing in them does, or there is no place to lay it down.
    """
    source, run = shared_source(settings) or "", settings.run
    if table_in(source) is None:
        return
    if run.backend != "spark":
        raise UsageError(
            f"{source} is a table of Spark, and the executor '{run.backend}' has none.",
            "Take --backend spark, or name a folder of Parquet: --data parquet:FOLDER.",
        )
    if run.cluster and not run.shared:
        raise UsageError(
            f"{source} is laid down by airport where this machine and all executors can read it, "
            "and no such folder is named.",
            "Give --shared FOLDER on storage that all of them see under one path.",
        )


@contextmanager
def shared_folder(settings: Settings, executor: Executor) -> Iterator[str]:
    """The folder of Parquet that workers read, while a job lasts.

    Args:
        settings: They name the source.
        executor: Lays a table down, open.

    Yields:
        The folder; that of a table is removed at the end.

    Raises:
        DataError: There is no such table, or it has no such columns.
        ClusterError: Spark cannot lay it down.
    """
    source = settings.data.source or ""
    table = table_in(source)
    if table is None or not isinstance(executor, LaysTablesDown):
        yield _absolute(folder_in(source))
        return
    from forecastctl.data.shared.outline import typed_columns

    spec = data_spec(settings)
    place = (settings.run.shared or gettempdir()).rstrip("/")
    folder = f"{place}/forecastctl-{uuid.uuid4().hex}"
    try:
        executor.lay_down(table, lambda found: typed_columns(found, spec, source), folder)
        yield folder
    finally:
        _remove(folder)


def _absolute(folder: str) -> str:
    """A folder of this machine as a worker finds it that is started elsewhere."""
    path = Path(folder).expanduser()
    return str(path.absolute()) if "://" not in folder and path.exists() else folder


def _remove(folder: str) -> None:
    """Remove what was laid down; what cannot be removed is left."""
    if "://" not in folder:
        shutil.rmtree(Path(folder), ignore_errors=True)
        return
    from pyarrow import fs

    with suppress(OSError):
        system, place = fs.FileSystem.from_uri(folder)
        system.delete_dir(place)


def read_shared(
    session: Session, executor: Executor, folder: str, as_of: str | None
) -> tuple[SharedPanel, Prepared]:
    """Have the workers of an executor read and prepare a panel.

    Args:
        session: Its settings.
        executor: The executor, open.
        folder: See `shared_folder`.
        as_of: No row after this date counts.
    """
    from forecastctl.jobs.shared import read_shared as read_by

    spec: DataSpec = data_spec(session.settings)
    today = date.today()  # noqa: DTZ011 - local day
    return read_by(spec, folder, executor, as_of=as_of, today=today)
