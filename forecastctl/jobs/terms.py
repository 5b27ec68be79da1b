"""What a job knows in advance of its airports: each series gets its own regressors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from forecastctl.errors import DataError
from forecastctl.records import Series
from forecastctl.records.calendar import labels, period_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import FleetTerms, Rejection


def digest_with(config_digest: str, terms: FleetTerms | None) -> str:
    """Digest of settings together with the regressors of a job."""
    if terms is None:
        return config_digest
    return hashlib.sha256(f"{config_digest} {terms.digest}".encode()).hexdigest()


def series_with_terms(series: Series, terms: FleetTerms | None, horizon: int) -> Series:
    """A series with its regressors; no value of it is read.

    Args:
        series: The series.
        terms: Those of all airports.
        horizon: Periods that it is forecast beyond what was left out at its end.

    Raises:
        DataError: A regressor is not known of a period that needs it, and is not to be left out.
    """
    if terms is None:
        return series
    end = period_of(series.cutoff, series.freq)
    needed = end + series.ahead + horizon
    found, missing = terms.of(
        series.airport,
        series.freq,
        first=end - series.n + 1,
        last=needed + series.season_length,
        needed=needed,
    )
    if missing and not terms.leave_out:
        name, period = (
            missing[0].name,
            labels([period_of(missing[0].day, series.freq)], series.freq),
        )
        raise DataError(
            f"The regressor {name!r} of {series.airport} has no value for {period[0]}; it must be "
            f"known from the first period to the last one that is forecast.",
            'Add it, or set missing = "leave-out" in [regressors].',
        )
    notes = tuple(f"the regressor {m.name!r} is left out: no value for {m.day}" for m in missing)
    return series.with_terms(found, notes)


def entries_with_terms(
    entries: Iterable[Series | Rejection], terms: FleetTerms | None, horizon: int
) -> list[Series | Rejection]:
    """Each series with its regressors; rejections as they are."""
    return [
        series_with_terms(entry, terms, horizon) if isinstance(entry, Series) else entry
        for entry in entries
    ]
