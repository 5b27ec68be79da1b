"""Bad input: one clear paragraph, the right exit code, nothing written."""

import pytest

from tests.cli.conftest import QUICK, panel

HEADER = "airport,date,passengers\n"


def rows(n=30, airport="JFK"):
    return "".join(f"{airport},20{10 + i // 12}-{i % 12 + 1:02d}-01,{1000 + i}\n" for i in range(n))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "air.csv"),
        (HEADER, "air.csv"),
        ("airport,date\nJFK,2012-01-01\n", "air.csv"),
        ("airport,date,passengers\nJFK,soon,1\nJFK,later,2\n", "date"),
        ("a,b,c\n1,2,3\n", "air.csv"),
    ],
    ids=["empty", "header", "no value", "no date", "no columns"],
)
def test_a_file_that_cannot_be_used(cli, text, said):
    data = cli.write(text)
    result = cli("run", "--data", data, *QUICK, "--out", "f.csv", code=3)
    assert said in result.stderr
    assert "next:" in result.stderr
    assert result.stdout == ""
    assert not (cli.folder / "f.csv").exists()
    assert cli.jobs() == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("BAD,2012-03-01,many\n", "'many'"),
        ("BAD,someday,5\n", "someday"),
        ("BAD,2012-02-01,5\n", "2012-02"),
        ("BAD,2012-03-01,-5\n", "-5"),
        ("BAD,2012-03-01,inf\n", "inf"),
        ("BAD,2999-03-01,5\n", "2999"),
    ],
    ids=["text", "date", "twice", "negative", "infinite", "future"],
)
def test_a_bad_row_rejects_its_airport_alone(cli, line, said):
    text = HEADER + rows() + "BAD,2012-01-01,5\nBAD,2012-02-01,6\n" + line
    summary = cli.json("run", "--data", cli.write(text), *QUICK)
    status = {r["airport"]: r for r in summary["results"]}
    assert status["JFK"]["status"] == "ok"
    assert status["BAD"]["status"] == "rejected"
    assert said in status["BAD"]["reason"]
    assert "34" in status["BAD"]["reason"]


def test_a_ten_year_hole_is_handled_visibly(cli):
    hole = rows(36) + "".join(
        f"JFK,20{24 + i // 12}-{i % 12 + 1:02d}-01,{900 + i}\n" for i in range(30)
    )
    cli("run", "--data", cli.write(HEADER + hole), *QUICK)
    (row,) = cli.json("history", "airports")
    result = cli("history", "--compare", row["run_id"], row["run_id"])
    assert "36" in cli("check", "--data", "air.csv").stdout
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run"], 2, "--data"),
        (["run", "--data", "nowhere.csv"], 3, "nowhere.csv"),
        (["run", "--data", "air.csv", "--loss", "mse"], 2, "--loss"),
        (["run", "--data", "air.csv", "--layout", "tree"], 2, "--layout"),
        (["run", "--data", "air.csv", "--horizon", "0"], 2, "--horizon"),
        (["run", "--data", "air.csv", "--horizon", "x"], 2, "--horizon"),
        (["run", "--data", "air.csv", "--jobs", "0"], 2, "at least one worker"),
        (["run", "--data", "air.csv", "--level", "100"], 2, "--level"),
        (["run", "--data", "air.csv", "--family", "etss"], 2, "'ets'"),
        (["run", "--data", "air.csv", "--airport", "JKF"], 2, "'JFK'"),
        (["run", "--data", "air.csv", "--select", "Q*"], 2, "Q*"),
        (["run", "--data", "air.csv", "--as-of", "soon"], 2, "soon"),
        (["run", "--data", "air.csv", "--value", "pax"], 3, "pax"),
        (["run", "--data", "air.csv", "--out", "no/such/dir/f.csv"], 3, "no/such/dir"),
        (["run", "--data", "air.csv", "--config", "no.toml"], 2, "no.toml"),
        (["run", "--data", "air.csv", "--quiet", "--verbose"], 2, "--quiet"),
        (["run", "--data", "air.csv", "--horizonn", "3"], 2, "--horizon"),
        (["history", "flights"], 2, "flights"),
        (["history", "--filter", "metrics.loss ~ 3"], 2, "filter"),
        (["history", "--since", "soon"], 2, "soon"),
        (["history", "--status", "bogus"], 2, "One of ok, partial"),
        (["history", "trials", "--status", "ok-with-fallback"], 2, "One of ok, pruned"),
        (["history", "--limit", "0"], 2, "from 1 to 1,000,000"),
        (["history", "--limit", "9" * 20], 2, "from 1 to 1,000,000"),
        (["history", "--compare", "a", "b"], 6, "'forecastctl'"),
        (["history", "--json", "--csv"], 2, "--csv"),
        (["explain", "--airport", "JFK", "--date", "soon"], 2, "soon"),
        (["explain", "--airport", "JFK", "--date", "2012-11"], 6, "'forecastctl'"),
        (["explain", "--worst", "0"], 2, "--worst"),
        (["history", "--tracking-uri", "file:///tmp/x"], 2, "sqlite:///"),
        (["train", "--data", "air.csv", "--tracking-uri", "http://127.0.0.1:9"], 5, "127.0.0.1:9"),
        (["history", "--tracking-uri", "postgresql://me:s3cret@127.0.0.1:9/x"], 5, "127.0.0.1:9"),
    ],
    ids=lambda v: " ".join(v[:4]) if isinstance(v, list) else None,
)
def test_a_mistake_is_one_paragraph_and_a_next_step(cli, arguments, code, said):
    cli.write(panel())
    result = cli(*arguments, code=code)
    assert said in result.stderr
    assert "s3cret" not in result.stderr
    assert result.stdout == ""


def test_a_password_in_out_is_not_shown(cli, monkeypatch):
    from forecastctl.data.write import targets as files

    monkeypatch.setattr(files, "check_target", lambda _target: None)
    monkeypatch.setattr(files, "write_frame", lambda _frame, _target, *, table: None)
    data = cli.write(panel(["JFK"]))
    result = cli("run", "--data", data, *QUICK, "--out", "postgresql://me:s3cret@db/x")
    assert "s3cret" not in result.stdout + result.stderr
    assert "db/x" in result.stdout


def test_settings_file_mistakes(cli):
    cli.write("[tune]\nmax_eval = 3\n", "forecastctl.toml")
    result = cli("settings", code=2)
    assert "Did you mean 'max_evals'?" in result.stderr
    cli.write("[tune]\nmax_evals = 3\n", "forecastctl.toml")
    rows_ = {r["setting"]: r for r in cli.json("settings")}
    assert rows_["tune.max_evals"] == {
        "setting": "tune.max_evals", "value": 3, "origin": "forecastctl.toml",
    }  # fmt: skip


def test_an_unexpected_error_is_no_traceback(cli, monkeypatch):
    from forecastctl.data.read import files

    def broken(_spec):
        raise RuntimeError("boom")

    monkeypatch.setattr(files, "read_panel", broken)
    result = cli("check", "--data", "x.csv", code=1)
    assert "unexpected RuntimeError: boom" in result.stderr
    assert "--verbose" in result.stderr
