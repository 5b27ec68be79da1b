import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.search.folds import Split, rolling_splits, validation_splits


def test_a_long_series_gets_everything():
    assert rolling_splits(240, 12, 3, 4, 24) == (Split(220, 12), Split(224, 12), Split(228, 12))


def test_folds_go_first():
    assert rolling_splits(40, 12, 3, 4, 24) == (Split(24, 12), Split(28, 12))


def test_then_the_step():
    assert rolling_splits(39, 12, 3, 4, 24) == (Split(24, 12), Split(27, 12))


def test_then_the_horizon():
    assert rolling_splits(30, 12, 3, 4, 24) == (Split(24, 5), Split(25, 5))


def test_then_the_second_fold():
    assert rolling_splits(25, 12, 3, 4, 24) == (Split(24, 1),)


def test_one_fold_when_one_is_asked_for():
    assert rolling_splits(60, 12, 1, 4, 24) == (Split(48, 12),)


@pytest.mark.parametrize("n", [0, 1, 23, 24])
def test_nothing_when_too_short(n):
    assert rolling_splits(n, 12, 3, 4, 24) == ()


@given(
    st.integers(0, 400),
    st.integers(1, 30),
    st.integers(1, 6),
    st.integers(1, 30),
    st.integers(1, 110),
)
def test_splits_are_always_sound(n, h, folds, step, min_train):
    splits = rolling_splits(n, h, folds, step, min_train)
    assert bool(splits) == (n > min_train)
    assert len(splits) <= folds
    ends = [s.end for s in splits]
    assert ends == sorted(set(ends))
    assert len({s.h for s in splits}) <= 1
    if splits:
        assert splits[-1].end + splits[-1].h == n
        assert ends[0] >= min_train
        assert 1 <= splits[0].h <= h
        assert len(splits) >= min(2, folds, n - min_train)


@given(st.integers(0, 300), st.integers(1, 24), st.sampled_from([1, 4, 7, 12, 52]))
def test_validation_needs_a_season_and_an_observation(n, h, season_length):
    splits = validation_splits(n, h, 3, None, season_length)
    assert bool(splits) == (n > max(season_length + 1, 4))
    if n >= 2 * season_length + h + 1 and n > h + 4:
        assert splits[0].end >= 2 * season_length
        assert splits[0].h == h
        assert len(splits) >= 2


def test_tsa_gets_two_whole_folds_with_two_seasons():
    assert validation_splits(39, 12, 3, None, 12) == (Split(24, 12), Split(27, 12))


def test_half_the_horizon_missing_relaxes_the_training_window():
    splits = validation_splits(30, 12, 3, None, 12)
    assert splits == (Split(13, 12), Split(18, 12))
    assert validation_splits(33, 12, 3, None, 12) == (Split(24, 8), Split(25, 8))


def test_weekly_with_fewer_than_two_seasons():
    splits = validation_splits(90, 12, 3, None, 52)
    assert [s.end for s in splits] == [66, 72, 78]


def test_the_step_is_half_of_the_horizon():
    assert [s.end for s in validation_splits(120, 24, 3, None, 12)] == [72, 84, 96]
    assert [s.end for s in validation_splits(120, 1, 3, None, 12)] == [117, 118, 119]
    assert [s.end for s in validation_splits(120, 2, 3, 5, 12)] == [108, 113, 118]
