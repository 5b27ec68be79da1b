"""That what a made panel says of itself is true: tests take their right answers from it."""

import numpy as np
import pandas as pd
import pytest

from tests import panels

ALL = {
    "epidemic": "2018-03", "grounded": 1, "opened": 1, "closed": 1, "reopened": 1, "intermittent": 1, "idle": 1,
    "local_shocks": 1, "zeros": 1, "thousandfold": 1, "swapped": 1, "shifted": 1,
    "yearly_totals": 1, "missing": 1, "duplicates": 1,
}  # fmt: skip
FAULTS = {"zero", "thousandfold", "swapped", "shifted", "yearly_totals", "missing"}


def span(table, event):
    return table.loc[event.first : event.last, event.airport].to_numpy()


def test_equal_seeds_give_equal_panels_and_others_do_not():
    one, other = (panels.make(3, 18, **ALL) for _ in range(2))
    pd.testing.assert_frame_equal(one.rows(), other.rows())
    assert one.events == other.events
    assert not one.true.equals(panels.make(4, 18, **ALL).true)


@pytest.mark.parametrize("seed", range(2))
def test_published_and_true_differ_exactly_where_a_fault_was_put(seed):
    fleet = panels.make(seed, 18, **ALL)
    same = (fleet.table == fleet.true) | (fleet.table.isna() & fleet.true.isna())
    wrong = {e.airport: e for e in fleet.events if e.kind in FAULTS}
    assert set(same.columns[~same.all()]) == set(wrong)
    for airport, event in wrong.items():
        months = same.index[~same[airport]].strftime("%Y-%m")
        assert (months[0], months[-1]) == (event.first, event.last)
    # The traffic itself is that of the fleet without any of it.
    plain = panels.make(seed, 18)
    quiet = [a for a in plain.table if a not in fleet.eventful()]
    before = plain.true.loc[:"2018-02", quiet]
    pd.testing.assert_frame_equal(before, fleet.true.loc[:"2018-02", quiet])


def test_each_event_is_what_it_is_called():
    fleet = panels.make(7, 18, **ALL)
    whole, plain = fleet.table, panels.make(7, 18).true
    event = {kind: next(iter(fleet.of(kind).values())) for kind in {e.kind for e in fleet.events}}
    assert whole[event["opened"].airport].first_valid_index() == pd.Timestamp(event["opened"].first)
    for kind in ("grounded", "closed", "reopened", "idle", "zero"):
        assert not span(whole, event[kind]).any()
        assert span(plain, event[kind]).all()
    assert 0 < np.mean(span(whole, event["intermittent"]) > 0) < 0.6
    shocked = event["local_shock"]
    assert span(fleet.true, shocked) < 0.51 * span(plain, shocked)
    unit = event["thousandfold"]
    np.testing.assert_array_equal(span(whole, unit), 1000 * span(fleet.true, unit))
    one, other = fleet.of("swapped").values()
    np.testing.assert_array_equal(span(whole, one), span(fleet.true, other))
    np.testing.assert_array_equal(span(whole, other), span(fleet.true, one))
    late = event["shifted"]
    np.testing.assert_array_equal(span(whole, late)[1:], span(fleet.true, late)[:-1])
    assert np.isnan(span(whole, event["missing"])).all()
    totals = event["yearly_totals"]
    december, each = span(whole, totals)[11], span(fleet.true, totals)[:12]
    assert december == each.sum()
    twice = event["duplicate"]
    rows = fleet.rows().set_index(["airport", "date"])
    assert len(rows.loc[(twice.airport, f"{twice.first}-01")]) == 2
    assert rows.index.duplicated().sum() == 1


def test_shocks_take_from_all_and_heal():
    calm = panels.make(5, 9, 150, "1998-01")
    for kind, lowest, healed in (("attack", (0.55, 0.8), 18), ("epidemic", (0.01, 0.1), 40)):
        shocked = panels.make(5, 9, 150, "1998-01", **{kind: "2001-09"})
        share = (shocked.true / calm.true).loc["2001-09":]
        assert (share.min() > lowest[0]).all()
        assert (share.min() < lowest[1]).all()
        assert (share.iloc[healed:] == 1).all(axis=None)
        assert {e.airport for e in shocked.events} == set(shocked.table)


def test_sizes_seasons_and_the_calendar():
    fleet = panels.make(6, 24, 240, "2000-01", smallest=100, largest=3e6)
    size = fleet.true.mean()
    assert size.max() / size.min() > 10_000
    month = fleet.true.groupby(fleet.true.index.month).mean()
    for kind, peak in (("summer", {6, 7, 8}), ("winter", {12, 1, 2, 3})):
        mine = [a for a, k in fleet.kinds.items() if k == kind and size[a] > 10_000]
        assert set(month[mine].idxmax()) <= peak
    plain = {"trading_days": False, "holidays": False}
    for feature, months in (("holidays", {3, 4}), ("trading_days", set(range(1, 13)))):
        without = panels.make(6, 24, 240, "2000-01", **{**plain, feature: False})
        having = panels.make(6, 24, 240, "2000-01", **{**plain, feature: True})
        changed = (having.true != without.true).any(axis=1)
        assert set(changed.index[changed].month) == months
    assert panels.easter_share(pd.Timestamp("2008-03-01")) == 1.0  # on the 23rd
    assert panels.easter_share(pd.Timestamp("2011-04-01")) == 1.0  # on the 24th
    assert panels.easter_share(pd.Timestamp("2018-03-01")) == 0.8  # on April 1st


def test_days_add_up_to_about_their_months():
    fleet = panels.make(2, 3, 24, smallest=30_000)
    days = fleet.days().set_index("date")
    for airport, mine in days.groupby("airport"):
        total = mine["passengers"].resample("MS").sum()
        np.testing.assert_allclose(total, fleet.table[airport], rtol=0.05)
