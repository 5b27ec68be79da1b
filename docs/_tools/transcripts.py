"""``python -m docs._tools.transcripts PAGE...`` runs a page's transcripts again, in place.

A transcript is a ``console`` block below the comment ``<!-- transcript -->``. Its ``$`` lines are
run in order, all blocks of a page in one new directory, and what they print replaces what stands
there. Figures differ a little between machines, so that no test compares them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"(<!-- transcript -->\n```console\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)


def rerun(page: Path) -> None:
    """Replace the output of every transcript of a page."""
    with tempfile.TemporaryDirectory() as folder:
        text = BLOCK.sub(
            lambda m: m[1] + _output(m[2], folder) + m[3], page.read_text(encoding="utf-8")
        )
    page.write_text(text, encoding="utf-8")


def _output(block: str, folder: str) -> str:
    """The commands of a block, each followed by what it prints now."""
    commands = re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE)
    return "".join(f"$ {command}\n{_run(command, folder)}" for command in commands)


def _run(command: str, folder: str) -> str:
    """What a reader sees in a shell: stdout and stderr, without trailing blanks."""
    beside = Path(sys.executable).parent
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "FORECASTCTL_"))}
    done = subprocess.run(  # noqa: S602 - the page's own commands, as a reader types them
        command,
        shell=True,
        cwd=folder,
        env={**kept, "PATH": f"{beside}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rerun(Path(name))
