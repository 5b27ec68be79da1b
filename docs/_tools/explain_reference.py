"""docs/reference/explain.md, from the values that explain answers with."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from docs._tools.explain_schema import meanings, purpose
from forecastctl.explain.values import (
    Alternative,
    Answer,
    Attempt,
    BreakFacts,
    Candidate,
    ChangePart,
    EffectFacts,
    Evidence,
    FleetAirport,
    FleetAnswer,
    FleetFacts,
    FleetLine,
    ForecastFacts,
    Gap,
    Lineage,
    MemberFacts,
    ModelFacts,
    Neighbour,
    Pages,
    Part,
    Reconciled,
    Standing,
    Vintage,
    VintageChange,
)
from forecastctl.explain.values.form import key_of
from forecastctl.records import ExplainRules, Replay

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTE = "<!-- Made by 'make docs' from forecastctl/explain/values. Do not edit. -->\n"
INTRO = """# The JSON of explain

`forecastctl explain --airport NAME --date DATE --json` prints one object. New keys may be added;
keys that are here stay as they are within one `schema`. The same as a JSON schema:
[explain.schema.json](explain.schema.json).

Where several forecasts of the month are stored, the live one with the latest cutoff is explained,
the newest of these; backtests only where no live forecast is stored. `--cutoff` chooses another.
All of them stand in `vintages`.
"""
QUICK = """
With `--quick` nothing is fitted again: `verdict`, `confidence`, `fleet`, `break`, `replay` and
`vintage_change` are `null`, their lists and `rules` empty.

## verdict

`expected_noise`, `data_problem`, `level_shift_before_cutoff`, `stale_model`, `run_failure`,
`local_shock`, `system_shock`, `calendar`, `weak_forecast` or `cannot_tell`.
[How explain comes to its verdict](../explanation/verdicts.md) says when.
"""
OUTRO = """
## When there is nothing

The command ends with exit code 6. The message says whether the airport is unknown or only the month
has no forecast, and names the command that would make the forecast as it could have been made then.
Where the run that should have made the forecast failed, the answer is the verdict `run_failure`
with its reason, and `forecast` is `null`.
"""
FLEET = """
## A month of the whole fleet

`forecastctl explain --date DATE --json`, without an airport, prints another object, and `--csv` one
row for each of its `airports`. Groups are no airports.
"""
SECTIONS: Mapping[str, tuple[type, ...]] = {
    "evidence": (Evidence,),
    "candidates": (Candidate,),
    "gap": (Gap,),
    "forecast": (ForecastFacts, Reconciled),
    "effects": (EffectFacts,),
    "standing": (Standing,),
    "vintages": (Vintage,),
    "parts": (Part,),
    "fleet": (FleetFacts, FleetAirport),
    "break": (BreakFacts,),
    "alternatives": (Alternative,),
    "neighbours": (Neighbour,),
    "replay": (Replay,),
    "vintage_change": (VintageChange, ChangePart),
    "model": (ModelFacts, MemberFacts),
    "lineage": (Lineage, Pages),
    "without_forecast": (Attempt,),
    "rules": (ExplainRules,),
}
"""The values behind a key, and those inside them."""

INNER = {
    FleetAirport: "Each of `worst`",
    ChangePart: "Each of `parts`",
    MemberFacts: "Each of `members`",
    Pages: "`urls`",
    Reconciled: "`reconciled`",
}
MORE = {
    "evidence": """The names are `noise`, `interval`, `fault_unit`, `fault_unit_seen`,
`fault_missing`, `fault_unpublished`, `fault_label_shift`, `fault_revision`,
`fault_actual_revised`, `fault_swap`, `status`, `fleet_share`, `fleet_distance`, `flights`, `apart`,
`narrow`, `wide`, `calendar`, `break`, `break_reset` and `alternative`. A `cannot_tell` whose first
evidence is `interval` is a miss outside its stated 95 % interval for which no cause was found.""",
    "standing": """`usual_error` is [the usual
error](../explanation/verdicts.md#the-usual-error).""",
    "parts": """The names, in order: `data_revision`, `specification`, `level`, `trend`, `seasonal`,
`one_off`.""",
    "alternatives": """Where a trial may come from: [trial
runs](lineage.md#trial-runs-nested-layout).""",
    "vintage_change": """The names of its parts are `data_revised`, `data_added`, `parameters`,
`specification` and `code`.""",
    "rules": """They are the settings of [`[explain]`](settings.md#explain).""",
}
"""What a section says below its tables."""


def page() -> str:
    """The whole page."""
    text = f"{NOTE}{INTRO}\n{_table(Answer)}"
    text += "\n`confidence`: [how sure a verdict is](../explanation/verdicts.md#confidence).\n"
    fleet = f"{FLEET}\n{_table(FleetAnswer)}\nEach of `airports`:\n\n{_table(FleetLine)}"
    return text + QUICK + "".join(map(_section, SECTIONS)) + OUTRO + fleet


def _section(key: str) -> str:
    kind, *inner = SECTIONS[key]
    text = f"\n## {key}\n\n{purpose(kind)}\n\n{_table(kind)}"
    text += "".join(f"\n{INNER[one]}:\n\n{_table(one)}" for one in inner)
    return f"{text}\n{MORE[key]}\n" if key in MORE else text


def _table(kind: type) -> str:
    said = meanings(kind)
    rows = [
        f"| `{key_of(field)}` | {said[field.name].rstrip('.')} |\n"
        for field in fields(kind)
        if field.metadata.get("json") != "hidden"
    ]
    return "| key | meaning |\n| --- | --- |\n" + "".join(rows)
