"""Progress on stderr: a live bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from forecastctl.cli.output import said
from forecastctl.cli.output.left import TimeLeft

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from types import TracebackType

    from forecastctl.records import AirportResult

PLAIN_SECONDS = 15.0


class Progress:
    """Counts airports as they are recorded. A context manager and a callback."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._bar: Any = None
        self._tally: Counter[str] = Counter()
        self._skipped = 0
        self._time_left = TimeLeft()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._quiet and said.is_plain() and sys.stderr.isatty():
            self._live = _live()
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def expect(self, lengths: Mapping[str, int], searched: Collection[str]) -> None:
        """Know what is to be worked at, see `TimeLeft.expect`."""
        self._time_left.expect(lengths, searched)

    def __call__(self, result: AirportResult, total: int) -> None:
        """One more airport has its status."""
        self._time_left.saw(result, time.monotonic())
        self.count(str(result.status), total)

    def count(self, status: str, total: int) -> None:
        """One more of so many has a status."""
        self._tally[status] += 1
        seen = sum(self._tally.values())
        if status == "skipped":
            self._skipped += 1
        if self._live is not None:
            if self._bar is None:
                self._bar = self._live.add_task("airports", total=total, note="", left="")
            left = self._left(time.monotonic(), total - seen)
            self._live.update(self._bar, completed=seen, note=self._note(), left=left)
        elif not self._quiet:
            self._plain(seen, total)

    def at(self, done: int, total: int) -> None:
        """So many airports are done, of which there is nothing else to say."""
        if self._live is not None:
            if self._bar is None:
                self._bar = self._live.add_task("airports", total=total, note="", left="")
            self._live.update(self._bar, completed=done)
        elif not self._quiet and done:
            self._plain(done, total)

    def say(self, text: str) -> None:
        """What takes long before the first airport has its status."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            said.say(text)

    def _plain(self, seen: int, total: int) -> None:
        now = time.monotonic()
        if seen < total and now - self._last < PLAIN_SECONDS:
            return
        self._last = now
        rate = (seen - self._skipped) / max(now - self._start, 1e-9)
        left = self._left(now, total - seen)
        note = f", {self._note()}" if self._tally else ""
        left = f", {left}" if left else ""
        said.say(f"{seen}/{total} airports{note}, {60 * rate:.1f}/min{left}")

    def _left(self, now: float, airports: int) -> str:
        """How long it will still take, in words; empty where that cannot be told yet."""
        seconds = self._time_left.seconds(now, airports) if airports > 0 else None
        return "" if seconds is None else f"about {seconds:.0f} s left"

    def _note(self) -> str:
        ordered = sorted(self._tally.items(), key=lambda item: (item[0] != "ok", item[0]))
        return ", ".join(f"{n} {status}" for status, n in ordered)


def _live() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Live

    return Live(
        SpinnerColumn(),
        TextColumn("airports"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
