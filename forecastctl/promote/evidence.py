"""The errors by which a challenger and a champion are compared: of the same airports and periods.

Each is judged by what it would have answered: from its own cutoff. A champion that was trained
earlier looks further ahead, and that is part of what it costs to keep it; how far each looked ahead
stands with the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from forecastctl.errors import ForecastctlError
from forecastctl.promote.comparison import Paired
from forecastctl.records import LONGEST_HORIZON
from forecastctl.records.calendar import ordinals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from forecastctl.monitor.data import Observed
    from forecastctl.records import FittedModel

Errors: TypeAlias = "dict[int, tuple[float, float]]"
"""By number of the period: the mean size of an error, passengers, and the mean lead."""

Fleet: TypeAlias = "Mapping[str, FittedModel]"
Folds: TypeAlias = "tuple[tuple[str, tuple[float, ...]], ...]"
"""Of a backtest: each origin's cutoff, ISO format, and the errors by lead from it, passengers."""


ErrorsOf: TypeAlias = "Callable[[str, FittedModel, int], Errors]"
"""Errors of a model of an airport; realised ones are of periods after the given one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Errors of both models.

    Attributes:
        airports: Names of the airports that are numbered in ``paired``.
        paired: Scaled errors, one cell for each airport and period.
        leads: Mean lead of the challenger and of the champion, periods; 0 without cells.
        left_out: Why airports are not among them.
    """

    airports: tuple[str, ...]
    paired: Paired
    leads: tuple[float, float]
    left_out: Mapping[str, str]


class UnpairedError(Exception):
    """An airport that cannot be compared, and why."""


def realised(challenger: Fleet, champion: Fleet, observed: Iterable[Observed]) -> Evidence:
    """Errors of both models where the truth has come after the cutoffs of both.

    Args:
        challenger: Its models by airport.
        champion: Its models.
        observed: What came true, with periods numbered in the frequency of the models.
    """
    known = {o.airport: o for o in observed}

    def errors(airport: str, model: FittedModel, after: int) -> Errors:
        seen = known.get(airport)
        if seen is None:
            raise UnpairedError("it is not in the data")
        return _realised(model, seen, after)

    return _paired(challenger, champion, errors, errors)


def backtested(
    challenger: Fleet,
    champion: Fleet,
    folds_of_challenger: Callable[[str], Folds],
    folds_of_champion: Callable[[str], Folds],
) -> Evidence:
    """Backtest errors of both models for the periods that both backtests have.

    Args:
        challenger: Its models by airport.
        champion: Its models.
        folds_of_challenger: Reads the backtest of an airport.
        folds_of_champion: The same of the champion.
    """
    return _paired(
        challenger,
        champion,
        lambda airport, model, _: _by_period(folds_of_challenger(airport), model.freq),
        lambda airport, model, _: _by_period(folds_of_champion(airport), model.freq),
    )


def _paired(
    challenger: Fleet, champion: Fleet, of_challenger: ErrorsOf, of_champion: ErrorsOf
) -> Evidence:
    """What both have an error of."""
    cells: list[tuple[int, int, float, float]] = []
    leads: list[tuple[float, float]] = []
    names: list[str] = []
    left_out: dict[str, str] = {}
    for airport in challenger:
        try:
            of_airport = _of_airport(airport, challenger, champion, of_challenger, of_champion)
        except (UnpairedError, ForecastctlError) as error:
            left_out[airport] = str(error)
            continue
        for period, (first, second) in of_airport.items():
            cells.append((len(names), period, first[0], second[0]))
            leads.append((first[1], second[1]))
        names.append(airport)
    columns = np.array(cells, dtype=np.float64).reshape(-1, 4).T
    paired = Paired(columns[0].astype(np.int64), columns[1].astype(np.int64), *columns[2:])
    mean = np.mean(leads, axis=0) if leads else np.zeros(2)
    return Evidence(tuple(names), paired, (float(mean[0]), float(mean[1])), left_out)


def _of_airport(
    airport: str,
    challenger: Fleet,
    champion: Fleet,
    of_challenger: ErrorsOf,
    of_champion: ErrorsOf,
) -> dict[int, tuple[tuple[float, float], tuple[float, float]]]:
    """By period: scaled error and lead of the challenger, and of the champion.

    Raises:
        UnpairedError: There is nothing to compare.
    """
    new, old = challenger[airport], champion.get(airport)
    if old is None:
        raise UnpairedError("the champion has no model of it")
    scale = _scale(new, old)
    after = max(_period(model.cutoff, new.freq) for model in (new, old))
    first, second = of_challenger(airport, new, after), of_champion(airport, old, after)
    both = sorted(set(first) & set(second))
    if not both:
        raise UnpairedError("there is no period that both have an error of")
    return {
        p: ((first[p][0] / scale, first[p][1]), (second[p][0] / scale, second[p][1])) for p in both
    }


def _scale(new: FittedModel, old: FittedModel) -> float:
    """What both errors of an airport are divided by: the champion's scale, where it has one."""
    if new.freq != old.freq:
        raise UnpairedError(f"the frequency was {old.freq} and is {new.freq}")
    scale = old.scale or new.scale
    if not scale:
        raise UnpairedError("its values never differ from those of the season before")
    return scale


def _realised(model: FittedModel, observed: Observed, after: int) -> Errors:
    """Sizes of the errors of what a model answers for the periods after a period."""
    from forecastctl.models.combination.fit_and_predict import predict

    cutoff = _period(model.cutoff, model.freq)
    wanted = (observed.periods > after) & (observed.periods <= cutoff + LONGEST_HORIZON)
    periods = observed.periods[wanted]
    if not len(periods):
        return {}
    mean = predict(model, int(periods.max()) - cutoff, ()).mean
    leads = periods - cutoff
    sizes = np.abs(mean[leads - 1] - observed.y[wanted])
    return {
        period: (size, float(lead))
        for period, size, lead in zip(periods.tolist(), sizes.tolist(), leads.tolist(), strict=True)
    }


def _by_period(folds: Folds, freq: str) -> Errors:
    """Mean size of the errors of a backtest by period, over the origins that forecast it."""
    sizes: dict[int, list[tuple[float, int]]] = {}
    for cutoff, errors in folds:
        start = _period(cutoff, freq)
        for lead, error in enumerate(errors, 1):
            sizes.setdefault(start + lead, []).append((abs(error), lead))
    return {
        period: (float(np.mean([s for s, _ in found])), float(np.mean([lead for _, lead in found])))
        for period, found in sizes.items()
    }


def _period(day: str, freq: str) -> int:
    """Number of the period of a day."""
    return int(ordinals(np.array([day], dtype="datetime64[D]").astype(np.int64), freq)[0])
