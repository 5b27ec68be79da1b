"""Tables that are nearly right: months of a few airports, with some cells that no export should hold."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import gzip
import io
import math
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from forecastctl.data.panel.panel import DataSpec

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    *("", " ", "NA", "nan", "=1+1", "+1", "-1", "@x", "'=1", "-", "0", "1e300", "JFK ", "jfk"),
    *("\x1b[31mred\x1b[0m", "\u202egnp.exe", "a\nb", "a\rb", "a\tb", "\x07", "a\x00b", "\u2028"),
    *(
        "é" * 300,
        "x" * 7000,
        "../../etc/passwd",
        "a/b",
        "%s%n{0}",
        "🛫",
        "\ud800",
        "[bold]x[/bold]",
    ),
)
DATES = (
    *(
        "",
        "NaT",
        "None",
        "infinity",
        "-infinity",
        "inf",
        "1e300",
        "0",
        "-1",
        "99999999999999999999",
    ),
    *("0001-01-01", "9999-12-31", "10000-01-01", "2012-02-30", "2012-00-01", "2012-13", "2012-W53"),
    *(
        "99/99/2012",
        "1/2/2012",
        "13/1/2012",
        "2012Q5",
        "2012Q4",
        "\u0662\u0660\u0661\u0662-01-01",
        "2012-01-01T25:61",
    ),
    *("2012-01-01T00:00:00+99:99", "1800-01-01", "1799-12", "9999-12", "2999-01", "2012-1-1"),
    *("0000-01-01", "201213", "20121301", "Feb 2012", "31 Feb 2012", "x" * 5000, "2012-01-01\x00"),
)
VALUES = (
    *("", "-", "nan", "inf", "-inf", "1e300", "1e308", "1.7976931348623157e308", "1e309", "-1e300"),
    *("1e-320", "5e-324", "0", "-0", "-1", "1_000", "0x10", "٣", "1,5", "1,234,567", "1 234"),
    *("9" * 400, "1" * 5000, "1e", "e1", ".", "1e99999", "-.5", "true", "=1+1", "\x00", "1;2", '"'),
    *("9007199254740993", "18446744073709551616", "½", "1e15", "1e18", "1e22", "1e150"),
)
HEADS = (
    *("", " ", "airport", "date", "passengers", "AIRPORT", "ds", "y", "year", "month", "Year"),
    *("total", "value", "code", "x" * 3000, "\x1b[2J", "a.b", "é", "=1", "\ufeffairport", "state"),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "freq": st.sampled_from(["M", "Q", "W", "D"]),
        "gaps": st.sampled_from(["interpolate", "longest", "reject"]),
        "duplicates": st.sampled_from(["reject", "sum", "mean", "last"]),
        "suspects": st.sampled_from(["recent", "keep", "missing", "reject"]),
        "max_gap": st.sampled_from([0, 1, 3, 100, 10**6]),
        "min_length": st.sampled_from([1, 3, 24, 10**6]),
        "max_stale": st.sampled_from([0, 3, 10**6]),
        "season_length": st.sampled_from([1, 2, 4, 7, 12, 52, 365, 1000]),
        "dayfirst": st.booleans(),
        "value": st.sampled_from(["passengers", "x", "", "\x1b"]),
        "date": st.sampled_from(["date", "year"]),
    },
)
AS_OF = st.sampled_from(
    [None, None, None, "2012-06", "2013-01-15", "0001-01", "9999-12", "9999-12-31", "1800-01"]
)


@dataclass(frozen=True)
class Case:
    """What is read, and how.

    Attributes:
        content: Of the file; of a database, the statements that make it.
        spec: How it is read, but for the source.
        as_of: Last date that counts.
        groups: Content of a file of groups.
        query: What a database is asked.
    """

    content: bytes | tuple
    spec: dict[str, Any]
    as_of: str | None
    groups: bytes | None = None
    query: str | None = None

    def written(self, folder: Path) -> DataSpec:
        """Write it, and say how to read it."""
        given = dict(self.spec)
        if self.query is None:
            path = folder / "data"
            path.write_bytes(self.content)
            source = str(path)
        else:
            path = folder / "data.db"
            path.unlink(missing_ok=True)
            names, rows = self.content
            with sqlite3.connect(path) as database:
                database.execute(f"CREATE TABLE t ({', '.join(names)})")
                marks = ", ".join("?" * len(names))
                database.executemany(f"INSERT INTO t VALUES ({marks})", rows)  # noqa: S608
            database.close()
            source = f"sqlite:///{path}"
        if self.groups is not None:
            (folder / "groups").write_bytes(self.groups)
            given["group_file"] = str(folder / "groups")
        return DataSpec(source, query=self.query, **given)


def month(start: int, i: int) -> str:
    """Name of the i-th month after January of 2010 plus a start."""
    return f"{2010 + (start + i) // 12}-{(start + i) % 12 + 1:02d}"


@st.composite
def cells(draw) -> list[list[str]]:
    """A header and the months of one to four airports, with up to six hostile cells."""
    rows = [["airport", "date", "passengers"]]
    scale = draw(st.sampled_from([1, 1000, 1000, 10**9]))
    step = draw(st.sampled_from([1, 1, 1, 1, 3, 12]))
    zero_from = draw(st.sampled_from([None, None, None, 0, 12, 30]))
    for airport in range(draw(st.integers(1, 4))):
        start, n = draw(st.integers(0, 30)), draw(st.integers(0, 48))
        for i in range(n):
            y = scale * (10 + airport + (i * step) % 12 + i % 5)
            y = 0 if zero_from is not None and i >= zero_from else y
            rows.append([f"A{airport}", month(start, i * step), str(y)])
    kinds = (NAMES, DATES, VALUES)
    for at, column, kind, which in draw(
        st.lists(
            st.tuples(
                st.integers(0, 200), st.integers(0, 2), st.integers(0, 9), st.integers(0, 999)
            ),
            max_size=6,
        )
    ):
        pool = kinds[column] if kind else kinds[kind % 3]
        pool = HEADS if at == 0 else pool
        rows[at % len(rows)][column] = pool[which % len(pool)]
    if draw(st.integers(0, 9)) == 0:  # any text
        at, column = draw(st.integers(1, 200)), draw(st.integers(0, 2))
        rows[at % len(rows)][column] = draw(st.text(max_size=20))
    twice = draw(st.lists(st.integers(1, 200), max_size=3))
    rows += [list(rows[at % len(rows)]) for at in twice]
    return rows


def encoded(rows: list[list[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """Rows as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, escapechar="\\")
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8", "surrogatepass")


