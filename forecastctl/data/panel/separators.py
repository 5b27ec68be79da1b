"""Which of point and comma is the decimal mark of a column of numbers: told by all of them.

One number alone may tell (``1.234.567``, ``12,5``), or not (``5.752``: five thousand or not quite
six?). Those that do decide for those that do not; where none does, nothing is guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Decimal = Literal[".", ","]

BLANKS = " \u00a0\u202f\u2009\u2007"
"""Set thousands apart: blanks that break a line and such as do not."""
APOSTROPHES = "'\u2019\u02bc\u2018`\u00b4"
_ALWAYS_THOUSANDS = re.compile(f"[{BLANKS}{APOSTROPHES}\u066c]")
_GROUP = 3
_MOST_ERRORS = 0.05
"""Share of the numbers that tell, which may contradict the others."""
_GROUPED = {
    ",": re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII),
    ".": re.compile(r"\d{1,3}(?:\.\d{3})+", re.ASCII),
}
_BLANK_GROUPS = re.compile(rf"\d{{1,3}}(?:[{BLANKS}{APOSTROPHES}\u066c]\d{{3}})+", re.ASCII)
_OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}


def plain_number(body: str, decimal: Decimal) -> str | None:
    """Digits with a decimal point, as Python reads them; ``None`` where groups are not of three.

    Args:
        body: Digits with marks between them, without sign and exponent.
        decimal: Its decimal mark.
    """
    body = body.replace("\u066b", decimal)  # the decimal mark of Arabic
    whole, point, rest = body.rpartition(decimal) if decimal in body else (body, "", "")
    if not all(c.isdigit() and c.isascii() for c in rest):
        return None
    if not whole.isdigit():
        thousands = _OTHER[decimal]
        grouped = _GROUPED[thousands] if thousands in whole else _BLANK_GROUPS
        if whole and not grouped.fullmatch(whole):
            return None
        whole = re.sub(r"\D", "", whole)
    if not (whole or rest) or not whole.isascii():
        return None
    return f"{whole}{point and '.'}{rest}"


def vote(body: str) -> Decimal | Literal["open"] | None:
    """Decimal mark that one number gives away.

    Returns:
        ``open`` where it may be either, ``None`` where it holds neither point nor comma or is none.
    """
    spaced = bool(_ALWAYS_THOUSANDS.search(body))
    marks = [c for c in body if c in ".,"]
    if not marks:
        return None
    last: Decimal = "." if marks[-1] == "." else ","
    if len(set(marks)) > 1:
        return last if plain_number(body, last) else None
    if len(marks) > 1:
        return _OTHER[last] if plain_number(body, _OTHER[last]) else None
    whole, _, rest = body.rpartition(last)
    if spaced or len(rest) != _GROUP or not 1 <= len(whole) <= _GROUP or whole.startswith("0"):
        return last
    return "open"


def decimal_mark(
    bodies: Sequence[str],
    where: str,
    *,
    given: Decimal | None,
    delimiter: str = "",
    others: Iterable[str] = (),
) -> Decimal:
    """Decimal mark of a column.

    Args:
        bodies: Different numbers of it, without signs, flags and exponents.
        where: File and column, for messages.
        given: What the settings say.
        delimiter: Between the fields of the file: where that is a comma, none is a decimal mark
            in a field unless some number says so.
        others: Numbers of the other columns, asked where this one does not tell.

    Raises:
        DataError: The numbers do not tell, or contradict each other.
    """
    if given is not None:
        return given
    votes = [(vote(body), body) for body in bodies]
    told = _majority([v for v in votes if v[0] in (".", ",")], where)
    if told:
        return told
    unclear = [body for v, body in votes if v == "open"]
    if not unclear:
        return "."
    told = _majority([(v, b) for b in others if (v := vote(b)) in (".", ",")], where)
    if told:
        return told
    commas = [body for body in unclear if "," in body]
    points = [body for body in unclear if "." in body]
    if commas and not points and delimiter == ",":
        return "."
    if points and not commas and any(v is None and len(b) > _GROUP for v, b in votes):
        return "."  # larger numbers stand without points, so that they set no thousands apart
    example = unclear[0]
    raise DataError(
        f"{where}: {example!r} may be {example.replace('.', '').replace(',', '')} or "
        f"{example.replace(',', '.').rstrip('0').rstrip('.')}, and no other number tells.",
        f'Set [data] decimal in forecastctl.toml to "{_OTHER[example[-4]]}" if '  # type: ignore[index]
        f'"{example[-4]}" sets thousands apart, to "{example[-4]}" if it is the decimal mark.',
    )


def _majority(votes: Sequence[tuple[str | None, str]], where: str) -> Decimal | None:
    """What nearly all numbers say that tell; ``None`` where there are none."""
    points = [body for v, body in votes if v == "."]
    commas = [body for v, body in votes if v == ","]
    fewer = min(len(points), len(commas))
    if fewer > _MOST_ERRORS * len(votes):
        raise DataError(
            f"{where}: {points[0]!r} and {commas[0]!r} have different decimal marks.",
            'Set [data] decimal in forecastctl.toml to "." or ","; airports with numbers of the '
            "other kind are then rejected.",
        )
    if not votes:
        return None
    return "." if len(points) > len(commas) else ","
