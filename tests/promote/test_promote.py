"""Decisions about a fleet in memory: who becomes champion, by what, and what is recorded."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.history import HistoryQuery, history
from forecastctl.models.combination.fit_and_predict import predict
from forecastctl.monitor.data import Observed
from forecastctl.promote.decide import Rule
from forecastctl.promote.question import Ask, Known, Stores
from forecastctl.promote.register import register_fleet
from forecastctl.promote.run import promote, rollback
from forecastctl.recording.fleet import read_fleet
from forecastctl.recording.read import read_trials
from forecastctl.recording.retention import PROMOTED, retention
from forecastctl.records import ALL_RUNS, Query
from forecastctl.records.calendar import ordinals
from forecastctl.records.marks import PROMOTIONS, SET
from forecastctl.records.schema import CHALLENGER, CHAMPION, File, Tag, VersionTag
from forecastctl.store.memory_models import MemoryModels
from tests.fleets import AIRPORTS, SEARCH, Fleet, H, N
from tests.harness import ENVIRONMENT

NAIVE = replace(SEARCH, families=("seasonal_naive",), combine=1)
"""A worse model for every airport of the fleet, which has a trend."""


class Registry:
    """A fleet with its registered models; what is known ends at a period."""

    def __init__(self):
        self.fleet = Fleet(shifted=())
        self.stores = Stores(self.fleet.tracker, MemoryModels(self.fleet.tracker))
        self.known = self.knows(N)
        self.asked = 0

    def knows(self, n, airports=AIRPORTS):
        observed = []
        for series in self.fleet.whole:
            days = series.ds[:n].astype("datetime64[D]").astype(np.int64)
            seen = Observed(series.airport, ordinals(days, "M"), series.y[:n])
            observed += [seen] if series.airport in airports else []
        self.known = Known(
            observed=observed,
            freq="M",
            season_length=12,
            panel_digest="panel",
            groups={"half": {a: "first" if a < "DDD" else "second" for a in airports}},
        )
        return self.known

    def job(self, n=N, **changes):
        """Train, and register."""
        summary = self.fleet.at(n).job(**changes)
        run = self.fleet.tracker.get(summary.run_id)
        return register_fleet(self.stores.tracker, self.stores.models, "fleet", run)

    def ask(self, **changes):
        self.asked += 1
        # Decisions are listed by when they began, and jobs by the time of day.
        start = 4_000_000_000_000 + self.asked
        return Ask(promotion_id=f"p{self.asked}", start_ms=start, name="fleet", **changes)

    def promote(self, **changes):
        return promote(self.stores, self.ask(**changes), self.known, ENVIRONMENT)

    def rollback(self, **changes):
        return rollback(self.stores, self.ask(**changes), ENVIRONMENT)

    @property
    def aliases(self):
        found = self.stores.models.versions("fleet")
        return {alias: v.version for v in found for alias in v.aliases}

    def decisions(self):
        return self.stores.tracker.find(Query(tags={PROMOTIONS: SET}, limit=ALL_RUNS))


@pytest.fixture(scope="module")
def trained():
    """A naive champion-to-be, a better challenger, and the naive one again."""
    registry = Registry()
    registry.job(search=NAIVE)
    registry.job(retune="always")
    registry.job(search=NAIVE, retune="always")
    return registry


@pytest.fixture
def registry(trained):
    """The same jobs, registered in that order, with no champion yet."""
    return copy.deepcopy(trained)


def test_a_new_version_is_the_challenger(registry):
    newest = registry.stores.models.versions("fleet")[0]
    assert registry.aliases == {CHALLENGER: 3}
    assert newest.tags[VersionTag.AIRPORTS] == "6"
    assert newest.tags[VersionTag.CUTOFF] == "2018-12-01"
    assert f"job {newest.tags[VersionTag.JOB_ID]}: 6 airports, data up to" in newest.description


def test_the_first_one_is_promoted_for_want_of_another(registry):
    said = registry.promote(version=1)
    assert (said["decision"], said["promoted"]) == ("first", True)
    assert said["reason"] == "The model 'fleet' had no champion yet."
    assert registry.aliases == {CHAMPION: 1, CHALLENGER: 3}


def test_asked_again_nothing_changes(registry):
    registry.promote()
    assert registry.aliases == {CHAMPION: 3}
    recorded = registry.decisions()
    said = registry.promote(version=3)
    assert (said["decision"], said["run_id"]) == ("unchanged", None)
    assert registry.decisions() == recorded


def test_realised_errors_decide_where_the_truth_has_come(registry):
    registry.promote(version=1)
    registry.knows(N + H)
    said = registry.promote(version=2)
    assert said["decision"] == "promoted"
    assert (said["basis"], said["from"], said["through"]) == (
        "realised",
        "2019-01-01",
        "2019-06-01",
    )
    assert said["leads"] == {"challenger": 3.5, "champion": 3.5}
    assert registry.aliases == {CHAMPION: 2, CHALLENGER: 3}
    # by hand: mean over airports of the mean error over the scale of the champion
    new, old = (read_fleet(registry.stores.tracker, v.run_id) for v in _versions(registry, 2, 1))
    means = [0.0, 0.0]
    for series in registry.fleet.whole:
        truth, scale = series.y[N : N + H], old[series.airport].scale
        for i, fleet in enumerate((new, old)):
            errors = np.abs(predict(fleet[series.airport], H, ()).mean - truth)
            means[i] += errors.mean() / scale / len(AIRPORTS)
    assert said["fleet"]["challenger"] == pytest.approx(means[0])
    assert said["fleet"]["champion"] == pytest.approx(means[1])
    assert said["fleet"]["ratio"] == pytest.approx(means[0] / means[1])


def _versions(registry, *numbers):
    found = {v.version: v for v in registry.stores.models.versions("fleet")}
    return [found[number] for number in numbers]


def test_backtests_decide_where_none_has_come_true(registry):
    registry.promote(version=1)
    said = registry.promote(version=2)
    assert (said["decision"], said["basis"]) == ("promoted", "backtest")
    assert "backtest errors of 6 airports" in said["reason"]
    new, old = (read_fleet(registry.stores.tracker, v.run_id) for v in _versions(registry, 2, 1))
    (one, *_) = said["airports"]
    periods = {}
    of_job = {Tag.KIND: "airport", Tag.JOB_ID: said["challenger"]["job_id"]}
    (run,) = registry.stores.tracker.find(Query(tags={**of_job, Tag.AIRPORT: one["airport"]}))
    folds = next(t.folds for t in read_trials(registry.stores.tracker, run) if len(t.folds) == 2)
    for fold, errors in zip(folds, new[one["airport"]].backtest_errors, strict=True):
        start = np.datetime64(fold.cutoff, "M")
        for lead, error in enumerate(errors, 1):
            periods.setdefault(start + lead, []).append(abs(error))
    mean = np.mean([np.mean(sizes) for sizes in periods.values()])
    assert one["periods"] == len(periods) == 9
    assert one["challenger"] == pytest.approx(mean / old[one["airport"]].scale)


def test_a_worse_one_is_refused_and_why_is_recorded(registry):
    registry.promote(version=2)
    registry.knows(N + H)
    said = registry.promote()
    assert (said["decision"], said["promoted"]) == ("refused", False)
    assert said["reason"].endswith("it is worse.")
    assert registry.aliases == {CHAMPION: 2, CHALLENGER: 3}
    (run, *_) = registry.decisions()
    assert run.run_id == said["run_id"]
    assert (run.tags[Tag.STATUS], run.tags[Tag.REASON]) == ("refused", said["reason"])
    kept = json.loads(registry.stores.tracker.read_artifact(run.run_id, File.PROMOTION))
    assert kept == {key: value for key, value in said.items() if key != "run_id"}
    (version,) = _versions(registry, 3)
    assert version.tags[VersionTag.DECISION] == "refused"
    assert version.tags[VersionTag.DECIDED_BY] == run.run_id


def test_an_equal_one_is_refused_unless_a_margin_is_given(registry):
    registry.promote(version=1)
    said = registry.promote(version=3)
    assert said["fleet"]["ratio"] == 1
    assert said["reason"].endswith("that it is better cannot be told.")
    assert registry.promote(version=3, rule=Rule(margin=0.01))["decision"] == "promoted"


def test_groups_are_compared_with_the_fleet(registry):
    registry.promote(version=1)
    said = registry.promote(version=2)
    assert [group["group"] for group in said["groups"]] == ["half first", "half second"]
    assert [group["airports"] for group in said["groups"]] == [3, 3]


def test_force_promotes_and_says_so(registry):
    registry.promote(version=2)
    said = registry.promote(force=True)
    assert (said["decision"], said["promoted"]) == ("forced", True)
    assert said["reason"].endswith("it is worse.")
    assert registry.aliases == {CHAMPION: 3}


def test_what_is_only_asked_changes_nothing(registry):
    registry.promote(version=1)
    before = registry.stores.models.versions("fleet")
    said = registry.promote(version=2, record=False)
    assert (said["decision"], said["run_id"]) == ("promoted", None)
    assert registry.stores.models.versions("fleet") == before
    assert len(registry.decisions()) == 1


def test_rollback_goes_back_one_champion_at_a_time(registry):
    for number in (1, 2, 3):
        registry.promote(version=number, force=True)
    said = registry.rollback()
    assert (said["decision"], registry.aliases) == ("rolled-back", {CHAMPION: 2})
    assert said["reason"] == "Version 2 answers again in place of version 3."
    registry.rollback()
    assert registry.aliases == {CHAMPION: 1}
    with pytest.raises(NothingRecordedError, match="version 1, took nobody's place"):
        registry.rollback()
    rows = history(registry.stores.tracker, HistoryQuery("promotions"))
    assert [row["status"] for row in rows[:2]] == ["rolled-back", "rolled-back"]
    assert [(row["version"], row["champion"]) for row in rows[:2]] == [("1", "2"), ("2", "3")]


def test_a_champion_that_was_rolled_back_is_not_promoted_by_itself(registry):
    for number in (2, 3):
        registry.promote(version=number, force=True)
    registry.rollback()
    with pytest.raises(NothingRecordedError, match="has no challenger: its newest version, 3"):
        registry.promote()


def test_without_a_champion_there_is_nothing_to_go_back_from(registry):
    with pytest.raises(NothingRecordedError, match="has no version with the alias 'champion'"):
        registry.rollback()


def test_a_challenger_that_lost_airports_is_refused(registry):
    registry.promote(version=1)
    registry.fleet.entries = [s for s in registry.fleet.entries if s.airport != "BBB"]
    registry.fleet.run("train")
    run = registry.fleet.runs("job")[0]
    register_fleet(registry.stores.tracker, registry.stores.models, "fleet", run)
    said = registry.promote()
    assert said["decision"] == "refused"
    assert said["reason"] == (
        "The challenger has no model of airport BBB, which the champion answers."
    )
    registry.knows(N, [a for a in AIRPORTS if a != "BBB"])  # nobody observes it any more
    assert "BBB" not in registry.promote()["reason"]


def test_a_job_that_is_not_registered_is_registered_first(registry):
    registry.promote(version=1)
    summary = registry.fleet.at(N).job(command="train")
    run = registry.stores.tracker.get(summary.run_id)
    said = registry.promote(job=run, force=True)
    assert said["challenger"]["version"] == 4
    assert registry.aliases == {CHAMPION: 4}


def test_with_nothing_registered_the_newest_job_that_trained_is(registry):
    registry.stores = Stores(registry.stores.tracker, MemoryModels(registry.stores.tracker))
    said = registry.promote()
    assert (said["decision"], said["challenger"]["version"]) == ("first", 1)
    assert registry.aliases == {CHAMPION: 1}


def test_what_is_not_there(registry):
    with pytest.raises(NothingRecordedError, match="There is no version 9 of the model 'fleet'"):
        registry.promote(version=9)
    (tuned,) = registry.fleet.tracker.find(Query(tags={"kind": "airport"}, limit=1))
    with pytest.raises(NothingRecordedError, match="holds no model of a fleet"):
        registry.promote(job=tuned)


def test_data_of_another_frequency_are_refused(registry):
    registry.promote(version=1)
    registry.known = replace(registry.known, freq="Q")
    with pytest.raises(UsageError, match="frequency Q"):
        registry.promote(version=2)


def test_a_promotion_that_was_cut_off_is_done_when_asked_again(registry, monkeypatch):
    """Killed before the alias is set, and between the two aliases."""
    registry.promote(version=1)
    models, set_alias = registry.stores.models, registry.stores.models.set_alias
    for left, aliases in ((0, {CHAMPION: 1, CHALLENGER: 3}), (1, {CHAMPION: 3, CHALLENGER: 3})):

        def fails(*arguments, left=[left]):  # noqa: B006
            if not left[0]:
                raise TrackingError("the store went away")
            left[0] -= 1
            set_alias(*arguments)

        monkeypatch.setattr(models, "set_alias", fails)
        with pytest.raises(TrackingError):
            registry.promote(force=True)
        assert registry.aliases == aliases
        monkeypatch.setattr(models, "set_alias", set_alias)
    assert registry.promote()["decision"] == "unchanged"
    assert registry.aliases == {CHAMPION: 3}
    assert registry.rollback()["challenger"]["version"] == 1


def test_a_job_that_was_promoted_is_not_pruned(registry):
    registry.promote(version=1)
    (version,) = _versions(registry, 1)
    kept = retention(registry.stores.tracker, 5_000_000_000_000).kept
    assert kept[version.run_id] == PROMOTED
