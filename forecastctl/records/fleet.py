"""What was learned from all airports of a fleet together, as of some days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Line:
    """A linear regression of a period on the periods before it, over all windows of a fleet.

    Attributes:
        weights: Of the periods before it, the oldest first; all values of a window are in means of
            these periods.
        sd: Standard deviation of what it leaves over, in means of a window.
        windows: How many windows it was learned from.
        airports: How many airports they are of.
    """

    weights: tuple[float, ...]
    sd: float
    windows: int = 0
    airports: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "weights": list(self.weights),
            "sd": self.sd,
            "windows": self.windows,
            "airports": self.airports,
        }


@dataclass(frozen=True, slots=True)
class FleetLines:
    """Lines by the last period that they have seen, and by the label of their model.

    A model that is fitted to the data up to a day takes the line of that day, so that a backtest
    knows nothing of what came later at any airport.

    Attributes:
        by_day: First day of the last period, ISO format, to lines by label.
        always: Whether each line holds on any day: what is asked is how a model that was fitted
            once would have answered to other data.
    """

    by_day: Mapping[str, Mapping[str, Line]]
    always: bool = False

    def line(self, day: str, label: str) -> Line | None:
        """The line of a model as of a day, or ``None`` where there is none."""
        if self.always:
            found = (lines[label] for lines in self.by_day.values() if label in lines)
            return next(found, None)
        return self.by_day.get(day, {}).get(label)

    def known(self, days: Iterable[str], label: str) -> bool:
        """Whether there is a line of a model as of each of these days."""
        return all(self.line(day, label) is not None for day in days)

    def only(self, days: Iterable[str]) -> FleetLines:
        """Those of some days."""
        return FleetLines({day: self.by_day[day] for day in days if day in self.by_day})

    def weights(self) -> dict[str, tuple[float, ...]]:
        """Weights by label, of the newest day that has any."""
        days = (lines for _, lines in sorted(self.by_day.items()))
        return {label: line.weights for lines in days for label, line in lines.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            day: {label: line.to_dict() for label, line in lines.items()}
            for day, lines in sorted(self.by_day.items())
        }
