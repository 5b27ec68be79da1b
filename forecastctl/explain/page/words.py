"""An explanation in plain words: the headline, numbers, periods."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from forecastctl.explain.size import INSIDE, met, usualness
from forecastctl.figures import number, percent, period, portion, signed, times

if TYPE_CHECKING:
    from forecastctl.explain.values import (
        Alternative,
        Answer,
        Candidate,
        ChangePart,
        FleetFacts,
        Gap,
        Part,
        Reconciled,
        Standing,
    )

LABELS = {
    "expected_noise": "No more than usual",
    "data_problem": "Data problem",
    "level_shift_before_cutoff": "Change overlooked",
    "stale_model": "Out-of-date model",
    "run_failure": "Failed run",
    "local_shock": "Local shock",
    "system_shock": "System-wide shock",
    "calendar": "Calendar",
    "weak_forecast": "Weak forecast",
    "cannot_tell": "Cannot tell",
}
HEADLINES = {
    "expected_noise": "the forecast missed by no more than it usually does",
    "data_problem": "the data, not the forecast, explains the miss",
    "level_shift_before_cutoff": (
        "traffic had changed before the forecast was made, and the model did not follow"
    ),
    "run_failure": "the run failed, and a stand-in made the forecast",
    "local_shock": "something happened here that other airports did not see",
    "calendar": "a feast or the days of the month moved passengers",
    "weak_forecast": "the forecast missed by much, and the model was known to be poor here",
    "cannot_tell": "what is recorded does not say why the forecast missed",
}
"""What a verdict says whatever the numbers are."""

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
}
MET = "Met exactly", "the forecast was met exactly"
NARROW = (
    "Interval too narrow",
    "the forecast missed by little; its interval was narrower than any can be",
)
UNUSUAL = (
    "Unusual, cause not found",
    "an unusual miss, outside the 95 % interval, and nothing on record explains it",
)


def headline(answer: Answer, freq: str | None = None) -> str:
    """The verdict in one sentence without jargon.

    Args:
        answer: What explain answers.
        freq: pandas period alias; guessed from the neighbouring periods where it is not given.
    """
    when = period(answer.date, freq or frequency(answer))
    return f"{answer.airport}, {when}: {_verdict(answer, freq)}."


def _verdict(answer: Answer, freq: str | None) -> str:
    verdict = answer.verdict
    if verdict is None or (answer.actual is None and verdict == "cannot_tell"):
        return _without_verdict(answer, freq)
    special = _special(answer)
    if special:
        return special[1]
    if verdict == "system_shock":
        return f"a shock to the whole system{_share(answer)}"
    if verdict == "stale_model":
        return f"the model was out of date{_better(answer)}"
    if verdict == "run_failure" and answer.forecast is None:
        return "the run failed, so no forecast was made"
    return HEADLINES[verdict]


def _special(answer: Answer) -> tuple[str, str] | None:
    """Label and headline where those of the verdict would say too much, or too little."""
    if answer.miss is None or answer.actual is None:
        return None
    if answer.verdict == "cannot_tell" and answer.decided_by == "interval":
        return UNUSUAL
    if answer.verdict != "expected_noise":
        return None
    if met(answer.miss, answer.actual):
        return MET
    if answer.decided_by == "narrow":
        return NARROW
    percentile = None if answer.standing is None else answer.standing.percentile
    return NOISE.get(usualness(answer.miss, answer.actual, percentile))


def _without_verdict(answer: Answer, freq: str | None) -> str:
    if answer.forecast is None:
        return "no forecast was made"
    if answer.actual is None:
        why = absent(answer.gap, freq or frequency(answer))
        return f"{number(answer.forecast.mean)} are forecast, and {why}"
    return f"the forecast was {_off(answer)}"


def published(made: Reconciled) -> str:
    """What a reconciled forecast has to do with the one that is explained."""
    return (
        f"reconciled by {made.method}, {signed(made.change)}, so that all forecasts add up; "
        "explained is the forecast before that"
    )


def absent(gap: Gap | None, freq: str) -> str:
    """Why there is no actual: not yet, or missing amid later months."""
    if gap is None:
        return "no actual is known yet"
    if gap.filled is None:
        done = "models leave it out"
    else:
        done = f"models are given {number(gap.filled)} in its place, interpolated"
    return f"the actual is missing in data that go on to {period(gap.until, freq)}; {done}"


def _off(answer: Answer) -> str:
    """How far off, and on which side: ``12,345 too high (4.1 %)``."""
    miss, share = answer.miss, answer.miss_percent
    if miss is None or missed_nothing(answer):
        return "exactly right"
    side = "too high" if miss > 0 else "too low"
    return f"{number(abs(miss))} {side}" + (f" ({number(abs(share))} %)" if share else "")


def _share(answer: Answer) -> str:
    fleet = answer.fleet
    if fleet is None or fleet.share_same is None or answer.miss is None:
        return ""
    came = "fell below" if answer.miss > 0 else "rose above"
    others = fleet.airports - 1
    if others == 1:
        return f": the other airport {came} its 95 % interval as well"
    who = portion(fleet.share_same, others, "other airports")
    return f": {who} {came} their 95 % intervals as well"


def _better(answer: Answer) -> str:
    best = next(iter(answer.alternatives), None)
    return f": {alternative(best)} would have come much closer" if best else ""


def alternative(one: Alternative) -> str:
    """An alternative by its label, and its number where it is a trial."""
    return one.label if one.trial is None else f"{one.label} (trial {one.trial})"


def sort(one: Alternative) -> str:
    """What sort of alternative it is, and of a trial where it came from: ``trial, tpe``."""
    return ", ".join(dict.fromkeys(filter(None, (one.kind, one.start))))


def kind(one: Alternative) -> str:
    """What sort of alternative it is: ``trial 11``, ``champion``."""
    return one.kind if one.trial is None else f"{one.kind} {one.trial}"


def label(answer: Answer) -> str | None:
    """The verdict in two or three words, or ``None`` where there is none."""
    if answer.verdict is None:
        return None
    if answer.verdict == "cannot_tell" and answer.actual is None:
        return "Missing in the data" if answer.gap else "No actual yet"
    special = _special(answer)
    return special[0] if special else LABELS[answer.verdict]


def cause(candidate: Candidate) -> str:
    """A cause beside others: ``Data problem (unit seen)``."""
    what = candidate.cause.replace("_", " ")
    return f"{LABELS[candidate.verdict]} ({what})"


def confidence(answer: Answer) -> str | None:
    """``high confidence, 96 %``, or ``None`` where there is none."""
    value = answer.confidence
    if value is None or answer.verdict == "cannot_tell":
        return None  # how sure one is of not knowing helps nobody
    size = "high" if value >= HIGH else "fair" if value >= FAIR else "low"
    return f"{size} confidence, {percent(value)}"


def figures(answer: Answer, freq: str | None = None) -> str | None:
    """The sentence of the record, unless it only repeats the headline."""
    return None if answer.sentence == headline(answer, freq) else answer.sentence


def missed_nothing(answer: Answer) -> bool:
    """Whether the forecast was met exactly."""
    return answer.miss is not None and met(answer.miss, answer.actual or 0.0)


def miss(answer: Answer) -> str:
    """The miss with its sign, zero where the forecast was met but for rounding."""
    return signed(0.0 if missed_nothing(answer) else answer.miss)


def unusual(answer: Answer) -> str | None:
    """The miss in times of the usual error, or ``None``; there is none of no miss."""
    place = answer.standing
    if place is None or answer.miss is None or missed_nothing(answer) or not place.usual_error:
        return None
    return times(abs(answer.miss) / place.usual_error)


def among(place: Standing) -> str | None:
    """The miss among the errors of the backtest: ``larger than 94 % of 48 backtest errors``."""
    share, count = place.percentile, place.compared
    if share is None or not count:
        return None
    if count == 1:
        return "larger than the only backtest error" if share else "smaller than the only one"
    if share >= ALL:
        return f"larger than all {count:,} backtest errors"
    if share <= 0:
        return f"smaller than all {count:,} backtest errors"
    return f"larger than {percent(share / ALL)} of {count:,} backtest errors"


def fleet_sentence(fleet: FleetFacts | None) -> str | None:
    """How the other airports fared that period, or ``None``."""
    if fleet is None or fleet.share_outside is None:
        return None
    count = fleet.airports - 1
    if count == 1:
        text = "the other airport lay " + ("outside" if fleet.share_outside else "inside")
        return f"{text} its 95 % interval"
    text = (
        f"{portion(fleet.share_outside, count, 'other airports')} lay outside their 95 % interval"
    )
    if fleet.direction is None:
        return text
    if fleet.direction == "mixed":
        return f"{text}, on both sides of it"
    return f"{text}, most of them {fleet.direction} it"


def break_sentence(answer: Answer, freq: str) -> str | None:
    """When the level changed and whether it has come back since, or ``None``."""
    broke = answer.break_
    if broke is None:
        return None
    side = "before" if broke.before_cutoff > 0 else "after"
    text = (
        f"The level changed by {signed(broke.percent)} % in {period(broke.began, freq)}, "
        f"{side} the cutoff"
    )
    if not broke.recovered:
        return f"{text}, and has not come back since."
    when = broke.recovered_on
    return f"{text}, and came back" + (f" in {period(when, freq)}." if when else ".")


def changed(one: ChangePart) -> str:
    """A thing that changed a forecast by the name that people know it by."""
    return one.name.replace("_", " ")


def part(one: Part) -> str:
    """A part of a miss by the name that people know it by."""
    return PARTS[one.name]


def frequency(answer: Answer) -> str:
    """Period alias of pandas for the explanation, from the neighbouring periods."""
    days = sorted(dt.date.fromisoformat(n.date) for n in answer.neighbours)
    gaps = {(b - a).days for a, b in pairwise(days)}
    gap = min(gaps, default=0)
    if QUARTERS[0] <= gap <= QUARTERS[1]:
        return "Q"
    first = answer.date[8:10] == "01"
    return "M" if first and (not gap or MONTHS[0] <= gap <= MONTHS[1]) else "D"
