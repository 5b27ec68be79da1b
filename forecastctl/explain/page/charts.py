"""What the charts of an explanation show; a sentence where there is nothing to show. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from forecastctl.explain.page import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.explain.values import Answer, Interval, Vintage
    from forecastctl.records.explanation import ExplainView, FleetPoint

    Days: TypeAlias = NDArray[np.datetime64]
    Values: TypeAlias = NDArray[np.float64]

SEASONS_SHOWN = 4
SEASON_LEAST = 6
PATHS_SHOWN = 60
ALTERNATIVES_SHOWN = 8
BOUND = 3.0
_NONE = "No forecast of this period is stored."
_NO_ACTUAL = "Without an actual of this period there is nothing to compare."
_ALONE = "Forecasts of this period are stored from one cutoff alone."


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a chart is not there, in one sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """The airport's passengers around the period, and the forecast.

    ``seen`` is the series as the model saw it, ``known`` as it is known now; both cut to the
    window shown. ``path`` is empty where no forecast was made.
    """

    seen: tuple[Days, Values]
    known: tuple[Days, Values]
    path: tuple[Days, Values]
    intervals: Mapping[int, tuple[Values, Values]]
    date: np.datetime64
    forecast: float | None
    actual: float | None
    cutoff: np.datetime64 | None
    began: np.datetime64 | None
    revised: bool


@dataclass(frozen=True, slots=True)
class PathsChart:
    """Every stored path through the period, oldest first, and what came true."""

    known: tuple[Days, Values]
    paths: tuple[tuple[Days, Values, bool], ...]
    date: np.datetime64
    actual: float | None


@dataclass(frozen=True, slots=True)
class EvolutionChart:
    """The newest forecast of the period from each cutoff, oldest first."""

    cutoffs: Days
    means: Values
    intervals: Mapping[str, tuple[Values, Values]]
    live: tuple[bool, ...]
    explained: int | None
    actual: float | None


@dataclass(frozen=True, slots=True)
class NeighboursChart:
    """Misses of the airport's own periods around the one explained, in usual errors."""

    dates: Days
    z: Values
    at: int | None
    bound: float


@dataclass(frozen=True, slots=True)
class FleetChart:
    """Actual over forecast of every airport in the period, in percent."""

    ratios: Values
    outside: tuple[bool, ...]
    own: float | None
    airport: str


@dataclass(frozen=True, slots=True)
class PartsChart:
    """From the actual to the forecast, part by part."""

    names: tuple[str, ...]
    values: Values
    actual: float
    forecast: float


@dataclass(frozen=True, slots=True)
class AlternativesChart:
    """What other models would have said, best first."""

    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Values
    forecast: float
    actual: float


def history_data(answer: Answer, view: ExplainView) -> HistoryChart | Missing:
    """The last seasons before the cutoff, the path, and what has come true since."""
    made = answer.forecast
    path = view.forecast if made else None
    day = np.datetime64(view.date, "D")
    cutoff = None if path is None else np.datetime64(path.cutoff, "D")
    season = max(view.season_length, SEASON_LEAST)
    seen = (view.history_ds, view.history_y)
    known = _observed(answer, view)
    if not len(known[0]) and not len(seen[0]):
        return Missing("Nothing is recorded about the passengers of this airport.")
    before = np.concatenate([seen[0], known[0]])
    before = np.unique(before[before <= (day if cutoff is None else cutoff)])
    first = before[-SEASONS_SHOWN * season :][0] if len(before) else day
    after = known[0][known[0] > day][:season]
    ends = [day, *after[-1:], *(() if path is None else path.ds[-1:])]
    seen, known = _window(seen, first, max(ends)), _window(known, first, max(ends))
    broke = answer.break_
    began = np.datetime64(broke.began, "D") if broke else None
    return HistoryChart(
        seen=seen,
        known=known,
        path=(seen[0][:0], seen[1][:0]) if path is None else (path.ds, path.mean),
        intervals={} if path is None else path.intervals,
        date=day,
        forecast=made.mean if made else None,
        actual=answer.actual,
        cutoff=cutoff,
        began=began if began is not None and first <= began <= max(ends) else None,
        revised=_revised(seen, known),
    )


def _observed(answer: Answer, view: ExplainView) -> tuple[Days, Values]:
    """What is known; no value in the period explained where it was put in for want of one."""
    if answer.gap is None:
        return view.known_ds, view.known_y
    absent = view.known_ds == np.datetime64(view.date, "D")
    return view.known_ds, np.where(absent, np.nan, view.known_y)


def _window(
    series: tuple[Days, Values], first: np.datetime64, last: np.datetime64
) -> tuple[Days, Values]:
    ds, y = series
    inside = (ds >= first) & (ds <= last)
    return ds[inside], y[inside]


def _revised(seen: tuple[Days, Values], known: tuple[Days, Values]) -> bool:
    """Whether a value that the model saw is another one now."""
    _, a, b = np.intersect1d(seen[0], known[0], assume_unique=True, return_indices=True)
    return not np.allclose(seen[1][a], known[1][b], rtol=1e-9, equal_nan=True)


