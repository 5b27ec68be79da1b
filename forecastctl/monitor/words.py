"""The results of the monitor, in sentences for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl import figures
from forecastctl.monitor.tests_of_errors import TESTS
from forecastctl.records.calendar import PERIOD_WORDS, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.monitor.tests_of_errors import JudgedErrors

MOST_SHARE = 0.5
"""Share of the scored airports from which on most of the fleet is degraded."""

SECOND_TEST = 10.0
"""A second test is named where its p-value is at most so many times the smallest."""

ROUNDING = 1e-9
"""Standard deviations by which an actual at the end of its interval may seem outside."""

LEAST_AIRPORTS = 3
"""Fewer scored airports than this are no fleet."""


def degraded(
    judged: JudgedErrors, facts: Mapping[str, Any], z: NDArray[np.float64], freq: str
) -> str:
    """Why an airport counts as degraded: the one or two tests with the smallest p-values."""
    first, second = sorted(TESTS, key=lambda name: judged.ps[name])[:2]
    texts = [_statement(first, judged, facts, z, freq)]
    if judged.ps[second] <= SECOND_TEST * judged.ps[first]:
        texts.append(_statement(second, judged, facts, z, freq))
    return f"{'; '.join(texts)} (p {number(judged.p)})"


def too_wide(
    facts: Mapping[str, Any], freq: str, p: float | None = None, *, fleet: bool = False
) -> str:
    """Why the intervals of an airport count as far too wide.

    Args:
        facts: Its measures.
        freq: Frequency of the periods.
        p: Probability of errors that are as small, where the airport is judged alone.
        fleet: Whether it is judged with most of the fleet.
    """
    n, ratio = counted(int(facts["n"]), freq), figures.number(facts["ratio"])
    shared = ", as those of most airports" if fleet else ""
    known = f" (p {number(p)})" if p is not None else ""
    return (
        f"intervals far too wide{shared}: errors over {n} are {ratio} of what they led to expect"
        f"{known}"
    )


def _statement(
    test: str, judged: JudgedErrors, facts: Mapping[str, Any], z: NDArray[np.float64], freq: str
) -> str:
    """What one test says, in words."""
    n = counted(int(facts["n"]), freq)
    if test == "size":
        if facts["ratio"] is None:
            return f"errors over {n} where the backtest led to expect none"
        ratio = f"{facts['ratio']:.1f}" if facts["ratio"] >= 1 else figures.number(facts["ratio"])
        return f"errors over {n} are {ratio} times what the backtest led to expect"
    if test == "bias":
        return f"forecasts are too {_side(facts['bias'])}{_percent(facts)} on average"
    if test == "drift":
        return f"forecasts have become too {_side(z[-1])}, {_same_sign(z, freq)}"
    level = int(test.removeprefix("coverage"))
    usual = len(z) * (1 - level / 100)
    outside = round(judged.statistics[test])
    return f"{outside} of {n} lie outside the {level} % interval where {usual:.1f} are expected"


def _side(error: float) -> str:
    return "high" if error > 0 else "low"


def _percent(facts: Mapping[str, Any]) -> str:
    share = facts["bias_percent"]
    if share is None:
        return ""
    return f" by {f'{abs(share):.1f}' if abs(share) >= 1 else figures.number(abs(share))} %"


def _same_sign(z: NDArray[np.float64], freq: str) -> str:
    """How long the newest errors have had one sign."""
    same = 0
    for value in z[::-1]:
        if value * z[-1] <= 0:
            break
        same += 1
    word = PERIOD_WORDS[freq[0]]
    return f"each of the last {counted(same, freq)}" if same > 1 else f"in the last {word}"


def number(p: float) -> str:
    """A probability for people; ``--json`` has it whole."""
    return f"= {p:.2g}" if p >= 0.001 else "< 0.001"  # noqa: PLR2004


def fleet_sentence(fleet: Mapping[str, Any]) -> str:
    """How many airports are degraded, how many chance alone would name, and what all share."""
    scored, bad, chance = fleet["scored"], fleet["degraded"], fleet["expected_false_alarms"]
    were = "airport" if scored == 1 else "airports"
    text = f"{bad} of {scored} scored {were} degraded"
    text += f"; chance alone would name {chance:.2g}." if bad else "."
    if fleet["too_wide"]:
        have = "has" if fleet["too_wide"] == 1 else "have"
        text += f" {fleet['too_wide']:,} {have} intervals that are far too wide."
    if not fleet["system"]:
        return text
    actuals_are = fleet["direction"]
    side = f", actuals {actuals_are} the forecasts" if actuals_are in ("above", "below") else ""
    return (
        f"{text} Most of the fleet is off at once{side}: rather a shock that all share than bad "
        "tuning. A search on data from before it will not help; 'forecastctl explain' says more."
    )


def direction(signs: list[int]) -> str | None:
    """Where the actuals of degraded airports lie: ``above`` or ``below`` forecasts, or mixed."""
    if not signs:
        return None
    above, below = signs.count(-1), signs.count(1)
    if max(above, below) < MOST_SHARE * len(signs) or above == below:
        return "mixed"
    return "above" if above > below else "below"


def inside(z: NDArray[np.float64], width: float) -> float:
    """Share of the actuals inside intervals of this half width, in standard deviations."""
    return float((abs(z) <= width + ROUNDING).mean())
