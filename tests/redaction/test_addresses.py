"""Which parts of a value are secrets, and that nothing else is touched."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from forecastctl.redaction import masked, parse

ODBC = "DRIVER={ODBC Driver 18};SERVER=db;UID=me;PWD=%s;Encrypt=yes"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        # user and password
        ("postgresql://u:hush@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:h@u/s:h@h/db", "postgresql://u:***@h/db"),
        ("postgresql+psycopg2//u:hush@h/db", "postgresql+psycopg2//u:***@h/db"),  # no colon
        ("//u:hush@h/db", "//u:***@h/db"),
        ("postgresql://u:hu?s#h@h:5432/db", "postgresql://u:***@h:5432/db"),
        ("postgresql://u:12/hush@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:hu sh\n@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:h%40ush@h/db", "postgresql://u:***@h/db"),
        ("postgresql://:hush@h/db", "postgresql://:***@h/db"),
        ("postgresql://me@corp:hush@h/db", "postgresql://me@corp:***@h/db"),
        ("s3://AKIAIOSFODNN7EXAMPLE:hu/sh@bucket/x", "s3://***:***@bucket/x"),
        ("ftp://u:hush@h/x", "ftp://u:***@h/x"),
        ("http://u:hush@[::1]:5000/x", "http://u:***@[::1]:5000/x"),
        # the user name as a credential
        ("https://hush@h/x", "https://***@h/x"),
        ("https://hush:@h/x", "https://***:@h/x"),
        ("https://hu/sh@h", "https://***@h"),
        ("https://ghp_0123456789abcdef:x@h", "https://***:***@h"),
        ("postgresql://tok3n-0123456789abcdef@h/db", "postgresql://***@h/db"),
        # where the host is missing or the slashes are wrong
        ("postgresql://u:hush", "postgresql://u:***"),
        ("postgresql://u@h:hush/db", "postgresql://u@h:***"),
        ("postgresql://u:hu/sh?a=b", "postgresql://u:***"),
        ("postgresql:/u:hush@h/db", "postgresql:/u:***@h/db"),
        ("postgresql:///u:hush@h/db", "postgresql:///u:***@h/db"),
        ("u:hush@h/db", "u:***@h/db"),
        ("u:hu/s@h@h/db", "u:***@h/db"),
        # query and fragment
        ("postgresql:///db?user=u&password=hush&port=1", "postgresql:///db?user=u&password=***&port=1"),
        ("postgresql://u:x@h/db?password=hu@sh", "postgresql://u:***@h/db?password=***"),
        ("postgresql://h/db?sslpassword=hu%20sh", "postgresql://h/db?sslpassword=***"),
        ("postgresql://h/db?PassWord=hu&sh#hush", "postgresql://h/db?PassWord=***"),
        ("sqlite:///x.db?key=hush", "sqlite:///x.db?key=***"),
        ("http://u:hush@h:5000/x?access_token=hush", "http://u:***@h:5000/x?access_token=***"),
        ("https://h/x#access_token=hush&a=b", "https://h/x#access_token=***&a=b"),
        ("https://a.blob/x?sv=1&sig=hu%2Fsh&se=2", "https://a.blob/x?sv=1&sig=***&se=2"),
        (
            "s3://b/k?X-Amz-Credential=hush&X-Amz-Signature=hush&X-Amz-Security-Token=hush&v=1",
            "s3://b/k?X-Amz-Credential=***&X-Amz-Signature=***&X-Amz-Security-Token=***&v=1",
        ),
        ("jdbc:postgresql://h/db?user=u&password=hush", "jdbc:postgresql://h/db?user=u&password=***"),
        # ODBC, libpq, SQL
        (ODBC % "hush", ODBC % "***"),
        (ODBC % "{h;u=s}}h}", ODBC % "***"),
        (
            "mssql+pyodbc:///?odbc_connect=SERVER%3Ddb%3BPWD%3Dhush%3BUID%3Dme",
            "mssql+pyodbc:///?odbc_connect=SERVER%3Ddb%3BPWD%3D***%3BUID%3Dme",
        ),
        ("host=h user=u password='hu sh' dbname=d", "host=h user=u password='***' dbname=d"),
        ("host=h password=hush dbname=d", "host=h password=*** dbname=d"),
        (
            "SELECT * FROM dblink('host=h password=hush', 'SELECT 1') WHERE passengers > 5",
            "SELECT * FROM dblink('host=h password=***', 'SELECT 1') WHERE passengers > 5",
        ),
        ("SELECT x FROM t WHERE api_key = 'hush'", "SELECT x FROM t WHERE api_key = '***'"),
        ("CREATE USER u PASSWORD 'hush'", "CREATE USER u PASSWORD '***'"),
        ("SELECT f('postgresql://u:hush@h/db')", "SELECT f('postgresql://u:***@h/db')"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_and_the_rest_stays(value, shown):
    assert masked(value) == shown
    assert masked(shown) == shown
    assert parse(value).secrets


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sample",
        "air.csv",
        "/data/a@b:c/air passengers.csv",
        "C:\\runs.db",
        "data//a:b.csv",
        "//server/share/air.csv",
        "sqlite:///mlflow.db",
        "sqlite:////tmp/a:b@c/x;y&z#1?.db",
        "postgresql://u@h:5432/db?sslmode=require&sslkey=/etc/client.key",
        "postgresql://h1:5432,h2:5432/db",
        "postgresql://me@h/db?options=-csearch_path%3Dx",
        "http://localhost:5000",
        "https://files.example/p/@me/x",
        "http://[::1]:5000/prefix",
        "s3://bucket/a@b/c.csv",
        "abfss://container0123456789@account.dfs.core.windows.net/x@y",
        "mlflow-artifacts:/1/x",
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        "SELECT airport, key, passengers FROM t WHERE key = 5 AND date < '2020-01-01 10:00'",
        "JFK: ok, 3 of 4 trials; took 12:30:05",
    ],
)
def test_a_value_without_secrets_stays(value):
    assert masked(value) == value


# Upper case only in what is secret, so that no secret can be a part of anything else.
SECRET = st.text("ABCXYZ0123456789/@:?#&;=%+ '\"{}[]<>\\éΩ", min_size=4, max_size=24).filter(
    lambda s: any(c.isupper() for c in s)
)
NAME = st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True)
HOST = st.sampled_from(["", "db", "db.example", "10.0.0.1", "[::1]"])
PORT = st.sampled_from(["", ":5432"])
PATH = st.from_regex(r"(/[a-z0-9 ._~+-]{0,8}){0,3}", fullmatch=True)
PLAIN = st.sampled_from(["sslmode=require", "options=-c%20x", "a=b%40c", "connect_timeout=5"])
SCHEME = st.sampled_from(
    ["postgresql", "postgresql+psycopg2", "mysql", "mssql+pyodbc", "http", "https"]
)
KEYS = st.sampled_from(
    ["password", "PWD", "sslpassword", "token", "X-Amz-Signature", "apiKey", "auth"]
)


def whole_and_pieces(secret):
    """The secret as it stands, and its parts between delimiters."""
    table = str.maketrans(dict.fromkeys("/@:?#&;=%+ '\"{}[]<>\\", "\n"))
    return {s for s in (secret, *secret.translate(table).split("\n")) if len(s) >= 4}


@settings(max_examples=100)
@given(SCHEME, NAME, SECRET, st.booleans(), HOST, PORT, PATH, st.lists(PLAIN, max_size=2))
def test_no_part_of_a_password_is_shown(scheme, user, secret, encode, host, port, path, plain):
    assume(host or not port)
    password = quote(secret, safe="") if encode else secret
    query = "?" + "&".join(plain) if plain else ""
    address = f"{scheme}://{user}:{password}@{host}{port}{path}{query}"
    shown = masked(address)
    assert shown == f"{scheme}://{user}:***@{host}{port}{path}{query}"
    assert masked(shown) == shown


@settings(max_examples=100)
@given(SCHEME, NAME, KEYS, SECRET, HOST, PATH, PLAIN)
def test_no_part_of_a_secret_in_a_query_is_shown(scheme, user, key, secret, host, path, plain):
    address = f"{scheme}://{user}:p@{host}{path}?{urlencode({key: secret})}&{plain}"
    assert masked(address) == f"{scheme}://{user}:***@{host}{path}?{key}=***&{plain}"


@settings(max_examples=100)
@given(SCHEME, st.one_of(st.just(""), NAME), SECRET, HOST, KEYS)
@example("postgresql", "u", "@00A", "", "password")
@example("postgresql", "u", "&00A", "", "password")
def test_whatever_is_not_escaped_no_part_of_a_secret_is_shown(scheme, user, secret, host, key):
    for address in (
        f"{scheme}://{user}:{secret}@{host}",
        f"{scheme}://{user}:x@{host}/db?{key}={secret.replace('=', '')}",
    ):
        shown = masked(address)
        assert not [s for s in whole_and_pieces(secret) if s in shown], shown
        assert masked(shown) == shown


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=40), st.text("ab:/@?=&;#'{}*% ", max_size=30)))
def test_masking_twice_is_masking_once(text):
    assert masked(masked(text)) == masked(text)


@settings(max_examples=100)
@given(SCHEME, st.one_of(st.just(""), NAME), HOST, PORT, PATH, st.lists(PLAIN, max_size=2))
def test_an_address_without_secrets_is_unchanged(scheme, user, host, port, path, plain):
    assume(host or not port)
    login = f"{user}@" if user and not scheme.startswith("http") else ""
    address = f"{scheme}://{login}{host}{port}{path}{'?' if plain else ''}{'&'.join(plain)}"
    assert masked(address) == address


@settings(max_examples=100)
@given(st.text("abc @:/;&#%+.~éΩ'\"()[]", max_size=30))
def test_the_path_of_a_file_is_unchanged(name):
    for address in (f"sqlite:///{name}.db", f"sqlite:////tmp/{name}/mlflow.db"):
        assert masked(address) == address
