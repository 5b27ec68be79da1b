"""Generated inputs to every reader, to the settings and to the questions.

    python -m tests.hostile.fuzz --inputs 100000 --jobs 2

Prints how many inputs of each kind were tried and what surprised the code, with one example of each
surprise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import traceback
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hostile import promises, questions, tables

if TYPE_CHECKING:
    from collections.abc import Callable

PART = 500
KINDS: dict[str, tuple[int, st.SearchStrategy[Any], Callable[..., None]]] = {
    "csv": (30, tables.CSV, promises.reading),
    "parquet": (22, tables.PARQUET, promises.reading),
    "sql": (12, tables.SQL, promises.reading),
    "groups": (6, tables.GROUPED, promises.reading),
    "settings": (
        24,
        st.tuples(questions.toml(), questions.ENVIRONMENTS, questions.FLAGS),
        lambda case, folder: promises.settings(*case, folder),
    ),
    "questions": (6, questions.questions(), promises.question),
}
"""Share in percent, what is generated, what is promised."""


def part(asked: tuple[str, int, int], store: Path | None = None) -> tuple[str, int, dict[str, str]]:
    """Inputs of one kind that were tried, and by place in the code what surprised it."""
    kind, number, count = asked
    _, inputs, promise = KINDS[kind]
    tried = 0
    surprises: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "questions":
            (folder / "mlflow.db").write_bytes(store.read_bytes())

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def each(case: Any) -> None:
            nonlocal tried
            tried += 1
            try:
                promise(case, folder)
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                frames = traceback.extract_tb(error.__traceback__)
                where = f"{type(error).__name__}: {str(error)[:1500]}\n    " + "\n    ".join(
                    f"{f.filename}:{f.lineno} {f.name}" for f in frames[-4:]
                )
                place = f"{kind} {type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}"
                if kind == "questions":
                    place = f"{kind} {str(error)[:160]}"
                surprises.setdefault(place, f"{where}\n    {case!r}"[:6000])

        try:
            each()
        except Exception as error:  # noqa: BLE001 - a part that fails is no reason to lose the others
            surprises[f"{kind}, part {number}, could not be generated"] = f"{error}"[:1500]
    return kind, tried, surprises


def main() -> None:
    parser = argparse.ArgumentParser(description="Hostile input, generated")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=sorted(KINDS))
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    whole = sum(KINDS[kind][0] for kind in kinds)
    parts = []
    for kind in kinds:
        count = -(-options.inputs * KINDS[kind][0] // whole)
        parts += [
            (kind, 1000 * options.seed + i, min(PART, count - i * PART))
            for i in range(-(-count // PART))
        ]
    tried: Counter[str] = Counter()
    surprises: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "mlflow.db"
        if "questions" in kinds:
            from tests.hostile.store import recorded

            recorded(store)
        with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=20) as pool:
            for kind, count, found in pool.imap_unordered(partial(part, store=store), parts):
                tried[kind] += count
                print(f"{tried.total():,} of {options.inputs:,}", file=sys.stderr)  # noqa: T201
                new = {place: example for place, example in found.items() if place not in surprises}
                for place, example in new.items():
                    print(f"  {place}\n    {example}", file=sys.stderr)  # noqa: T201
                surprises |= new
    counts = ", ".join(f"{count:,} {kind}" for kind, count in tried.items())
    print(f"{tried.total():,} inputs ({counts}), {len(surprises)} kinds of surprise")  # noqa: T201
    for place, example in surprises.items():
        print(f"  {place}\n    {example}")  # noqa: T201
    if surprises:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
