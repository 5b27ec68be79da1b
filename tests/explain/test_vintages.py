"""What changed the number from one forecast of a month to the next."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.errors import UsageError
from forecastctl.explain.parts.between_vintages import ORDER, VintageInput, split_change
from forecastctl.models import family
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.make import make_model
from forecastctl.records import Member, Specification
from tests.series import make_series, seasonal_data

HW = {"trend": "damped", "seasonal": "mul", "transform": "none", "initial": "estimated"}
HW = {**HW, "smoothing": "estimated"}
GIVEN = {"smoothing": "given", "alpha": 0.4, "beta": 0.1, "gamma": 0.3, "phi": 0.95}
NAIVE = ("seasonal_naive", {"drift": True})
ETS = ("ets", {"error": "mul", "trend": "add", "seasonal": "mul", "initial": "heuristic"})
SARIMA = ("sarimax", {"p": 1, "d": 0, "q": 1, "P": 0, "D": 1, "Q": 1, "drift": True})
LOG = ("sarimax", {"p": 0, "d": 1, "q": 1, "P": 0, "D": 1, "Q": 1, "transform": "log"})
LOG_HW = ("holt_winters", {**HW, "trend": "add", "seasonal": "add", "transform": "log"})
ANNUAL = ("annual", {"drift": 0.75, "gamma": 0.3, "recent": 0.5, "transform": "none"})
CES = ("ces", {"seasonal": "full", "transform": "none"})
THETA = ("theta", {"theta": "standard", "seasonal": "mul", "transform": "none"})
CHOICES = [NAIVE, ("holt_winters", HW), LOG_HW, ETS, SARIMA, LOG, ANNUAL, CES, THETA]


def spec(*choices):
    members = (Member(make_model(f, o), 1 / len(choices)) for f, o in choices)
    return Specification(tuple(members))


def cut(series, n):
    return replace(series, ds=series.ds[:n], y=series.y[:n])


def vintage(series, specification, target, **changes):
    model, _ = fit(series, specification)
    cutoff = dt.date.fromisoformat(model.cutoff)
    lead = (target.year - cutoff.year) * 12 + target.month - cutoff.month
    mean = float(predict(model, 36).mean[lead - 1])
    return VintageInput(mean, model, series, lead, 36, **changes)


def values(change):
    return {part.name: part.value for part in change.parts}


TARGET = dt.date(2009, 6, 1)


@pytest.fixture(scope="module")
def data():
    return make_series(seasonal_data(96))


def test_only_what_changed_has_a_share(data):
    older = vintage(cut(data, 90), spec(ETS), TARGET)
    same = split_change(older, older, TARGET)
    assert set(values(same).values()) == {0.0}
    assert same.notes == ()
    newer = vintage(data, spec(ETS), TARGET)
    found = values(split_change(older, newer, TARGET))
    assert found["data_added"] != 0
    assert found["parameters"] != 0
    assert found["data_revised"] == found["specification"] == found["code"] == 0.0
    other = values(split_change(older, vintage(cut(data, 90), spec(SARIMA), TARGET), TARGET))
    assert {k for k, v in other.items() if v} == {"specification"}


def test_added_data_alone_move_a_naive_forecast_without_drift(data):
    specification = spec(("seasonal_naive", {"drift": False}))
    older = vintage(cut(data, 86), specification, TARGET)  # up to 2008-02: June 2007 is the last
    newer = vintage(data, specification, TARGET)
    found = split_change(older, newer, TARGET)
    assert found.difference == data.y[89] - data.y[77]
    assert {k for k, v in values(found).items() if v} == {"data_added"}


def test_revised_data_are_told_apart_and_described(data):
    y = data.y.copy()
    y[60] *= 2
    revised = replace(data, y=y)
    older = vintage(cut(data, 90), spec(ETS), TARGET)
    alone = split_change(older, vintage(cut(revised, 90), spec(ETS), TARGET), TARGET)
    assert {k for k, v in values(alone).items() if v} == {"data_revised"}
    assert "1 revised; most of all 2006-01-01" in alone.notes[0]
    longer = split_change(older, vintage(revised, spec(ETS), TARGET), TARGET)
    assert values(longer)["data_revised"] == pytest.approx(alone.difference, rel=1e-9)
    assert values(longer)["data_added"] != 0


def test_periods_that_are_gone_or_new_count_as_revised(data):
    later = replace(data, ds=data.ds[12:], y=data.y[12:])
    older = vintage(cut(data, 90), spec(NAIVE), TARGET)
    found = split_change(older, vintage(later, spec(NAIVE), TARGET), TARGET)
    assert found.notes[0].endswith("12 no longer there")


def test_what_cannot_be_reproduced_is_code_and_names_the_record(data):
    made = {"versions": "numpy=1.0 scipy=1.1", "code": "abc", "environment": "e1"}
    older = vintage(cut(data, 90), spec(ETS), TARGET, **made)
    older = replace(older, mean=older.mean + 7.0)
    made = {"versions": "numpy=2.0 scipy=1.1", "code": "abc", "environment": "e2"}
    newer = vintage(data, spec(ETS), TARGET, **made)
    newer = replace(newer, mean=newer.mean + 4.0)
    found = split_change(older, newer, TARGET)
    assert values(found)["code"] == pytest.approx(-3.0)
    assert found.notes == ("code: numpy 1.0 to 2.0",)
    same = replace(newer, versions=older.versions, environment="e1")
    assert "shows no change" in split_change(older, same, TARGET).notes[0]
    machine = replace(newer, versions=older.versions)
    assert "machine" in split_change(older, machine, TARGET).notes[0]


def test_a_family_without_recursion_is_fitted_again_and_says_so(data):
    alone = vintage(cut(data, 90), spec(ANNUAL), TARGET), vintage(data, spec(ANNUAL), TARGET)
    found = split_change(*alone, TARGET)
    assert values(found)["data_added"] == found.difference != 0.0
    assert found.notes == (
        "Annual drift 0.75: parameters cannot be held, and are part of data_added",
    )
    both = spec(ANNUAL, ETS)
    mixed = split_change(vintage(cut(data, 90), both, TARGET), vintage(data, both, TARGET), TARGET)
    only = split_change(
        vintage(cut(data, 90), spec(ETS), TARGET), vintage(data, spec(ETS), TARGET), TARGET
    )
    assert values(mixed)["parameters"] == pytest.approx(values(only)["parameters"] / 2, rel=1e-6)


def test_a_step_that_cannot_be_fitted_is_left_out_with_a_note(data):
    y = data.y.copy()
    y[60] = 0.0  # no multiplicative errors any more
    older = vintage(cut(data, 90), spec(ETS), TARGET)
    found = split_change(older, vintage(replace(data, y=y), spec(NAIVE), TARGET), TARGET)
    assert [n for n in found.notes if n.startswith("data_revised is part of what follows: ")]
    assert [n for n in found.notes if n.startswith("parameters is part of what follows: ")]
    assert (
        values(found)["data_revised"] == values(found)["parameters"] == values(found)["code"] == 0
    )
    assert values(found)["data_added"] != 0
    assert sum(values(found).values()) == pytest.approx(found.difference, rel=1e-9)


def test_the_parts_stand_in_their_order(data):
    older, newer = vintage(cut(data, 90), spec(NAIVE), TARGET), vintage(data, spec(ETS), TARGET)
    found = split_change(older, newer, TARGET)
    assert (found.from_, found.to) == ("2008-06-01", "2008-12-01")
    assert found.order == ORDER == tuple(part.name for part in found.parts)
    assert found.difference == newer.mean - older.mean


def test_refusals(data):
    older, newer = vintage(cut(data, 90), spec(NAIVE), TARGET), vintage(data, spec(NAIVE), TARGET)
    with pytest.raises(UsageError, match="after"):
        split_change(newer, older, TARGET)
    with pytest.raises(UsageError, match="periods after the cutoff"):
        split_change(older, newer, dt.date(2009, 7, 1))
    with pytest.raises(UsageError, match="periods after the cutoff"):
        split_change(older, replace(newer, lead=3), TARGET)


@st.composite
def changes(draw):
    """Two vintages of a random series: added, revised, another specification, other code."""
    seed = draw(st.integers(0, 10_000))
    level = draw(st.sampled_from([3.0, 900.0, 5e6]))
    y = seasonal_data(90, seed=seed, level=level, trend=draw(st.floats(0, level / 100)))
    y = np.maximum(y, 0.01 * level)
    first = draw(st.integers(60, 90))
    revised = y.copy()
    for at in draw(st.lists(st.integers(0, 89), max_size=3)):
        revised[at] *= draw(st.floats(0.5, 2.0))
    chosen = [draw(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=2)) for _ in range(2)]
    if draw(st.booleans()):
        chosen[1] = chosen[0]
    slips = draw(st.tuples(*[st.sampled_from([0.0, 0.0, 1e-12, 0.01])] * 2))
    return y, revised, first, chosen, slips


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(changes())
def test_parts_sum_to_the_difference(drawn):
    y, revised, first, chosen, slips = drawn
    target = dt.date(2008, 11, 1)  # the 95th month
    inputs = []
    for passengers, n, choices, slip in zip((y, revised), (first, 90), chosen, slips, strict=True):
        made = vintage(cut(make_series(passengers), n), spec(*choices), target)
        inputs.append(replace(made, mean=made.mean * (1 + slip)))
    found = split_change(*inputs, target)
    sizes = [abs(i.mean) for i in inputs] + [abs(v) for v in values(found).values()]
    assert abs(sum(values(found).values()) - found.difference) <= 1e-9 * max(sizes)
    assert found.difference == inputs[1].mean - inputs[0].mean
    if slips == (0.0, 0.0):
        assert abs(values(found)["code"]) <= 1e-9 * max(sizes)


def test_families_under_test_exist():
    assert all(family(name).label(options) for name, options in CHOICES)
