"""A panel on shared storage, read and prepared by the workers of a job.

The driver asks in rounds, and gets small values that add up: whose rows are where; an account of
each airport; what each one is alone, and what it asks of others; what the others did in the periods
that are asked about; the outcomes of those that had asked. No round brings rows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from forecastctl.data.panel.build import spaced_frequency
from forecastctl.data.panel.frequency import Spacings, freq_of, full_freq_of
from forecastctl.data.panel.rows import digest_of_parts
from forecastctl.data.prepare.apart import Alone, Known, know, questions, tellers
from forecastctl.data.prepare.prepare import Prepared, context_with
from forecastctl.data.prepare.suspects.examine import all_warnings
from forecastctl.data.prepare.traps import names_alike, said_of
from forecastctl.data.shared.accounts import Account, latest_until, refuse, survey
from forecastctl.data.shared.outline import Held, chunks_of, columns_of, files_of, outline
from forecastctl.data.shared.panel import SharedPanel
from forecastctl.data.shared.prepare import counted, examined, judged, snapshot, warned
from forecastctl.errors import DataError
from forecastctl.records.calendar import SEASON_LENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.prepare.rules import Context
    from forecastctl.data.prepare.suspects.examined import Examined
    from forecastctl.data.shared.table import Chunk
    from forecastctl.execute.port import Executor

A = TypeVar("A")
B = TypeVar("B")

log = logging.getLogger(__name__)

NOT_LOOKED_FOR = (
    "the workers read the table, each its own airports: whether one of them is the sum of others "
    'was not looked for; [data] totals = "keep" says that this is as it should be'
)
"""What a user should know of a panel that is read so, unless such airports are to be kept."""
_FILES = 64
"""Files that are looked into together."""
_AHEAD = 2
"""Parts of a panel that may be on their way for each worker, when it is stored."""


@dataclass(frozen=True, slots=True)
class _Surveyed:
    """What the first rounds say of a panel.

    Attributes:
        accounts: Of each airport, in order of first appearance.
        freq: Frequency of all rows.
        early: How the rows dated on or before the as-of date are spaced.
    """

    accounts: list[Account]
    freq: str
    early: Spacings


def read_shared(
    spec: DataSpec, folder: str, executor: Executor, *, as_of: str | None, today: date
) -> tuple[SharedPanel, Prepared]:
    """Have the workers read and prepare a panel.

    Args:
        spec: Policies; its source is how the panel is called.
        folder: Where its files of Parquet are.
        executor: Has the workers.
        as_of: As in `forecastctl.data.prepare.prepare.prepare_panel`.
        today: The same.

    Returns:
        The panel without its rows, and each airport, prepared as of a panel that is read here.

    Raises:
        DataError: It cannot be used at all, or only by whoever sees all rows together.
        UsageError: The as-of date cannot be understood.
    """
    label = spec.source or folder
    chunks, rows = _found(spec, folder, executor)
    known = _survey(chunks, spec, executor, as_of, today, label)
    context, season = _context(chunks, known, spec, executor, as_of, today)
    prepared = _prepare(chunks, known, context, executor, today, label)
    columns = chunks[0].columns
    panel = SharedPanel(
        freq=known.freq,
        season_length=season,
        source=label,
        digest=digest_of_parts({a.airport: a.digest for a in known.accounts}),
        profile={"num_rows": rows, "num_airports": len(known.accounts)},
        snapshot=partial(_parts, chunks, executor, label),
        columns={"airport": columns.airport, "date": columns.date, "value": columns.value},
    )
    return panel, prepared


def _found(spec: DataSpec, folder: str, executor: Executor) -> tuple[list[Chunk], int]:
    """Whose rows are where, and how many there are."""
    files = files_of(folder)
    columns = columns_of(files[0], folder, spec)
    some = [files[i : i + _FILES] for i in range(0, len(files), _FILES)]
    look = partial(outline, columns=columns, folder=folder)
    held: list[list[Held]] = [h for part in _each(executor, look, some, folder) for h in part]
    chunks, rows = chunks_of(columns, zip(files, held, strict=True), executor.jobs)
    if not rows:
        raise DataError(f"{columns.label} holds no rows.", "Check that it was written.")
    log.info("%s: %d rows, %d files, %d parts", columns.label, rows, len(files), len(chunks))
    return chunks, rows


def _survey(
    chunks: Sequence[Chunk],
    spec: DataSpec,
    executor: Executor,
    as_of: str | None,
    today: date,
    label: str,
) -> _Surveyed:
    """An account of each airport, and the frequency."""
    parts = _each(executor, partial(survey, as_of=as_of, today=today), chunks, label)
    accounts = [account for part in parts for account in part.accounts]
    refuse(accounts, spec, label)
    spaced = sum((part.spaced for part in parts), Spacings())
    early = sum((part.early for part in parts), Spacings())
    return _Surveyed(accounts, spaced_frequency(spaced, spec, label), early)


def _context(
    chunks: Sequence[Chunk],
    known: _Surveyed,
    spec: DataSpec,
    executor: Executor,
    as_of: str | None,
    today: date,
) -> tuple[Context, int]:
    """What the rules know of the panel on the as-of date, and its periods per season."""
    freq = known.freq
    latest = [(account.airport, account.usable) for account in known.accounts]
    if as_of is not None:
        early = known.early
        freq = full_freq_of(spec.freq, early) if spec.freq else freq_of(early, strict=False)
        until = partial(latest_until, freq=freq, spec=spec, as_of=as_of, today=today)
        latest = [
            pair for part in _each(executor, until, chunks, str(spec.source)) for pair in part
        ]
    season = spec.season_length or SEASON_LENGTHS[freq[0]]
    context = context_with(freq, season, latest, "row", spec, as_of, today)
    return context, spec.season_length or SEASON_LENGTHS[known.freq[0]]


def _prepare(
    chunks: Sequence[Chunk],
    known: _Surveyed,
    context: Context,
    executor: Executor,
    today: date,
    label: str,
) -> Prepared:
    """Each airport prepared, and what is to be said of all of them."""
    parts = _each(executor, partial(examined, context=context), chunks, label)
    alone = [entry for part, _ in parts for entry in part]
    fleet = _fleet(chunks, alone, context, executor, label)
    entries, fleet = _judged(chunks, alone, context, fleet, executor, label)
    names = [account.airport for account in known.accounts]
    days = np.unique(np.concatenate([days for _, days in parts]))
    said = _each(executor, partial(warned, context=context), [chunks], label)[0]
    unknown = () if context.spec.totals == "keep" else (NOT_LOOKED_FOR,)
    warnings = (
        *unknown,
        *names_alike(names),
        *said_of(
            [a.step for a in alone], [a.twice for a in alone], names, lambda: days, context, today
        ),
        *all_warnings(said, entries, names, fleet.judge(context)),
    )
    return Prepared([entry.outcome for entry in entries], warnings)


def _fleet(
    chunks: Sequence[Chunk],
    alone: Sequence[Alone],
    context: Context,
    executor: Executor,
    label: str,
) -> Known:
    """What the airports did in the periods that some of them ask about."""
    asked = questions(alone, context)
    if not asked:
        return Known({})
    last = context.last if any(each.far_above for each in alone) else None
    count = partial(counted, context=context, asked=asked, last=last)
    return know(_each(executor, count, chunks, label))


def _judged(
    chunks: Sequence[Chunk],
    alone: Sequence[Alone],
    context: Context,
    fleet: Known,
    executor: Executor,
    label: str,
) -> tuple[list[Examined], Known]:
    """Each airport with its outcome, and the fleet with the faults that many share."""
    entries = [each.entry for each in alone]
    waiting = {each.entry.outcome.airport for each in alone if each.waits}
    if not waiting:
        return entries, fleet
    some = [
        replace(chunk, airports=own)
        for chunk in chunks
        if (own := tuple(where for where in chunk.airports if where.airport in waiting))
    ]

    def ask(fleet: Known) -> list[Examined]:
        judge = partial(judged, context=context, known=fleet)
        return [entry for part in _each(executor, judge, some, label) for entry in part]

    answered = ask(fleet)
    whole = fleet.with_shared(context, answered, tellers(alone))
    if whole != fleet:
        fleet = whole
        answered = ask(fleet)
    by_airport = {entry.outcome.airport: entry for entry in answered}
    return [by_airport.get(entry.outcome.airport, entry) for entry in entries], fleet


def _parts(
    chunks: Sequence[Chunk], executor: Executor, label: str
) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """The rows of a panel part by part, of which few are on their way at a time."""
    step = _AHEAD * max(executor.jobs, 1)
    for i in range(0, len(chunks), step):
        some = chunks[i : i + step]
        for chunk, content in zip(some, _each(executor, snapshot, some, label), strict=True):
            yield tuple(where.airport for where in chunk.airports), content


def _each(executor: Executor, fn: Callable[[A], B], tasks: Sequence[A], label: str) -> list[B]:
    """What workers answer, in the order of what they are asked.

    Raises:
        DataError: One of them could not.
    """
    found: list[Any] = [None] * len(tasks)
    for outcome in executor.map(fn, tasks):
        if outcome.failure is not None:
            raise _unread(outcome.failure.type, outcome.failure.message, label)
        found[outcome.index] = outcome.value
    return found


def _unread(kind: str, message: str, label: str) -> DataError:
    if kind == DataError.__name__:
        return DataError(
            message,
            "Each worker must see it at one path, as a long table: see docs/how-to/tables.md.",
        )
    return DataError(
        f"A worker could not read {label}: {kind}: {message.rstrip('.')}.",
        "Run it again, with --verbose for the details.",
    )
