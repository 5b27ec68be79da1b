"""From the settings to the regressors of a job."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.data.panel.panel import Panel
    from forecastctl.data.terms.build import TermsAsked
    from forecastctl.jobs.plan import Request
    from forecastctl.records import Rejection, Series
    from forecastctl.settings import Settings
    from forecastctl.settings.sections import Calendar

FITTING = ("run", "tune", "train", "backtest")
"""Commands that fit models; a model that is fitted has its effects with it."""

COUNTRY = "country"
"""The column of a file that says in which country each airport is."""


def terms_asked(settings: Settings) -> TermsAsked | None:
    """What regressors are made from; ``None`` where there are none.

    Raises:
        DataError: The file of regressors cannot be used.
        SettingsError: There is no such country.
        UsageError: The library that knows its holidays is not installed.
    """
    from forecastctl.data.terms.build import TermsAsked, check_asked
    from forecastctl.data.terms.regressors import read_regressors
    from forecastctl.records.events import events_of

    calendar, of_file = settings.calendar, settings.regressors
    events = events_of(settings.events.list)
    if not calendar.wanted and not events and of_file.file is None:
        return None
    table = None
    if of_file.file is not None:
        table = read_regressors(of_file.file, of_file.columns, of_file.airport, of_file.date)
    asked = TermsAsked(
        calendar.wanted,
        calendar.country if calendar.wanted else None,
        _countries(calendar) if calendar.wanted else {},
        events,
        table,
        of_file.missing == "leave-out",
    )
    check_asked(asked)
    return asked


def _countries(calendar: Calendar) -> Mapping[str, str]:
    """Country by airport, as a file has it.

    Raises:
        DataError: It cannot be read, or says nothing of countries.
    """
    from forecastctl.data.panel.panel import DataSpec
    from forecastctl.data.read.files import read_groups, source_tables

    if calendar.countries is None:
        return {}
    spec = DataSpec(None, groups=(COUNTRY,))
    if COUNTRY not in source_tables(calendar.countries, spec)[0].names:
        raise DataError(
            f"{calendar.countries} has no column {COUNTRY!r}.",
            "It needs the columns airport and country.",
        )
    return read_groups(spec, calendar.countries)[COUNTRY]


def with_terms_of_panel(request: Request, settings: Settings, panel: Panel) -> Request:
    """The same for the origins of a backtest, from the first period of the data on.

    Args:
        request: What is asked of the job of each origin.
        settings: What regressors are made from.
        panel: All of the data.
    """
    from forecastctl.backtest.origins import observed_periods
    from forecastctl.data.panel.rows import group

    asked, periods = terms_asked(settings), observed_periods(panel)
    if asked is None or not len(periods):
        return request
    last = int(periods[-1]) + request.search.horizon + panel.season_length
    spanned = (panel.freq, int(periods[0]), last, group(panel.frame).names)
    return _with(request, asked, *spanned)


def _with(
    request: Request, asked: TermsAsked, freq: str, first: int, last: int, airports: Sequence[str]
) -> Request:
    """A request with regressors of these periods and airports."""
    from forecastctl.data.terms.build import Spanned, fleet_terms
    from forecastctl.jobs.terms import digest_with

    terms = fleet_terms(asked, Spanned(freq, first, last, airports))
    return replace(request, terms=terms, config_digest=digest_with(request.config_digest, terms))


def with_terms(
    request: Request, settings: Settings, entries: Sequence[Series | Rejection]
) -> Request:
    """A request with the regressors of its airports, where any are asked for.

    Args:
        request: What is asked of a job.
        settings: What regressors are made from.
        entries: All airports, prepared.

    Raises:
        DataError, SettingsError, UsageError: See `terms_asked` and
            `forecastctl.data.terms.build.fleet_terms`.
    """
    from forecastctl.records import Series
    from forecastctl.records.calendar import period_of

    asked = terms_asked(settings) if request.command in FITTING else None
    series = [entry for entry in entries if isinstance(entry, Series)]
    if asked is None or not series:
        return request
    freq = series[0].freq
    ends = [period_of(s.cutoff, freq) for s in series]
    first = min(end - s.n + 1 for end, s in zip(ends, series, strict=True))
    further = max(s.ahead for s in series) + request.search.horizon + series[0].season_length
    airports = [entry.airport for entry in entries]
    return _with(request, asked, freq, first, max(ends) + further, airports)
