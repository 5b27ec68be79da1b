"""A recent month that looks wrong: left out, said everywhere, and in the exit code."""

import json

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel

SAID = "warning: JFK: suspected unit error: 2018-04 about 1,000 times the level: left out."
NEXT = "  next: mend the data, or give --suspects keep to forecast with them as they are."


def faulty(factor=1000, airports=("JFK", "LGA", "EWR"), back=1):
    frame = panel(airports)
    frame["passengers"] = frame["passengers"].astype(float)
    month = sorted(frame["date"].unique())[-back]
    frame.loc[(frame["airport"] == "JFK") & (frame["date"] == month), "passengers"] *= factor
    return frame


def flat(*more):
    return [*QUICK, "--layout", "flat", *more]


@pytest.mark.slow
def test_the_last_month_a_thousand_times_too_large(cli):
    data = cli.write(faulty())
    result = cli("run", "--data", data, *flat("--out", "f.csv"), code=4)
    assert result.stderr.splitlines()[-2:] == [SAID, NEXT]
    assert "3 airports: 2 ok, 1 without suspects" in result.stdout
    found = pd.read_csv(cli.folder / "f.csv")
    assert dict(found.groupby("airport")["status"].first()) == {
        "JFK": "ok-without-suspects", "LGA": "ok", "EWR": "ok",
    }  # fmt: skip
    whole = panel(("JFK", "LGA", "EWR"))
    without = whole[~((whole["airport"] == "JFK") & (whole["date"] == "2018-04-01"))]
    cli.write(without, "without.csv")
    other = ["--tracking-uri", f"sqlite:///{cli.folder / 'other.db'}", "--out", "g.csv"]
    cli("run", "--data", "without.csv", *flat(*other))
    both = found.merge(pd.read_csv(cli.folder / "g.csv"), on=["airport", "date"])
    assert len(both) == 9  # all that the second one has
    for column in ("mean", "lo-80", "hi-95", "cutoff"):
        pd.testing.assert_series_equal(
            both[f"{column}_x"], both[f"{column}_y"], check_names=False, check_exact=True
        )
    jfk = found[found["airport"] == "JFK"]
    assert list(jfk["date"]) == ["2018-04-01", "2018-05-01", "2018-06-01", "2018-07-01"]
    assert found["date"].max() == "2018-07-01"
    assert jfk["mean"].max() < 3 * whole["passengers"].max()


def test_every_night_until_it_is_mended(cli):
    night = ["run", "--data", cli.write(faulty()), *flat("--quiet", "--skip-unchanged")]
    first = cli(*night, code=4)
    assert (first.stdout, first.stderr.splitlines()) == ("", [SAID, NEXT])
    again = cli(*night, "--json", code=4)
    assert again.stderr.splitlines() == [SAID, NEXT]
    summary = json.loads(again.stdout)
    assert summary["airports"]["skipped"] == 3
    assert summary["status"] == "partial"
    jfk = summary["results"][0]
    assert jfk["suspects"] == [
        "suspected unit error: 2018-04 about 1,000 times the level: left out"
    ]
    assert summary["results"][1]["suspects"] == []
    cli("run", "--data", "air.csv", *flat("--quiet", "--skip-unchanged", "--airport", "LGA"))
    cli.write(panel(("JFK", "LGA", "EWR")))
    mended = cli.json("run", "--data", "air.csv", *flat("--skip-unchanged"))
    assert (mended["airports"]["ok"], mended["airports"]["skipped"]) == (1, 2)


def test_it_is_recorded_and_can_be_asked(cli):
    cli("run", "--data", cli.write(faulty()), *flat("--quiet"), code=4)
    rows = cli.json("history", "airports", "--status", "ok-without-suspects")
    assert [r["airport"] for r in rows] == ["JFK"]
    cli("reproduce", rows[0]["job_id"])
    refit = cli.json("reproduce", rows[0]["job_id"], "--refit", "--jobs", "1")
    assert {r["refit"]["result"] for r in refit["airports"]} == {"bit-identical"}
    assert not [n for r in refit["airports"] for n in r["refit"]["notes"]]
    later = panel(("JFK", "LGA", "EWR"), months=42)
    cli.write(later, "later.csv")
    answer = cli.json("explain", "--airport", "JFK", "--date", "2018-05", "--data", "later.csv")
    assert answer["forecast"]["cutoff"] == "2018-03-01"
    assert answer["forecast"]["lead"] == 2
    assert answer["lineage"]["status"] == "ok-without-suspects"
    assert "2018-04" in answer["lineage"]["reason"]
    found = cli.json("monitor", "--data", "later.csv")
    assert found["airports"]["degraded"] == 0