@st.composite
def csv_bytes(draw, rows: st.SearchStrategy[list[list[str]]]) -> bytes:
    """A CSV file: as it should be, in another encoding, packed, cut off, or with a few odd bytes."""
    delimiter = draw(st.sampled_from([",", ",", ";", "\t", "|", ":"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE]))
    content = encoded(draw(rows), delimiter, quoting)
    return damaged(draw, content)


def damaged(draw, content: bytes) -> bytes:
    """A content with up to three damages; most have none."""
    for kind in draw(st.lists(st.integers(0, 7), max_size=3).filter(lambda k: len(k) != 1)):
        at = draw(st.integers(0, max(len(content), 1)))
        match kind:
            case 0:
                content = gzip.compress(content, 1, mtime=0)
            case 1:
                content = content.decode("utf-8", "replace").encode("utf-16", "replace")
            case 2:
                content = content[:at]
            case 3:
                odd = draw(st.sampled_from([b"\0", b'"', b"\xff", b"\r", b"\n\n", b"\xef\xbb\xbf"]))
                content = content[:at] + odd + content[at:]
            case 4:
                content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at + 1 :]
            case 5:
                content = b"\xef\xbb\xbf" + content
            case 6:
                content = content.replace(b"\r\n", draw(st.sampled_from([b"\n", b"\r", b"\n\r"])))
            case _:
                content = content[:at] + b"x" * 140_000 + content[at:]
    return content


@st.composite
def year_and_month(draw) -> list[list[str]]:
    """The same months in two columns."""
    rows = draw(cells())
    split = [["airport", "year", "month", "passengers"]]
    odd = ("", "0", "13", "1.0", "Jan", "M01", "inf", "1e300", "99999", "-1", "nan", "Ma")
    for row in rows[1:]:
        year, _, number = row[1].partition("-")
        split.append([row[0], year, number, row[2]])
    for at, column, which in draw(
        st.lists(st.tuples(st.integers(1, 200), st.integers(1, 2), st.integers(0, 99)), max_size=4)
    ):
        if len(split) > 1:
            split[1 + at % (len(split) - 1)][column] = odd[which % len(odd)]
    return split


GROUPS = st.lists(
    st.tuples(
        st.sampled_from(["A0", "A1", "A2", "A3", "", "x"]),
        st.sampled_from([*NAMES, "NY", "NJ"]),
        st.sampled_from(["hub", "spoke", "", "total", *NAMES[:8]]),
    ),
    max_size=6,
)


@st.composite
def group_files(draw) -> bytes:
    """A file of groups."""
    head = ["airport", "state", draw(st.sampled_from([*HEADS, "size"]))]
    rows = [head, *map(list, draw(GROUPS))]
    return damaged(draw, encoded(rows))


