"""A stored forecast, or a stored fit, against the same one made again, bit by bit. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from forecastctl.errors import ForecastctlError
from forecastctl.models.combination.fit_and_predict import predict
from forecastctl.records import Replay, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import FittedModel, Forecast, Specification

IDENTICAL: Final = "bit-identical"
ROUNDED: Final = "equal after rounding"
DIFFERS: Final = "differs"
NOT_STORED: Final = "not stored"

RESULTS = (IDENTICAL, ROUNDED, DIFFERS, NOT_STORED)
"""What a comparison may end with, best first; the last one means that there was none."""

TOLERANCE = 1e-9
"""Values this close, relative to their size, are equal after rounding."""

MOST_PLACES = 5
"""Differences that are named, the largest first."""

_BROKEN = (ForecastctlError, LookupError, TypeError, ValueError, ArithmeticError)


def replay(model: FittedModel, stored: Forecast) -> Replay:
    """Forecast again from a stored model and compare; nothing is estimated.

    Args:
        model: The fitted model behind the forecast.
        stored: The forecast, whose horizon and levels are asked for.

    Returns:
        The comparison; ``differs`` with the reason when the model gives no forecast any more.
    """
    if len(stored.ds) == 0:
        return Replay(DIFFERS, None, ("the stored forecast holds no period",))
    try:
        again = predict(model, len(stored.ds), tuple(stored.intervals))
    except _BROKEN as error:
        return Replay(DIFFERS, None, (f"the stored model gives no forecast: {described(error)}",))
    return compare_forecasts(stored, again)


def compare_forecasts(stored: Forecast, again: Forecast) -> Replay:
    """Compare two forecasts value by value, over the periods and levels that both have.

    Means and bounds count relative to the largest of both values and of the mean of their period,
    so that a bound that touches zero is not called different for its last bit; standard deviations
    relative to the larger of the two. Two missing values (NaN) are equal.

    Args:
        stored: What was recorded.
        again: What was made now.

    Returns:
        The comparison; a difference in cutoff, periods, levels or length alone is ``differs``.
    """
    where = list(_shape(stored, again))
    differences, identical = [], not where
    for name, left, right, scale in _pairs(stored, again):
        identical &= _same_bits(left, right)
        relative = relative_differences(left, right, scale)
        differences += [
            (value, f"{name} {stored.ds[at]}: {both(left[at], right[at])}")
            for at, value in enumerate(relative.tolist())
        ]
    differences.sort(key=lambda one: -one[0])
    largest = differences[0][0] if differences else None
    where += [text for value, text in differences if value > 0.0][: MOST_PLACES - len(where)]
    if identical:
        return Replay(IDENTICAL, 0.0)
    rounded = not _shape_differs(stored, again) and largest is not None and largest <= TOLERANCE
    finite = largest if largest is not None and math.isfinite(largest) else None
    return Replay(ROUNDED if rounded else DIFFERS, finite, tuple(where))


def relative_differences(
    a: NDArray[np.float64], b: NDArray[np.float64], scale: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """``abs(a - b)`` over the largest of ``abs(a)``, ``abs(b)`` and ``abs(scale)``, elementwise.

    Args:
        a: Values, shape ``(n,)``.
        b: Others, shape ``(n,)``.
        scale: Size of a typical value, shape ``(n,)``.

    Returns:
        Shape ``(n,)``: 0 for equal values (two NaN, two equal infinities), infinite where one is
        missing or infinite and the other is not.
    """
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(a), np.abs(b))
        if scale is not None:
            size = np.fmax(size, np.abs(scale))
        found = np.abs(a - b) / size
    found = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, found)
    return np.asarray(np.where(np.isnan(found), np.inf, found))


def both(stored: float, again: float) -> str:
    """Two values in a sentence, with as many digits as tell them apart."""
    texts = f"{stored:,.6g}", f"{again:,.6g}"
    if texts[0] == texts[1] or max(abs(stored), abs(again)) >= 1e6:  # noqa: PLR2004 - 6 digits
        texts = repr(float(stored)), repr(float(again))
    return f"{texts[0]} stored, {texts[1]} now"


def _same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether all values have the same bits; one NaN is like another."""
    bits = a.view(np.uint64) == b.view(np.uint64)
    return bool(np.all(bits | (np.isnan(a) & np.isnan(b))))


