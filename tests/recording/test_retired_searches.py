"""Searches as earlier versions recorded them: with --learn, a Gaussian process proposed models."""

import pytest

from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.history import HistoryQuery, history
from forecastctl.jobs.learn import read_learned
from forecastctl.recording import write as lineage
from forecastctl.recording.read import read_trials
from forecastctl.records import Query
from forecastctl.records.learning import RETIRED_ALGORITHM
from forecastctl.records.schema import File
from forecastctl.search import hyperopt as proposals
from tests.reproduce.reproducing import Store

TUNE = {"max_evals": 12, "combine": 1, "folds": 1}
AIRPORTS = ("A/B", "EWR", "JFK")


@pytest.fixture
def old():
    """Two months; the second learned, and is recorded with the names of an earlier version."""
    store = Store()
    store.run(as_of="2018-07", tune=TUNE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proposals, "TPE", "near")
        patch.setattr(lineage, "algorithm", lambda _: "surrogate")
        store.run(as_of="2018-08", tune=TUNE, learn=True)
    for airport in AIRPORTS:
        store.edit(store.airport("job-2", airport), "learned.json", as_it_was)
    return store


def as_it_was(learned):
    """With losses of the last search, and families with the shares in which they won."""
    learned["known"] = [{"model": start["model"], "loss": 0.5} for start in learned["starts"]]
    learned["prior"] = dict.fromkeys(learned.pop("families"), 0.5)


def run_of(store, job, airport):
    return store.tracker.get(store.airport(job, airport))


def test_history_shows_the_trials_under_the_names_that_they_have(old):
    query = HistoryQuery("trials", job_id="job-2", filter="tags.start = 'near'", limit=100)
    rows = history(old.tracker, query)
    assert {row["airport"] for row in rows} == set(AIRPORTS)
    for airport in AIRPORTS:
        run = run_of(old, "job-2", airport)
        assert run.params["algo"] == RETIRED_ALGORITHM
        trials = read_trials(old.tracker, run.run_id)
        found = [trial.number for trial in trials if trial.start == "near"]
        assert found == sorted(row["trial"] for row in rows if row["airport"] == airport)


def test_explain_names_them_among_the_alternatives(old):
    facts = explain(old.tracker, Question("JFK", "2018-09", "2018-08")).answer.to_dict()
    assert facts["lineage"]["job_id"] == "job-2"
    assert "near" in {other["start"] for other in facts["alternatives"]}


def test_reproduce_replays_them_and_says_why_a_new_search_may_differ(old):
    assert {replay.result for replay in old.replayed("job-2").values()} == {"bit-identical"}
    for airport, refit in old.refitted("job-2").items():
        learned = read_learned(old.tracker, run_of(old, "job-2", airport))
        assert learned.starts[0].origin == "own"
        assert learned.families == ("holt_winters", "seasonal_naive")
        assert refit.same_data is True
        assert refit.notes == (
            "its search proposed models in a way that this version no longer has",
        )
    assert {refit.notes for refit in old.refitted("job-1").values()} == {()}


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_a_new_search_learns_from_them(old, killed):
    if killed:  # no file of winners: the trials themselves are read
        for job in old.tracker.find(Query(tags={"kind": "job"})):
            del old.tracker._artifacts[job.run_id][File.WINNERS]
    old.run(as_of="2018-09", tune=TUNE, learn=True)
    for airport in AIRPORTS:
        before, run = run_of(old, "job-2", airport), run_of(old, "job-3", airport)
        assert run.tags["learned_from"].split(",")[0] == before.run_id
        trials = [t for t in read_trials(old.tracker, before.run_id) if t.loss is not None]
        best = min(trials, key=lambda t: (t.loss, t.number))
        first = read_trials(old.tracker, run.run_id)[1]
        assert (first.start, first.model) == ("own", best.model)


def repeated(table):
    """The last trial repeats the first, as it could in earlier versions."""
    at = table["columns"].index("duplicate_of")
    table["data"][-1][at] = 0


def test_reproduce_says_that_repetitions_used_up_evaluations():
    store = Store()
    store.run(tune=TUNE)
    for airport in ("JFK", "EWR"):
        run_id = store.airport("job-1", airport)
        store.edit(run_id, "trials.json", repeated)
        if airport == "JFK":  # an earlier version, which did not count them apart
            del store.tracker._runs[run_id].metrics["repeated_proposals_count"]
    notes = {airport: refit.notes for airport, refit in store.refitted("job-1").items()}
    said = "in its search models that came up again used up evaluations; now they do not"
    assert notes == {"JFK": (said,), "EWR": (), "A/B": ()}
