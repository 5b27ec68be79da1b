"""Settings and questions that are nearly right."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from forecastctl.settings import SECTIONS, Settings

KEYS = [
    (section, key)
    for section in SECTIONS
    for key in Settings.model_fields[section].annotation.model_fields
]
WORDS = (
    *("", " ", "x", "nan", "inf", "-inf", "1e300", "-1", "0", "1", "1.5", "true", "None", "null"),
    *(
        "9" * 400,
        "9" * 5000,
        "1" + "0" * 30,
        "-" + "9" * 30,
        "0x10",
        "1_000",
        "٣",
        "80,95",
        ",",
        ",,,",
    ),
    *(
        "80,80",
        "1,2,3,4,5",
        "0,100",
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\n",
        "\ud800",
        "x" * 10_000,
        "é",
    ),
    *("sqlite:///a.db", "sqlite://", "postgresql://", "http://[::1", "http://", "://", "file:/x"),
    *(
        "postgresql://u:p@h:port/x",
        "/dev/null",
        "/",
        ".",
        "..",
        "~",
        "~nobody/x",
        "a/b",
        "a\x00b",
        "-",
    ),
    *("sample", "ets", "mae", "M", "loky", "nested", "auto", "recent", "reject", "forecasts"),
)
NUMBERS = (
    *(0, 1, -1, 2, 12, 100, 1000, 2**31, 2**63, 2**64, 10**15, 10**30, 10**400, -(10**30)),
    *(0.0, 0.5, 1.0, -1.5, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")),
)
WRITTEN = (  # TOML that no Python value gives
    *(
        "1979-05-27T07:32:00Z",
        "1979-05-27",
        "07:32:00",
        "{}",
        "[]",
        "[[]]",
        "{a = 1}",
        "0o7",
        "'''x'''",
    ),
    *(
        "[1, 'a', 1.5]",
        "[nan, inf]",
        "1e400",
        "[" * 50 + "]" * 50,
        "[" * 3000 + "]" * 3000,
        "'",
        '"\\ud800"',
    ),
    *('"\\u0000"', "0b1", "+inf", "-nan", "1__0", "=", "\x00", "{a.b.c = 1}", "9" * 5000),
)
ODD_LINES = (
    *(
        "[",
        "]",
        "[[tune]]",
        "[tune.loss]",
        "[tune]",
        "tune = 1",
        "tune.seed = 1",
        "x",
        "= 1",
        "''=1",
    ),
    *(
        "[a.b.c.d]",
        "[" + "a." * 2000 + "a]",
        "a" + ".a" * 3000 + " = 1",
        "# \x00",
        "\x00",
        "\ufeff",
        "\r",
    ),
    *("[tune]\nseed = 1\nseed = 2", "[origins]\nx = 'y'", "origins = {}", "[data.source]\nx = 1"),
    *(
        "[tune]\nmodel_config = 1",
        "[data]\nmodel_fields = 1",
        "[tracking]\n__class__ = 1",
        "[__init__]",
    ),
)


def toml_value(value: object) -> str:
    """A value as TOML writes it, near enough."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(value).lower()


KEY = st.sampled_from(KEYS)
WORD = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.text(max_size=12))
VALUE = st.one_of(
    WORD.map(toml_value),
    st.sampled_from(NUMBERS).map(toml_value),
    st.sampled_from(WRITTEN),
    st.lists(st.one_of(WORD, st.sampled_from(NUMBERS)), max_size=3).map(
        lambda values: f"[{', '.join(map(toml_value, values))}]"
    ),
)


def allowed(section: str, key: str) -> list[str]:
    """Words that a setting takes, where it takes only some."""
    annotation = Settings.model_fields[section].annotation.model_fields[key].annotation
    return [
        w
        for part in (annotation, *get_args(annotation))
        for w in get_args(part)
        if isinstance(w, str)
    ]


@st.composite
def toml(draw) -> bytes:
    """A settings file: some keys with values of any kind, some lines that are odd."""
    parts: dict[str, list[str]] = {}
    for (section, key), value in draw(st.lists(st.tuples(KEY, VALUE), max_size=4)):
        name = draw(st.sampled_from([key] * 9 + [f"{key}x", f'"{key}"', f"{key}.a", f"'{key} '"]))
        parts.setdefault(section, []).append(f"{name} = {value}")
    text = "\n".join(f"[{s}]\n" + "\n".join(lines) for s, lines in parts.items())
    if draw(st.integers(0, 5)) == 0:
        odd = draw(st.sampled_from(ODD_LINES))
        text = draw(st.sampled_from([f"{text}\n{odd}\n", f"{odd}\n{text}\n"]))
    content = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=6)) + content[at + 1 :]
    return content