def test_to_insist_and_to_refuse(cli):
    data = cli.write(faulty())
    kept = cli("run", "--data", data, *flat("--quiet", "--suspects", "keep", "--out", "k.csv"))
    assert kept.stderr == ""
    assert set(pd.read_csv(cli.folder / "k.csv")["cutoff"]) == {"2018-04-01"}
    refused = cli.json("run", "--data", data, *flat("--suspects", "reject"))
    assert refused["airports"]["rejected"] == 1
    wrong = cli("run", "--data", data, "--suspects", "drop", code=2)
    assert "--suspects" in wrong.stderr


def test_a_stand_in_without_suspects_says_both(cli):
    frame = faulty()[lambda f: (f["airport"] != "JFK") | (f["date"] >= "2017-08-01")]
    found = cli.json("run", "--data", cli.write(frame), *flat(), code=4)
    jfk = next(r for r in found["results"] if r["airport"] == "JFK")
    assert jfk["status"] == "ok-with-fallback"
    assert "the naive forecast (last value) stands in" in jfk["reason"]
    assert "2018-04 about 1,000 times" in jfk["reason"]
    assert jfk["suspects"]


def test_a_last_zero_in_a_file_of_one_airport(cli):
    data = cli.write(faulty(0, airports=("JFK",)))
    found = cli.json("run", "--data", data, *flat(), code=4)
    assert found["results"][0]["status"] == "ok-without-suspects"
    report = cli("check", "--data", data)
    assert "nothing or next to nothing in the last month, 2018-04" in report.stdout
    rejected = cli.json("check", "--data", data, "--suspects", "reject", code=3)
    assert rejected["airports"][0]["status_if_run"] == "rejected"


def test_a_fall_of_all_is_said_and_kept(cli):
    frame = panel(("JFK", "LGA", "EWR"))
    frame.loc[frame["date"] == "2018-04-01", "passengers"] //= 20
    result = cli("run", "--data", cli.write(frame), *flat("--quiet", "--json"))
    assert result.stderr.startswith("warning: 2018-04, the last period, is 40 % or more below")
    summary = json.loads(result.stdout)
    assert (summary["status"], summary["airports"]["ok"]) == ("ok", 3)
    assert len(summary["warnings"]) == 1


def test_a_warning_about_the_fleet_is_said_before_and_after_and_recorded(cli):
    frame = panel(("JFK", "LGA", "EWR"))
    frame.loc[frame["airport"] == "LGA", "passengers"] = frame.loc[
        frame["airport"] == "JFK", "passengers"
    ].to_numpy()
    data, said = cli.write(frame), "'JFK' and 'LGA' hold equal values since 2015-01"
    checked = cli("check", "--data", data, "--quiet")
    assert checked.stdout == ""
    assert checked.stderr.startswith(f"warning: {said}")
    assert said in cli("check", "--data", data).stdout
    assert any(said in f["message"] for f in cli.json("check", "--data", data)["findings"])
    result = cli("run", "--data", data, *flat("--quiet", "--json", "--as-of", "2018-01"))
    assert result.stderr.startswith(f"warning: {said}")
    assert result.stderr.count("warning") == 1
    (text,) = json.loads(result.stdout)["warnings"]
    assert text.startswith(said)
    report = cli("monitor", "--data", data, "--json")
    assert report.stderr.startswith(f"warning: {said}")
    assert json.loads(report.stdout)["warnings"] == [text]
    import mlflow

    client = mlflow.MlflowClient(cli.uri)
    for found in (json.loads(result.stdout)["run_id"], json.loads(report.stdout)["run_id"]):
        assert client.get_run(found).data.tags["warnings"] == text


def test_many_are_named_in_part(cli):
    names = [f"A{i:02d}" for i in range(23)]
    frame = panel(names)
    frame["passengers"] = frame["passengers"].astype(float)
    frame.loc[frame["date"] == "2018-04-01", "passengers"] *= 1000
    tune = ["--family", "seasonal_naive", "--max-evals", 1, "--folds", 1, "--jobs", 1]
    result = cli("tune", "--data", cli.write(frame), *tune, "--layout", "flat", "-q", code=4)
    lines = result.stderr.splitlines()
    assert lines[0] == (
        "warning: since 2018-04 the values of 23 of 23 airports are about 1,000 times what their "
        "season led to expect: another unit in the file?"
    )
    assert len(lines) == 23
    assert "3 more airports" in lines[21]


@pytest.mark.parametrize("back", [1, 4])
def test_a_backtest_leaves_it_out_where_it_was_recent_and_knows_nothing_later(cli, back):
    data = cli.write(faulty(back=back))
    span = ["--from", "2017-12", "--to", "2018-04", "--every", "1", "--retune-every", "9"]
    found = cli.json("backtest", "--data", data, *span, *flat())
    months = [o["airports"]["without_suspects"] for o in found["origins"]]
    assert months == [0] * (5 - back) + [1] * back
