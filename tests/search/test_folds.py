"""Which origins a search is judged at, and from how many observations on there is one."""

import pytest

from forecastctl.records import SearchSpec
from forecastctl.search.folds import search_splits


@pytest.mark.parametrize(("season_length", "h"), [(12, 3), (12, 1), (12, 12), (52, 4), (7, 3)])
def test_what_is_long_enough_stays_so_when_it_grows(season_length, h):
    """A week more may not turn a series that was searched into one that is too short."""
    search = SearchSpec(horizon=h)
    searched = [bool(search_splits(n, search, season_length)) for n in range(1, 4 * season_length)]
    assert searched == sorted(searched)
    assert searched[-1]


def test_111_weeks_are_searched():
    splits = search_splits(111, SearchSpec(horizon=4), 52)
    assert sum(split.h for split in splits) == 16
    assert splits[0].end >= 53
