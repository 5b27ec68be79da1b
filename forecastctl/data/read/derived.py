"""Columns of what is computed from passengers: shares, changes, running totals."""

from __future__ import annotations

import re

_DERIVED = re.compile(
    r"%|‰|\b(?:pct|percent(?:age)?|per cent|prozent|procent|pourcent(?:age)?|porcentaje|"
    r"percentuale|shares?|anteil|udział|доля|change|growth|yoy|y/y|mom|m/m|veränderung|wachstum|"
    r"variations?|évolution|variación|variação|variazione|zmiana|dynamika|изменение|темп роста|"
    r"ytd|year to date|cumulative|cumulated|kumuliert|cumul[ée]?e?|acumulado|cumulato|narastająco|"
    r"average|mean|durchschnitt|moyenne|promedio|média|media)\b|"
    r"前年比|増減|構成比|累計|同比|环比|占比|累计|전년비|누계",
    re.IGNORECASE,
)
"""Words for what is computed from passengers: shares, changes, running totals, means."""


def is_derived(name: str) -> bool:
    """Whether a column holds what is computed from passengers rather than passengers."""
    return bool(_DERIVED.search(name))
