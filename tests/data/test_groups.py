"""The groups of airports: a column of the data, or a file of their own."""

import pandas as pd
import pytest

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from tests.data.conftest import TODAY, long_csv

ROWS = """airport,date,passengers,State,hub
JFK,2015-01,10,NY,1
JFK,2015-02,11,,1
EWR,2015-01,20,NJ,2
EWR,2015-02,21, NJ ,2
"""
MAPPING = "hub,airport,state\nL,JFK,NY\nL,EWR,NJ\nS,ACY,NJ\n"


def read(folder, rows=ROWS, mapping=None, **spec):
    (folder / "d.csv").write_text(rows)
    if mapping is not None:
        (folder / "m.csv").write_text(mapping)
        spec["group_file"] = str(folder / "m.csv")
    return read_panel(DataSpec(source=str(folder / "d.csv"), **spec))


def test_columns_of_the_data(tmp_path):
    panel = read(tmp_path, groups=("state", "hub"))
    assert panel.groups == {"State": {"JFK": "NY", "EWR": "NJ"}, "hub": {"JFK": "1", "EWR": "2"}}
    assert list(panel.groups) == ["State", "hub"]
    plain = read(tmp_path)
    assert plain.groups == {}
    assert plain.digest == panel.digest


def test_parquet_and_numbers(tmp_path):
    frame = pd.read_csv(pd.io.common.StringIO(ROWS))
    frame.to_parquet(tmp_path / "d.parquet")
    panel = read_panel(DataSpec(source=str(tmp_path / "d.parquet"), groups=("hub",)))
    assert panel.groups == {"hub": {"JFK": "1", "EWR": "2"}}


def test_a_file_of_their_own(tmp_path):
    panel = read(tmp_path, mapping=MAPPING)
    assert panel.groups == {
        "hub": {"JFK": "L", "EWR": "L", "ACY": "S"},
        "state": {"JFK": "NY", "EWR": "NJ", "ACY": "NJ"},
    }
    assert list(read(tmp_path, mapping=MAPPING, groups=("state",)).groups) == ["state"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"groups": ("stat",)}, "has no column 'stat'"),
        (
            {"rows": ROWS.replace(" NJ ", "NY"), "groups": ("State",)},
            "line 5.*'EWR' is in 'NY' here",
        ),
        ({"mapping": MAPPING + "L,ACY,NJ\n"}, "line 5.*'ACY' is in 'L' here and in 'S' elsewhere"),
        ({"mapping": MAPPING, "groups": ("size",)}, "m.csv has no column 'size'"),
        ({"mapping": "airport\nJFK\n"}, "no column beside the airports"),
        ({"mapping": "x,state\nJFK,NY\n"}, "no column that looks like the airport"),
        ({"mapping": ""}, "m.csv is empty"),
    ],
)
def test_refused(tmp_path, change, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, **change)


def test_the_sample_has_no_columns_of_groups(tmp_path):
    with pytest.raises(DataError, match="sample has no columns"):
        read_panel(DataSpec(source="sample", groups=("state",)))
    (tmp_path / "m.csv").write_text(MAPPING)
    panel = read_panel(DataSpec(source="sample", group_file=str(tmp_path / "m.csv")))
    assert set(panel.groups) == {"hub", "state"}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no file nowhere\.csv"):
        read_panel(DataSpec(source="sample", group_file="nowhere.csv"))


def test_check_names_airports_that_the_groups_spell_otherwise(write):
    text = long_csv({"007": 24, "JFK": 24, "Zürich": 24, "Rotterdam": 24, "LGA": 24})
    groups = write("airport,state\n7,NY\nJfk,NJ\nZurich,CH\nRoterdam,NL\nLGA,NY\nXYZ,CA\n", "g.csv")
    spec = DataSpec(write(text), group_file=groups)
    found = check_panel(read_panel(spec), spec, as_of=None, today=TODAY).findings
    lacking, unknown = (f for f in found if f.kind == "group")
    assert lacking.severity == "warning"
    assert lacking.message == (
        "there is no state for '007', 'JFK', 'Zürich', 'Rotterdam', which a job refuses. The groups "
        "name '7' where the data name '007', 'Jfk' where the data name 'JFK', 'Zurich' where the data "
        "name 'Zürich', 'Roterdam' where the data name 'Rotterdam'. Did the file lose the zeros of "
        "its codes?"
    )
    assert unknown.message == "the data have no row of 'XYZ', which have a state"
