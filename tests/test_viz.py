"""Charts: the data is pure, the picture is a picture."""

import struct
import warnings
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.records import Forecast, Series, future_ds
from forecastctl.viz import draw_forecast, forecast_data
from forecastctl.viz.forecast import forecast_figure


def example(n=30, h=6, airport="JFK"):
    ds = np.arange("2015-01", np.datetime64("2015-01") + n, dtype="datetime64[M]")
    series = Series(airport, "M", 12, ds.astype("datetime64[D]"), np.arange(n) + 100.0, "d")
    mean = np.full(h, 130.0)
    bands = {80: (mean - 5, mean + 5), 95: (mean - 9, mean + 9)}
    cutoff = str(series.ds[-3])
    return series, Forecast(cutoff, future_ds(cutoff, "M", h), mean, np.ones(h), bands)


def test_history_ends_at_the_cutoff():
    series, forecast = example()
    data = forecast_data(series, forecast, "HW")
    assert str(data.history_ds[-1]) == forecast.cutoff
    assert data.history_y[-1] == series.y[-3]
    assert data.ds[0] > data.history_ds[-1]


def test_long_histories_are_shortened():
    series, forecast = example(n=400)
    assert len(forecast_data(series, forecast, "HW").history_y) == 96


@pytest.mark.parametrize("airport", ["JFK", "$x$ \\frac", "✈️" * 3, "x" * 200, "two\nlines"])
def test_the_picture_is_a_png_of_the_expected_size(airport):
    series, forecast = example(airport=airport)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = draw_forecast(forecast_data(series, forecast, "mean of 2: $A$ + B"))
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (1012, 418)


@pytest.mark.parametrize(("end", "top", "said"), [
    (200.0, 230.0, []),  # an ordinary fan is drawn whole
    (15_800_000.0, 1.15 * 1.4 * 130, ["beyond the chart: 95 % up to 15.8M"]),
])  # fmt: skip
def test_a_fan_that_dwarfs_the_history_is_cut_and_says_how_wide_it_is(end, top, said):
    series, forecast = example()
    fan = {**forecast.intervals, 95: (forecast.mean - 9, np.full(6, end))}
    figure = forecast_figure(forecast_data(series, replace(forecast, intervals=fan), "HW"))
    (axes,) = figure.axes
    assert axes.get_ylim() == pytest.approx((0, top))
    assert [t.get_text() for t in axes.texts] == said


def test_equal_data_gives_equal_bytes():
    data = forecast_data(*example(), "HW")
    assert draw_forecast(data) == draw_forecast(data)
