"""The example package, and others, as if they were installed: a folder with their metadata."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "plugin"


def metadata(site, name, groups):
    """Say in a folder that a package is installed in it, as pip would."""
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = []
    for group, points in groups.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")


class Site:
    """A folder of packages, and commands that find them there."""

    def __init__(self, folder):
        self.site, self.home = folder / "site", folder / "home"
        self.site.mkdir()
        self.home.mkdir()

    def add(self, name, groups, **modules):
        metadata(self.site, name, groups)
        for module, text in modules.items():
            (self.site / f"{module}.py").write_text(text)

    @property
    def environ(self):
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("FORECASTCTL_", "MLFLOW_"))
        }
        return {**kept, "PYTHONPATH": f"{self.site}{os.pathsep}{ROOT}", "MPLBACKEND": "Agg"}

    def __call__(self, *arguments, code=0, **environ):
        done = subprocess.run(
            [sys.executable, "-m", "forecastctl", *map(str, arguments)],
            cwd=self.home,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def example(site):
    """The site with the example package."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    metadata(site.site, project["name"], project["entry-points"])
    shutil.copytree(EXAMPLE / "forecastctl_example", site.site / "forecastctl_example")
    return site
