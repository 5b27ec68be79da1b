"""Puts a report where it goes: into a folder, and into the store."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Final

from forecastctl.errors import OutputError
from forecastctl.recording.digests import add_files
from forecastctl.records import Artifact, RunUpdate
from forecastctl.records.schema import File
from forecastctl.report.page.data import AIRPORT_FILES, EXPLAINED, FLEET_FILE
from forecastctl.report.page.site import INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecastctl.store.port import Tracker

MARK: Final = b'<meta name="generator" content="forecastctl '
OF_AN_AIRPORT: Final = re.compile(r"[0-9a-f]{16}\.(?:js|html)")
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the archive, so that the same report gives the same bytes."""


def write_folder(site: Mapping[str, bytes], folder: Path) -> None:
    """Write a report into a folder; what an earlier one left there and this has not goes.

    Args:
        site: Contents by path, the first page last.
        folder: It is made where it is missing.

    Raises:
        OutputError: It holds something else than a report, or cannot be written.
    """
    try:
        check_folder(folder)
        for path, content in site.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for place in (AIRPORT_FILES, EXPLAINED):
            for old in (folder / place).glob("*"):
                if OF_AN_AIRPORT.fullmatch(old.name) and f"{place}/{old.name}" not in site:
                    old.unlink()
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(f"The report cannot be written to {folder}: {why}.") from error


def check_folder(folder: Path) -> None:
    """Refuse a folder with anything in it but a report, among which its files would be lost.

    Raises:
        OutputError: It holds something else.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    index = folder / INDEX
    begun = (folder / FLEET_FILE).is_file()  # the first file that is written; the index is the last
    if not begun or (index.exists() and MARK not in index.read_bytes()):
        raise OutputError(
            f"{folder} holds other files, and no report.", "Name a new folder, or an empty one."
        )


def record(
    tracker: Tracker, run_id: str, site: Mapping[str, bytes], verdicts: bytes | None
) -> tuple[str, ...]:
    """Record a report with its job: the first page, to be seen, and all of it, to be opened.

    Args:
        tracker: The store.
        run_id: Run of the job.
        site: Contents by path.
        verdicts: What it says of the airports, for later reports; ``None`` where that is nothing.

    Returns:
        Paths of what is recorded.

    Raises:
        TrackingError: The store cannot be written.
    """
    files = [Artifact(File.REPORT, site[INDEX]), Artifact(File.REPORT_SITE, zipped(site))]
    if verdicts is not None:
        files.append(Artifact(File.REPORT_VERDICTS, verdicts))
    add_files(tracker, run_id, RunUpdate(artifacts=tuple(files)))
    return tuple(file.path for file in files)


def zipped(site: Mapping[str, bytes]) -> bytes:
    """A report as one archive; its files lie in a folder ``report``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path, content in site.items():
            info = zipfile.ZipInfo(f"report/{path}", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()
