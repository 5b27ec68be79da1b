import math

import numpy as np
import pytest

from forecastctl.models.combination.path import Path
from forecastctl.models.combination.weights import (
    SHRINKAGE,
    TYPICAL,
    combined,
    error_sizes,
    own_factor,
)
from forecastctl.records import Member, Model, Specification, Trial
from forecastctl.search.choose import CLEARLY_WORSE, HOPELESS, choose, held_back, network_share


def trial(number, loss, duplicate_of=None, family="fake"):
    model = Model(family, {"n": number if duplicate_of is None else duplicate_of}, f"F{number}")
    status = "failed" if loss is None else "ok"
    return Trial(number, model, status, loss, duplicate_of=duplicate_of)


def numbers(specification):
    return [m.trial for m in specification.members]


def test_best_distinct_successful_trials_with_equal_weights():
    trials = [
        trial(0, 1.3),
        trial(1, 1.0),
        trial(2, None),
        trial(3, 1.0, 1),
        trial(4, 1.1),
        trial(5, 1.2),
    ]
    chosen = choose(trials, 3)
    assert numbers(chosen) == [1, 4, 5]
    assert [m.weight for m in chosen.members] == [1 / 3] * 3
    assert chosen.members[0].model == trials[1].model


def test_clearly_worse_members_stay_out():
    trials = [trial(0, 1.0), trial(1, CLEARLY_WORSE), trial(2, CLEARLY_WORSE + 0.01)]
    assert numbers(choose(trials, 5)) == [0, 1]


def test_combine_one_takes_the_best_alone():
    assert numbers(choose([trial(0, 2.0), trial(1, 1.9)], 1)) == [1]


def test_equal_losses_go_to_the_earlier_trial():
    assert numbers(choose([trial(0, 1.0), trial(1, 1.0)], 1)) == [0]


def test_a_perfect_trial_stands_alone():
    assert numbers(choose([trial(0, 0.0), trial(1, 0.1)], 5)) == [0]


def test_no_family_takes_more_than_its_share():
    first = [trial(n, 1.0 + n / 100) for n in range(6)]
    others = [trial(6, 1.2, family="b"), trial(7, 1.3, family="b"), trial(8, 1.4, family="c")]
    assert numbers(choose(first + others, 6)) == [0, 1, 6, 7, 8]
    assert numbers(choose(first + others, 7)) == [0, 1, 2, 6, 7, 8]
    assert numbers(choose(first, 6)) == [0, 1, 2, 3, 4, 5]
    assert numbers(choose(first + others, 1)) == [0]


def test_a_failed_family_has_no_share():
    trials = [trial(0, 1.0), trial(1, 1.1), trial(2, None, family="b")]
    assert numbers(choose(trials, 2)) == [0, 1]


def test_combined_is_the_weighted_mean():
    paths = [
        Path(np.array([1.0, 2.0]), np.array([1.0, 1.0])),
        Path(np.array([3.0, 6.0]), np.array([2.0, 4.0])),
    ]
    path = combined(paths, [0.25, 0.75])
    np.testing.assert_allclose(path.mean, [2.5, 5.0])
    np.testing.assert_allclose(path.sd, [1.75, 3.25])


def test_an_airports_factor_shrinks_towards_the_typical_one():
    logs = SHRINKAGE * math.log(TYPICAL) + 12 * math.log(2.0)
    expected = math.exp(logs / (SHRINKAGE + 12))
    assert own_factor([(2.0,) * 12]) == pytest.approx(expected)
    assert own_factor([(1.0, 3.0) * 6]) == pytest.approx(expected)
    assert own_factor([(TYPICAL,) * 12]) == pytest.approx(TYPICAL)
    assert 0 < own_factor([(0.0,) * 12]) < TYPICAL


def test_without_evidence_it_is_the_typical_one():
    assert own_factor([]) == pytest.approx(TYPICAL)
    assert own_factor([()]) == pytest.approx(TYPICAL)


