"""Files as programs and offices export them: each gives the panel, or the right question."""

from __future__ import annotations

import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError
from tests.data.test_sums import AIRPORTS, MONTHS, PLAIN, values_of

DAYS = pd.DatetimeIndex([f"{month}-01" for month in MONTHS], name="date")
WIDE = pd.DataFrame({name: y.astype(int) for name, y in AIRPORTS.items()}, index=DAYS)
LONG = pd.DataFrame(
    [(a, m, int(y)) for a in AIRPORTS for m, y in zip(MONTHS, AIRPORTS[a], strict=True)],
    columns=["airport", "date", "passengers"],
)
GERMAN = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


def long_as(date, header="airport,date,passengers", sep=","):
    rows = [f"{a}{sep}{date(pd.Timestamp(d))}{sep}{y}" for a, d, y in LONG.itertuples(index=False)]
    return "\n".join([header.replace(",", sep), *rows]) + "\n"


def wide_as(header, label, sep=","):
    rows = [
        f"{label(t)}{sep}{sep.join(str(int(y[t])) for y in AIRPORTS.values())}"
        for t in range(len(MONTHS))
    ]
    return "\n".join([header, *rows]) + "\n"


def since(year, unit):
    start = pd.Timestamp(f"{year}-01-01")
    return lambda day: (day - start) // pd.Timedelta(1, unit)


