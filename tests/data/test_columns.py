from __future__ import annotations

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.columns import find_columns
from forecastctl.errors import DataError, SettingsError

PORT = (
    *("Airport Code", "Year", "Month"),
    *("Domestic Passengers", "International Passengers", "Total Passengers"),
)


def found(names, **settings):
    return find_columns(names, DataSpec("f.csv", **settings), "f.csv").described(names)


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("airport", "date", "passengers"), ("airport", "date", "passengers")),
        (("unique_id", "ds", "y"), ("unique_id", "ds", "y")),
        (("IATA", "Month", "Pax"), ("IATA", "Month", "Pax")),
        (
            ("Airport-Code", "PERIOD", "Total Passengers"),
            ("Airport-Code", "PERIOD", "Total Passengers"),
        ),
        (("series", "set", "date", "value"), ("series", "date", "value")),
        (("airport", "iata", "date", "passengers"), ("airport", "date", "passengers")),
        (("airport", "date", "year", "month", "passengers"), ("airport", "date", "passengers")),
        (PORT, ("Airport Code", "Year + Month", "Total Passengers")),
    ],
)
def test_usual_names(names, roles):
    assert tuple(found(names).values()) == roles


def test_names_by_setting():
    names = ("where", "when", "how many", "passengers")
    chosen = found(names, airport="WHERE", date="when", value="how_many")
    assert tuple(chosen.values()) == ("where", "when", "how many")
    assert found(PORT, value="Domestic Passengers")["value"] == "Domestic Passengers"


def test_a_missing_column_names_those_found_a_suggestion_and_the_setting():
    with pytest.raises(DataError) as error:
        found(("airport", "dates", "passengers"))
    assert "f.csv has no column that looks like the date" in error.value.message
    assert "'airport', 'dates', 'passengers'" in error.value.message
    assert "[data] date" in error.value.hint
    assert "'dates'" in error.value.hint
    with pytest.raises(DataError) as error:
        found(("airport", "date", "passengers"), value="pasengers")
    assert "no column 'pasengers'" in error.value.message
    assert "Did you mean 'passengers'?" in error.value.hint


def test_ambiguous_columns_are_named():
    with pytest.raises(DataError, match="'iata' or 'station'") as error:
        found(("iata", "station", "date", "passengers"))
    assert "[data] airport" in error.value.hint
    with pytest.raises(DataError, match="'passengers' or 'Passengers'"):
        found(("airport", "date", "passengers", "Passengers"))
    with pytest.raises(DataError, match="2 columns named 'x'"):
        found(("airport", "date", "x", "x"), value="x")


def test_a_file_without_header_says_so():
    with pytest.raises(DataError) as error:
        found(("JFK", "2012-10-01", "4117834"))
    assert "first line must hold the names" in error.value.hint


@pytest.mark.parametrize(
    "wrong",
    [
        {"freq": "MS"},
        {"gaps": "fill"},
        {"duplicates": "first"},
        {"suspects": "drop"},
        {"max_gap": -1},
        {"season_length": 0},
        {"min_length": 0},
        {"max_stale": -1},
    ],
)
def test_settings_that_no_policy_knows(wrong):
    with pytest.raises(SettingsError, match=rf"\[data\] {next(iter(wrong))} is"):
        DataSpec("f.csv", **wrong)
