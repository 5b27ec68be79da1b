"""A panel in any form of file is read back equal; ``make forms`` tries ten thousand."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from tests.data.forms.forms import FORMS, days_of, panels, written


def check(panel, form):
    with tempfile.TemporaryDirectory() as folder:
        found = read_panel(DataSpec(written(panel, form, Path(folder))))
    frame = found.frame[found.frame["y"].notna()]
    assert frame["problem"].isna().all(), frame["problem"].dropna().iloc[0]
    days = np.asarray(frame["ds"], dtype="datetime64[D]").astype(str)
    read = dict(zip(zip(frame["airport"], days, strict=True), frame["y"], strict=True))
    periods = [str(day) for day in days_of(form.freq)]
    wanted = {
        (name, period): y
        for name, values in panel.items()
        for period, y in zip(periods, values, strict=True)
        if y is not None
    }
    assert len(read) == len(frame)
    assert not set(read.items()) ^ set(wanted.items())
    assert found.freq[0] == form.freq


@given(panels(), FORMS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_panel_in_a_random_form_is_read_back_equal(panel, form):
    check(panel, form)
