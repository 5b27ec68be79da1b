"""Names that a spreadsheet would compute, in everything that writes CSV."""

import csv
import gzip
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.write.spreadsheets import csv_text, inert
from forecastctl.data.write.targets import write_frame

DANGEROUS = [
    '=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\rx", "\nx", " =1+1", "\u00a0=1",
    "\uff1d1+1", "=", "-", "--5", "+A1", "-5 x", "-inf",
]  # fmt: skip
ORDINARY = [
    "JFK",
    "a=b",
    "LGA/1 'x'",
    "São Paulo-Congonhas",
    "O'Hare",
    "'s-Hertogenbosch",
    "",
    "5-6",
    " x",
]


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_name_that_would_be_a_formula_becomes_text(name):
    assert inert(name) == f"'{name}"
    frame = pd.DataFrame({"airport": [name], "mean": [-1.5]})
    assert list(csv.reader(io.StringIO(csv_text(frame), newline="")))[1] == [f"'{name}", "-1.5"]


@pytest.mark.parametrize("value", [*ORDINARY, "-5", "+5", "-1.5e-7", "-.5", -5, -1.5, None, True])
def test_ordinary_names_and_numbers_stay(value):
    assert inert(value) is value


@given(st.lists(st.text("'=+-@ \tx1", max_size=5), unique=True))
def test_no_two_names_are_written_alike(names):
    assert len({inert(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
def test_files(tmp_path, name):
    path = tmp_path / name
    write_frame(pd.DataFrame({"airport": ["=1+1", "JFK"], "mean": [-1.0, np.nan]}), str(path))
    if name == "out.parquet":
        assert pd.read_parquet(path)["airport"].to_list() == ["=1+1", "JFK"]
        return
    content = path.read_bytes()
    text = gzip.decompress(content) if name.endswith(".gz") else content
    assert text == b"airport,mean\n'=1+1,-1.0\nJFK,\n"


def test_a_header_is_text_as_well():
    assert csv_text(pd.DataFrame({"=x": pd.Categorical(["@y"])})) == "'=x\n'@y\n"