CSV = st.builds(
    Case,
    st.one_of(csv_bytes(cells()), csv_bytes(cells()), csv_bytes(year_and_month())),
    SETTINGS,
    AS_OF,
)
GROUPED = st.builds(
    Case,
    cells().map(encoded),
    st.fixed_dictionaries(
        {}, optional={"groups": st.sampled_from([("state",), ("size",), ("",), ("state", "state")])}
    ),
    st.none(),
    group_files(),
)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text}-01"[:10])
    except ValueError:
        return None


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


FLOATS = (float("inf"), float("-inf"), float("nan"), 1e300, 1e308, 5e-324, -0.0, -1.0, 2.0**63)
INTS = (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
DAYS = (0, -1, 2**31 - 1, -(2**31), 2932896, 2932897, -719162, -719163, 16000, 10**9)
TICKS = (0, -1, 2**63 - 1, -(2**63), -(2**63) + 1, 253402300800, 10**15, -(10**15))


def _arrow_dates(draw, rows: list[list[str]]):  # noqa: PLR0911 - a type of Arrow each
    """The dates of rows as any type of Arrow, a few of them extreme."""
    import pyarrow as pa

    days = [_date(row[1]) for row in rows]
    numbers = [None if d is None else (d - dt.date(1970, 1, 1)).days for d in days]
    kind = draw(st.sampled_from(["date32", "date64", "s", "ms", "us", "ns", "text", "dict", "odd"]))
    if kind == "text":
        return pa.array([row[1].encode("utf-8", "replace").decode() for row in rows])
    if kind == "dict":
        return pa.array([str(d) for d in days]).dictionary_encode()
    if kind == "odd":
        made = draw(
            st.sampled_from([pa.float64(), pa.int64(), pa.int32(), pa.time32("s"), pa.null()])
        )
        if made == pa.null():
            return pa.nulls(len(rows))
        return pa.array(numbers, pa.int32()).cast(made)
    pool = DAYS if kind == "date32" else TICKS
    unit = {"date32": 1, "date64": 86_400_000, "s": 86400, "ms": 86_400_000}
    times = unit.get(kind, 86400 * (10**6 if kind == "us" else 10**9))
    values = [None if n is None else n * times for n in numbers]
    for at, which in draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 99)), max_size=4)):
        if values:
            values[at % len(values)] = pool[which % len(pool)]
    values = [None if v is None else max(min(v, 2**63 - 1), -(2**63)) for v in values]
    if kind == "date32":
        return pa.array(values, pa.int32()).cast(pa.date32())
    if kind == "date64":
        return pa.array(values, pa.int64()).cast(pa.date64(), safe=False)
    zone = draw(st.sampled_from([None, None, "UTC", "+05:30", "America/New_York"]))
    return pa.array(values, pa.int64()).cast(pa.timestamp(kind, zone))


def _arrow_values(draw, rows: list[list[str]]):
    """The numbers of rows as any type of Arrow, a few of them extreme."""
    import pyarrow as pa

    numbers = [_float(row[2]) for row in rows]
    kind = draw(st.sampled_from(["f8", "f8", "f4", "f2", "i8", "u8", "text", "decimal", "odd"]))
    odd = draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 99)), max_size=4))
    if kind in ("f8", "f4", "f2"):
        for at, which in odd:
            if numbers:
                numbers[at % len(numbers)] = FLOATS[which % len(FLOATS)]
        made = pa.array(numbers, pa.float64())
        types = {"f8": pa.float64(), "f4": pa.float32(), "f2": pa.float16()}
        return made.cast(types[kind], safe=False)
    whole = [None if n is None or abs(n) > 2**53 or math.isnan(n) else int(n) for n in numbers]
    if kind in ("i8", "u8"):
        for at, which in odd:
            if whole:
                whole[at % len(whole)] = INTS[which % len(INTS)]
        if kind == "u8":
            return pa.array([None if n is None else n % 2**64 for n in whole], pa.uint64())
        return pa.array(whole, pa.int64())
    if kind == "decimal":
        return pa.array(
            [None if n is None else decimal.Decimal(n) for n in whole], pa.decimal128(38, 2)
        )
    if kind == "text":
        return pa.array([row[2].encode("utf-8", "replace").decode() for row in rows])
    return draw(
        st.sampled_from(
            [
                pa.nulls(len(rows)),
                pa.array([True] * len(rows)),
                pa.array([[1]] * len(rows)),
                pa.array([{"a": 1}] * len(rows)),
                pa.array([b"\xff"] * len(rows)),
                pa.array([1] * len(rows), pa.duration("s")),
            ]
        )
    )


