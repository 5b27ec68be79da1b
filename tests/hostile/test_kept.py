"""Each kind of input that once surprised the code, as small as it gets."""

import datetime as dt
import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read import files, packed
from forecastctl.data.read import parquet as parquet_files
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError, SettingsError, UsageError
from forecastctl.records.calendar import parse_day
from forecastctl.settings import load_redactor, load_settings
from forecastctl.store.grammar import MOST_PREDICATES, parse_filter
from tests.data.conftest import TODAY, long_csv

ROWS = long_csv({"JFK": 40, "LGA": 40})


def refused(path):
    with pytest.raises(DataError) as caught:
        read_panel(DataSpec(str(path)))
    return caught.value.message


def parquet(tmp_path, days, values=None):
    path = tmp_path / "a.parquet"
    n = len(days)
    columns = {"airport": ["JFK"] * n, "date": days, "passengers": values or [5.0] * n}
    pq.write_table(pa.table(columns), path)
    return path


def months(zone=None, n=30):
    first = [dt.datetime(2012 + i // 12, i % 12 + 1, 1) for i in range(n)]  # noqa: DTZ001
    return pa.array(first, pa.timestamp("ms")).cast(pa.int64()).to_pylist(), pa.timestamp(
        "ms", zone
    )


@pytest.mark.parametrize("zone", ["+05:30", "America/New_York", "UTC", None])
@pytest.mark.parametrize("tick", [2**63 - 1, -(2**63) + 1, 253402300800000, -62135596800001])
def test_a_moment_that_no_calendar_has_is_a_row_without_a_date(tmp_path, zone, tick):
    ticks, kind = months(zone)
    ticks[3] = tick
    panel = read_panel(DataSpec(str(parquet(tmp_path, pa.array(ticks, pa.int64()).cast(kind)))))
    prepare(panel, DataSpec(None), as_of=None, today=TODAY)
    assert len(panel.frame) == 30
    if zone not in (None, "UTC"):
        assert "date" in panel.frame["problem"][3]
        assert panel.frame["problem"].drop(3).isna().all()


def test_the_day_of_a_zone_is_the_one_of_its_clocks(tmp_path):
    ticks, _ = months()
    kind = pa.timestamp("ms", "America/New_York")  # five hours before: the last day of the month
    panel = read_panel(DataSpec(str(parquet(tmp_path, pa.array(ticks, pa.int64()).cast(kind)))))
    assert str(panel.frame["ds"][0])[:10] == "2011-12-31"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1e300", "'1e300' is too large"),
        ("5e-324", "'5e-324' is too small"),
        ("1e-101", "'1e-101' is too small"),
        ("1e101", "'1e101' is too large"),
        ("9" * 400, "is too large"),
    ],
)
def test_a_number_that_nothing_counts_rejects_its_airport(tmp_path, value, said):
    path = tmp_path / "a.csv"
    path.write_text(ROWS + f"BAD,2012-01-01,3\nBAD,2012-02-01,{value}\n")
    entries = prepare(read_panel(DataSpec(str(path))), DataSpec(None), as_of=None, today=TODAY)
    assert said in entries[2].reason
    assert entries[0].n == 40


def test_the_same_numbers_in_parquet(tmp_path):
    ticks, kind = months()
    values = [5.0] * 30
    values[3:6] = [1e300, 5e-324, 1e100]
    panel = read_panel(
        DataSpec(str(parquet(tmp_path, pa.array(ticks, pa.int64()).cast(kind), values)))
    )
    problems = panel.frame["problem"].dropna().tolist()
    assert [p.partition(": ")[2] for p in problems] == [
        "1e+300 is too large",
        "4.94066e-324 is too small",
    ]


def test_a_damaged_gzip_file_that_is_no_text_either(tmp_path):
    path = tmp_path / "a.csv.gz"
    content = bytearray(gzip.compress(ROWS.encode("utf-16"), 1))
    content[-6] ^= 0xFF
    path.write_bytes(bytes(content))
    assert "gzip" in refused(path)
    content = bytearray(gzip.compress(ROWS.encode() + b"\xff\xfe\xff", 1))
    content[-6] ^= 0xFF
    path.write_bytes(content)
    assert "gzip" in refused(path)