NAMES = ",".join(AIRPORTS)
TEXTS = {
    "R, years as numbers": wide_as(f'"time",{NAMES}', lambda t: f"{2015 + t / 12:.6g}"),
    "R, years with all digits": wide_as(f'"time",{NAMES}', lambda t: repr(2015 + t / 12)),
    "R, days": long_as(since(1970, "D")),
    "R, names of rows": "\n".join(
        ['"","airport","date","passengers"']
        + [f'"{i}",{",".join(map(str, r))}' for i, r in enumerate(LONG.values, 1)]
    ),
    "SAS, days": long_as(since(1960, "D")),
    "SAS, seconds": long_as(since(1960, "s")),
    "SAS, date9": long_as(lambda d: d.strftime("%d%b%Y").upper()),
    "SAS, datetime": long_as(lambda d: d.strftime("%d%b%Y:00:00:00").upper()),
    "Stata, milliseconds": long_as(since(1960, "ms")),
    "Unix, seconds": long_as(since(1970, "s")),
    "SAP": long_as(lambda d: d.strftime("%m.%Y"), "Flughafen,Kal.Jahr/Monat,Passagiere", ";"),
    "Power BI": long_as(lambda d: f'"{d:%A, %B %d, %Y}"', "Airport,Date,Sum of Passengers"),
    "Tableau": long_as(lambda d: f"{d:%B %Y}", "Airport,Month of Date,Measure Values"),
    "SQL Server": long_as(lambda d: d.strftime("%b %e %Y 12:00AM")),
    "Eurostat": long_as(lambda d: f"{d:%Y-%m}", "rep_airp,TIME_PERIOD,OBS_VALUE"),
    "Canada": long_as(lambda d: f"{d:%Y-%m}", "Airports,REF_DATE,VALUE"),
    "Germany": "GENESIS-Tabelle: 46421-0010\nFluggäste: Monate, Flugplätze\n"
    + wide_as(f";;{NAMES.replace(',', ';')}", lambda t: f"{2015 + t // 12};{GERMAN[t % 12]}", ";")
    + "__________\n© Statistisches Bundesamt\n",
    "MySQL": "+---+---+---+\n| airport | date | passengers |\n+---+---+---+\n"
    + "".join(f"| {a:7} | {d} | {y:10} |\n" for a, d, y in LONG.itertuples(index=False))
    + "+---+---+---+\n",
    "PostgreSQL": " airport | date | passengers \n------+-----+-----\n"
    + "".join(f" {a:7} | {d} | {y:10}\n" for a, d, y in LONG.itertuples(index=False))
    + "(96 rows)\n",
    "Markdown": "| airport | date | passengers |\n|:---|:---|---:|\n"
    + "".join(f"| {a} | {d} | {y} |\n" for a, d, y in LONG.itertuples(index=False)),
    "measures before airports": wide_as(
        "Month," + ",".join(f"{m} {a}" for m in ("Total Passengers", "Cargo") for a in AIRPORTS),
        lambda t: MONTHS[t],
    )
    .replace("\n", ",1,2,3,4\n")
    .replace(",1,2,3,4\n", "\n", 1),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_of_programs_and_offices(write, text):
    panel = read_panel(DataSpec(write(text)))
    assert values_of(panel) == PLAIN
    assert panel.frame["problem"].isna().all()
    days = panel.frame[panel.frame["airport"] == "JFK"]["ds"].dt.strftime("%Y-%m")
    assert days.tolist() == MONTHS


SEVERAL = pd.concat({"passengers": WIDE, "cargo": 3 * WIDE}, axis=1)
SEVERAL.columns.names = [None, "airport"]
DATED = LONG.assign(date=pd.to_datetime(LONG["date"]))
FRAMES = {
    "a header of two rows.csv": SEVERAL[["passengers"]].to_csv,
    "two measures.csv": SEVERAL.to_csv,
    "airports above measures.csv": SEVERAL.swaplevel(axis=1)
    .sort_index(axis=1, sort_remaining=False)
    .to_csv,
    "two measures.xlsx": SEVERAL.to_excel,
    "an index of two.csv": DATED.set_index(["airport", "date"]).to_csv,
    "an index of two.xlsx": DATED.set_index(["airport", "date"]).to_excel,
    **{
        f"long {orient} {dates}.json": lambda path, o=orient, d=dates: DATED.to_json(
            path, orient=o, date_format=d
        )
        for orient in ("records", "columns", "index", "split", "table")
        for dates in ("epoch", "iso")[orient == "table" :]
    },
    **{
        f"{name} {orient} {dates}.json": lambda path, f=frame, o=orient, d=dates: f.to_json(
            path, orient=o, date_format=d
        )
        for name, frame in (("wide", WIDE), ("turned", WIDE.T))
        for orient in ("columns", "index", "split", "table")
        for dates in ("epoch", "iso")[orient == "table" :]
    },
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_pandas(tmp_path, name):
    FRAMES[name](tmp_path / name)
    found = values_of(read_panel(DataSpec(str(tmp_path / name))))
    assert found == {a: PLAIN[a] for a in found}
    assert set(found) == set(PLAIN)


ASKED = {
    "the index was not written.json": (WIDE.to_json(orient="records"), "no column that looks like"),
    "airports were not written.json": (
        WIDE.T.to_json(orient="records"),
        "no column that looks like",
    ),
    "no names.json": (LONG.to_json(orient="values"), "no column that looks like the airport"),
    "months since 1960.csv": (
        long_as(lambda d: (d.year - 1960) * 12 + d.month - 1),
        "not one date",
    ),
    "columns of other names.csv": (
        "PASSENGERS,ORIGIN,YEAR,MONTH,\n"
        + "".join(
            f"{y}.00,{a},{d[:4]},{int(d[5:])},\n" for a, d, y in LONG.itertuples(index=False)
        ),
        "no column that looks like the airport",
    ),
    "a title and a name that is not known.csv": (
        "Traffic\n\n" + LONG.to_csv(index=False).replace("airport", "country"),
        "no column that looks like",
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_not_there_is_asked_for(write, name):
    text, question = ASKED[name]
    with pytest.raises(DataError, match=question):
        read_panel(DataSpec(write(text, name)))


def test_names_of_columns_and_values_below_them_are_no_dates(write):
    text = "AIRPORT,Year,Month,Dom_Pax_Total,Pax_Total\n" + "".join(
        f"{a},{d[:4]},{int(d[5:])},{y // 2},{y}\n" for a, d, y in LONG.itertuples(index=False)
    )
    assert values_of(read_panel(DataSpec(write(text)))) == PLAIN


@pytest.mark.parametrize("of", ["years", "airports"])
def test_files_of_a_folder_with_titles_above(tmp_path, of):
    place = tmp_path / "traffic"
    place.mkdir()
    for name, rows in LONG.groupby(LONG["date"].str[:4] if of == "years" else "airport"):
        columns = ["airport", "date", "passengers"] if of == "years" else ["date", "passengers"]
        (place / f"{name}.csv").write_text(f"Traffic report\n\n{rows[columns].to_csv(index=False)}")
    assert values_of(read_panel(DataSpec(str(place)))).items() == PLAIN.items()
