"""Data frames in and out, without a job between them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from forecastctl.api.frames import columns_out, forecasts_out, panel_in
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError, UsageError
from tests.api.conftest import long_form

SPEC = DataSpec(source="frame")


def frame_of(freq, periods=40, name="A"):
    days = pd.date_range("2015-01-05", periods=periods, freq=freq)
    return pd.DataFrame({"unique_id": name, "ds": days, "y": np.arange(periods) + 100.0})


@pytest.mark.parametrize("freq", ["D", "W-SUN", "W-MON", "W-WED", "MS", "ME", "QS", "QE"])
def test_forecasts_continue_the_days_of_the_data(freq):
    frame = frame_of(freq)
    panel, form = panel_in(frame[:-2], SPEC)
    first = pd.DatetimeIndex(frame["ds"][-2:]).to_period(panel.freq).start_time
    table = pd.DataFrame({"airport": "A", "date": first.strftime("%Y-%m-%d"), "mean": [1.0, 2.0]})
    table["cutoff"] = panel.frame["ds"].max()
    made = forecasts_out(table, form, actuals=panel_in(frame, SPEC)[0], cutoffs=True)
    assert list(made["ds"]) == list(frame["ds"][-2:])
    assert list(made["y"]) == list(frame["y"][-2:])
    assert set(made["cutoff"]) == {frame["ds"].iloc[-3]}


def test_a_frame_has_the_digest_of_a_file_of_its_rows(tmp_path):
    frame = long_form()
    frame.to_csv(tmp_path / "air.csv", index=False)
    file = read_panel(DataSpec(source=str(tmp_path / "air.csv")))
    shuffled = frame.sample(frac=1, random_state=1)  # its index is no column
    for given in (frame, shuffled, pa.Table.from_pandas(frame), frame.set_index("unique_id")):
        assert panel_in(given, SPEC)[0].digest == file.digest
    assert panel_in(frame.assign(y=frame["y"] + 1), SPEC)[0].digest != file.digest


@pytest.mark.parametrize("kind", ["Int64", "int32", "category"])
def test_names_of_series_keep_their_type(kind):
    frame = long_form()
    frame["unique_id"] = frame["unique_id"].map({"JFK": 3, "LGA": 12}).astype(kind)
    if kind == "category":
        frame["unique_id"] = frame["unique_id"].cat.rename_categories(str)
    _, form = panel_in(frame, SPEC)
    made = columns_out({"unique_id": ["3", "12"], "y": [1.0, 2.0]}, form)
    assert made["unique_id"].dtype.name.lower() == kind.lower()
    assert list(made["unique_id"].astype(str)) == ["3", "12"]


def test_polars_eager_and_lazy():
    pl = pytest.importorskip("polars")
    frame = long_form()
    given = pl.DataFrame({name: frame[name].to_list() for name in frame})
    panel, form = panel_in(given, SPEC)
    assert panel.digest == panel_in(frame, SPEC)[0].digest == panel_in(given.lazy(), SPEC)[0].digest
    assert isinstance(columns_out({"unique_id": ["JFK"]}, form), pl.DataFrame)


def test_what_is_wrong_with_a_frame():
    with pytest.raises(UsageError, match="The data are a dict, and no data frame"):
        panel_in({"y": [1]}, SPEC)
    with pytest.raises(DataError, match="the pandas data frame has no column that looks like"):
        panel_in(pd.DataFrame({"a": [1], "y": [2]}), SPEC)
    twice = long_form().rename(columns={"y": "ds"})
    with pytest.raises(DataError, match="The data frame cannot be read"):
        panel_in(twice, SPEC)
    mixed = long_form()
    mixed["y"] = [{1, 2}, *mixed["y"][1:]]
    with pytest.raises(DataError, match="The data frame cannot be read"):
        panel_in(mixed, SPEC)
    with pytest.raises(DataError, match="and no rows"):
        panel_in(long_form()[:0], SPEC)


def test_a_job_without_forecasts_has_a_frame_without_rows():
    _, form = panel_in(long_form(), SPEC)
    made = forecasts_out(None, form)
    assert (len(made), list(made.columns)) == (0, ["unique_id", "ds", "forecastctl"])
