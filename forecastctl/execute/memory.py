"""How much memory another process holds."""

from __future__ import annotations

import importlib.util
import os
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc/self/statm")


def cannot_be_seen() -> bool:
    """Whether this system shows no process's memory: it has no /proc, and psutil is missing."""
    return not _PROC.exists() and importlib.util.find_spec("psutil") is None


def resident(pid: int) -> int:
    """Memory that a process holds, in bytes; 0 where there is no such process."""
    if _PROC.exists():
        with suppress(OSError, IndexError, ValueError):
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
        return 0
    import psutil

    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
