"""What the operating system says: disks, shared memory, processors, memory, packages."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from forecastctl.doctor.checks.cores import Machine
from forecastctl.doctor.checks.disk import LEAST, Disk
from forecastctl.doctor.checks.leftovers import Leftover
from forecastctl.doctor.checks.versions import Requirement

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - named by the system
LEAST_SHARED = 32 * 1024**2
_LEFT = re.compile(r"(?:sem\.loky-|joblib_memmapping_folder_)(?P<pid>\d+)[-_]\S+")
_NO_LIMIT = 1 << 60


def disk(what: str, path: Path, least: int = LEAST) -> Disk:
    """How full a directory is.

    Args:
        what: What is written there.
        path: The directory.
        least: Bytes that are too few.
    """
    if not path.is_dir():
        return Disk(what, str(path), None)
    usage = shutil.disk_usage(path)
    files = None
    if hasattr(os, "statvfs"):
        found = os.statvfs(path)
        files = found.f_favail if found.f_files else None
    writable = os.access(path, os.W_OK | os.X_OK)
    return Disk(what, str(path), usage.free, usage.total, files, writable, least)


def leftovers(folders: tuple[Path, ...] = ()) -> list[Leftover]:
    """Semaphores and folders of workers, in shared memory and among temporary files.

    Args:
        folders: Where to look; by default where they are made.
    """
    found = []
    for folder in dict.fromkeys(folders or (SHARED_MEMORY, Path(tempfile.gettempdir()))):
        with suppress(OSError):
            for path in sorted(folder.iterdir()):
                if made := _LEFT.fullmatch(path.name):
                    with suppress(OSError):
                        found.append(_leftover(path, int(made["pid"])))
    return found


def _leftover(path: Path, pid: int) -> Leftover:
    status = path.lstat()
    inside = [file.lstat() for file in path.rglob("*")] if path.is_dir() else []
    changed = max([status.st_mtime, *(one.st_mtime for one in inside)])
    return Leftover(
        str(path),
        pid,
        alive=_is_alive(pid),
        own=status.st_uid == os.geteuid(),
        age=time.time() - changed,
        bytes=sum(one.st_size for one in [status, *inside]),
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def machine(workers: int) -> Machine:
    """Processors, memory, and limits of the control group.

    Args:
        workers: Workers that a job would start.
    """
    from threadpoolctl import threadpool_info

    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    memory, used = _memory()
    limit, used_there = _memory_limit()
    return Machine(
        workers=workers,
        cores=cores,
        usable=usable,
        quota=_quota(),
        memory=memory,
        memory_limit=limit,
        memory_used=used if limit is None or limit >= memory else used_there,
        blas_threads={
            str(pool["internal_api"]): int(pool["num_threads"]) for pool in threadpool_info()
        },
    )


def _memory() -> tuple[int, int]:
    """Bytes in all, and bytes that are in use and cannot be had."""
    text = _text(Path("/proc/meminfo")) or ""
    told = {k: int(v) * 1024 for k, v in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    total = told.get("MemTotal", 0)
    return total or _NO_LIMIT, total - told.get("MemAvailable", total)


def _memory_limit() -> tuple[int | None, int]:
    """Limit and use of the control group: of version 2, else of version 1."""
    for folder, limit_name, used_name in (
        (_group(""), "memory.max", "memory.current"),
        (_group("memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        limit = _text(folder / limit_name) if folder else None
        if folder and limit and limit.isdigit() and int(limit) < _NO_LIMIT:
            return int(limit), int(_text(folder / used_name) or 0)
    return None, 0


def _quota() -> float | None:
    """Processors' worth of time that the control group allows."""
    with suppress(ValueError, ZeroDivisionError):
        if folder := _group(""):
            quota, _, period = (_text(folder / "cpu.max") or "max").partition(" ")
            if quota != "max":
                return int(quota) / int(period)
        if folder := _group("cpu"):
            quota = _text(folder / "cpu.cfs_quota_us") or "-1"
            if int(quota) > 0:
                return int(quota) / int(_text(folder / "cpu.cfs_period_us") or 0)
    return None


def _group(controller: str) -> Path | None:
    """Folder of the control group of this process; in a container it is shown at the top."""
    root = Path("/sys/fs/cgroup")
    for line in (_text(Path("/proc/self/cgroup")) or "").splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            base = root / controller
            inside = base / path.lstrip("/")
            return inside if inside.is_dir() else base
    return None


def _text(path: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="ascii").strip()
    return None


def requirements() -> list[Requirement]:
    """The packages that forecastctl asks for, without extras; none where it is not installed."""
    from packaging.requirements import Requirement as Asked

    found = []
    with suppress(metadata.PackageNotFoundError):
        for text in metadata.requires("forecastctl") or ():
            asked = Asked(text)
            if asked.marker is not None and not asked.marker.evaluate({"extra": ""}):
                continue
            try:
                there = metadata.version(asked.name)
            except metadata.PackageNotFoundError:
                found.append(Requirement(asked.name, str(asked.specifier), None, fits=False))
                continue
            fits = asked.specifier.contains(there, prereleases=True)
            found.append(Requirement(asked.name, str(asked.specifier), there, fits))
    return found
