from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.data.check.check import check
from forecastctl.data.panel.build import from_frame
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from forecastctl.records import Rejection, Series
from forecastctl.records.calendar import days_of, first_days, ordinals
from tests.data.conftest import TODAY

AS_OF = date(2014, 6, 30)
NAMES = st.sampled_from(["JFK", "EWR", " x ", "NA", ""])
VALUES = st.one_of(
    st.integers(0, 50_000).map(float),
    st.sampled_from([0.0, np.nan, np.inf, -1.0]),
)


@st.composite
def rows(draw, first=date(2012, 1, 1), last=date(2016, 12, 31)):
    """Rows of some airports: mostly regular, with anything in between."""
    found = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        step = draw(st.sampled_from([1, 1, 1, 3, 12]))
        start, n = draw(st.integers(0, 30)), draw(st.integers(1, 40))
        for i in range(n):
            month = start + i * step
            day = date(2012 + month // 12, month % 12 + 1, 1)
            if first <= day <= last and draw(st.integers(0, 12)):
                found.append((name, day, draw(VALUES)))
    extra = st.tuples(NAMES, st.dates(first, last), VALUES)
    return found + draw(st.lists(extra, max_size=5))


POLICIES = st.fixed_dictionaries(
    {
        "gaps": st.sampled_from(["interpolate", "longest", "reject"]),
        "duplicates": st.sampled_from(["reject", "sum", "mean", "last"]),
        "suspects": st.sampled_from(["keep", "missing", "reject"]),
        "freq": st.sampled_from([None, "M", "W", "D"]),
        "max_gap": st.integers(0, 4),
    }
)


def entries_of(data, spec, as_of=None):
    names, days, values = zip(*data, strict=True)
    panel = from_frame(names, np.array(days, dtype="datetime64[D]"), values, spec, "test")
    return prepare(panel, spec, as_of=as_of, today=TODAY), panel


def _apart(error):
    """The one error of a whole panel: its rows lie a year or some odd time apart."""
    assert "apart" in error.message


def plain(entry):
    """Everything about an entry, except where its rows lie in the file."""
    if isinstance(entry, Rejection):
        return entry.airport, entry.reason, entry.digest
    return entry.airport, entry.freq, entry.ds.tolist(), entry.y.tolist(), entry.digest, entry.notes


SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@given(rows(last=AS_OF), rows(first=date(2014, 7, 7)), POLICIES)
@SETTINGS
def test_nothing_after_the_as_of_date_has_any_influence(early, late, policies):
    if not early:
        return
    spec = DataSpec(None, **policies)
    try:
        alone, _ = entries_of(early, spec, as_of="2014-06-30")
        with_later, _ = entries_of(early + late, spec, as_of="2014-06-30")
    except DataError as error:
        _apart(error)
        return
    known = {name for name, _, _ in early}
    assert [plain(e) for e in with_later if e.airport in known] == [plain(e) for e in alone]
    for entry in with_later:
        if entry.airport not in known:
            assert entry.reason == "no data on or before 2014-06-30"
        if isinstance(entry, Series):
            assert (entry.ds <= np.datetime64(AS_OF)).all()


@given(rows(), POLICIES, st.sampled_from([None, "2013-05", "1999-01"]))
@SETTINGS
def test_every_airport_has_exactly_one_entry_and_check_agrees(data, policies, as_of):
    if not data:
        return
    spec = DataSpec(None, **policies)
    try:
        entries, panel = entries_of(data, spec, as_of)
    except DataError as error:  # a panel of yearly rows as a whole
        _apart(error)
        return
    assert [e.airport for e in entries] == list(dict.fromkeys(name for name, _, _ in data))
    reports = check(panel, spec, as_of=as_of, today=TODAY)
    for entry, report in zip(entries, reports, strict=True):
        assert (report.airport, report.status_if_run) == (
            entry.airport,
            "ok" if isinstance(entry, Series) else "rejected",
        )
        rejects = any(f.severity == "reject" for f in report.findings)
        assert rejects == isinstance(entry, Rejection)
        if isinstance(entry, Series):
            _regular(entry)


def _regular(series):
    assert np.isfinite(series.y).all()
    assert (series.y >= 0).all()
    assert len(series.y) >= 3
    periods = ordinals(series.ds.astype(np.int64), series.freq)
    assert (np.diff(periods) == 1).all()
    assert (first_days(periods, series.freq) == series.ds).all()
    assert days_of(TODAY) >= series.ds[-1].astype(int)


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_digests_do_not_depend_on_the_order_of_rows(data, random):
    if not data:
        return
    turned = data.copy()
    random.shuffle(turned)
    spec = DataSpec(None, freq="M")
    (one, panel), (two, other) = entries_of(data, spec), entries_of(turned, spec)
    assert panel.digest == other.digest
    assert {e.airport: e.digest for e in one} == {e.airport: e.digest for e in two}
    changed = [(data[0][0], data[0][1], 12_345.5), *data[1:]]
    assert entries_of(changed, spec)[1].digest != panel.digest or data[0][2] == 12_345.5


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200
)


@given(st.lists(TEXT, min_size=1, max_size=6, unique=True))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_name_goes_through_a_csv_and_back(tmp_path, names):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(["airport", "date", "passengers"])
    for name in names:
        writer.writerows([name, f"2012-{m:02}", m] for m in range(1, 13))
    path = tmp_path / "names.csv"
    path.write_bytes(buffer.getvalue().encode())
    spec = DataSpec(str(path), totals="keep")  # one may be called total, and be the sum of the rest
    entries = prepare(read_panel(spec), spec, as_of=None, today=TODAY)
    assert [e.airport for e in entries] == names
    assert all(isinstance(e, Series) or not e.airport.strip() for e in entries)


PIECES = st.sampled_from(
    [
        *("airport,date,passengers\n", "A,2012-01-01,5\n", '"', ",", "\n", "\r", "\0", ";", "\t"),
        *("\ufeff", "2012", "-01", "x", " ", "1e999", "-5", "13/01/2012", "01/13/2012", "NA"),
    ]
)


@given(
    st.one_of(
        st.lists(PIECES, max_size=40).map(lambda p: "".join(p).encode()), st.binary(max_size=200)
    )
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_file_crashes(tmp_path, content):
    path = tmp_path / "any"
    path.write_bytes(content)
    spec = DataSpec(str(path))
    try:
        panel = read_panel(spec)
    except DataError as error:
        _says_where(error, str(path))
        return
    entries = prepare(panel, spec, as_of=None, today=TODAY)
    assert [e.airport for e in entries] == list(dict.fromkeys(panel.frame.airport))


def _says_where(error, path):
    assert path in error.message
    assert error.hint
    assert "\n" not in error.message