def _arrow_names(draw, rows: list[list[str]]):
    import pyarrow as pa

    kind = draw(st.sampled_from(["text", "text", "dict", "int", "float", "binary", "null"]))
    texts = [row[0].encode("utf-8", "replace").decode() for row in rows]
    if kind == "int":
        return pa.array(
            [len(t) % 128 for t in texts],
            draw(st.sampled_from([pa.int8(), pa.uint64()])),
            safe=False,
        )
    if kind == "float":
        pool = [1.0, 2.5, float("nan"), float("inf"), 1e300, -0.0]
        return pa.array([pool[len(t) % len(pool)] for t in texts])
    if kind == "binary":
        return pa.array([t.encode() + b"\xff" for t in texts])
    if kind == "null":
        return pa.array([None if i % 7 == 0 else t for i, t in enumerate(texts)], pa.string())
    made = pa.array(texts, pa.string())
    return made.dictionary_encode() if kind == "dict" else made


@st.composite
def parquet_bytes(draw) -> bytes:
    """A Parquet file of any types, sometimes damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = draw(cells())[1:]
    arrays = [_arrow_names(draw, rows), _arrow_dates(draw, rows), _arrow_values(draw, rows)]
    names = ["airport", "date", "passengers"]
    if draw(st.integers(0, 7)) == 0:
        head = draw(st.sampled_from(HEADS))
        names[draw(st.integers(0, 2))] = head
    buffer = io.BytesIO()
    try:
        pq.write_table(
            pa.Table.from_arrays(arrays, names),
            buffer,
            compression=draw(st.sampled_from(["none", "snappy", "zstd"])),
        )
    except (pa.ArrowException, ValueError):
        return b"PAR1"
    content = buffer.getvalue()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(content)))
        kind = draw(st.integers(0, 2))
        if kind == 0:
            return content[:at]
        odd = draw(st.binary(min_size=1, max_size=8))
        return content[:at] + odd + content[at + (len(odd) if kind == 1 else 0) :]
    return content


PARQUET = st.builds(Case, parquet_bytes(), SETTINGS, AS_OF)

QUERIES = (
    *["SELECT airport, date, passengers FROM t"] * 12,
    "SELECT * FROM t",
    "SELECT date, passengers FROM t",
    "SELECT airport, airport, date, passengers FROM t",
    "SELECT airport, date, sum(passengers) AS y FROM t GROUP BY 1, 2",
    "SELECT airport, date, 1e300 * 1e300 AS passengers FROM t",
    "SELECT airport, date, zeroblob(3) AS passengers FROM t",
    "SELECT airport, date, passengers FROM t LIMIT 0",
    "SELECT 'A' AS airport, '2012-01' AS date, 1 AS passengers",
    "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c LIMIT 40) SELECT 'A' AS airport, date('2012-01-01', n || ' months') AS date, 9223372036854775807 - n AS passengers FROM c",
    "",
    " ",
    ";",
    "SELECT",
    "SELECT 1; SELECT 2",
    "DELETE FROM t",
    "CREATE TABLE u (x)",
    "PRAGMA table_info(t)",
    "SELECT * FROM nowhere",
    "SELECT '%s %(x)s :y ?' AS airport",
    "SELECT ? AS airport",
    "SELECT :x",
    "SELECT $1",
    "SELECT 'a\x00b'",
    "SELECT * FROM t WHERE airport = '",
    "ATTACH ':memory:' AS x",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SELECT load_extension('x')",
    "SELECT randomblob(9999999999)",
    "SELECT printf('%.*c', 3000, 'x') AS airport, '2012' AS date, 1 AS y",
    "/* nothing */",
    "-- nothing",
    "EXPLAIN SELECT 1",
    "VALUES (1, 2, 3)",
    "\ud800",
)


@st.composite
def databases(draw) -> tuple:
    """Names of columns, and rows of values as SQLite stores them: each of any type."""
    rows = draw(cells())[1:]
    names = ["airport", "date", "passengers"]
    kept = []
    whole = draw(st.booleans())
    for row in rows:
        texts = [v.encode("utf-8", "replace").decode() for v in row]
        number = _float(row[2]) if whole else texts[2]
        kept.append([texts[0], texts[1], number])
    odd = (None, 2**63 - 1, -(2**63), 1e300, float("inf"), b"\xff\x00", b"", 0.0, "x", 20120101)
    for at, column, which in draw(
        st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), st.integers(0, 99)), max_size=5)
    ):
        if kept:
            kept[at % len(kept)][column] = odd[which % len(odd)]
    return names, kept


SQL = st.builds(
    Case,
    databases(),
    SETTINGS,
    AS_OF,
    st.none(),
    st.one_of(st.sampled_from(QUERIES), st.text(max_size=30)),
)
