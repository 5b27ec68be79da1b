"""Five jobs on a few series each of real panels, which are not part of the repository.

What they say is written to a file that is named, and compared between two checkouts.
"""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

from tests.golden.jobs import NO_CHARTS, QUICK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tests.golden.product import Product

NEW_YORK = ("EWR", "JFK", "LGA", "SWF", "ACY")
RUSSIAN = ("Sochi", "Volgograd (Gumrak)", "Kaliningrad (Hrabrovo)", "Abakan")
STATES = {
    **dict.fromkeys(("AUS", "DFW", "HOU", "SAT"), "TX"),
    **dict.fromkeys(("JFK", "LGA"), "NY"),
    **dict.fromkeys(("MSY", "ORD"), "other"),
}


def part(
    product: Product, source: Path, series: Iterable[str], first: str = "", last: str = "9999"
) -> str:
    """Write some series of a panel, from one date to another, as a file of the job; its name."""
    wanted = set(series)
    opened = gzip.open if source.suffix == ".gz" else open
    path = product.folder / f"{source.name.partition('.')[0]}.csv"
    with opened(source, "rt", newline="", encoding="utf-8") as found, path.open("w") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("airport", "date", "passengers"))
        for row in csv.DictReader(found):
            name = row.get("airport") or row.get("series")
            if name in wanted and first <= row["date"] <= last:
                out.writerow((name, row["date"], row.get("passengers") or row.get("value")))
    return path.name


def port_authority(product: Product, data: Path) -> None:
    """September 2001 in New York, and files as they are published."""
    workers = product.workers()
    panel = part(product, data / "port_authority.csv", NEW_YORK, "1988", "2002-12-31")
    russian = part(product, data / "russia_raw.csv.gz", RUSSIAN)
    product.ask("check", "check", "--data", str(data / "port_authority_raw.csv"))
    product.ask("check in Russia", "check", "--data", str(data / "russia_raw.csv.gz"))
    common = (*QUICK, *workers, NO_CHARTS)
    product.ask("run", "run", "--data", panel, *common, "--as-of", "2001-08")
    product.ask("run later", "run", "--data", panel, *common, "--as-of", "2001-12")
    product.ask("run in Russia", "run", "--data", russian, *common, "--as-of", "2017-10")
    for airport, date in (("JFK", "2001-09"), ("EWR", "2001-11"), ("LGA", "2002-03")):
        asked = ("--airport", airport, "--date", date, "--data", panel)
        product.ask(f"why {airport}", "explain", *asked)
    product.ask(
        "what changed",
        *("explain", "--airport", "JFK", "--date", "2002-04", "--data", panel),
        *("--between", "2001-08", "2001-12"),
    )
    product.ask(
        "why Sochi", "explain", "--airport", "Sochi", "--date", "2018-06", "--data", russian
    )


def tsa(product: Product, data: Path) -> None:
    """The first months of 2020 with sums over states, and a winter storm by days."""
    months = part(product, data / "tsa_monthly.csv", STATES)
    days = part(product, data / "tsa_daily.csv.gz", ("AUS", "HOU", "ORD"), "2020-06", "2021-02-28")
    rows = [("airport", "state"), *STATES.items()]
    text = "".join(f"{airport},{state}\n" for airport, state in rows)
    (product.folder / "states.csv").write_text(text, encoding="utf-8")
    common = (*QUICK, *product.workers(), NO_CHARTS)
    grouped = ("--groups-from", "states.csv", "--reconcile", "mint_shrink", "--horizon", "6")
    product.ask("run", "run", "--data", months, *common, *grouped, "--as-of", "2020-02")
    product.ask("run later", "run", "--data", months, *common, *grouped, "--as-of", "2021-06")
    product.ask("run by days", "run", "--data", days, *common, "--as-of", "2021-02-12")
    for airport, date in (("AUS", "2020-04"), ("JFK", "2021-09"), ("MSY", "2021-09")):
        asked = ("--airport", airport, "--date", date, "--data", months)
        product.ask(f"why {airport}", "explain", *asked)
    product.ask(
        "why by days", "explain", "--airport", "HOU", "--date", "2021-02-16", "--data", days
    )


def tourism(product: Product, data: Path) -> None:
    """Two searches that learn, and a long one that does not."""
    series = ("M1", "M53", "M157", "M209")
    panel = part(product, data / "tourism_monthly.csv.gz", series, last="1994-07-31")
    common = ("--data", panel, *product.workers(), NO_CHARTS, "--quiet", "--folds", "2")
    search = ("--max-evals", "20", "--combine", "3", "--learn")
    product.ask("first", "run", *common, *search, "--as-of", "1993-06")
    product.ask("second", "run", *common, *search, "--as-of", "1993-09")
    product.ask(
        "long search",
        *("run", *common, "--as-of", "1993-06", "--max-evals", "40", "--airport", "M157"),
    )
    product.ask("why", "explain", "--airport", "M1", "--date", "1994-01", "--data", panel)


def m1(product: Product, data: Path) -> None:
    """A backtest, watched and asked about."""
    series = ("MRC29", "MNB46", "MNM34", "MNI135")
    panel = part(product, data / "m1_monthly.csv.gz", series, last="1958-12-31")
    common = ("--data", panel, *QUICK, *product.workers(), "--horizon", "9")
    origins = ("--from", "1955-06", "--to", "1956-06", "--every", "4", "--retune-every", "2")
    product.ask(
        "backtest", "backtest", *common, *origins, "--out", "backtest.csv", out="backtest.csv"
    )
    product.ask("jobs", "history", "--filter", "tags.origin = 'backtest'")
    product.ask("why", "explain", "--airport", "MNM34", "--date", "1956-01", "--data", panel)
    product.ask("monitor", "monitor", "--data", panel, "--as-of", "1957-01", "--origin", "backtest")


def hospital(product: Product, data: Path) -> None:
    """Small counts: run, monitor, retune, reproduce and look back; the flat layout."""
    series = ("T1", "T55", "T163", "T217", "T649", "T757")
    panel = part(product, data / "hospital_monthly.csv.gz", series)
    common = ("--data", panel, *QUICK, *product.workers(), NO_CHARTS, "--layout", "flat")
    product.ask("run", "run", *common, "--as-of", "2002-12", "--loss", "mae")
    product.ask("monitor", "monitor", "--data", panel, "--as-of", "2003-10")
    product.ask("retune", "run", *common, "--as-of", "2003-10", "--loss", "mae")
    product.ask("reproduced", "reproduce", product.job("run"), "--refit", *product.workers())
    product.ask("jobs", "history")
    for what in ("airports", "trials", "forecasts"):
        product.ask(what, "history", what, "--limit", "500", ordered=False)
    product.ask("compared", "history", "--compare", product.job("run"), product.job("retune"))
    product.ask("why", "explain", "--airport", "T163", "--date", "2003-12", "--data", panel)


REAL: Mapping[str, Callable[[Product, Path], None]] = {
    "port_authority": port_authority,
    "tsa": tsa,
    "tourism": tourism,
    "m1": m1,
    "hospital": hospital,
}
"""The jobs by name."""
