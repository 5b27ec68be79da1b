"""What every model family promises, as tests; see `FamilyContract`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.models import Choice, Fit, Uniform
from forecastctl.models.make import _flatten as flat
from forecastctl.search.space import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecastctl.models import Family
    from forecastctl.records import Options

MOST_OF_STATES = 3000
"""Characters of JSON that the states of a monthly model may take at most: a dozen years."""


def seasonal_data(n: int = 96, season_length: int = 12, seed: int = 0) -> NDArray[np.float64]:
    """Positive data around 1000 with trend, a multiplicative season and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    shape = 1.0 + 0.3 * np.sin(2 * np.pi * t / max(season_length, 2) + seed)
    noise: NDArray[np.float64] = np.exp(0.05 * rng.standard_normal(n))
    return (1000.0 + 3.0 * t) * shape * noise


POSITIVE = seasonal_data(84)
WITH_ZEROS = np.where(np.arange(84) % 17 == 5, 0.0, POSITIVE)
MANY_ZEROS = np.where(np.arange(84) % 5 < 3, 0.0, np.round(POSITIVE / 500.0))

CASES = [
    pytest.param(POSITIVE, 12, id="monthly"),
    pytest.param(WITH_ZEROS, 12, id="zeros"),
    pytest.param(MANY_ZEROS, 12, id="many zeros"),
    pytest.param(seasonal_data(40, 7), 7, id="daily"),
    pytest.param(seasonal_data(110, 52), 52, id="weekly"),
    pytest.param(seasonal_data(30, 1), 1, id="no season"),
    pytest.param(seasonal_data(15), 12, id="short"),
    pytest.param(np.full(60, 500.0), 12, id="constant"),
    pytest.param(np.zeros(60), 12, id="all zero"),
]
"""Series that come up, with the length of their season."""


