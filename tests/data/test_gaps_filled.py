"""Whether a hole is filled on logarithms or in a line."""

import numpy as np
import pytest

from forecastctl.data.prepare.gaps import interpolate


def test_a_hole_in_growing_months_is_filled_on_logarithms():
    """A fifth more every month: the three months between are a fifth more each, not in a line."""
    y = 1000.0 * 1.2 ** np.arange(60)
    hidden = y.copy()
    hidden[30:33] = np.nan
    assert interpolate(hidden, 12)[30:33] == pytest.approx(y[30:33], rel=1e-9)


def test_where_a_value_is_zero_or_a_season_is_unknown_they_are_filled_in_a_line():
    y = 1000.0 * 1.2 ** np.arange(60)
    y[0] = 0.0
    y[30:33] = np.nan
    line = np.linspace(y[29], y[33], 5)[1:-1]
    assert interpolate(y, 12)[30:33] == pytest.approx(line, rel=0.02)
    short = 1000.0 * 1.2 ** np.arange(25)
    short[10:13] = np.nan  # 22 of the 24 values that two seasons have
    line = np.linspace(short[9], short[13], 5)[1:-1]
    assert interpolate(short, 12)[10:13] == pytest.approx(line, rel=1e-12)
