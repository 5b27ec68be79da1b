"""What ``check --fix-out`` writes: the rows that a job can use, one for each period."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from forecastctl.data.check.clean import clean_rows
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.data.read.files import read_panel
from tests.data.conftest import TODAY
from tests.data.test_categories import WANTED, flows, long_text
from tests.data.test_sums import MONTHS, PLAIN, long_rows, text_of, values_of


def cleaned(path, **settings):
    spec = DataSpec(path, **settings)
    panel = read_panel(spec)
    return panel, spec, clean_rows(panel, spec, today=TODAY)


def table_of(frame):
    return {a: rows["passengers"].tolist() for a, rows in frame.groupby("airport", sort=False)}


def test_totals_are_not_among_the_clean_rows(write):
    rows = long_rows(("Total", "North", "JFK", "LGA", "South", "MIA", "ATL"))
    _, _, clean = cleaned(write(text_of(rows)))
    assert table_of(clean.frame) == PLAIN
    assert clean.frame["date"].tolist()[:2] == ["2015-01-01", "2015-02-01"]
    assert clean.frame["passengers"].dtype == "int64"


def test_rows_of_a_period_are_combined_as_the_setting_says(write):
    _, _, clean = cleaned(write(long_text(flows)), duplicates="sum")
    assert table_of(clean.frame) == WANTED
    assert [airport for airport, _ in clean.combined] == ["JFK", "MIA"]
    assert "added several rows in 24 months" in clean.combined[0][1]
    _, _, days = cleaned(
        write(
            "airport,date,passengers\n"
            + "".join(f"JFK,2015-0{1 + i % 3}-1{i // 3},{i}\n" for i in range(9))
        ),
        freq="M",
        duplicates="sum",
    )
    assert table_of(days.frame) == {"JFK": [9, 12, 15]}


def test_airports_whose_rows_cannot_be_used_are_left_out_and_others_stay(write):
    text = text_of(long_rows(("JFK", "LGA", "MIA")))
    text += f"LGA,{MONTHS[3]},7\nMIA,{MONTHS[3]},closed\nNEW,2016-12,5\n,2016-12,5\n"
    panel, spec, clean = cleaned(write(text))
    assert list(table_of(clean.frame)) == ["JFK", "NEW"]  # NEW is too short, but sound
    reasons = dict(clean.refused)
    assert list(reasons) == ["LGA", "MIA", ""]
    assert "both hold 2015-04" in reasons["LGA"]
    assert "'closed' is not a number" in reasons["MIA"]
    rejected = {
        e.airport for e in prepare(panel, spec, as_of=None, today=TODAY) if not hasattr(e, "y")
    }
    assert rejected == {"LGA", "MIA", "", "NEW"}


def test_only_what_was_known_and_asked_for(write):
    spec = DataSpec(write(text_of(long_rows(("JFK", "LGA")))))
    clean = clean_rows(read_panel(spec), spec, as_of="2015-06", today=TODAY, airports={"LGA"})
    assert table_of(clean.frame) == {"LGA": PLAIN["LGA"][:6]}


@pytest.mark.parametrize("name", ["clean.csv", "clean.parquet"])
def test_the_command_writes_what_reads_back_the_same_and_says_what_is_missing(
    write, tmp_path, name
):
    rows = [
        *long_rows(("Total", "North", "JFK", "LGA", "South", "MIA", "ATL")),
        ("ZZZ", "2016-12", "?!"),
    ]
    target = tmp_path / name
    args = ["check", "--data", write(text_of(rows)), "--fix-out", str(target), "--json"]
    found = CliRunner().invoke(app, args)
    assert found.exit_code == 0, found.stderr
    assert "wrote 96 rows of 4 airports" in found.stderr
    assert "left out, its rows cannot be used: ZZZ: line 170" in found.stderr
    messages = [finding["message"] for finding in json.loads(found.stdout)["findings"]]
    assert any("'North' is the sum of 'JFK' and 'LGA': left out" in text for text in messages)
    again = read_panel(DataSpec(str(target)))
    assert values_of(again) == PLAIN
    assert again.understood.notes == ()
    assert isinstance(again.frame, pd.DataFrame)
