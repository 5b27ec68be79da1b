"""A panel, a form of file, and the file: the same numbers in any of them."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FRENCH = (
    *("janv.", "févr.", "mars", "avril", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)
GERMAN = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
SPANISH = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
RUSSIAN = (
    *("январь", "февраль", "март", "апрель", "май", "июнь"),
    *("июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
)
POLISH = (
    *("styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec"),
    *("lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień"),
)
LANGUAGES = (ENGLISH, FRENCH, GERMAN, SPANISH, RUSSIAN, POLISH)

MONTHS: dict[str, Callable[[dt.date], str]] = {
    "2012-10": lambda d: f"{d:%Y-%m}",
    "2012-10-01": str,
    "2012/10/01": lambda d: f"{d:%Y/%m/%d}",
    "201210": lambda d: f"{d:%Y%m}",
    "201210.0": lambda d: f"{d:%Y%m}.0",
    "20121001": lambda d: f"{d:%Y%m%d}",
    "2012M10": lambda d: f"{d:%Y}M{d.month:02d}",
    "10/2012": lambda d: f"{d.month}/{d.year}",
    "1.10.2012": lambda d: f"{d:%d.%m.%Y}",
    "1.10.12": lambda d: f"{d:%d.%m.%y}",
    "10/1/2012": lambda d: f"{d.month}/{d.day}/{d.year}",
    "01/10/2012": lambda d: f"{d:%d/%m/%Y}",
    "Oct-12": lambda d: f"{ENGLISH[d.month - 1]}-{d:%y}",
    "Oct 2012": lambda d: f"{ENGLISH[d.month - 1]} {d.year}",
    "2012年10月": lambda d: f"{d.year}年{d.month}月",
    "Excel": lambda d: str((d - dt.date(1899, 12, 30)).days),
    "UTC": lambda d: f"{d - dt.timedelta(days=1)}T{22 + (d.month in (1, 2, 3, 11, 12))}:00:00Z",
    "zone": lambda d: f"{d}T00:00:00+02:00",
    "span": lambda d: f"{d}/{(pd.Period(d, 'M').end_time.date())}",
    **{
        f"in language {n}": (lambda d, names=names: f"{names[d.month - 1]} {d.year}")
        for n, names in enumerate(LANGUAGES)
    },
}
QUARTERS: dict[str, Callable[[dt.date], str]] = {
    "2012Q4": lambda d: f"{d.year}Q{d.month // 3 + 1}",
    "4Q2012": lambda d: f"{d.month // 3 + 1}Q{d.year}",
    "Q4 2012": lambda d: f"Q{d.month // 3 + 1} {d.year}",
    "4Q12": lambda d: f"{d.month // 3 + 1}Q{d:%y}",
    "T4-2012": lambda d: f"T{d.month // 3 + 1}-{d.year}",
    "4. Quartal 2012": lambda d: f"{d.month // 3 + 1}. Quartal {d.year}",
}
WEEKS: dict[str, Callable[[dt.date], str]] = {
    "2012-W05": lambda d: "{}-W{:02d}".format(*d.isocalendar()),
    "201205": lambda d: "{}{:02d}".format(*d.isocalendar()),
    "KW 5/2012": lambda d: "KW {1}/{0}".format(*d.isocalendar()),
    "span": lambda d: f"{d}/{d + dt.timedelta(days=6)}",
}
NUMBERS: dict[str, Callable[[int], str]] = {
    "1234567": str,
    "1234567.0": lambda y: f"{y}.0",
    "1234567,0": lambda y: f"{y},0",
    "1,234,567": lambda y: f"{y:,}",
    "1.234.567": lambda y: f"{y:,}".replace(",", "."),
    "1.234.567,00": lambda y: f"{y:,}".replace(",", ".") + ",00",
    "1 234 567": lambda y: f"{y:,}".replace(",", " "),
    "1\u202f234\u202f567": lambda y: f"{y:,}".replace(",", "\u202f"),
    "1’234’567": lambda y: f"{y:,}".replace(",", "’"),
    "12,34,567": lambda y: f"{y:,}" if y < 100_000 else _indian(y),
}
MARKS = ("", "*", " p", " (r)", "r", " e", "¹")
MISSING = ("", "-", "..", ":", "c", "n/a", "not available", ": c", "(D)", "…")
NAMES = ("JFK", "LGA", "Zürich", "A/B", "007", "São Paulo")
SHAPES = (
    "long",
    "year and month",
    "airports across",
    "periods across",
    "months across",
    "years across",
)
FILES = (
    "csv",
    "csv.gz",
    "zip",
    "json",
    "jsonl",
    "columns",
    "parquet",
    "feather",
    "xlsx",
    "folder",
    "hive",
    "sheets",
    "years",
)


def _indian(y: int) -> str:
    head, tail = divmod(y, 1000)
    groups = []
    while head:
        head, two = divmod(head, 100)
        groups.append(f"{two:02d}")
    return ",".join([*groups[::-1], f"{tail:03d}"]).lstrip("0")


@dataclass(frozen=True)
class Form:
    """How a panel is written."""

    freq: str
    shape: str
    file: str
    dates: str
    numbers: str
    delimiter: str
    encoding: str
    title: bool
    notes: bool
    total: bool
    regions: bool
    quarters: bool
    merged: bool
    trailing: bool
    sep_line: bool
    mark: str
    missing: str
    language: int


FORMS = st.builds(
    Form,
    freq=st.sampled_from("MMMMQW"),
    shape=st.sampled_from(SHAPES),
    file=st.sampled_from(("csv", "csv", *FILES)),
    dates=st.sampled_from([*MONTHS, *QUARTERS, *WEEKS]),
    numbers=st.sampled_from(list(NUMBERS)),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    title=st.booleans(),
    notes=st.booleans(),
    total=st.booleans(),
    regions=st.booleans(),
    quarters=st.booleans(),
    merged=st.booleans(),
    trailing=st.booleans(),
    sep_line=st.booleans(),
    mark=st.sampled_from(MARKS),
    missing=st.sampled_from(MISSING),
    language=st.integers(0, len(LANGUAGES) - 1),
)


@st.composite
def panels(draw: st.DrawFn) -> dict[str, list[int | None]]:
    """Two to four airports, 24 periods of each, some of them missing, never the last ones."""
    found: dict[str, list[int | None]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)):
        level = draw(st.sampled_from([1_200_000, 2_500_000, 40_000_000]))
        values: list[int | None] = [level + draw(st.integers(0, 999_999)) for _ in range(24)]
        for at in draw(st.lists(st.integers(1, 21), max_size=2)):
            values[at] = None
        found[name] = values
    return found


def days_of(freq: str) -> list[dt.date]:
    """First days of 24 periods from 2015 on."""
    if freq == "W":
        return [dt.date(2015, 1, 5) + dt.timedelta(weeks=i) for i in range(24)]
    step = 3 if freq == "Q" else 1
    return [dt.date(2015 + i * step // 12, i * step % 12 + 1, 1) for i in range(24)]


def written(panel: dict[str, list[int | None]], form: Form, folder: Path) -> str:
    """Write a panel in a form, and return the path."""
    rows = table_of(panel, form)
    if form.file in ("parquet", "feather", "json", "jsonl", "columns"):
        return _typed(rows, form, folder)
    if form.file in ("xlsx", "sheets", "years"):
        return _workbook(rows, form, folder)
    if form.file in ("folder", "hive") and form.shape == "long":
        return _parts(rows, form, folder)
    text = _text(rows, form)
    encoding = "utf-8" if form.encoding == "cp1252" and not _fits(text) else form.encoding
    content = text.encode(encoding)
    path = folder / f"data.{form.file}"
    if form.file == "csv.gz":
        content = gzip.compress(content)
    if form.file == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("data.csv", content)
        content = buffer.getvalue()
    path.write_bytes(content)
    return str(path)


def _fits(text: str) -> bool:
    """Whether cp1252 has every character, and there are enough letters to tell it from others."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return "Zürich" in text or text.isascii()


