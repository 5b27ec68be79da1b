from __future__ import annotations

import gzip
import os
import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.data.write import targets
from forecastctl.data.write.targets import check_target, write_frame
from forecastctl.errors import DataError

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)
FRAME = pd.DataFrame({"airport": ['a,"b"\nc', "NA"], "mean": [0.1 + 0.2, 1e-300]})
RETURN = pd.DataFrame({"airport": ["x\ry", "NA"], "mean": [0.1 + 0.2, 1e-300]})


def back(path):
    if str(path).endswith(".parquet"):
        return pd.read_parquet(path)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.assign(mean=[float(v) for v in frame["mean"]])


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet", "OUT.CSV"])
def test_what_is_written_reads_back(tmp_path, name):
    path = tmp_path / name
    for frame in (FRAME, RETURN):
        write_frame(frame, str(path))
        assert back(path).to_dict("list") == frame.to_dict("list")
    assert list(tmp_path.iterdir()) == [path]


@given(values=FLOATS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_floats_read_back_exactly(tmp_path, values):
    path = tmp_path / "f.csv"
    write_frame(pd.DataFrame({"mean": values}), str(path))
    assert [float(v) for v in path.read_text().split()[1:]] == values


def test_equal_frames_give_equal_bytes(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        write_frame(FRAME, str(tmp_path / name))
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).startswith(b"airport,mean\n")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere/out.csv", "no directory"),
        ("out.xlsx", "ending"),
        ("out", "ending"),
        (".", "directory"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_before_any_work(tmp_path, target, says):
    for use in (check_target, lambda t: write_frame(FRAME, t)):
        with pytest.raises(DataError, match=says) as error:
            use(str(tmp_path / target))
        assert error.value.hint
    assert list(tmp_path.iterdir()) == []


def test_checking_leaves_nothing_behind(tmp_path):
    check_target(str(tmp_path / "out.csv"))
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(targets.os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_frame(FRAME, str(path))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_rights_and_links_stay(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_frame(FRAME, str(link))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_text().startswith("airport")
    mask = os.umask(0o027)
    try:
        write_frame(FRAME, str(tmp_path / "new.csv"))
    finally:
        os.umask(mask)
    assert (tmp_path / "new.csv").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_frame(FRAME, str(pipe))
    reader.join(timeout=600)
    assert got[0].startswith(b"airport,mean\n")
    assert pipe.is_fifo()


def test_missing_numbers_are_blank(tmp_path):
    write_frame(pd.DataFrame({"airport": ["A"], "mean": [np.nan]}), str(tmp_path / "x.csv"))
    assert (tmp_path / "x.csv").read_text() == "airport,mean\nA,\n"
