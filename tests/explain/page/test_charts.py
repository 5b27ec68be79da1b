"""What the charts of an explanation show, and the picture of them all."""

import struct
import warnings
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from forecastctl.explain.page import charts, words
from forecastctl.explain.page.page import explanation_image, explanation_page
from forecastctl.explain.values import Evidence
from forecastctl.records import FleetPoint, Forecast
from tests.explain.page.cases import make_cases

CASES = make_cases()


def test_history_ends_where_the_path_does_and_holds_the_period():
    answer, view = CASES["system_shock"]
    data = charts.history_data(answer, view)
    assert data.forecast == answer.forecast.mean
    assert data.actual == answer.actual
    assert data.known[0][-1] <= data.path[0][-1]
    assert str(data.known[0][0]) == "2016-03-01"
    assert str(data.began) == "2020-03-01"
    assert not data.revised


def test_revised_values_are_told_from_those_seen():
    answer, view = CASES["local_shock"]
    seen = view.history_y.copy()
    seen[-3] *= 1.5
    data = charts.history_data(answer, replace(view, history_y=seen))
    assert data.revised


def test_one_forecast_per_cutoff_the_one_explained_first():
    answer, _ = CASES["system_shock"]
    again = replace(answer.vintages[0], run_id="other", mean=1.0)
    data = charts.evolution_data(replace(answer, vintages=(again, *answer.vintages)))
    assert len(data.means) == 8
    assert data.means[data.explained] == answer.forecast.mean
    assert list(data.cutoffs) == sorted(data.cutoffs)
    assert data.live == (False,) * 4 + (True,) * 4


def test_parts_lead_from_the_actual_to_the_forecast():
    data = charts.parts_data(CASES["level_shift_before_cutoff"][0])
    assert data.actual + data.values.sum() == pytest.approx(data.forecast, rel=1e-12)


def test_the_neighbours_keep_their_own_scale():
    answer, _ = CASES["local_shock"]
    data = charts.neighbours_data(answer)
    own = next(n for n in answer.neighbours if n.date == answer.date)
    assert data.z[data.at] == own.z
    assert data.bound == charts.BOUND
    tails = replace(answer, evidence=(Evidence("noise", "the miss is large", 4.0, 3.3),))
    assert charts.neighbours_data(tails).bound == 3.3


def test_airports_without_a_ratio_are_left_out_of_the_fleet():
    answer, view = CASES["local_shock"]
    view = replace(view, fleet=(*view.fleet, FleetPoint("Z", 3.0, None, True, True)))
    data = charts.fleet_data(answer, view)
    assert len(data.ratios) == 60
    assert data.own == pytest.approx(100 * answer.actual / answer.forecast.mean)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_picture_of_every_verdict(name):
    answer, view = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = explanation_image(answer, view, "png")
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert width == 1452
    assert 1600 < height < 1800


@pytest.mark.slow
def test_the_svg_holds_text_as_text():
    answer, view = CASES["cannot_tell"]
    svg = explanation_image(answer, view, "svg")
    text = "".join(ET.fromstring(svg).itertext())  # noqa: S314 - our own
    assert "What was forecast, and what came true" in text
    assert "actual 918k" in text
    assert svg == explanation_image(answer, view, "svg")


def test_a_failed_run_with_an_empty_path_and_nothing_stored():
    answer, view = CASES["run_failure"]
    days, none = view.known_ds[:0], view.known_y[:0]
    empty = Forecast("2020-02-01", days, none, none, {})
    bare = {"forecast": empty, "history_ds": days, "history_y": none, "known_ds": days}
    view = replace(view, **bare, known_y=none, fleet=(), vintages=())
    answer = replace(answer, neighbours=(), fleet=None, replay=None, rules=None, actual=None)
    html = explanation_page(answer, view)
    assert "Nothing is recorded about the passengers of this airport." in html
    assert explanation_image(answer, view, "png").startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("actual", [0.0, 1.0, 5e9])
def test_odd_actuals_are_drawn(actual):
    answer, view = CASES["local_shock"]
    known = np.where(view.known_ds == np.datetime64(answer.date), actual, view.known_y)
    miss = answer.forecast.mean - actual
    share = 100 * miss / actual if actual else None
    answer = replace(answer, actual=actual, miss=miss, miss_percent=share)
    view = replace(view, known_y=known)
    assert f"{actual:,.0f}" in explanation_page(answer, view)


def test_periods_by_frequency():
    answer = replace(CASES["expected_noise"][0], date="2020-04-01")
    days = tuple(replace(answer.neighbours[0], date=f"2020-04-0{i}") for i in (1, 2, 3))
    assert words.frequency(replace(answer, neighbours=days)) == "D"
    assert words.frequency(replace(answer, neighbours=())) == "M"


def test_headlines_name_what_they_rest_on():
    assert "408 of 411 other airports (99 %) fell below their 95 % intervals" in words.headline(
        CASES["system_shock"][0]
    )
    assert "seasonal naive would have come" in words.headline(CASES["stale_model"][0])
    waiting = replace(CASES["no_actual"][0], verdict="cannot_tell", confidence=1.0)
    assert words.headline(waiting).endswith("no actual is known yet.")
    assert words.label(waiting) == "No actual yet"
    assert words.confidence(waiting) is None


def test_ids_of_a_drawing_do_not_hang_on_the_last_bit_of_its_layout():
    from matplotlib.figure import Figure

    from forecastctl.explain.page.svg import svg_bytes

    drawings = set()
    for nudge in (0.0, 1e-12):
        figure = Figure(figsize=(4, 3))
        axes = figure.add_axes((0.1, 0.1, 0.8 + nudge, 0.8))
        axes.plot([0, 1], [0, 1], "o-")
        drawings.add(svg_bytes(figure).replace(b"\n", b""))
    (drawing,) = drawings
    assert b"url(#p" in drawing
