"""What may have been meant by a name that is not known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.6
"""Least likeness, from 0 to 1, as difflib counts it."""

LOOKED_AT = 8
"""Names that are looked at: of those about as like, one with the same letters is meant."""


def nearest(wanted: str, known: Iterable[str], likeness: float = ALIKE) -> str | None:
    """The known name that is most like another, whatever their case; ``None`` where none is.

    Args:
        wanted: What was given.
        known: Names that there are.
        likeness: Least likeness.
    """
    by_plain: dict[str, str] = {}
    for name in known:
        by_plain.setdefault(name.casefold(), name)
    given = wanted.casefold()
    close = difflib.get_close_matches(given, by_plain, n=LOOKED_AT, cutoff=likeness)
    swapped = [name for name in close if sorted(name) == sorted(given)]
    found = swapped or close
    return by_plain[found[0]] if found else None


def did_you_mean(wanted: str, known: Iterable[str]) -> str | None:
    """A question for the one who gave a name that is not known; ``None`` where none is like it.

    Args:
        wanted: What was given.
        known: Names that there are.
    """
    close = nearest(wanted, known)
    return None if close is None else f"Did you mean '{close}'?"