def _shape(stored: Forecast, again: Forecast) -> Iterator[str]:
    """What the two do not have in common."""
    if stored.cutoff != again.cutoff:
        yield f"cutoff: {stored.cutoff} stored, {again.cutoff} now"
    if len(stored.ds) != len(again.ds):
        yield f"periods: {len(stored.ds)} stored, {len(again.ds)} now"
    elif not np.array_equal(stored.ds, again.ds):
        yield f"first period: {stored.ds[0]} stored, {again.ds[0]} now"
    if set(stored.intervals) != set(again.intervals):
        yield f"levels: {_listed(stored.intervals)} stored, {_listed(again.intervals)} now"
    lengths = {name: len(values) for name, values in _values(stored)}
    uneven = [f"{name} ({n})" for name, n in lengths.items() if n != len(stored.ds)]
    if uneven:
        yield f"lengths: {len(stored.ds)} periods stored, but {', '.join(uneven)}"


def _shape_differs(stored: Forecast, again: Forecast) -> bool:
    return next(_shape(stored, again), None) is not None


def _listed(levels: Mapping[int, Any]) -> str:
    return ", ".join(map(str, sorted(levels))) or "none"


def _values(forecast: Forecast) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Every quantity of a forecast by name."""
    yield "mean", np.asarray(forecast.mean, dtype=float)
    yield "sd", np.asarray(forecast.sd, dtype=float)
    for level, (lo, hi) in sorted(forecast.intervals.items()):
        yield f"lo-{level}", np.asarray(lo, dtype=float)
        yield f"hi-{level}", np.asarray(hi, dtype=float)


def _pairs(
    stored: Forecast, again: Forecast
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]]:
    """The quantities that both have, cut to the periods that both have, each with its scale."""
    now = dict(_values(again))
    sizes: list[int] = [len(stored.ds), len(again.ds)]
    sizes += [len(values) for _, values in (*_values(stored), *now.items())]
    n = min(sizes)
    mean = np.ascontiguousarray(stored.mean[:n], dtype=float)
    for name, values in _values(stored):
        if name in now:
            left, right = (np.ascontiguousarray(v[:n]) for v in (values, now[name]))
            yield name, left, right, None if name == "sd" else mean


def same_models(a: Specification, b: Specification) -> bool:
    """Whether two specifications have the same models with the same weights, in one order."""
    models = ([(m.model.key, m.weight) for m in one.members] for one in (a, b))
    return next(models) == next(models)


def compare_fits(stored: FittedModel, again: FittedModel) -> Replay:
    """Parameters, states and deviations of two fits of one specification, number by number.

    A list (seasonal states, say) counts relative to its largest value.

    Args:
        stored: What was recorded.
        again: What was fitted now.

    Returns:
        The comparison, with the tolerance of forecasts; other models ``differ``.
    """
    if not same_models(stored.specification, again.specification):
        return Replay(DIFFERS, None, ("the models are others",))
    differences, shapes = [], []
    for name, left, right in _numbers(stored, again):
        if left.shape != right.shape:
            shapes.append(f"{name}: {left.size} values stored, {right.size} now")
            continue
        size = np.full(left.shape, np.max(np.abs(left), initial=0.0))
        relative = relative_differences(left, right, size if left.size > 1 else None)
        at = int(np.argmax(relative)) if relative.size else 0
        if relative.size and relative[at] > 0.0:
            differences.append((float(relative[at]), f"{name}: {both(left[at], right[at])}"))
    differences.sort(key=lambda one: -one[0])
    where = (*shapes, *(text for _, text in differences))[:MOST_PLACES]
    if not where:
        return Replay(IDENTICAL, 0.0)
    largest = differences[0][0] if differences else 0.0
    rounded = not shapes and largest <= TOLERANCE
    return Replay(ROUNDED if rounded else DIFFERS, largest, where)


def _numbers(
    stored: FittedModel, again: FittedModel
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Every number or list of numbers of two fits, by name."""
    yield "spread", _array(stored.spread), _array(again.spread)
    for a, b in zip(stored.members, again.members, strict=True):
        label = a.member.model.label
        yield f"{label} residual sd", _array(a.sigma), _array(b.sigma)
        for left, right in ((a.params, b.params), (a.states, b.states)):
            for name in [*left, *(n for n in right if n not in left)]:
                yield f"{label} {name}", _array(left.get(name, [])), _array(right.get(name, []))


def _array(value: Any) -> NDArray[np.float64]:
    return np.atleast_1d(np.asarray(value, dtype=float))


def worst(results: Sequence[str]) -> str:
    """The worst of several results; those without a comparison count only when all are."""
    compared = [r for r in results if r != NOT_STORED]
    return max(compared, key=RESULTS.index) if compared else NOT_STORED
