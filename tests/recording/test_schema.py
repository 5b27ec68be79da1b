"""What jobs record is what the schema names, all of it, and no code names it otherwise."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecastctl.errors import TrackingError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.parallel import TRIALS, Parallel
from forecastctl.models import family_names
from forecastctl.promote.question import Stores
from forecastctl.recording.panel import kept_panel
from forecastctl.recording.read import read_trials
from forecastctl.records import FAILED, KILLED, LOSSES, FleetTerms, Regressor, SearchSpec
from forecastctl.records.marks import MARKS
from forecastctl.records.schema import (
    File,
    Kind,
    MetricKey,
    Param,
    Tag,
    fold_key,
    page_path,
)
from forecastctl.store.alive import Holder
from forecastctl.store.lock.hold import held
from forecastctl.store.lock.lease import LeaseLock
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.memory_models import MemoryModels
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker
from tests.backtest.backtesting import Bench
from tests.fleets import Fleet, H, N
from tests.harness import Harness, make_series
from tests.jobs.test_hierarchy import Adding
from tests.promote.test_promote import Registry

PACKAGE = Path(__file__).resolve().parents[2] / "forecastctl"
WIDE = SearchSpec(families=family_names(), max_evals=20, horizon=3, folds=2, combine=2)
ONE = SearchSpec(families=("seasonal_naive",), max_evals=20, horizon=3, folds=2, combine=2)
"""So few models that nothing new is left to propose."""


class Interrupted(SerialExecutor):
    """Ctrl-C as soon as there is work."""

    def map(self, fn, tasks):
        raise KeyboardInterrupt


class Broken(SerialExecutor):
    """Work that fails, with a traceback."""

    def map(self, fn, tasks):
        def fail(_):
            raise ValueError("broken on purpose")

        return super().map(fail, tasks)


class Unlucky(SerialExecutor):
    """Work that is done at the second attempt, because its worker died at the first."""

    def map(self, fn, tasks):
        return (replace(outcome, retries=1) for outcome in super().map(fn, tasks))


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    """One store with jobs of every command and layout, sums, a backtest, and the monitor."""
    pytest.importorskip("hierarchicalforecast")
    tracker = MemoryTracker()
    harness = Harness()
    harness.tracker = tracker
    suspicious = make_series("odd", seed=4)
    suspicious = replace(
        suspicious, suspects=("2018-12 looks wrong",), left_out=("2018-12-01",), notes=("filled",)
    )
    harness.entries.append(suspicious)
    harness.run(search=WIDE, charts=True, curves=True)
    harness.run("tune", learn=True, layout="flat")
    decided = Parallel(TRIALS, 1, None, "3 airports, 4 workers", "their trials take long")
    harness.run("tune", search=ONE, warnings=("something about all airports",), parallel=decided)
    harness.run("train", executor=Unlucky())
    harness.run("forecast")
    harness.run("tune", executor=Broken())
    harness.retry()
    harness.run("tune", executor=Broken())
    _keep_others_out(harness)
    with pytest.raises(KeyboardInterrupt):
        harness.run("tune", executor=Interrupted())
    _lose_a_model(harness)
    _store_a_panel_in_parts(harness)
    _wait_in_a_spool(harness, tmp_path_factory.mktemp("spool"))
    harness.share("1/2", levels=(90,))
    _learn_from_a_fleet(tracker)
    _allow_for_seats(harness)
    Bench(tracker).backtest(end="2018-06")
    adding = Adding()
    adding.tracker = tracker
    adding.run()
    fleet = Fleet()
    fleet.tracker = tracker
    fleet.job()
    fleet.at(N + H).monitor(warnings=("something about all airports",))
    _promote(tracker, fleet)
    return tracker


def _promote(tracker, fleet):
    """Two decisions about the model of the newest job: the first, and one that compares."""
    registry = Registry()
    registry.fleet, registry.stores = fleet, Stores(tracker, MemoryModels(tracker))
    registry.knows(N + H)
    for _ in range(2):
        run = tracker.get(fleet.job(retune="always").run_id)
        registry.promote(job=run, force=True, params={"data.source": "air.csv"})


def _keep_others_out(harness):
    """A job that has the experiment for itself, by a lease."""
    tracker, holder = harness.tracker, Holder("train", "here", 7, 1)
    with held(
        tracker,
        lambda heart: LeaseLock(tracker, holder, heart, print),
        lambda: tracker,
        shown="x",
        wait=0.0,
        say=print,
    ) as (harness.tracker, _):
        harness.run("train")
    harness.tracker = tracker


def _lose_a_model(harness):
    """A job that finds its last forecasts damaged, and makes them anew."""
    harness.run("run")
    for run in harness.tracker._runs.values():
        if run.tags.get(Tag.AIRPORT) == "JFK" and run.tags.get(Tag.TRAINED):
            harness.tracker._artifacts[run.run_id][File.MODEL] = b"{"
    harness.run("run", skip_unchanged=True)


def _store_a_panel_in_parts(harness):
    """The panel of a job whose workers read it."""
    job = harness.planned("tune", harness.tracker, {})
    context = replace(job.context, panel_digest="in parts")
    kept_panel(harness.tracker, lambda: iter([(("JFK",), b"rows")]), context)


def _learn_from_a_fleet(tracker):
    """A job with so many airports that models are estimated over all of them."""
    harness = Harness()
    harness.tracker = tracker
    harness.clock += 10_000_000
    harness.entries = [make_series(f"A{k}", n=84, seed=k) for k in range(6)]
    families = ("seasonal_naive", "pooled")
    harness.run("tune", search=replace(ONE, families=families))


def _allow_for_seats(harness):
    """A job with a regressor that its airport follows."""
    known, series = harness.entries, make_series("JFK", n=72)
    seats = np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.05, 72 + WIDE.horizon)))
    harness.entries = [replace(series, y=series.y * seats[:72])]
    column = Regressor("seats", "regressor", "2015-01-01", tuple(np.log(seats).tolist()))
    harness.run(search=WIDE, terms=FleetTerms((column,), "d"))
    harness.entries = known


def _wait_in_a_spool(harness, folder):
    """A job that is published after its store was away."""
    place = place_of(folder, "sqlite:////nowhere/mlflow.db", "x")
    front = SpoolingTracker(None, SpoolTracker(place.new()), TrackingError("away"))
    harness.run("tune", tracker=front)
    front.close()
    publish_all(place, harness.tracker)


@pytest.fixture(scope="module")
def recorded(tracker):
    """By kind of run, every name under which anything is recorded."""
    found = {
        kind: {"tags": set(), "params": set(), "metrics": set(), "files": set()} for kind in Kind
    }
    for run in tracker._runs.values():
        of = found[Kind(run.tags[Tag.KIND])]
        of["tags"] |= {*run.tags}
        of["params"] |= {*run.params}
        of["metrics"] |= {*run.metrics}
        files = tracker._artifacts[run.run_id]
        of["files"] |= {re.sub(r"^(pilot|panel)/\d+", r"\1/N", path) for path in files}
    return found


def _known(keys, kind):
    return {str(key) for key in keys if kind in key.kinds}


def _general(tag):
    """A mark without the id that it ends in."""
    return next((m for m in MARKS if "<" in m and tag.startswith(m.partition("<")[0])), tag)


def _options(tracker):
    """Options of all models that were tried: trials hold each under its own name."""
    found = set()
    for run_id, files in tracker._artifacts.items():
        if File.TRIALS in files:
            found |= {key for trial in read_trials(tracker, run_id) for key in trial.model.options}
    return found


@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_recorded_that_the_schema_does_not_name(tracker, recorded, kind):
    found = recorded[kind]
    assert found["tags"]
    assert {*map(_general, found["tags"])} - _known(Tag, kind) - set(MARKS) == set()
    own = _options(tracker) if kind is Kind.TRIAL else set()
    settings = {name for name in found["params"] if "." in name}
    assert found["params"] - settings - own - _known(Param, kind) == set()
    assert not settings or kind in (Kind.JOB, Kind.MONITOR, Kind.PROMOTION)
    assert found["metrics"] - _known(MetricKey, kind) == set()
    assert found["files"] - _known(File, kind) == set()


ASKED = (Param.AS_OF, Param.AIRPORT, Param.SELECT)
"""Flags, which jobs in memory are made without."""

REPORT = (File.REPORT, File.REPORT_SITE, File.REPORT_VERDICTS)
PAGES = (File.PAGE, File.PAGE_PNG, File.PAGE_SVG, *REPORT)
"""Recorded where somebody asks `explain` or `report` for them."""

BEFORE = (Tag.DUPLICATE_OF,)
"""Names that only earlier versions recorded, and that are still read."""


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.GROUP])
@pytest.mark.parametrize("what", ["tags", "params", "metrics", "files"])
def test_every_name_of_the_schema_is_recorded(recorded, kind, what):
    keys = {"tags": Tag, "params": Param, "metrics": MetricKey, "files": File}[what]
    found = recorded[kind][what]
    if kind is Kind.AIRPORT:  # a group is recorded like an airport
        found = found | recorded[Kind.GROUP][what]
    assert _known(keys, kind) - found - {*ASKED, *PAGES, *BEFORE} == set()


def test_a_level_is_on_groups_alone(recorded):
    assert Tag.LEVEL in recorded[Kind.GROUP]["tags"]
    assert Tag.LEVEL not in recorded[Kind.AIRPORT]["tags"]


def test_every_mark_is_set(recorded):
    tags = {_general(tag) for found in recorded.values() for tag in found["tags"]}
    assert set(MARKS) - tags == set()


def test_jobs_that_stop_say_why(tracker):
    stopped = [r for r in tracker._runs.values() if r.status in (KILLED, FAILED)]
    jobs = [r for r in stopped if r.tags[Tag.KIND] == Kind.JOB]
    assert {r.tags[Tag.STATUS] for r in jobs} == {"interrupted", "failed"}


def test_losses_and_pages_have_names():
    assert [fold_key(loss) for loss in LOSSES] == [MetricKey(f"fold_{loss}") for loss in LOSSES]
    assert set(LOSSES) <= set(map(str, MetricKey))
    assert page_path("2020-04-01", "svg") == "explain/2020-04-01.svg"


def test_names_are_plain_text_in_a_store(tracker):
    for run in tracker._runs.values():
        assert {type(key) for key in (*run.tags, *run.params)} == {str}
        assert {type(value) for value in (*run.tags.values(), *run.params.values())} == {str}


HOLDERS = {"tags": Tag, "metrics": MetricKey}


def _held_by(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def _literals(tree):
    """Names that code spells itself: ``run.tags["cutoff"]``, ``tags={"kind": ...}``, paths."""
    paths = set(map(str, File))
    names = {holder: set(map(str, keys)) for holder, keys in HOLDERS.items()}
    for node in ast.walk(tree):
        keys = []
        holder = None
        if isinstance(node, ast.Subscript):
            holder, keys = _held_by(node.value), [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("get", "pop"):
                holder, keys = _held_by(node.func.value), node.args[:1]
        elif isinstance(node, ast.Compare):
            holder, keys = _held_by(node.comparators[-1]), [node.left]
        elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Dict):
            holder, keys = node.arg, node.value.keys
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            holder, keys = _held_by(node.targets[0]), node.value.keys
        if holder in HOLDERS:
            values = [key.value for key in keys if isinstance(key, ast.Constant)]
            yield from (v for v in values if v in names[holder])
        if isinstance(node, ast.Constant) and node.value in paths:
            yield node.value


def test_what_spells_a_name_is_found():
    code = 'a = run.tags["cutoff"]; b = tags.get("kind"); c = Query(tags={"kind": "job"})'
    more = 'd = "loss" in run.metrics; tags = {"status": "ok"}; e = read(run, "model.json")'
    found = sorted(_literals(ast.parse(f"{code}\n{more}")))
    assert found == ["cutoff", "kind", "kind", "loss", "model.json", "status"]


def test_no_code_spells_a_name_itself():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        if inside.parts[:2] == ("records", "schema") or inside.parts[0] == "testing":
            continue  # the contract of stores records names of any kind
        literals = list(_literals(ast.parse(path.read_text(encoding="utf-8"))))
        if literals:
            found[str(inside)] = literals
    assert found == {}