ENVIRONMENTS = st.dictionaries(
    st.one_of(
        KEY.map(lambda k: f"FORECASTCTL_{k[0]}__{k[1]}".upper()),
        KEY.map(lambda k: f"FORECASTCTL_{k[0]}__{k[1]}".upper()),
        st.sampled_from(
            [
                *("FORECASTCTL_", "FORECASTCTL___", "FORECASTCTL_TUNE", "FORECASTCTL_TUNE__"),
                *("FORECASTCTL_ORIGINS__X", "FORECASTCTL_TUNE__SEED__X", "FORECASTCTL_CONFIG"),
                *("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "PGPASSWORD", "X_TOKEN"),
            ]
        ),
    ),
    WORD,
    max_size=4,
)
FLAGS = st.dictionaries(
    KEY.map(".".join),
    st.one_of(WORD, st.sampled_from(NUMBERS), st.lists(WORD, max_size=2), st.booleans()),
    max_size=3,
)

TEXTS = (
    *(w for w in WORDS if "\x00" not in w and "\ud800" not in w),
    *("JFK", "'=1+1", "%", "_", "*", "[", "(", "'", '"', "\\", "1 or 1=1", "a b", "🛫", "#1"),
)
TEXT = st.one_of(st.sampled_from(TEXTS), st.text(max_size=12))
SINCE = st.one_of(
    st.sampled_from(
        [
            *(
                "2015-01-01",
                "0001-01-01",
                "9999-12-31",
                "9999-12-31T23:59:59-23:59",
                "36h",
                "7d",
                "2w",
            ),
            *(
                "0001-01-01T00:00:00+23:59",
                "9" * 30 + "h",
                "9" * 5000 + "w",
                "٣h",
                "2015-W01",
                "20150101",
            ),
            *(
                "2015-01-01T00:00:00.000000001",
                "1969-12-31",
                "1e300h",
                "-1h",
                "0h",
                "2015-01-01T24:00",
            ),
        ]
    ),
    TEXT,
)
FILTERS = st.one_of(
    st.sampled_from(
        [
            *(
                "metrics.loss < 0.8",
                "metrics.loss > 1e300",
                "metrics.loss = nan",
                "metrics.loss < inf",
            ),
            *(
                "metrics.loss < " + "9" * 400,
                "metrics.x > -1e999",
                "params.x = 'y'",
                "params.x = ''",
            ),
            *(
                "tags.x LIKE '%'",
                "tags.`a b` = 'c'",
                "tags.'x' = 'y'",
                "tags.x ILIKE '_'",
                "status = 'OK'",
            ),
            *(
                "attributes.start_time > 99999999999999999999",
                "attributes.start_time > 1.5",
                "run_id IN ()",
            ),
            *(
                "attributes.run_id IN ('a', 'b')",
                "attributes.end_time < -1",
                "params.x IS NULL",
                "and",
            ),
            *(
                "metrics.loss < 1 and metrics.loss > 0",
                "metrics.loss < 1 or 1 = 1",
                "metrics.`x",
                "(",
                "''",
            ),
            *(
                " and ".join(["metrics.loss < 1"] * 300),
                "tags.x = '" + "y" * 100_000 + "'",
                "tags.x = '\\'",
            ),
            *(
                "tags.x LIKE '" + "%a" * 40 + "'",
                "metrics.loss <> 1",
                "metrics.loss == 1",
                ";",
                "--",
                "/*",
            ),
            *(
                "attributes.start_time = 'x'",
                "attributes.status = 5",
                "metrics.loss = 'x'",
                "tags.x = 5",
            ),
        ]
    ),
    TEXT,
)
LIMITS = st.one_of(
    st.integers(-3, 30).map(str),
    st.sampled_from(
        ["0", "-1", "1", "1000000", "1000001", "9" * 20, "1.5", "x", "", "1e3", "9" * 5000]
    ),
)
ASKED = {
    "--airport": TEXT,
    "--job": TEXT,
    "--status": st.one_of(st.sampled_from(["ok", "failed", "killed", "running", "rejected"]), TEXT),
    "--since": SINCE,
    "--filter": FILTERS,
    "--limit": LIMITS,
    "--experiment": TEXT,
}


@st.composite
def history(draw) -> list[str]:
    """Arguments of ``history``."""
    what = draw(st.sampled_from(["jobs", "airports", "trials", "models", "forecasts", "x", ""]))
    arguments = ["history", *([what] if what else [])]
    for flag in draw(st.lists(st.sampled_from(sorted(ASKED)), max_size=3, unique=True)):
        if flag == "--experiment" and draw(st.integers(0, 4)):
            continue
        arguments.append(f"{flag}={draw(ASKED[flag])}")
    arguments += draw(st.lists(st.sampled_from(["--best", "--json", "--csv"]), max_size=2))
    if draw(st.integers(0, 9)) == 0:
        arguments += ["--compare", draw(TEXT), draw(TEXT)]
    return arguments


DATE = st.one_of(
    st.sampled_from(
        [
            *(
                "2018-05",
                "2018-05-01",
                "2018-04",
                "2017-12",
                "2018-06",
                "2018-08",
                "0001-01",
                "9999-12",
            ),
            *(
                "9999-12-31",
                "0000-01",
                "2018-13",
                "2018-00",
                "2018-02-30",
                "10000-01",
                "-2018-05",
                "\u0662\u0660\u0661\u0668-05",
            ),
            *(
                "2018-5",
                "2018",
                "20180501",
                "2018Q2",
                "2018-W01",
                "1969-12",
                "1799-01",
                "2018-05-31",
            ),
        ]
    ),
    TEXT,
)


@st.composite
def explain(draw) -> list[str]:
    """Arguments of ``explain``."""
    airport = draw(st.one_of(st.sampled_from(["JFK", "=1+1", "LGA"]), TEXT))
    arguments = ["explain", "--airport", airport, "--date", draw(DATE)]
    if draw(st.integers(0, 3)) == 0:
        arguments += ["--cutoff", draw(DATE)]
    if draw(st.integers(0, 3)) == 0:
        arguments += ["--between", draw(DATE), draw(DATE)]
    arguments += draw(st.sampled_from([["--quick"], ["--quick", "--json"], ["--quick"], []]))
    return arguments


def questions() -> st.SearchStrategy[list[str]]:
    """Arguments of either."""
    return st.one_of(history(), history(), explain())
