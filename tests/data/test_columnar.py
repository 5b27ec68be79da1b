"""Stored tables read as plain arrays, against pandas reading the same bytes."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecastctl.data.panel.columnar import Coded, StoredTable, read_rows
from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.rows import group, panel_digest


def stored(frame, **options):
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, **options)
    return buffer.getvalue()


def mixed(n=400, seed=0):
    rng = np.random.default_rng(seed)
    problem = np.full(n, None, dtype=object)
    problem[rng.random(n) < 0.1] = "line 7, column x: 'n/a' is no number"
    y = rng.gamma(2, 1000, n)
    y[rng.random(n) < 0.1] = np.nan
    ds = np.datetime64("1969-01-01", "s") + rng.integers(0, 40_000, n) * np.timedelta64(86_399, "s")
    ds[rng.random(n) < 0.1] = "NaT"
    return pd.DataFrame(
        {
            "airport": pd.Series(rng.choice(["b", "a", "Z\u00fcrich", ""], n), dtype=object),
            "ds": ds,
            "y": y,
            "row": np.arange(2, n + 2),
            "problem": pd.Series(problem, dtype=object),
        }
    )


def assert_same(a, b):
    assert a.names == b.names
    for name in ("bounds", "codes", "days", "y", "row", "problem"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype, name
        np.testing.assert_array_equal(left, right, err_msg=name)
    assert panel_digest(a) == panel_digest(b)


def test_an_empty_table_has_columns_without_a_type():
    table = StoredTable(stored(pd.DataFrame(columns=["airport", "ds", "y", "row"])), ["airport"])
    assert table.text("airport").texts().tolist() == []
    for found in (table.floats("y"), table.whole("row"), table.days("ds")):
        assert len(found) == 0
    assert [table.floats("y").dtype, table.whole("row").dtype] == [np.float64, np.int64]


@pytest.mark.parametrize("name", ["u", "f", "b"])
def test_numbers_of_other_types(name):
    frame = pd.DataFrame({"u": np.arange(3, dtype="u4"), "f": np.float32([1, 2, 3])})
    frame["b"] = [True, False, True]
    np.testing.assert_array_equal(StoredTable(stored(frame), []).floats(name), frame[name])


@pytest.mark.parametrize("options", [{}, {"row_group_size": 37}, {"use_dictionary": False}])
@pytest.mark.parametrize("seed", range(3))
def test_rows_are_those_of_the_frame(seed, options):
    frame = mixed(seed=seed)
    assert_same(read_rows(stored(frame, **options)), group(frame))


def test_rows_without_a_problem_in_any_unit_of_time():
    frame = mixed().assign(problem=pd.Series([None] * 400, dtype=object))
    for unit in ("s", "ms", "us", "ns"):
        again = frame.assign(ds=frame["ds"].astype(f"datetime64[{unit}]"))
        assert_same(read_rows(stored(again)), group(frame))
    assert_same(read_rows(stored(frame.iloc[:0])), group(frame.iloc[:0]))


def test_one_airport_alone_is_what_the_frame_holds_of_it():
    frame = mixed()
    rows = read_rows(stored(frame))
    for name in rows.names:
        assert_same(rows.of(name), group(frame[frame["airport"] == name]))
    nobody = rows.of("nobody")
    assert (nobody.names, len(nobody.y), nobody.bounds.tolist()) == ((), 0, [0])
    seen = frame["ds"].notna() & frame["y"].notna()
    assert rows.observed.sum() == seen.sum()
    assert (rows.days == NO_DAY).sum() == frame["ds"].isna().sum()


def test_texts_missing_values_and_whole_numbers():
    table = pa.table(
        {
            "text": pa.array(["b", None, "a", "b"]),
            "empty": pa.nulls(4),
            "number": pa.array([1.5, None, 2.0, 3.0]),
            "count": pa.array([1, 2, None, 4], pa.int32()),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    columns = StoredTable(buffer.getvalue(), ["text", "empty"])
    assert columns.names == ("text", "empty", "number", "count")
    text = columns.text("text")
    assert text.texts().tolist() == ["b", None, "a", "b"]
    assert text.rows_with("b").tolist() == [True, False, False, True]
    assert not text.rows_with("c").any()
    assert columns.text("empty").texts().tolist() == [None] * 4
    np.testing.assert_array_equal(columns.floats("number"), [1.5, np.nan, 2.0, 3.0])
    np.testing.assert_array_equal(columns.floats("count"), [1.0, 2.0, np.nan, 4.0])
    with pytest.raises(KeyError):
        columns.floats("absent")


def test_reading_imports_neither_pandas_nor_what_computes(tmp_path):
    path = tmp_path / "panel.parquet"
    path.write_bytes(stored(mixed()))
    code = (
        "import sys, pathlib; from forecastctl.data.panel.columnar import read_rows\n"
        f"read_rows(pathlib.Path({str(path)!r}).read_bytes())\n"
        "print(sorted({'pandas', 'pyarrow.compute', 'pyarrow.dataset'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_texts_are_put_in_order_of_first_appearance():
    coded = Coded(("never", "b", "a"), np.array([2, -1, 2, 1]))
    found = coded.ordered()
    assert found.values == ("a", "b")  # noqa: PD011 - no table
    assert found.codes.tolist() == [0, -1, 0, 1]
    assert found.texts().tolist() == coded.texts().tolist() == ["a", None, "a", "b"]
