"""Write, check and compare golden values: ``python -m tests.golden --help``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.golden import engine, run
from tests.golden.differences import differences

SHOWN = 200
"""Differences that are printed."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; 0 where nothing differs."""
    asked = _parser().parse_args(arguments)
    if asked.compare:
        return report(*(read(path) for path in asked.compare))
    real = run.real_data(asked.real) if asked.real is not None else None
    path = asked.file or (None if real else run.stored())
    if path is None:
        raise SystemExit("Values of real data are not kept here: name a file with --file.")
    if asked.check and not path.is_file():
        raise SystemExit(f"There is nothing at {path} to compare with: {run.how_to_write()}")
    with run.folder() as place:
        made = run.record(place, asked.code, real, asked.jobs, asked.job, progress=_say)
    if asked.write:
        run.write(path, made)
        _say(f"written: {path}")
        return 0
    before = read(path)
    if asked.job:
        before["jobs"] = {name: before["jobs"].get(name) for name in asked.job}
    return report(before, made)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="run the jobs and keep what they say")
    what.add_argument("--check", action="store_true", help="run the jobs and compare")
    what.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"))
    parser.add_argument("--file", type=Path, help=f"not digests/{engine.key()}.json")
    parser.add_argument(
        "--real", nargs="?", const="", metavar="FOLDER", help="five jobs on real panels instead"
    )
    parser.add_argument("--job", action="append", help="only this job (repeatable)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="workers (2)")
    parser.add_argument(
        "--code", type=Path, default=run.ROOT, help="the checkout whose forecastctl is run"
    )
    return parser


def read(path: Path) -> Any:
    """A record that was written."""
    return json.loads(path.read_text(encoding="utf-8"))


def report(before: Any, after: Any) -> int:
    """Print what differs between two records; 1 where something does."""
    found = [*run.engines(before, after), *differences(before["jobs"], after["jobs"])]
    for line in found[:SHOWN]:
        print(line)
    more = f", of which {SHOWN} are shown" if len(found) > SHOWN else ""
    _say(f"{len(found)} differences{more}")
    return int(bool(found))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
