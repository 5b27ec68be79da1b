"""What may have been meant by a name that is not known."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALIKE = 0.6
"""Least likeness, from 0 to 1, as difflib counts it."""

LOOKED_AT = 8
"""Names that are looked at: of those about as like, one with the same letters is meant."""

ALMOST, LONG_ENOUGH = 0.85, 5
"""Likeness and letters of names from which on one is another with a typing error."""

PAIRS, COMPARED = 5, 50
"""Pairs of names that a sentence lists; names that are compared with all others for it."""


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


def other_spelling(name: str, known: Iterable[str]) -> str | None:
    """The same name as another file spells it: without its zeros, in another case, without accents.

    Args:
        name: As one file spells it.
        known: Names of the other file.
    """
    names = list(known)
    for plain in (_bare, _letters):
        same = {plain(other): other for other in reversed(names)}
        if plain(name) in same:
            return same[plain(name)]
    return nearest(name, names, ALMOST) if len(name.strip()) >= LONG_ENOUGH else None


def spelt_otherwise(names: Sequence[str], groups: Iterable[str]) -> str:
    """The sentence on airports that the groups have under another spelling; empty without any.

    Args:
        names: Airports that have no group.
        groups: Those that have one.
    """
    known = list(groups)
    first = names[:COMPARED]
    pairs = [(name, found) for name in first if (found := other_spelling(name, known))]
    if not pairs:
        return ""
    listed = ", ".join(f"{found!r} where the data name {name!r}" for name, found in pairs[:PAIRS])
    more = f" and {len(pairs) - PAIRS:,} more" if len(pairs) > PAIRS else ""
    lost = any(n.strip().startswith("0") and not f.strip().startswith("0") for n, f in pairs)
    why = " Did the file lose the zeros of its codes?" if lost else ""
    return f"The groups name {listed}{more}.{why}"


def _bare(name: str) -> str:
    """A code without what spreadsheets change: zeros before it, case, blanks, ``.0``."""
    return name.strip().removesuffix(".0").lstrip("0").casefold()


def _letters(name: str) -> str:
    """A name without accents, blanks and marks."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in decomposed if c.isalnum())
