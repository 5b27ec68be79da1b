"""The plan command, from jobs that were run."""

import pytest

from tests.cli.conftest import QUICK, panel


def test_without_a_job_it_says_to_run_one(cli):
    assert "'forecastctl run --data FILE' makes it" in cli("plan", code=6).stderr
    cli.write(panel(["JFK"]))
    cli("tune", "--data", "air.csv", *(o for o in QUICK if o != "--no-charts"))
    assert "Run one first" in cli("plan", code=6).stderr  # a search alone does not say it


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--airports", "0"], "--airports must be at least 1"),
        (["--cores", "two"], "are no numbers of cores"),
        (["--cores", "0"], "are no numbers of cores"),
        (["--price", "-1"], "--price must be a number from 0 on"),
    ],
)
def test_what_makes_no_sense_is_refused(bare, arguments, said):
    assert said in bare("plan", *arguments, code=2).stderr


def test_a_plan_from_a_job_on_record(cli):
    cli.write(panel(["JFK", "LGA", "EWR"]))
    cli("run", "--data", "air.csv", *QUICK, "--backend", "serial")
    found = cli.json("plan", "--airports", "5000", "--cores", "1,64", "--price", "0.05")
    assert [(p["backend"], p["cores"]) for p in found["predictions"]] == [
        *(("serial", 1), ("serial", 64)),
    ]
    known = found["known"]["serial"]
    assert (known["jobs"], known["months"], known["largest"]) == (1, [40, 40], [3, 1])
    first = found["predictions"][0]
    assert first["low"] < first["wall_seconds"] < first["high"]
    assert first["cost"] == pytest.approx(0.05 * first["wall_seconds"] / 3600)
    assert first["parts"]["models"] == pytest.approx(5000 * known["model"][0])
    said = cli("plan", "--airports", "5000").stdout
    assert said.startswith("5,000 airports of 40 months, from 1 job on record:")
    assert "No job on record used loky, threads, dask, ray, spark." in said


def test_jobs_with_other_settings_do_not_count(cli):
    cli.write(panel(["JFK"]))
    given = ["--data", "air.csv", *QUICK, "--backend", "serial", "--retune", "always"]
    cli("run", *given)
    cli("run", *given, "--max-evals", "2")
    assert cli.json("plan")["known"]["serial"]["jobs"] == 1
