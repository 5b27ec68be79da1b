"""Names of airports that look alike: one airport where only what nobody sees differs."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_LISTED = 4
_INVISIBLE = ("Cf", "Zl", "Zp")
"""Categories of characters that print nothing: joiners, marks of direction, soft hyphens."""
_SIGNS = re.compile(r"\s*(?:[*†‡§^¹²³⁴-⁹]+|[(\[](?:\*{1,3}|\d|[a-z])[)\]])$")
"""Marks of footnotes behind a name."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What chooses a variant of the character before it."""


def visible(name: str) -> str:
    """A name as it looks: composed, without invisible characters, with plain single blanks."""
    if name.isascii():
        return " ".join(name.split())
    composed = unicodedata.normalize("NFC", _SELECTORS.sub("", name))
    kept = (c for c in composed if unicodedata.category(c) not in _INVISIBLE)
    return " ".join("".join(kept).split())


def alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that differ only in case, blanks, composition or invisible characters."""
    groups: dict[str, list[str]] = {}
    for name in names:
        plain = unicodedata.normalize("NFKC", visible(name)).casefold()
        groups.setdefault(plain, []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def look_the_same(names: Iterable[str]) -> list[tuple[str, list[int]]]:
    """Positions of names that differ only in what nobody sees, or in marks of footnotes.

    Each group with how its names look.
    """
    looks: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        looks.setdefault(_SIGNS.sub("", visible(name)), []).append(position)
    return [(look, group) for look, group in looks.items() if look and len(group) > 1]


def one_spelling(
    codes: NDArray[np.int64],
    unique: NDArray[np.object_],
    days: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Spellings of which some that look the same become one, and what a user should know of it.

    Those that hold values for the same day stay apart: they may be two airports after all.

    Args:
        codes: Number of the airport of each row, shape ``(n,)``.
        unique: Their names, shape ``(k,)``.
        days: Day of each row, shape ``(n,)``.
        keep: Whether a row counts, shape ``(n,)``.
    """
    looks = look_the_same(map(str, unique))
    found = [(look, group) for look, group in looks if _apart(codes, days, keep, group)]
    if not found:
        return unique, ()
    spelt = np.array(unique, dtype=object)
    for look, group in found:
        spelt[group] = look
    n = sum(len(group) for _, group in found)
    seen = any(_SIGNS.search(visible(str(unique[code]))) for _, group in found for code in group)
    what = "marks of footnotes" if seen else "characters that nobody sees"
    listed = ", ".join(repr(look) for look, _ in found[:_LISTED])
    more = f" and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
    note = (
        f"{n:,} names differ only in {what} and share no date: taken for "
        f"{len(found):,} {'airport' if len(found) == 1 else 'airports'}, {listed}{more}"
    )
    return spelt, (note,)


def _apart(
    codes: NDArray[np.int64], days: NDArray[np.int64], keep: NDArray[np.bool_], group: list[int]
) -> bool:
    """Whether some airports have no day in common."""
    rows = np.isin(codes, group) & keep
    pairs = np.unique(np.stack([codes[rows], days[rows]]), axis=1)
    return len(np.unique(pairs[1])) == int(pairs.shape[1])