def number(y: int | None, form: Form, *, marked: bool = False) -> str:
    """A value, or what stands for a missing one."""
    if y is None:
        return form.missing
    return NUMBERS[form.numbers](y) + (form.mark if marked else "")


def dates_of(form: Form) -> list[str]:
    """The periods as written."""
    known = {"M": MONTHS, "Q": QUARTERS, "W": WEEKS}[form.freq]
    write = known.get(form.dates) or list(known.values())[len(form.dates) % len(known)]
    return [write(day) for day in days_of(form.freq)]


def table_of(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    """Header and rows."""
    shape = form.shape
    if form.freq != "M" and shape in ("year and month", "months across", "years across"):
        shape = "long"
    return _TABLES[shape](panel, form)


def _long(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    dates, rows = dates_of(form), [["airport", "date", "passengers"]]
    for name, values in _with_sums(panel, form).items():
        for i, (date, y) in enumerate(zip(dates, values, strict=True)):
            shown = name if not form.merged or i == 0 else ""
            rows.append([shown, date, number(y, form, marked=i == 5)])
            if _quarter_ends(form, i):
                rows.append([shown and name, _quarter(i), number(_of_quarter(values, i), form)])
    return rows


def _quarter_ends(form: Form, i: int) -> bool:
    """Whether the sum of a quarter stands behind a month."""
    return form.quarters and form.freq == "M" and i % 3 == 2


def _quarter(i: int) -> str:
    return f"Q{i % 12 // 3 + 1} {2015 + i // 12}"


def _of_quarter(values: list[int | None], i: int) -> int:
    return sum(y or 0 for y in values[i - 2 : i + 1])


def _with_sums(panel: dict[str, list[int | None]], form: Form) -> dict[str, list[int | None]]:
    """The airports, the first two below the sum of their region, and the sum of all."""
    first = dict(list(panel.items())[:2])
    regions = {"Région Nord": _total(first)} if form.regions and len(panel) > 2 else {}
    total = {"Total": _total(panel)} if form.total else {}
    return {**regions, **panel, **total}


def _total(panel: dict[str, list[int | None]]) -> list[int | None]:
    return [sum(y or 0 for y in column) for column in zip(*panel.values(), strict=True)]


def _year_and_month(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    rows = [["airport", "Year", "Month", "passengers"]]
    names = LANGUAGES[form.language]
    for name, values in panel.items():
        for i, y in enumerate(values):
            year, month = 2015 + i // 12, i % 12
            rows.append([name, str(year), names[month], number(y, form)])
            if form.total and month == 11:
                whole = sum(v or 0 for v in values[i - 11 : i + 1])
                rows.append([name, str(year), "M13", number(whole, form)])
    return rows


def _airports_across(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    columns = _with_sums(panel, form)
    rows = [["date", *columns]]
    for i, date in enumerate(dates_of(form)):
        rows.append([date, *(number(values[i], form) for values in columns.values())])
        if _quarter_ends(form, i):
            sums = (number(_of_quarter(values, i), form) for values in columns.values())
            rows.append([_quarter(i), *sums])
    return rows


def _periods_across(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    dates = dates_of(form)
    columns = [[d, _quarter(i)] if _quarter_ends(form, i) else [d] for i, d in enumerate(dates)]
    rows = [["airport", *(name for names in columns for name in names)]]
    for name, values in _with_sums(panel, form).items():
        row = [name]
        for i, y in enumerate(values):
            row.append(number(y, form))
            if _quarter_ends(form, i):
                row.append(number(_of_quarter(values, i), form))
        rows.append(row)
    return rows


def _months_across(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    rows = [["Airport", "Year", *LANGUAGES[form.language], *(["Total"] if form.total else [])]]
    for name, values in panel.items():
        for i, year in enumerate((2015, 2016)):
            months = values[12 * i : 12 * i + 12]
            total = [number(sum(y or 0 for y in months), form)] if form.total else []
            shown = name if not form.merged or i == 0 else ""
            rows.append([shown, str(year), *(number(y, form) for y in months), *total])
    return rows


def _years_across(panel: dict[str, list[int | None]], form: Form) -> list[list[str]]:
    rows = [["Airport", "Month", "2015", "2016"]]
    for name, values in panel.items():
        for i, month in enumerate(LANGUAGES[form.language]):
            shown = name if not form.merged or i == 0 else ""
            rows.append([shown, month, number(values[i], form), number(values[i + 12], form)])
    return rows


_TABLES = {
    "long": _long,
    "year and month": _year_and_month,
    "airports across": _airports_across,
    "periods across": _periods_across,
    "months across": _months_across,
    "years across": _years_across,
}


def _around(rows: list[list[str]], form: Form) -> list[list[str]]:
    """The table with a title above it and a note below."""
    above = [["Passengers by airport, 2015 to 2016"], []] if form.title else []
    below = [[], ["Source: the airports' statistics office"]] if form.notes else []
    return [*above, *rows, *below]


def _text(rows: list[list[str]], form: Form) -> str:
    buffer = io.StringIO(newline="")
    if form.sep_line and not form.encoding.startswith("utf-16"):
        buffer.write(f"sep={form.delimiter}\r\n")
    writer = csv.writer(buffer, delimiter=form.delimiter)
    extra = [""] if form.trailing else []
    writer.writerows([*row, *(extra if row else [])] for row in _around(rows, form))
    return buffer.getvalue()


def _typed(rows: list[list[str]], form: Form, folder: Path) -> str:
    """A format that has types, with text in all of its columns but the numbers of plain ones."""
    header, *body = rows
    frame = pd.DataFrame(body, columns=header)
    if form.numbers.startswith("1234567") and "," not in form.numbers:
        for name in header:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            plain = frame[name].isin([*MISSING]) | numbers.notna()
            if name not in ("airport", "Airport", "date", "Year", "Month") and plain.all():
                frame[name] = numbers
    path = folder / f"data.{form.file}"
    if form.file == "parquet":
        frame.to_parquet(path)
    elif form.file == "feather":
        frame.to_feather(path)
    elif form.file == "jsonl":
        path.write_text(frame.to_json(orient="records", lines=True, force_ascii=False))
    else:
        orient = "records" if form.file == "json" else "columns"
        path.write_text(json.dumps(json.loads(frame.to_json(orient=orient))))
    return str(path)


def _workbook(rows: list[list[str]], form: Form, folder: Path) -> str:
    """A workbook, with a sheet of notes beside the table, and numbers as numbers."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["About these figures"])
    for title, part in _sheets(rows, form).items():
        sheet = book.create_sheet(title)
        for row in _around(part, form):
            cells = [int(c) if c.isdecimal() and c == str(int(c)) else c for c in row]
            sheet.append(cells or [None])
    path = folder / "data.xlsx"
    book.save(path)
    return str(path)


def _sheets(rows: list[list[str]], form: Form) -> dict[str, list[list[str]]]:
    """The rows by sheet: all in one, or those of an airport or of a year in each."""
    header, *body = rows
    long = header == ["airport", "date", "passengers"] and not form.merged
    if form.file == "sheets" and long and not any("/" in row[0] for row in body):
        names = dict.fromkeys(row[0] for row in body)
        return {n: [header[1:], *(row[1:] for row in body if row[0] == n)] for n in names}
    if form.file == "years" and "Year" in header and not form.merged:
        at = header.index("Year")
        names = dict.fromkeys(row[at] for row in body)
        rest = [*range(at), *range(at + 1, len(header))]
        return {
            n: [[header[c] for c in rest], *([r[c] for c in rest] for r in body if r[at] == n)]
            for n in names
        }
    return {"Data": rows}


def _parts(rows: list[list[str]], form: Form, folder: Path) -> str:
    """A folder of files: parts of the rows, or one for each airport in a folder of its name."""
    header, *body = rows
    place = folder / "parts"
    if form.file == "folder" or form.merged or any("/" in row[0] for row in body):
        half = len(body) // 2 if not form.merged else len(body)
        parts = {"part-0.csv": body[:half], "part-1.csv": body[half:]}
    else:
        names = dict.fromkeys(row[0] for row in body)
        header = header[1:]
        parts = {
            f"airport={name}/part-0.csv": [row[1:] for row in body if row[0] == name]
            for name in names
        }
    for name, part in parts.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=form.delimiter).writerows([header, *part])
        path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    (place / "_SUCCESS").touch()
    return str(place)
