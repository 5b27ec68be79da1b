"""What is decided from how a challenger compares, for the fleet and for each group. Pure.

Promoted is a challenger whose errors are smaller than the champion's over the whole fleet with the
stated confidence (or larger by less than a margin, where one is stated), unless it is worse for a
group with the stated confidence over all groups together (Bonferroni's bound). A group of which it
cannot be told does not hold a promotion up: a group is small, and asking each to be better would
refuse almost every challenger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from forecastctl.promote.comparison import FEWEST_PERIODS, Compared, Paired, compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Basis: TypeAlias = Literal["realised", "backtest"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of a challenger.

    Attributes:
        confidence: Between 0.5 and 1.
        margin: How much larger its errors may be, as a share.
    """

    confidence: float = 0.95
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision with its figures.

    Attributes:
        promote: Whether the challenger takes the champion's place.
        reason: Why, in one sentence with the figures.
        fleet: Over all airports.
        groups: By group; its confidence is that of all groups together.
    """

    promote: bool
    reason: str
    fleet: Compared
    groups: Mapping[str, Compared]


def judge(
    paired: Paired, groups: Mapping[str, NDArray[np.bool_]], rule: Rule, basis: Basis
) -> Judged:
    """Decide.

    Args:
        paired: Errors of both models.
        groups: Which cells belong to each group, shape ``(n,)`` each.
        rule: What is asked.
        basis: Where the errors come from.
    """
    fleet = compare(paired, rule.confidence, rule.margin)
    each = 1 - (1 - rule.confidence) / max(len(groups), 1)
    compared = {name: compare(paired.of(mask), each, rule.margin) for name, mask in groups.items()}
    worse = [name for name, one in compared.items() if one.verdict == "worse"]
    promote = fleet.verdict == "better" and not worse
    return Judged(promote, _reason(fleet, compared, worse, rule, basis), fleet, compared)


def _reason(
    fleet: Compared,
    groups: Mapping[str, Compared],
    worse: list[str],
    rule: Rule,
    basis: Basis,
) -> str:
    """Why it is decided so."""
    sure = f"{100 * rule.confidence:g} % confidence"
    said = f"{basis} errors of {_counted(fleet)}"
    if not fleet.airports:
        return f"It cannot be told: both have {basis} errors of no airport and period in common."
    if fleet.ratio is None or fleet.upper is None or fleet.lower is None:
        return f"It cannot be told from the {said}: that is too little to compare."
    figures = f"{difference(fleet.ratio)}, {bounds(fleet)} with {sure}"
    about = f"The challenger's {said} are {figures}"
    asked = "" if not rule.margin else f" than {100 * rule.margin:g} % above the champion's"
    if fleet.verdict == "worse":
        return f"{about}: it is worse{asked}."
    if fleet.verdict == "cannot be told":
        return f"{about}: that it is better{asked} cannot be told."
    if worse:
        first = groups[worse[0]]
        more = f" and {len(worse) - 1} other groups" if len(worse) > 1 else ""
        return (
            f"{about}, but it is worse for {worse[0]}{more}: {difference(first.ratio or 1)}, "
            f"{bounds(first)}."
        )
    return f"{about}: it is better{asked}."


def _counted(fleet: Compared) -> str:
    """How much was compared, and what the confidence cannot be about."""
    periods = f"{fleet.periods} period{'s' if fleet.periods != 1 else ''}"
    airports = f"{fleet.airports:,} airport{'s' if fleet.airports != 1 else ''}"
    few = " (too few periods to know what they share)" if fleet.periods < FEWEST_PERIODS else ""
    return f"{airports} in {periods}{few}"


def difference(ratio: float) -> str:
    """A ratio in words, such as ``5.1 % smaller``."""
    percent = 100 * (ratio - 1)
    return f"{abs(percent):.1f} % {'smaller' if percent < 0 else 'larger'}"


def bounds(compared: Compared) -> str:
    """The two bounds as changes in percent, such as ``-7.0 to -3.1 %``."""
    lower, upper = compared.lower or 0.0, compared.upper or 0.0
    return f"{100 * (lower - 1):+.1f} to {100 * (upper - 1):+.1f} %"
