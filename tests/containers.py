"""What Docker would do with examples/container, as far as one machine goes without it.

The commands are those of Dockerfile and compose file. Folders and ports are replaced by others, and
a service runs in a mount namespace of its own: as the image's user, with all that is not its volume
or ``/tmp`` read-only.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from dockerfile_parse import DockerfileParser

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "examples/container"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
NAMESPACE = """
mount --bind "$0" "$0" && mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro / && cd "$0"
exec setpriv --reuid="$1" --regid="$1" --clear-groups --no-new-privs -- "${@:2}"
"""


def compose(values: Mapping[str, str]) -> dict:
    """The compose file with the variables of an ``.env`` in place, anchors resolved."""

    def value(match: re.Match) -> str:
        name, kind, word = match.groups()
        if values.get(name) or not kind:
            return values[name]
        if kind == "?":
            raise KeyError(word)
        return word

    text = (PLACE / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(VARIABLE.sub(value, text))


def environment_file() -> dict[str, str]:
    """What ``env.example`` sets."""
    lines = (PLACE / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Image:
    """The environment that the Dockerfile makes, below a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        parser = DockerfileParser(fileobj=(PLACE / "Dockerfile").open("rb"))
        steps = [(s["instruction"], s["value"]) for s in parser.structure]
        second = [i for i, (name, _) in enumerate(steps) if name == "FROM"][1]
        self.build_steps, self.steps = steps[:second], steps[second:]
        self.user = dict(self.steps)["USER"].split(":")[0]
        self.entrypoint = yaml.safe_load(dict(self.steps)["ENTRYPOINT"])

    def moved(self, text: str) -> str:
        """A text with the folders of the image where they are here."""
        return re.sub(r"(?<![\w./])/(opt|build)\b", rf"{self.folder}/\1", text)

    def environment(self, steps: list[tuple[str, str]], path: str) -> dict[str, str]:
        """The variables that a stage sets."""
        words = [w for name, value in steps if name == "ENV" for w in shlex.split(value)]
        pairs = dict(w.split("=", 1) for w in words)
        return {"PATH": path, **{k: self.moved(v).replace("$PATH", path) for k, v in pairs.items()}}

    def build(self, python: Path) -> None:
        """Copy and run what the first stage copies and runs, with its own Python at the front."""
        env = self.environment(self.build_steps, f"{python.parent}:/usr/bin:/bin")
        del env["PIP_NO_CACHE_DIR"]  # what is here already need not be fetched again
        work = self.folder
        for name, value in self.build_steps:
            if name == "WORKDIR":
                work = Path(self.moved(value))
                work.mkdir(parents=True)
            elif name == "COPY":
                *sources, target = value.split()
                for source in sources:
                    _copy(ROOT / source, work / target)
            elif name == "RUN":
                keep = {
                    k: v for k, v in os.environ.items() if k.lower().startswith(("pip_", "http"))
                }
                command = ["bash", "-ec", self.moved(value)]
                subprocess.run(command, cwd=work, env={**keep, "HOME": "/root", **env}, check=True)

    def start(
        self, service: Mapping, volume: Path, replaced: Mapping[str, str]
    ) -> subprocess.Popen:
        """Start a service of the compose file, its volume in a folder."""

        def here(text: str) -> str:
            for old, new in {"/data": str(volume), **replaced}.items():
                text = text.replace(old, new)
            return text

        path = f"{self.folder}/opt/forecastctl/bin:/usr/bin:/bin"
        env = {k: here(v) for k, v in self.environment(self.steps, path).items()}
        env |= {k: here(str(v)) for k, v in service.get("environment", {}).items()}
        words = [
            here(w) for w in (*service.get("entrypoint", self.entrypoint), *service["command"])
        ]
        program = shutil.which(words[0], path=path) or words[0]
        command = ["unshare", "--mount", "--propagation", "private", "bash", "-c", NAMESPACE]
        command += [str(volume), self.user, program, *words[1:]]
        with (self.folder / f"{volume.name}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=env, stdout=log, stderr=log, start_new_session=True
            )


def _copy(source: Path, target: Path) -> None:
    """As COPY does it, for files into folders and folders to names."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def can_isolate() -> bool:
    """Whether mount namespaces may be made here."""
    tools = all(shutil.which(name) for name in ("unshare", "setpriv", "mount"))
    if not tools or os.geteuid() != 0:
        return False
    probe = ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "t", "/tmp"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def public_python(version: str) -> Path | None:
    """A Python of a version (``3.11``) that every user of this machine may run."""
    for path in map(Path, ("/usr/bin/python3", "/usr/local/bin/python3", sys.executable)):
        asked = [path, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
        if not path.exists() or not _public(path.resolve()):
            continue
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return path
    return None


def _public(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)
