"""Flags of the data."""

from __future__ import annotations

from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli import completion
from forecastctl.cli.flags.headings import DATA
from forecastctl.cli.options import dated, option

Data = Annotated[
    str | None,
    option(
        "--data",
        "File or folder (CSV, Excel, Parquet, JSON ...), -, address, SQLAlchemy URL, or 'sample'; "
        "read by the workers: parquet:FOLDER, spark:TABLE.",
        DATA,
        "FILE",
    ),
    Sets("data.source"),
]
Query = Annotated[
    str | None,
    option("--query", "SQL query, where --data is a URL.", DATA, "SQL"),
    Sets("data.query"),
]
Value = Annotated[
    str | None,
    option("--value", "Column that holds the passengers.", DATA, "COLUMN"),
    Sets("data.value"),
]
Suspects = Annotated[
    str | None,
    option(
        "--suspects",
        "What looks wrong in the data: recent (left out at the end), keep, missing, reject.",
        DATA,
        "POLICY",
    ),
    Sets("data.suspects"),
]
AsOf = Annotated[
    str | None,
    dated(
        "--as-of",
        "Use no observation after this date: 2019-08, Aug-2019, 2019-08-15.",
        DATA,
        last=True,
    ),
]
Airports = Annotated[
    list[str] | None,
    option("--airport", "Only this airport (repeatable).", DATA, "NAME", completion.airports),
]
Select = Annotated[
    list[str] | None,
    option("--select", "Only airports that match this glob (repeatable).", DATA, "GLOB"),
]
Groups = Annotated[
    list[str] | None,
    option(
        "--group",
        "Also forecast the sums over each value of this column, and the total (repeatable).",
        DATA,
        "COLUMN",
    ),
    Sets("data.groups"),
]
JudgedGroups = Annotated[
    list[str] | None,
    option("--group", "Also compare by the values of this column (repeatable).", DATA, "COLUMN"),
    Sets("data.groups"),
]
GroupsFrom = Annotated[
    str | None,
    option("--groups-from", "CSV or Parquet that holds these columns by airport.", DATA, "FILE"),
    Sets("data.group_file"),
]
FixOut = Annotated[
    str | None,
    option("--fix-out", "Also write the rows that a job can use, in long form.", DATA, "FILE"),
]
SampleAirports = Annotated[int, option("--airports", "Number of airports (8).", DATA, "N")]
SampleMonths = Annotated[int, option("--months", "Months of history (120).", DATA, "N")]
SampleNames = Annotated[
    list[str] | None,
    option("--name", "Name of an airport, not a made-up one (repeatable).", DATA, "NAME"),
]
SampleFrom = Annotated[str | None, dated("--from", "First month (2010-01).", DATA)]
SampleSeed = Annotated[int, option("--seed", "Seed of the generator (0).", DATA, "N")]
BenchAirports = Annotated[
    int | None, option("--airports", "Number of generated airports (32).", DATA, "N")
]
BenchMonths = Annotated[int | None, option("--months", "Months of their history (120).", DATA, "N")]
PlanAirports = Annotated[
    int | None, option("--airports", "How many (as many as the newest job had).", DATA, "N")
]
PlanMonths = Annotated[
    int | None, option("--months", "Months of each (as the newest job had).", DATA, "N")
]