def paths_data(answer: Answer, view: ExplainView) -> PathsChart | Missing:
    """At most `PATHS_SHOWN` stored paths, those of the latest cutoffs."""
    if len(view.vintages) < 2:  # noqa: PLR2004 - one is in the first chart already
        return Missing("No other forecast of this period is stored." if view.vintages else _NONE)
    made = None if answer.forecast is None else answer.forecast.cutoff
    shown = view.vintages[:PATHS_SHOWN][::-1]
    first = min(p.ds[0] for p in shown) - np.timedelta64(180, "D")
    last = max(p.ds[-1] for p in shown)
    explained = next((p for p in view.vintages if p.cutoff == made), None)
    return PathsChart(
        _window(_observed(answer, view), first, last),
        tuple((p.ds, p.mean, p is explained) for p in shown),
        np.datetime64(view.date, "D"),
        answer.actual,
    )


def evolution_data(answer: Answer) -> EvolutionChart | Missing:
    """One forecast by cutoff: the one explained, else the newest made."""
    made = None if answer.forecast is None else answer.forecast.run_id
    newest: dict[str, Vintage] = {}
    for vintage in answer.vintages:
        if vintage.cutoff not in newest or vintage.run_id == made:
            newest[vintage.cutoff] = vintage
    rows = [newest[c] for c in sorted(newest)]
    if len(rows) < 2:  # noqa: PLR2004 - nothing evolved
        return Missing(_ALONE if rows else _NONE)
    explained = [i for i, v in enumerate(rows) if v.run_id == made]
    levels = [k for k in rows[0].intervals if all(k in v.intervals for v in rows)]
    return EvolutionChart(
        cutoffs=np.array([v.cutoff for v in rows], "datetime64[D]"),
        means=np.array([v.mean for v in rows]),
        intervals={k: _ends([v.intervals[k] for v in rows]) for k in levels},
        live=tuple(v.origin != "backtest" for v in rows),
        explained=explained[0] if explained else None,
        actual=answer.actual,
    )


def _ends(bands: Sequence[Interval]) -> tuple[Values, Values]:
    return np.array([b.lo for b in bands]), np.array([b.hi for b in bands])


def neighbours_data(answer: Answer) -> NeighboursChart | Missing:
    """Misses around the period, the one explained among them."""
    rows = {n.date: n.z for n in answer.neighbours if n.z is not None}
    day, place = answer.date, answer.standing
    if answer.actual is None:
        return Missing(_NO_ACTUAL)
    if not rows:
        return Missing("No neighbouring period has both a stored forecast and an actual.")
    if place is not None and answer.miss is not None:
        own = answer.miss / place.usual_error if place.usual_error else place.z
        if own is not None:
            rows.setdefault(day, own)
    dates = sorted(rows)
    return NeighboursChart(
        np.array(dates, "datetime64[D]"),
        np.array([rows[d] for d in dates], dtype=float),
        dates.index(day) if day in rows else None,
        next((e.threshold for e in answer.evidence if e.name == "noise" and e.threshold), BOUND),
    )


def fleet_data(answer: Answer, view: ExplainView) -> FleetChart | Missing:
    """Ratios of the airports that have one, this one apart."""
    points: list[FleetPoint] = [p for p in view.fleet if p.ratio is not None]
    if not points and answer.actual is None:
        return Missing(_NO_ACTUAL)
    if not points:
        return Missing(
            "No other airport has a forecast and an actual of this period: local and system-wide "
            "causes cannot be told apart."
        )
    made, actual = answer.forecast, answer.actual
    own = None
    if made is not None and actual is not None and made.mean > 0:
        own = 100 * actual / made.mean
    return FleetChart(
        np.array([100 * p.ratio for p in points if p.ratio is not None]),
        tuple(p.outside for p in points),
        own,
        view.airport,
    )


def parts_data(answer: Answer) -> PartsChart | Missing:
    """The parts in the order of the record."""
    parts, made, actual = answer.parts, answer.forecast, answer.actual
    if actual is None:
        return Missing(_NO_ACTUAL)
    if not parts or made is None:
        return Missing("The miss was not split into parts.")
    return PartsChart(
        tuple(map(words.part, parts)),
        np.array([p.value for p in parts], dtype=float),
        actual,
        made.mean,
    )


def alternatives_data(answer: Answer) -> AlternativesChart | Missing:
    """The best alternatives."""
    rows, made, actual = answer.alternatives, answer.forecast, answer.actual
    if made is not None and actual is None:
        return Missing(_NO_ACTUAL)
    if not rows or made is None or actual is None:
        return Missing("No alternative to this forecast is recorded.")
    shown = rows[:ALTERNATIVES_SHOWN]
    return AlternativesChart(
        tuple(a.label for a in shown),
        tuple(words.kind(a) for a in shown),
        np.array([a.value for a in shown], dtype=float),
        made.mean,
        actual,
    )
