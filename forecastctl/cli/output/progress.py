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
    """Counts airports as they are recorded. A context manager and a callback.

    Args:
        quiet: Whether nothing is said.
        what: What is counted, in the plural.
    """

    def __init__(self, *, quiet: bool, what: str = "airports") -> None:
        self._quiet = quiet
        self._what = what
        self._live: Any = None
        self._bar: Any = None
        self._tally: Counter[str] = Counter()
        self._worked = self._total = self._skipped = 0
        self._time_left = TimeLeft()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._quiet and said.is_plain() and sys.stderr.isatty():
            self._live = _live(self._what)
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

    def expect(self, lengths: Mapping[str, int], searched: Collection[str], total: int) -> None:
        """Know what is to be worked at, and say that it begins.

        Args:
            lengths: As in `TimeLeft.expect`.
            searched: As in `TimeLeft.expect`.
            total: How many are counted, with those at which there is nothing to do.
        """
        self._time_left.expect(lengths, searched)
        self.begin(total)

    def begin(self, total: int) -> None:
        """Say that so many are to be done."""
        self._total = total
        if self._live is not None:
            self._show(0)
        elif not self._quiet and total:
            said.say(f"0/{total} {self._what}")

    def searched(self, done: int, of: int) -> None:
        """Of those that are searched before the first one has its status, so many are."""
        if self._live is not None:
            self._show(0, note=f"{done} of {of} searched")
        elif not self._quiet and self._is_time():
            said.say(f"0/{self._total} {self._what}, {done} of {of} searched")

    def __call__(self, result: AirportResult, total: int) -> None:
        """One more airport has its status."""
        self._time_left.saw(result, time.monotonic())
        # What an earlier attempt has done, and what was refused, says nothing of the pace.
        self._count(str(result.status), total, worked=bool(result.task and result.cpu_seconds))

    def count(self, status: str, total: int) -> None:
        """One more of so many has a status."""
        self._count(status, total, worked=status != "skipped")

    def _count(self, status: str, total: int, *, worked: bool) -> None:
        if status == "skipped":  # nobody has asked for it: it counts nowhere
            self._skipped += 1
            return
        self._tally[status] += 1
        self._worked += worked
        self._total = total = min(self._total or total, total - self._skipped)
        seen = sum(self._tally.values())
        if self._live is not None:
            left = self._left(time.monotonic(), total - seen)
            self._show(seen, note=self._note(), left=left)
        elif not self._quiet:
            self._plain(seen, total)

    def at(self, done: int, total: int) -> None:
        """So many airports are done, of which there is nothing else to say."""
        self._worked, self._total = done, total
        if self._live is not None:
            self._show(done)
        elif not self._quiet and done:
            self._plain(done, total)

    def _show(self, done: int, **said_of_it: str) -> None:
        """Draw the bar, from its first moment on."""
        if self._bar is None:
            self._bar = self._live.add_task(self._what, total=self._total, note="", left="")
        self._live.update(self._bar, total=self._total, completed=done, **said_of_it)

    def say(self, text: str) -> None:
        """What takes long before the first airport has its status."""
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            said.say(text)

    def _plain(self, seen: int, total: int) -> None:
        if seen < total and not self._is_time():
            return
        now = time.monotonic()
        left = self._left(now, total - seen)
        rate = 60 * self._worked / max(now - self._start, 1e-9)
        facts = (self._note(), f"{rate:.1f}/min" if self._worked else "", left)
        said.say(", ".join([f"{seen}/{total} {self._what}", *filter(None, facts)]))

    def _is_time(self) -> bool:
        """Whether the last line is long enough ago; the next one is then counted from now."""
        now = time.monotonic()
        if now - self._last < PLAIN_SECONDS:
            return False
        self._last = now
        return True

    def _left(self, now: float, airports: int) -> str:
        """How long it will still take, in words; empty where that cannot be told yet."""
        seconds = self._time_left.seconds(now, airports) if airports > 0 else None
        return "" if seconds is None else f"about {seconds:.0f} s left"

    def _note(self) -> str:
        ordered = sorted(self._tally.items(), key=lambda item: (item[0] != "ok", item[0]))
        return ", ".join(f"{n} {status}" for status, n in ordered)


def _live(what: str) -> Any:
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
        TextColumn(what),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
