"""Words for the sum of several airports, months or categories."""

from __future__ import annotations

import re

_WORD = (
    r"\b(?:total|totals|totale|totaal|totalt|gesamt|insgesamt|summe|ensemble|ogółem|razem|celkem|"
    r"összesen|yhteensä|toplam|итого|всего|σύνολο|sub-?total|subtotals|sous-total|zwischensumme|"
    r"ergebnis|gesamtergebnis|gesamtsumme|eindtotaal|subtotaal|totalsumma|hovedtotal|totalsum|"
    r"kokonaissumma|végösszeg|részösszeg|итог|всичко|общо|усього|разом|ukupno|skupaj|összeg|"
    r"celkový součet|suma końcowa|suma częściowa|γενικό άθροισμα|tổng cộng|"
    r"samtals|kokku|kopā|iš viso)\b|"
    r"合計|总计|總計|総計|합계|小計|小计|소계|全国|المجموع|الإجمالي|اجمالي|סה[\"״'׳]*כ|รวมทั้งหมด"  # noqa: RUF001
)
_WORDS = re.compile(
    rf"{_WORD}|^(?:all|all airports|alle|sum|suma|som|soma|somma|spolu|tous|todos|tutti|"
    r"wszystkie|все|計|计|계|รวม)$",
    re.IGNORECASE,
)
_PART_OF_A_NAME = re.compile(rf"^(?:{_WORD})\W+\w|\w\W+(?:{_WORD})\W*$", re.IGNORECASE)
TOTAL_WORDS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "all", "year", "annual", "full year", "ytd"),
        *("gesamt", "insgesamt", "summe", "jahr", "année", "annee", "ensemble", "anual", "año"),
        *("totale", "anno", "totaal", "jaar", "ogółem", "razem", "suma", "celkem", "összesen"),
        *("totalt", "i alt", "yhteensä", "toplam", "итого", "всего", "合計", "总计", "합계"),
    )
)
"""Words for the sum of the others (compared in lower case)."""


def called_total(name: str) -> bool:
    """Whether a name is a word for the sum of all, or holds one."""
    return bool(_WORDS.search(name.strip()))


def holds_total(name: str) -> bool:
    """Whether a name holds a word for the sum of all beside other words: ``Total North``."""
    return bool(_PART_OF_A_NAME.search(name.strip()))


def is_total(text: str) -> bool:
    """Whether the name of a period is a word for the sum of several: ``Total``, ``2015 Total``."""
    return text.lower() in TOTAL_WORDS or called_total(text)
