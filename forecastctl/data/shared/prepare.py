"""Preparing the airports of a shared panel where they are read: what workers are asked to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.rows import cut_at
from forecastctl.data.prepare.apart import Alone, count_part, examine_part, judge_part
from forecastctl.data.prepare.fleet_warnings.sentences import fleet_warnings, newest_seasons
from forecastctl.data.prepare.suspects.examine import examine_alone, grid_of, with_outcome
from forecastctl.data.shared.table import Chunk
from forecastctl.errors import DataError
from forecastctl.records import Rejection, Series, SharedSeries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import Cut
    from forecastctl.data.prepare.apart import Known
    from forecastctl.data.prepare.rules import Context, Grid
    from forecastctl.data.prepare.suspects.examined import Examined
    from forecastctl.data.prepare.suspects.tally import PeriodValues, Tally
    from forecastctl.data.shared.table import Columns, Where
    from forecastctl.records import Values


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads and prepares the values of one airport, as the job has prepared it.

    Attributes:
        columns: Those of its table.
        where: Where its rows are.
        context: What the rules know of the panel.
        left_out: Positions of the periods that are left out.
        digest: SHA-256 of its rows as the job knows them.
    """

    columns: Columns
    where: Where
    context: Context
    left_out: tuple[int, ...]
    digest: str

    def __call__(self) -> Values:
        """First days of its periods, and passengers.

        Raises:
            DataError: Its rows cannot be read, or are others than before.
        """
        (rows,) = _view(Chunk(self.columns, (self.where,)), self.context).airports
        if rows.digest == self.digest:
            alone = replace(examine_alone(rows, self.context, find=False), left_out=self.left_out)
            outcome = with_outcome(rows, alone, self.context).outcome
            if isinstance(outcome, Series):
                return outcome.ds, outcome.y
        raise DataError(
            f"The rows of {self.where.airport!r} in {self.columns.label} have changed since the "
            "job began.",
            "Run it again.",
        )


def _view(chunk: Chunk, context: Context) -> Cut:
    return cut_at(chunk.rows(), context.freq, context.spec, context.as_of)


def examined(chunk: Chunk, context: Context) -> tuple[list[Alone], NDArray[np.int64]]:
    """As `examine_part`; the series without their values, which can be read again."""
    found, days = examine_part(_view(chunk, context), context)
    entries = _shared([each.entry for each in found], chunk, context)
    return [replace(a, entry=e) for a, e in zip(found, entries, strict=True)], days


def counted(
    chunk: Chunk, context: Context, asked: Mapping[int, Sequence[int]], last: int | None
) -> tuple[dict[int, Tally], PeriodValues | None]:
    """As `count_part`."""
    return count_part(_view(chunk, context), context, asked, last)


def judged(chunk: Chunk, context: Context, known: Known) -> list[Examined]:
    """As `judge_part`; the series without their values, which can be read again."""
    return _shared(judge_part(_view(chunk, context), context, known), chunk, context)


def _shared(entries: Sequence[Examined], chunk: Chunk, context: Context) -> list[Examined]:
    found = []
    for entry, where in zip(entries, chunk.airports, strict=True):
        outcome = entry.outcome
        if not isinstance(outcome, Rejection):
            read = Reading(chunk.columns, where, context, entry.left_out, outcome.digest)
            outcome = SharedSeries(outcome, read)
        found.append(replace(entry, outcome=outcome))
    return found


def warned(chunks: Sequence[Chunk], context: Context) -> dict[str, str]:
    """As `fleet_warnings`, by one worker, which holds no more than the newest seasons of all."""
    names: list[str] = []
    grids: list[Grid | None] = []
    for chunk in chunks:
        view = cut_at(chunk.rows(), context.freq, context.spec, context.as_of, digests=False)
        names += [rows.airport for rows in view.airports]
        grids += [newest_seasons(grid_of(r, context), context.season_length) for r in view.airports]
    return fleet_warnings(names, grids, context.last, context.freq, context.season_length)


def snapshot(chunk: Chunk) -> bytes:
    """The rows of some airports as a job stores a panel: a Parquet file."""
    import io

    import pandas as pd

    rows = chunk.rows()
    order = np.argsort(rows.row, kind="stable")
    airports = np.array(rows.names, dtype=object)[rows.codes]
    frame = pd.DataFrame(
        {
            "airport": pd.Series(airports[order], dtype=object),
            "ds": rows.days[order].astype("datetime64[D]").astype("datetime64[s]"),
            "y": rows.y[order],
            "row": rows.row[order],
            "problem": pd.Series(rows.problem[order], dtype=object),
        }
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