def test_sizes_of_errors_are_in_standard_deviations_and_bounded():
    paths = [Path(np.zeros(4), np.array([2.0, 0.0, 4.0, 1e-32]))]
    assert error_sizes([(-4.0, 5.0, 1.0, 1.0)], paths) == ((2.0, 0.25, 100.0),)


def test_one_shock_does_not_widen_everything():
    usual, shocked = [(0.8,) * 24] * 4, [(0.8,) * 24] * 3 + [(80.0,) * 24]
    assert own_factor(shocked) < 3 * own_factor(usual)


def keys(*numbers):
    return frozenset(trial(n, 1.0).model.key for n in numbers)


def test_the_pool_enters_whatever_its_rank():
    trials = [trial(n, 1.0 + n / 10) for n in range(6)]
    assert numbers(choose(trials, 4, keys(2, 3, 5))) == [2, 3, 5, 0]
    assert numbers(choose(trials, 5, keys(0, 1, 5))) == [0, 1, 5]  # none as good as their middle


def test_a_hopeless_model_of_the_pool_stays_out():
    trials = [trial(0, 1.0), trial(1, HOPELESS), trial(2, HOPELESS + 0.01), trial(3, None)]
    assert numbers(choose(trials, 9, keys(1, 2, 3))) == [1, 0]


def test_without_room_for_the_pool_rank_decides():
    trials = [trial(n, 1.0 + n / 10) for n in range(6)]
    assert numbers(choose(trials, 2, keys(2, 3, 5))) == [0, 1]
    assert numbers(choose(trials, 1, keys(2, 3, 5))) == [0]


def test_the_label_names_a_few_members_and_counts_the_rest():
    def label(n):
        members = tuple(Member(Model("x", {}, f"M{i}"), 1 / n) for i in range(n))
        return Specification(members).label

    assert label(1) == "M0"
    assert label(4) == "mean of 4: M0 + M1 + M2 + M3"
    assert label(15) == "mean of 15: M0 + M1 + M2 + 12 more"


def test_the_network_has_a_share_where_it_stands_beside_many():
    others = [trial(n, 1.0, family=f"f{n}") for n in range(8)]
    network = trial(8, 1.1, family="pretrained")
    pool = frozenset(t.model.key for t in [*others, network])
    for share in (1 / 3, 0.5):
        chosen = choose([*others, network], 15, pool, network=share)
        weights = {m.trial: m.weight for m in chosen.members}
        assert weights == pytest.approx({**dict.fromkeys(range(8), (1 - share) / 8), 8: share})
        assert chosen.members[0].trial == 8
    few = choose([others[0], network], 15, pool, network=1 / 3)
    assert [m.weight for m in few.members] == [0.5, 0.5]
    alone = choose([network], 15, pool, network=1 / 3)
    assert [m.weight for m in alone.members] == [1.0]


def test_the_share_is_larger_where_there_are_few_seasons():
    assert network_share(83, 12) == 0.5
    assert network_share(84, 12) == pytest.approx(1 / 3)


def test_the_network_with_and_without_shocks_has_its_share_in_all():
    others = [trial(n, 1.0, family=f"f{n}") for n in range(8)]
    twice = [trial(8, 1.0, family="pretrained"), trial(9, 1.0, family="pretrained")]
    pool = frozenset(t.model.key for t in [*others, *twice])
    chosen = choose([*others, *twice], 15, pool, network=1 / 3)
    weights = {m.trial: m.weight for m in chosen.members}
    assert weights == pytest.approx({**dict.fromkeys(range(8), 1 / 12), 8: 1 / 6, 9: 1 / 6})


def test_the_naive_keeps_a_third_beside_the_network_and_half_beside_others():
    naive, other, network = trial(0, 1.0), trial(1, 1.0), trial(2, 1.0, family="pretrained")
    pool = frozenset(t.model.key for t in (other, network))
    both = held_back(choose([other, network], 15, pool), naive)
    assert {m.trial: m.weight for m in both.members} == pytest.approx(
        dict.fromkeys(range(3), 1 / 3)
    )
    without = held_back(choose([other], 15, pool), naive)
    assert {m.trial: m.weight for m in without.members} == {0: 0.5, 1: 0.5}