def draw(space: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One point, in the nested form that Hyperopt hands over."""
    point: dict[str, Any] = {}
    for key, dimension in space.items():
        if isinstance(dimension, Uniform):
            point[key] = float(rng.uniform(dimension.low, dimension.high))
        elif isinstance(dimension, Choice):
            value = dimension.values[rng.integers(len(dimension.values))]
            point[key] = draw(value, rng) if isinstance(value, Mapping) else value
        else:
            point[key] = dimension
    return point


def points(
    family: Family, y: NDArray[np.float64], season_length: int, count: int = 4
) -> Iterator[Options]:
    """Options from a family's space, as a search would hand them over."""
    rng = np.random.default_rng(len(y))
    space = family.space(y, season_length, len(y))
    for _ in range(count if space else 0):
        yield flat(draw(space or {}, rng))


def same(a: Fit, b: Fit) -> bool:
    """Whether two fits are the same to the last bit."""
    return json.dumps([a.params, a.states, a.sigma]) == json.dumps([b.params, b.states, b.sigma])


class FamilyContract:
    """For any family. Define the fixture ``family``, which gives one.

    ::

    class TestMedian(FamilyContract):
        @pytest.fixture
        def family(self):
            return Median()
    """

    @pytest.mark.parametrize(("y", "season_length"), CASES)
    def test_every_point_of_the_space_fits_or_says_why(
        self, family: Family, y: NDArray[np.float64], season_length: int
    ) -> None:
        """And what is fitted comes back from JSON, and forecasts the same bits from there."""
        for options in points(family, y, season_length):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    fit = family.fit(y, season_length, options)
                except ModelError as error:
                    assert error.message  # noqa: PT017 - either outcome is sound
                    continue
            stored = [json.loads(json.dumps(p)) for p in (fit.params, fit.states, fit.sigma)]
            with np.errstate(all="ignore"):
                mean, sd = family.forecast(fit, season_length, options, 15)
                again = family.forecast(Fit(*stored), season_length, options, 15)
            assert mean.shape == sd.shape == (15,)
            assert mean.tobytes() == again[0].tobytes(), options
            assert sd.tobytes() == again[1].tobytes(), options
            assert not np.any(sd < 0), options

    def test_positive_monthly_data_fit_everywhere(self, family: Family) -> None:
        """The forecasts are of the size of the data, and no surer than data with noise allow."""
        for options in points(family, POSITIVE, 12, count=6):
            fit = family.fit(POSITIVE, 12, options)
            mean, sd = family.forecast(fit, 12, options, 12)
            assert np.all(np.abs(mean / POSITIVE[-12:] - 1) < 1.0), options
            assert np.all(sd > 0), options
            assert 0 < fit.sigma < 500, options

    def test_the_same_data_give_the_same_bits(self, family: Family) -> None:
        """No clock, no random numbers, nothing remembered; and the data stay as they are."""
        y = POSITIVE.copy()
        for options in points(family, POSITIVE, 12, count=3):
            first = family.fit(y, 12, options)
            family.fit(2.0 * POSITIVE[::-1].copy(), 12, options)
            assert same(first, family.fit(y, 12, options)), options
            mean, sd = family.forecast(first, 12, options, 7)
            again = family.forecast(first, 12, options, 7)
            assert (mean.tobytes(), sd.tobytes()) == (again[0].tobytes(), again[1].tobytes())
        assert y.tobytes() == POSITIVE.tobytes()

    def test_a_fit_keeps_no_history(self, family: Family) -> None:
        """What is stored grows with the season, not with the series, beyond a few seasons."""
        options = family.starts[0]
        fits = [family.fit(seasonal_data(n), 12, options) for n in (360, 180)]
        sizes = [len(json.dumps(fit.states)) for fit in fits]
        assert max(sizes) < MOST_OF_STATES
        assert abs(sizes[0] - sizes[1]) < 60

    def test_a_shorter_horizon_is_the_start_of_a_longer_one(self, family: Family) -> None:
        options = family.starts[0]
        fit = family.fit(POSITIVE, 12, options)
        long, short = (family.forecast(fit, 12, options, h) for h in (24, 5))
        assert short[0].tobytes() == long[0][:5].tobytes()
        assert short[1].tobytes() == long[1][:5].tobytes()

    def test_starts_lie_in_the_space(self, family: Family) -> None:
        """That of positive data, or of data with many zeros where the family is for these."""
        spaces = (family.space(y, 12, len(y)) for y in (POSITIVE, MANY_ZEROS))
        space = next((found for found in spaces if found is not None), None)
        assert space is not None
        keys = set()
        for options in family.starts:
            assert encode({family.name: space}, family.name, options) is not None, options
            keys.add(json.dumps(options, sort_keys=True))
        assert len(keys) == len(family.starts) > 0

    def test_labels_are_short_and_tell_starts_apart(self, family: Family) -> None:
        labels = [family.label(options) for options in family.starts]
        assert len(set(labels)) == len(labels)
        assert all(0 < len(label) < 80 and label.isprintable() for label in labels)

    @pytest.mark.parametrize("n", [1, 2, 3, 5, 11, 12, 13, 24])
    @pytest.mark.parametrize("season_length", [1, 4, 12, 52])
    def test_a_short_series_is_fitted_or_refused(
        self, family: Family, n: int, season_length: int
    ) -> None:
        """Nothing but `ModelError` leaves a fit, and no space is offered that does not hold up."""
        y = seasonal_data(n, season_length)
        family.space(y, season_length, n)
        for options in family.starts:
            try:
                fit = family.fit(y, season_length, options)
            except ModelError as error:
                assert error.message  # noqa: PT017 - either outcome is sound
                continue
            mean, sd = family.forecast(fit, season_length, options, 3)
            assert mean.shape == sd.shape == (3,)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_what_is_not_finite_never_becomes_a_fit(self, family: Family, bad: float) -> None:
        """Gaps are filled before a family sees a series; a NaN is refused, not passed on."""
        y = POSITIVE.copy()
        y[-5] = bad
        for options in family.starts:
            with pytest.raises(ModelError):
                family.fit(y, 12, options)
