"""Parts of a miss: they add up, and each says what was changed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.explain.parts.attribution import ORDER, attribute
from forecastctl.explain.parts.components import decompose, path_length
from forecastctl.models.make import make_model
from forecastctl.records import Member, Specification
from tests.explain.cases import HW, NAIVE, make_case
from tests.explain.verdict.values import case_of as by_hand

LOG = make_model(
    "holt_winters",
    {
        "trend": "none",
        "seasonal": "add",
        "transform": "log",
        "initial": "heuristic",
        "smoothing": "estimated",
    },
)


def parts(case):
    found = attribute(case)
    assert tuple(p.name for p in found) == ORDER
    return {p.name: p.value for p in found}


@given(
    seed=st.integers(0, 10_000),
    lead=st.integers(1, 12),
    n=st.integers(36, 80),
    size=st.floats(0.01, 3.0),
    revised=st.booleans(),
    champion=st.booleans(),
    model=st.sampled_from([HW, NAIVE, LOG]),
)
@settings(max_examples=60, deadline=None)
def test_parts_sum_to_the_miss_over_random_panels(seed, lead, n, size, revised, champion, model):
    rng = np.random.default_rng(seed)

    def change(y, cutoff):
        y = y * rng.lognormal(0, 0.1, len(y))
        y[cutoff + rng.integers(0, 3) :] *= size
        return y

    case = make_case(n, lead, change=change, seed=seed, model=model)
    if revised:
        y = case.known.y.copy()
        y[n - 4 : n] *= rng.uniform(0.7, 1.3)
        case = replace(case, known=replace(case.known, y=y))
    if champion:
        case = replace(case, champion=Specification((Member(NAIVE),)))
    assert sum(parts(case).values()) == pytest.approx(case.miss, rel=1e-9)


def test_nothing_revised_and_no_other_specification_are_exact_zeros():
    found = parts(make_case())
    assert found["data_revision"] == 0.0
    assert found["specification"] == 0.0


def test_a_revised_history_is_the_revisions_part():
    plain = make_case(lead=1)
    y = plain.known.y.copy()
    y[68:72] *= 1.4
    case = replace(plain, known=replace(plain.known, y=y), actual=float(plain.known.y[72]) * 1.3)
    found = parts(case)
    assert found["data_revision"] < -50
    assert case.miss < 0


def test_a_lasting_fall_shows_in_the_level_and_a_single_month_in_the_remainder():
    def lasting(y, n):
        y[n:] *= 0.5
        return y

    def single(y, n):
        y[n + 5] *= 0.5
        return y

    after = parts(make_case(lead=6, change=lasting))
    once = parts(make_case(lead=6, change=single))
    assert after["level"] > abs(after["one_off"])
    assert once["one_off"] > abs(once["level"])


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.1, 1.25, 1.5])
@pytest.mark.parametrize("model", [HW, NAIVE])
def test_a_change_of_one_month_is_a_one_off(factor, model):
    """The one-off takes what it adds; level, trend and season stay, to within the noise of 15."""

    def once(y, n):
        y[n + 4] *= factor
        return y

    plain, changed = make_case(lead=5, model=model), make_case(lead=5, change=once, model=model)
    before, after = parts(plain), parts(changed)
    added = changed.miss - plain.miss
    for name in ("level", "trend", "seasonal"):
        assert abs(after[name] - before[name]) < 0.05 * abs(added) + 10.0
    assert after["one_off"] - before["one_off"] == pytest.approx(added, rel=0.1, abs=20.0)


def test_even_two_hundredths_where_there_is_no_noise():
    t = np.arange(84)
    y = 1000.0 + 200.0 * np.sin(2 * np.pi * t / 12)
    case = by_hand(mean=y[60:72], actual=1.02 * y[64], lead=5, seen=y[:60], known=once(y, 1.02))
    found = parts(case)
    assert found["one_off"] == pytest.approx(case.miss)
    assert found["level"] == pytest.approx(0.0, abs=1e-9)


def once(y, factor):
    changed = y.copy()
    changed[64] *= factor
    return changed


def test_a_changed_season_shows_in_the_season():
    def change(y, n):
        y[n + 2 :: 12] -= 500.0
        return y

    case = make_case(lead=3, change=change, model=NAIVE)
    found = parts(case)
    assert case.miss > 400
    assert found["seasonal"] > 0.8 * case.miss


def test_todays_specification_is_swapped_on_the_old_data():
    case = replace(make_case(lead=2), champion=Specification((Member(NAIVE),)))
    naive = case.seen.y[-12 + 1]
    found = parts(case)
    assert found["specification"] == pytest.approx(case.mean - naive, abs=1e-6)


def test_a_failed_fit_says_so_and_the_sum_stays():
    broken = make_model("holt_winters", {**HW.options, "transform": "log"})
    case = make_case(lead=1)
    y = case.known.y.copy()
    y[10] = 0.0
    case = replace(case, known=replace(case.known, y=y), champion=Specification((Member(broken),)))
    found = attribute(case)
    assert sum(p.value for p in found) == pytest.approx(case.miss, rel=1e-9)
    assert all(p.evidence for p in found)


class TestComponents:
    @pytest.mark.parametrize("m", [1, 4, 7, 12])
    def test_a_line_with_a_season_is_taken_apart(self, m):
        leads = np.arange(1, path_length(5, m) + 1)
        season = np.sin(2 * np.pi * np.arange(m) / m) * 30
        season -= season.mean()
        path = 500 + 3 * leads + season[(leads - 1) % m]
        found = decompose(path, m)
        assert found.level == pytest.approx(500)
        assert found.slope == pytest.approx(3)
        assert found.seasonal == pytest.approx(season[(leads - 1) % m])

    def test_they_add_up_to_any_path(self):
        rng = np.random.default_rng(0)
        path = rng.lognormal(5, 1, 30)
        found = decompose(path, 12)
        for lead in (1, 7, 30):
            assert sum(found.at(lead)) == pytest.approx(path[lead - 1], rel=1e-12)
