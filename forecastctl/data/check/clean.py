"""A source as a clean table: one row for each airport and period that a job can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecastctl.data.panel.rows import cut
from forecastctl.data.prepare.prepare import make_context
from forecastctl.data.prepare.suspects.examine import examine_alone
from forecastctl.records import Rejection
from forecastctl.records.calendar import first_days

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from forecastctl.data.panel.panel import DataSpec, Panel


@dataclass(frozen=True, slots=True)
class Clean:
    """The rows of a panel that can be used, and what is not among them.

    Attributes:
        frame: Columns ``airport``, ``date`` (ISO text, the first day of the period) and
            ``passengers``.
        refused: Airports whose rows allow no series, with the reason.
        combined: Airports of which several rows were made one, with what was done.
    """

    frame: pd.DataFrame
    refused: tuple[tuple[str, str], ...]
    combined: tuple[tuple[str, str], ...]


def clean_rows(
    panel: Panel,
    spec: DataSpec,
    *,
    as_of: str | None = None,
    today: date,
    airports: Collection[str] | None = None,
) -> Clean:
    """The periods of each airport as its rows give them, before anything is filled or left out.

    Several rows of a period are combined as the policy says. Airports that are too short or never
    vary are there, and so is what looks wrong: their rows are sound.

    Args:
        panel: What was read, without totals.
        spec: Policies.
        as_of: As in `forecastctl.data.prepare.prepare.prepare`.
        today: As there.
        airports: Those that are wanted; ``None`` for all.

    Raises:
        UsageError: The as-of date cannot be understood.
    """
    view = cut(panel, spec, as_of)
    context = make_context(view, panel, spec, as_of, today)
    names: list[str] = []
    periods: list[np.ndarray] = []
    values: list[np.ndarray] = []
    refused: list[tuple[str, str]] = []
    combined: list[tuple[str, str]] = []
    for rows in view.airports:
        if airports is not None and rows.airport not in airports:
            continue
        entry = examine_alone(rows, context, find=False)
        if entry.grid is None:
            reason = entry.outcome.reason if isinstance(entry.outcome, Rejection) else ""
            refused.append((rows.airport, reason))
            continue
        combined += [(rows.airport, note) for note in entry.grid.combined]
        there = np.flatnonzero(~np.isnan(entry.grid.y))
        names += [rows.airport] * len(there)
        periods.append(entry.grid.start + there)
        values.append(entry.grid.y[there])
    y = np.concatenate([np.empty(0), *values])
    ordinals = np.concatenate([np.empty(0, dtype=np.int64), *periods])
    whole = bool((y == np.floor(y)).all() and np.abs(y).max(initial=0) < 2**53)
    days = first_days(ordinals, view.freq).astype("datetime64[D]").astype(str)
    columns = {"airport": names, "date": days, "passengers": y.astype(np.int64) if whole else y}
    return Clean(pd.DataFrame(columns), tuple(refused), tuple(combined))
