from __future__ import annotations

import numpy as np
import pandas as pd

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from forecastctl.data.read.sample import sample_panel
from forecastctl.records import Series
from tests.data.conftest import TODAY


def test_the_sample_has_its_stories():
    panel = sample_panel()
    counts = panel.groupby("airport", sort=False).size()
    assert len(counts) == 8
    assert sorted(counts.unique()) == [18, 118, 120]
    assert (panel.passengers >= 0).all()
    assert panel.passengers.dtype == np.int64
    assert (panel.passengers == 0).sum() == 3
    assert all(len(c) == 3 and c.isalpha() for c in counts.index)


def test_names_and_the_first_month_can_be_chosen():
    panel = sample_panel(2, 3, names=("JFK", "LGA"), first="1995-11")
    assert [(a, str(d)[:7]) for a, d in zip(panel.airport, panel.date, strict=True)] == [
        (a, month) for a in ("JFK", "LGA") for month in ("1995-11", "1995-12", "1996-01")
    ]
    assert panel.passengers.tolist() == sample_panel(2, 3).passengers.tolist()


def test_equal_seeds_give_equal_panels():
    pd.testing.assert_frame_equal(sample_panel(seed=3), sample_panel(seed=3))
    assert not sample_panel(seed=3).equals(sample_panel(seed=4))


def test_codes_stay_distinct_for_large_fleets():
    for n in (1, 3, 9_000, 20_000):
        assert sample_panel(n, 1, seed=1).airport.nunique() == n


def test_every_sample_airport_can_be_modelled():
    spec = DataSpec("sample")
    panel = read_panel(spec)
    entries = prepare(panel, spec, as_of=None, today=TODAY)
    assert all(isinstance(e, Series) for e in entries)
    assert [n for e in entries for n in e.notes] == ["interpolated 2 months: 2015-01, 2015-02"]
    report = check_panel(panel, spec, as_of=None, today=TODAY)
    assert not any(f.kind in {"unit", "label"} for a in report.airports for f in a.findings)
