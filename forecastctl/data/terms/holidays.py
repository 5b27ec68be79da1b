"""Public holidays of a country, from the library `holidays`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from forecastctl.errors import SettingsError, UsageError
from forecastctl.hints import did_you_mean
from forecastctl.records.calendar import days_of

_NOT_THE_NAME = re.compile(r"\s*[(\[].*?[)\]]")
"""What the library says of a day beside the name: ``(observed)``, ``(estimated)``."""


def library() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import holidays
    except ImportError:
        raise UsageError(
            "The public holidays of a country need the library 'holidays', which is not installed.",
            "pip install 'forecastctl[calendar]', or leave out [calendar] country.",
        ) from None
    return holidays


def public_holidays(country: str, first: int, last: int) -> dict[str, list[int]]:
    """Days of the public holidays of a country, by name.

    Args:
        country: ISO code, such as ``US``, with a subdivision behind a hyphen: ``DE-BY``.
        first: First year.
        last: Last year.

    Returns:
        Days since 1970-01-01, ascending.

    Raises:
        SettingsError: There is no such country or subdivision.
        UsageError: The library is not installed.
    """
    found: dict[str, set[int]] = {}
    for day, text in _calendar(country, first, last).items():
        for name in text.split("; "):
            plain = _NOT_THE_NAME.sub("", name).strip() or name
            found.setdefault(plain, set()).add(days_of(dt.date(day.year, day.month, day.day)))
    return {name: sorted(days) for name, days in found.items()}


def check_country(country: str) -> None:
    """Refuse a country that there is not.

    Raises:
        SettingsError: There is no such country or subdivision.
        UsageError: The library is not installed.
    """
    _calendar(country, 2000, 2000)


def _calendar(country: str, first: int, last: int) -> dict[dt.date, str]:
    holidays = library()
    code, _, part = country.strip().upper().partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if code not in known:
        raise SettingsError(
            f"[calendar] country: there is no country {country!r}.",
            did_you_mean(code, known) or "Give its ISO code, such as US, DE or DE-BY.",
        )
    if part and part not in known[code]:
        parts = ", ".join(known[code]) or "none"
        raise SettingsError(
            f"[calendar] country: {code} has no part {part!r}.", f"Its parts are {parts}."
        )
    years = range(first, last + 1)
    found: dict[dt.date, str] = holidays.country_holidays(
        code, subdiv=part or None, years=years, language="en_US"
    )
    return found
