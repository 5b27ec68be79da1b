"""An explanation in plain words: the headline, numbers, periods."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from forecastctl.explain.size import INSIDE, POOR, usualness
from forecastctl.figures import number, percent, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = {
    "expected_noise": "No more than usual",
    "data_problem": "Data problem",
    "level_shift_before_cutoff": "Change overlooked",
    "stale_model": "Out-of-date model",
    "run_failure": "Failed run",
    "local_shock": "Local shock",
    "system_shock": "System-wide shock",
    "cannot_tell": "Cannot tell",
}
PARTS = {
    "data_revision": "data revised since",
    "specification": "choice of model",
    "level": "level",
    "trend": "trend",
    "seasonal": "season",
    "one_off": "one-off",
}
HIGH, FAIR = 0.9, 0.7
MONTHS = 28, 31
QUARTERS = 89, 92
ALL = 100
NOISE = {
    INSIDE: (
        "Inside its interval",
        "the forecast missed by more than in its backtest, yet inside its 95 % interval",
    ),
    POOR: (
        "Known to be poor",
        "the forecast missed by much, and the model was known to be poor here",
    ),
}
UNUSUAL = (
    "Unusual, cause not found",
    "an unusual miss, outside the 95 % interval, and nothing on record explains it",
)


def headline(facts: Mapping[str, Any], freq: str | None = None) -> str:
    """The verdict in one sentence without jargon.

    Args:
        facts: The explanation, as `explain` returns it.
        freq: pandas period alias; guessed from the neighbouring periods where it is not given.
    """
    when = period(facts["date"], freq or frequency(facts))
    return f"{facts['airport']}, {when}: {_verdict(facts, freq)}."


def _verdict(facts: Mapping[str, Any], freq: str | None) -> str:
    verdict = facts.get("verdict")
    if verdict is None or (facts.get("actual") is None and verdict == "cannot_tell"):
        return _without_verdict(facts, freq)
    special = _special(facts)
    if special:
        return special[1]
    if verdict == "system_shock":
        return f"a shock to the whole system{_share(facts)}"
    if verdict == "stale_model":
        return f"the model was out of date{_better(facts)}"
    if verdict == "run_failure" and not facts.get("forecast"):
        return "the run failed, so no forecast was made"
    return {
        "expected_noise": "the forecast missed by no more than it usually does",
        "data_problem": "the data, not the forecast, explains the miss",
        "level_shift_before_cutoff": (
            "traffic had changed before the forecast was made, and the model did not follow"
        ),
        "run_failure": "the run failed, and a stand-in made the forecast",
        "local_shock": "something happened here that other airports did not see",
        "cannot_tell": "what is recorded does not say why the forecast missed",
    }.get(verdict, str(verdict).replace("_", " "))


def _special(facts: Mapping[str, Any]) -> tuple[str, str] | None:
    """Label and headline where those of the verdict would say too much, or too little."""
    verdict, place = facts.get("verdict"), facts.get("standing") or {}
    if facts.get("miss") is None:
        return None
    if verdict == "cannot_tell" and _decided_by(facts) == "interval":
        return UNUSUAL
    if verdict != "expected_noise":
        return None
    return NOISE.get(usualness(facts["miss"], facts["actual"], place.get("percentile")))


def _decided_by(facts: Mapping[str, Any]) -> str | None:
    """Name of the evidence that decided."""
    first = next(iter(facts.get("evidence") or ()), None)
    return None if first is None else str(first["name"])


def _without_verdict(facts: Mapping[str, Any], freq: str | None) -> str:
    if not facts.get("forecast"):
        return "no forecast was made"
    if facts.get("actual") is None:
        return f"{number(facts['forecast']['mean'])} are forecast, and {absent(facts, freq)}"
    return f"the forecast was {_off(facts)}"


def absent(facts: Mapping[str, Any], freq: str | None = None) -> str:
    """Why there is no actual: not yet, or missing amid later months."""
    gap = facts.get("gap")
    if not gap:
        return "no actual is known yet"
    until = period(gap["until"], freq or frequency(facts))
    if gap.get("filled") is None:
        done = "models leave it out"
    else:
        done = f"models are given {number(gap['filled'])} in its place, interpolated"
    return f"the actual is missing in data that go on to {until}; {done}"


def _off(facts: Mapping[str, Any]) -> str:
    """How far off, and on which side: ``12,345 too high (4.1 %)``."""
    miss, share = facts["miss"], facts.get("miss_percent")
    if not miss:
        return "exactly right"
    side = "too high" if miss > 0 else "too low"
    return f"{number(abs(miss))} {side}" + (f" ({number(abs(share))} %)" if share else "")


def _share(facts: Mapping[str, Any]) -> str:
    fleet = facts.get("fleet")
    if not fleet or fleet.get("share_same") is None:
        return ""
    came = "fell far below" if facts["miss"] > 0 else "rose far above"
    return f": {percent(fleet['share_same'])} of {others(fleet)} {came} their forecasts as well"


def others(fleet: Mapping[str, Any]) -> str:
    """The other airports, counted."""
    count = fleet["airports"] - 1
    return "the other airport" if count == 1 else f"{count:,} other airports"


def _better(facts: Mapping[str, Any]) -> str:
    best = next(iter(facts.get("alternatives") or ()), None)
    return f": {alternative(best)} would have come much closer" if best else ""


def alternative(facts: Mapping[str, Any]) -> str:
    """An alternative by its label, and its number where it is a trial."""
    trial = facts.get("trial")
    label = facts.get("label") or facts["kind"]
    return str(label) if trial is None else f"{label} (trial {trial})"


def sort(facts: Mapping[str, Any]) -> str:
    """What sort of alternative it is, and of a trial where it came from: ``trial, tpe``."""
    return ", ".join(dict.fromkeys(str(facts[key]) for key in ("kind", "start") if facts.get(key)))


def kind(facts: Mapping[str, Any]) -> str:
    """What sort of alternative it is: ``trial 11``, ``champion``."""
    trial = facts.get("trial")
    return str(facts["kind"]) if trial is None else f"{facts['kind']} {trial}"


def label(facts: Mapping[str, Any]) -> str | None:
    """The verdict in two or three words, or ``None`` where there is none."""
    verdict = facts.get("verdict")
    if verdict == "cannot_tell" and facts.get("actual") is None:
        return "Missing in the data" if facts.get("gap") else "No actual yet"
    special = _special(facts)
    if special:
        return special[0]
    return LABELS.get(verdict, verdict.replace("_", " ")) if verdict else None


def confidence(facts: Mapping[str, Any]) -> str | None:
    """``high confidence, 96 %``, or ``None`` where there is none."""
    value = facts.get("confidence")
    if value is None or facts.get("verdict") == "cannot_tell":
        return None  # how sure one is of not knowing helps nobody
    size = "high" if value >= HIGH else "fair" if value >= FAIR else "low"
    return f"{size} confidence, {percent(value)}"


def figures(facts: Mapping[str, Any], freq: str | None = None) -> str | None:
    """The sentence of the record, unless it only repeats the headline."""
    sentence = facts.get("sentence")
    return None if not sentence or sentence == headline(facts, freq) else str(sentence)


def unusual(facts: Mapping[str, Any]) -> str | None:
    """The miss in times of the usual error, or ``None``."""
    usual = (facts.get("standing") or {}).get("usual_error")
    return f"{number(abs(facts['miss']) / usual)} times" if usual else None


def among(place: Mapping[str, Any]) -> str | None:
    """The miss among the errors of the backtest: ``larger than 94 % of 48 backtest errors``."""
    share, count = place.get("percentile"), place.get("compared")
    if share is None or not count:
        return None
    if share >= ALL:
        return f"larger than all {count:,} backtest errors"
    if share <= 0:
        return f"smaller than all {count:,} backtest errors"
    return f"larger than {percent(share / ALL)} of {count:,} backtest errors"


def fleet_sentence(facts: Mapping[str, Any]) -> str | None:
    """How the other airports fared that period, or ``None``."""
    fleet = facts.get("fleet")
    if not fleet or fleet.get("share_outside") is None:
        return None
    text = f"{percent(fleet['share_outside'])} of {others(fleet)} lay outside their 95 % interval"
    side = fleet.get("direction")
    if side:
        text += ", on both sides of it" if side == "mixed" else f", most of them {side} it"
    return text


def break_sentence(facts: Mapping[str, Any], freq: str | None = None) -> str | None:
    """When the level changed and whether it has come back since, or ``None``."""
    found = facts.get("break")
    if not found:
        return None
    freq = freq or frequency(facts)
    side = "before" if found["before_cutoff"] > 0 else "after"
    share = "" if found.get("percent") is None else f" by {signed(found['percent'])} %"
    text = f"The level changed{share} in {period(found['began'], freq)}, {side} the cutoff"
    if not found.get("recovered"):
        return f"{text}, and has not come back since."
    when = found.get("recovered_on")
    return f"{text}, and came back" + (f" in {period(when, freq)}." if when else ".")


def period(date: str, freq: str) -> str:
    """A period for people: ``April 2020``, ``Q2 2020``, or its first day."""
    day = dt.date.fromisoformat(date[:10])
    if freq.startswith("M"):
        return f"{day:%B %Y}"
    if freq.startswith("Q"):
        return f"Q{(day.month + 2) // 3} {day.year}"
    return day.isoformat()


def frequency(facts: Mapping[str, Any]) -> str:
    """Period alias of pandas for the explanation, from the neighbouring periods."""
    days = sorted(dt.date.fromisoformat(n["date"][:10]) for n in facts.get("neighbours") or ())
    gaps = {(b - a).days for a, b in pairwise(days)}
    gap = min(gaps, default=0)
    if QUARTERS[0] <= gap <= QUARTERS[1]:
        return "Q"
    first = facts["date"][8:10] == "01"
    return "M" if first and (not gap or MONTHS[0] <= gap <= MONTHS[1]) else "D"
