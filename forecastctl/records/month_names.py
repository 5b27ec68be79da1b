"""Names of months in the languages of the larger airports, from Unicode's CLDR (through Babel)."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MONTHS = 12
_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
"""Of Latin, Greek and Cyrillic letters: other scripts write vowels in this way."""
_SHORTEST = 3
"""Letters of a name that is cut short, at least."""

LANGUAGES = (
    *("en", "de", "fr", "es", "pt", "it", "nl", "da", "sv", "nb", "fi", "is", "pl", "cs", "sk"),
    *(
        "hu",
        "ro",
        "bg",
        "el",
        "tr",
        "ru",
        "uk",
        "sr",
        "sr_Latn",
        "hr",
        "bs",
        "sl",
        "et",
        "lv",
        "lt",
    ),
    *("ca", "eu", "ga", "mt", "sq", "mk", "az", "kk", "uz", "ka", "hy", "ar", "he", "fa", "hi"),
    *("bn", "ur", "th", "vi", "id", "ms", "fil", "zh", "zh_Hant", "ja", "ko", "mn", "my", "km"),
    *("sw", "af"),
)
_ALSO = {"de": {"mrz": 3, "jän": 1, "jänner": 1, "feber": 2}, "nl": {"maa": 3}, "tr": {"agu": 8}}
"""What spreadsheets and offices write beside what CLDR has."""


def english(text: str) -> int | None:
    """Number of a month by its English name, cut to three letters or more: ``Jan``, ``Sept.``."""
    name = text.lower().rstrip(".")
    numbers = [n for n, month in enumerate(_ENGLISH, 1) if month.startswith(name)]
    return numbers[0] if len(name) >= _SHORTEST and len(numbers) == 1 else None


def plain(name: str) -> str:
    """A name for comparison: without case, points, accents and invisible characters."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = (c for c in letters if c not in _ACCENTS and unicodedata.category(c) != "Cf")
    return "".join(kept).replace(".", "").strip().replace("ı", "i")


def month_numbers(words: Collection[str]) -> dict[str, int] | tuple[str, ...]:
    """Numbers of the months that some words of one column name, all in one language.

    Args:
        words: As written, English ones among them.

    Returns:
        The number of each word that the language knows which knows most of them; or, where
        several such languages disagree, their names (``listopad`` is October or November).
    """
    if not words:
        return {}
    plains = {word: plain(word) for word in words}
    read = {language: _known(plains, language) for language in LANGUAGES}
    most = max(len(known) for known in read.values())
    best = {language: known for language, known in read.items() if len(known) == most}
    first = next(iter(best.values()))
    if any(known != first for known in best.values()):
        return tuple(best)
    return first


def numbers_in(words: Collection[str], language: str) -> dict[str, int]:
    """Numbers of the words that one of `LANGUAGES` knows."""
    return _known({word: plain(word) for word in words}, language)


def _known(plains: Mapping[str, str], language: str) -> dict[str, int]:
    """Numbers of those words that a language knows, of words with their plain form."""
    names = _names(language)
    found = {word: _number(name, names) for word, name in plains.items()}
    return {word: number for word, number in found.items() if number}


def _number(word: str, names: dict[str, int]) -> int | None:
    """Number of a plain word: a name, or the beginning of the names of one month alone."""
    if word in names:
        return names[word]
    if len(word) < _SHORTEST:
        return None
    begun = {number for name, number in names.items() if name.startswith(word)}
    return begun.pop() if len(begun) == 1 else None


@cache
def _names(language: str) -> dict[str, int]:
    """Plain names of the months of a language, long and short, in all their cases."""
    from babel import Locale

    months = Locale.parse(language).months
    found: dict[str, set[int]] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in months[context][width].items():
                found.setdefault(plain(name), set()).add(int(number))
    for name, number in _ALSO.get(language, {}).items():
        found.setdefault(plain(name), {number})
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1}
