"""Environments beside that of the tests, with other versions of other packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def installed(name: str, requirements: Sequence[str], home: Path, *, on_top: bool = False) -> Path:
    """The Python of an environment that holds what is required; it is made where it is missing.

    Args:
        name: Folder of the environment, and what is said to be installed.
        requirements: What pip installs.
        home: Where environments are kept.
        on_top: Whether it has all packages of this environment too, but for those of which other
            versions are required.
    """
    place = home / name
    python = place / "bin" / "python"
    done = place / "installed"
    if not done.exists():
        sys.stdout.write(f"installing {name} into {place}\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        if on_top:
            (own,) = place.glob("lib/python*/site-packages")
            (own / "on_top.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements], check=True)
        done.touch()
    return python
