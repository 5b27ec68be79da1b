"""Periods that look wrong rather than unusual, as far as one airport alone can tell.

Four kinds, each built to leave real events alone:

- *label*: a calendar month that lies far below (or above) both its neighbours in every year, as
  when another quantity is filed under it. A season's slope is gradual, so that its trough or peak
  is not far from both neighbours at once.
- *unit*: values off by close to a power of ten (`forecastctl.data.prepare.suspects.units`).
- *unpublished*: nothing, or next to nothing, at the end of the series of an airport that is not
  small (`forecastctl.data.prepare.suspects.zeros`).
- *zero*: one or two zeros between months of the usual size (the same module).

`forecastctl.data.prepare.suspects.judging` then compares them with the other airports.
Outliers (`forecastctl.data.prepare.outliers`) are unusual, not wrong, and only ever reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.prepare.suspects.units import find_units
from forecastctl.data.prepare.suspects.zeros import find_amid, find_unpublished
from forecastctl.records.calendar import PERIOD_WORDS, SEASON_LENGTHS, labels

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS = 12
_LISTED = 6
_ZEROS = 3  # at the end, that are called so rather than nothing or next to nothing
_LONGEST_WINDOW = 104  # periods: two years of weeks

_JUMP = 0.5  # log10 of the smallest step that any of the tests asks for

_LABEL_YEARS = 2
_LABEL_EACH = np.log10(4.0)  # in every year
_LABEL_USUAL = np.log10(8.0)  # in the median year
_LABEL_SHARE = 0.9  # of the years that can be judged
_LABEL_SMALLEST = 10.0  # passengers of the smaller neighbour
_LABEL_MOST = 2  # months of a year
_LABEL_ELSEWHERE = 0.1  # of the other months that can be judged, that stand out as much, at most

KINDS = ("label", "unit", "zero", "unpublished")


@dataclass(frozen=True, slots=True)
class Suspects:
    """Positions in a grid that look wrong.

    Attributes:
        unit: Positions with their power of ten.
        label: Calendar months (1 to 12) with the typical factor to their neighbours.
        label_positions: Every position of those months.
        unpublished: Positions at the end that hold nothing, or next to nothing.
        zero: Positions of zeros between months of the usual size.
        sudden: Whether those at the end came at once after the usual level.
    """

    unit: tuple[tuple[int, int], ...] = ()
    label: tuple[tuple[int, float], ...] = ()
    label_positions: tuple[int, ...] = ()
    unpublished: tuple[int, ...] = ()
    zero: tuple[int, ...] = ()
    sudden: bool = False

    def __bool__(self) -> bool:
        return bool(self.unit or self.label or self.unpublished or self.zero)

    @property
    def positions(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted({p for kind in KINDS for p in self.of(kind)}))

    def of(self, kind: str) -> tuple[int, ...]:
        """Positions of one of `KINDS`."""
        if kind == "unit":
            return tuple(p for p, _ in self.unit)
        positions: tuple[int, ...] = getattr(self, "label_positions" if kind == "label" else kind)
        return positions

    def only(self, kind: str) -> Suspects:
        """The suspects of one of `KINDS`."""
        return self.within(self.of(kind), (kind,))

    def within(self, positions: Collection[int], kinds: Collection[str] = KINDS) -> Suspects:
        """Those at some positions; a label error only where all of its positions are there."""
        wanted = set(positions)
        label = "label" in kinds and bool(self.label) and wanted.issuperset(self.label_positions)
        unpublished = self.unpublished if "unpublished" in kinds else ()
        return Suspects(
            unit=tuple(u for u in self.unit if u[0] in wanted) if "unit" in kinds else (),
            label=self.label if label else (),
            label_positions=self.label_positions if label else (),
            unpublished=tuple(p for p in unpublished if p in wanted),
            zero=tuple(p for p in self.zero if p in wanted) if "zero" in kinds else (),
            sudden=self.sudden,
        )

    def without(self, positions: Collection[int]) -> Suspects:
        """Those at other positions."""
        return self.within(set(self.positions) - set(positions))

    def described(self, start: int, freq: str) -> list[str]:
        """One sentence for each kind found.

        Args:
            start: First period of the grid.
            freq: pandas period alias.
        """
        texts = []
        for month, factor in self.label:
            texts.append(
                f"suspected label error: every {MONTH_NAMES[month - 1]} is about {_times(factor)} "
                "its neighbours"
            )
        for power in sorted({k for _, k in self.unit}):
            periods = [start + p for p, k in self.unit if k == power]
            texts.append(
                f"suspected unit error: {_listed(periods, freq)} about {_times(10.0**power)} the "
                "level"
            )
        if self.zero:
            listed = _listed([start + p for p in self.zero], freq)
            texts.append(f"zero amid usual values in {listed}: maybe missing")
        if self.unpublished:
            texts.append(_describe_unpublished(self.unpublished, start, freq))
        return texts


def _describe_unpublished(positions: tuple[int, ...], start: int, freq: str) -> str:
    """The sentence about nothing, or next to nothing, at the end of a series."""
    n, word = len(positions), PERIOD_WORDS[freq[0]]
    since = labels([start + positions[0]], freq)[0]
    if n >= _ZEROS:
        return f"zeros in the last {n} {word}s, since {since}: maybe not published"
    when = f"the last {word}, {since}" if n == 1 else f"the last {n} {word}s, since {since}"
    return f"nothing or next to nothing in {when}: maybe not published"


def _listed(periods: list[int], freq: str) -> str:
    """Names of some periods, cut to a readable number."""
    more = len(periods) - _LISTED
    return ", ".join(labels(periods[:_LISTED], freq)) + (f" and {more} more" if more > 0 else "")


NONE = Suspects()


def _times(factor: float) -> str:
    """``1/120 of`` or ``1,000 times``."""
    return f"1/{1 / factor:,.0f} of" if factor < 1 else f"{factor:,.0f} times"


def window(freq: str, season_length: int) -> int:
    """Periods of the last two seasons, whose faults decide what is forecast."""
    return min(2 * max(season_length, SEASON_LENGTHS[freq[0]]), _LONGEST_WINDOW)


def find_suspects(y: NDArray[np.float64], start: int, freq: str, season_length: int) -> Suspects:
    """Look for the four kinds.

    Args:
        y: Passengers, NaN where missing, first and last observed, shape ``(n,)``.
        start: First period.
        freq: pandas period alias.
        season_length: Periods per season.
    """
    if not _jumps(y):
        return NONE
    recent = window(freq, season_length)
    unpublished, sudden = find_unpublished(y, freq, season_length)
    label, label_positions = _labels(y[: len(y) - len(unpublished)], start, freq)
    rest = y.copy()
    rest[list(label_positions)] = np.nan
    if label and not unpublished:
        unpublished, sudden = find_unpublished(rest, freq, season_length)
    if unpublished and y[unpublished[0] :].any():
        # Next to nothing may also be another unit, which says more.
        last = dict(find_units(rest, freq, season_length, recent))
        unpublished = () if last.keys() >= set(unpublished) else unpublished
    published = rest[: len(y) - len(unpublished)]
    units = find_units(published, freq, season_length, recent - len(unpublished))
    zero = find_amid(published, freq, season_length)
    return Suspects(
        unit=units,
        label=label,
        label_positions=label_positions,
        unpublished=unpublished,
        zero=zero,
        sudden=sudden,
    )


def _jumps(y: NDArray[np.float64]) -> bool:
    """Whether any step is as large as the other tests need; most series have none."""
    z = np.log10(y[~np.isnan(y)] + 1)
    return len(z) > 1 and bool(np.abs(np.diff(z)).max() >= _JUMP)


def _labels(
    y: NDArray[np.float64], start: int, freq: str
) -> tuple[tuple[tuple[int, float], ...], tuple[int, ...]]:
    """Calendar months on another scale than both neighbours, and their positions."""
    n = len(y)
    if freq != "M" or n < _LABEL_YEARS * _MONTHS or not _jumps(y):
        return (), ()
    with np.errstate(invalid="ignore"):
        comparable = np.minimum(y[:-2], y[2:]) >= _LABEL_SMALLEST
    comparable &= ~np.isnan(y[1:-1])
    z = np.log10(y + 1)
    below = z[1:-1] - np.fmin(z[:-2], z[2:])  # the smaller neighbour, where negative
    above = z[1:-1] - np.fmax(z[:-2], z[2:])  # the larger neighbour, where positive
    month = (start + 1 + np.arange(n - 2)) % _MONTHS
    labels_found = []
    for m in range(_MONTHS):
        years = comparable & (month == m)
        if _on_another_scale(below[years]) or _on_another_scale(-above[years]):
            down = np.median(below[years]) < 0
            typical = np.median(below[years] if down else above[years])
            labels_found.append((m + 1, float(10.0**typical)))
    if not 0 < len(labels_found) <= _LABEL_MOST:
        return (), ()
    months = [m for m, _ in labels_found]
    others = comparable & ~np.isin(month + 1, months)
    alone = np.maximum(-below[others], above[others]) >= _LABEL_EACH
    if len(alone) and np.mean(alone) > _LABEL_ELSEWHERE:
        return (), ()  # it has passengers in some months and none in others, whatever the month
    inside = np.isin((start + np.arange(n)) % _MONTHS + 1, months) & ~np.isnan(y)
    return tuple(labels_found), tuple(int(p) for p in np.flatnonzero(inside))


def _on_another_scale(steps: NDArray[np.float64]) -> bool:
    """Whether the steps down from the nearer neighbour are large in every year.

    Args:
        steps: Differences of log10, negative where down, one a year.
    """
    if len(steps) < _LABEL_YEARS:
        return False
    each = np.mean(steps <= -_LABEL_EACH)
    return bool(each >= _LABEL_SHARE and np.median(steps) <= -_LABEL_USUAL)
