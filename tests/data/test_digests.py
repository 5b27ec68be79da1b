"""What the digest of rows tells apart: days, numbers, airports, and what is wrong with a row."""

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import airport_digests, group, panel_digest
from forecastctl.data.read.files import read_panel


def panel(problem=None, value=np.nan, row=3):
    """Two airports; one row of the second holds a value or says what is wrong with it."""
    rows = [
        ("A", "2012-01-01", 5.0, 2, None),
        ("B", "2012-01-01", value, row, problem),
        ("B", "2012-02-01", 7.0, 9, None),
    ]
    frame = pd.DataFrame(rows, columns=["airport", "ds", "y", "row", "problem"])
    frame["ds"] = pd.to_datetime(frame["ds"])
    frame["problem"] = frame["problem"].astype(object)
    return make_panel(frame, DataSpec(source="x", freq="M"), "x")


WRONG = "line 3, column passengers: 'abc' is not a number"
NEGATIVE = "line 3, column passengers: -5 is negative"


def test_two_panels_that_differ_in_what_is_wrong_with_a_row_are_two():
    found = [panel().digest, panel(WRONG).digest, panel(NEGATIVE).digest]
    assert len(set(found)) == 3


def test_where_it_is_wrong_is_no_difference():
    moved = "line 8, column passengers: 'abc' is not a number"
    assert panel(WRONG).digest == panel(moved, row=8).digest


def test_of_the_airport_alone():
    one, other = (airport_digests(group(panel(p).frame)) for p in (WRONG, NEGATIVE))
    assert one[0] == other[0]
    assert one[1] != other[1]
    assert panel_digest(group(panel(WRONG).frame)) == panel(WRONG).digest


@pytest.mark.parametrize(("one", "other"), [("abc", "abd"), ("-5", "-6"), ("abc", "")])
def test_as_read_from_a_file(write, one, other):
    lines = "airport,date,passengers\nA,2012-01-01,5\nA,2012-02-01,{}\nA,2012-03-01,6\n"
    paths = [write(lines.format(v), f"{i}.csv") for i, v in enumerate((one, other))]
    first, second = (read_panel(DataSpec(source=path)).digest for path in paths)
    assert first != second
