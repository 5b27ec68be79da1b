"""Flags of what is printed and written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from forecastctl.api.named import Sets
from forecastctl.cli import completion
from forecastctl.cli.flags.headings import ASK, OUTPUT
from forecastctl.cli.options import argument, dated, option

Fix = Annotated[bool, option("--fix", "Mend what can be mended safely, and say what.", OUTPUT)]
ExplainedSetting = Annotated[
    str | None,
    option(
        "--explain",
        "All about one setting, by its name, variable or flag.",
        ASK,
        "KEY",
        completion.setting_names,
    ),
]
SettingsSchema = Annotated[
    bool, option("--schema", "Print a JSON schema of forecastctl.toml, for editors.", OUTPUT)
]
InitFile = Annotated[
    Path, option("--write", "Settings file to write (forecastctl.toml).", OUTPUT, "FILE")
]
Force = Annotated[bool, option("--force", "Replace what is there.", OUTPUT)]
Config = Annotated[
    Path | None,
    option("--config", "Settings file (default: forecastctl.toml here).", OUTPUT, "FILE"),
]
AsJson = Annotated[bool, option("--json", "Print the result as JSON.", OUTPUT)]
AsCsv = Annotated[bool, option("--csv", "Print the result as CSV.", OUTPUT)]
Quiet = Annotated[bool, option("--quiet -q", "Say nothing unless something is wrong.", OUTPUT)]
Metrics = Annotated[
    str | None,
    option(
        "--metrics",
        "Write how it ended for Prometheus (textfile format), also when it fails.",
        OUTPUT,
        "FILE",
    ),
    Sets("run.metrics"),
]
ReportFolder = Annotated[
    str | None,
    option(
        "--report", "Write a site about the job into this folder, when it is done.", OUTPUT, "DIR"
    ),
    Sets("report.out"),
]
ReportOut = Annotated[
    str | None,
    option(
        "--out -o",
        "Folder to write it into (report.out of the settings, or report).",
        OUTPUT,
        "DIR",
    ),
]
ReportExplained = Annotated[
    int | None,
    option("--explained", "Explain so many of the largest misses in full (10).", OUTPUT, "N"),
    Sets("report.explained"),
]
ReportLog = Annotated[
    bool | None,
    option("--log/--no-log", "Record it with the job, for MLflow's pages.", OUTPUT),
    Sets("report.log"),
]
LogFormat = Annotated[
    str | None,
    option("--log-format", "Lines on stderr and in log.txt: text or json.", OUTPUT, "NAME"),
    Sets("log.format"),
]
Verbose = Annotated[bool, option("--verbose -v", "Log on stderr.", OUTPUT)]
Html = Annotated[
    Path | None, option("--html", "Write a self-contained page with charts.", OUTPUT, "FILE")
]
Image = Annotated[Path | None, option("--image", "Write the charts as PNG or SVG.", OUTPUT, "FILE")]
Plotted = Annotated[str, argument("AIRPORT", "The airport, as spelt in the data.")]
PlotKind = Annotated[
    str,
    option(
        "--kind",
        "forecast, backtest (errors by lead), trials, parts (of a miss), vintages or residuals.",
        ASK,
        "NAME",
    ),
]
PlotDate = Annotated[
    str | None,
    dated("--date", "Period of parts and vintages; without: newest with an actual.", ASK),
]
PlotAsOf = Annotated[
    str | None,
    dated("--as-of", "The newest that used no observation after this date.", ASK, last=True),
]
PlotOut = Annotated[
    Path | None,
    option("--out -o", "PNG or SVG to write (AIRPORT-KIND-DATE.png).", OUTPUT, "FILE"),
]
SampleOut = Annotated[str, option("--out -o", "CSV (.gz) or Parquet to write.", OUTPUT, "FILE")]