def test_a_pipe_is_no_file(tmp_path):
    """Whoever opened it would wait for a writer for ever."""
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe or a device" in refused(tmp_path / "pipe")
    assert "is a pipe or a device" in refused("/dev/zero")
    assert "directory" in refused(tmp_path)


def test_a_line_without_end(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(ROWS + "x" * 10_000_000)
    assert "line 82 has more than 1,048,576 characters" in refused(path)
    path.write_text("x" * 10_000_000)
    assert "line 1 has more than 65,535 characters" in refused(path)


def test_a_file_that_is_replaced_while_it_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_text(ROWS)
    (table,) = files.source_tables(str(path), DataSpec(None))
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="was replaced while it was read"):
        table.load((0, 1, 2))
    pq.write_table(pa.table({"airport": ["JFK"], "date": ["2012-01"], "y": [1]}), path)
    (table,) = files.source_tables(str(path), DataSpec(None))
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(DataError, match="was replaced while it was read"):
        table.load((0, 1, 2))
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        table.load((0, 1, 2))


def test_names_of_parquet_that_are_no_text(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"airport": ["JFK"], "date": ["2012-01"], "passengers": [1]}), path)
    path.write_bytes(path.read_bytes().replace(b"airport", b"\xba" + b"irport"))
    assert "is not a readable Parquet file" in refused(path)


def test_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "_MOST_UNPACKED", 100_000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(ROWS.encode() + b"JFK,2011-01-01,1\n" * 300_000))
    assert "unpacks to more than 200 times its size" in refused(path)
    path.write_bytes(gzip.compress(ROWS.encode()))
    assert len(read_panel(DataSpec(str(path))).frame) == 80


def test_a_bomb_of_parquet(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "_MOST_ROWS", 1000)
    path = tmp_path / "a.parquet"
    n = 400_000
    same = {"airport": pa.array(["JFK"] * n), "date": pa.array([0] * n, pa.date32())}
    pq.write_table(pa.table({**same, "passengers": pa.nulls(n, pa.float64())}), path)
    assert "400,000 rows" in refused(path)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[tune]\nseed = " + "9" * 5000, "cannot be read as TOML"),
        ("[tune]\nloss = " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("[tune]\nseed = 1\n" + "#" * 1_000_000, "larger than 1,000,000 bytes"),
        ("[tune]\nloss = ['" + "x" * 9000 + "']", "tune.loss"),
        ("[" + "x" * 9000 + "]\na = 1", "no section"),
        ("[tune]\n" + "x" * 9000 + " = 1", "no setting"),
        ("[data]\nseason_length = 1000000000", "season_length"),
    ],
    ids=lambda toml: toml[:20],
)
def test_settings_that_are_too_much(tmp_path, toml, said):
    config = tmp_path / "forecastctl.toml"
    config.write_text(toml)
    load_redactor((), config, {})
    with pytest.raises(SettingsError) as caught:
        load_settings({}, config, {})
    assert said in caught.value.message
    assert len(caught.value.message) < 1000 + len(str(config))


def test_names_that_are_nested_deep(tmp_path):
    config = tmp_path / "forecastctl.toml"
    config.write_text("[tune" + ".a" * 2500 + "]")
    load_redactor((), config, {})
    with pytest.raises(SettingsError):
        load_settings({}, config, {})


def test_a_name_of_a_settings_file_that_no_file_can_have():
    with pytest.raises(SettingsError, match="There is no settings file xxx"):
        load_settings({}, environ={"FORECASTCTL_CONFIG": "x" * 10_000})


@pytest.mark.parametrize("date", ["0001-01", "9999-12", "9999-12-31", "0001-01-01"])
def test_a_date_without_one_before_or_after_it(date):
    with pytest.raises(UsageError, match="is not a date"):
        parse_day(date)


def test_filters_that_no_store_can_answer():
    parse_filter(" and ".join(["metrics.loss < 1"] * MOST_PREDICATES))
    with pytest.raises(UsageError, match="more than 50 predicates") as caught:
        parse_filter(" and ".join(["metrics.loss < 1"] * (MOST_PREDICATES + 1)))
    assert len(caught.value.message) < 1000
    (huge,) = parse_filter("attributes.start_time > " + "9" * 5000)
    assert huge.value == float("inf")
