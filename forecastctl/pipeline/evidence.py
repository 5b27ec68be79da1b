"""The parts of an explanation: vintages, the model behind one, its lineage, the sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.core.explain import Standing
from forecastctl.core.figures import number, percent
from forecastctl.pipeline.days import iso
from forecastctl.records import Query
from forecastctl.records.marks import SET, job_mark, search_mark
from forecastctl.viz import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.pipeline.gap import Gap
    from forecastctl.ports import Tracker
    from forecastctl.records import FittedModel, StoredRun

MANY = 100_000


@dataclass(frozen=True, slots=True)
class Vintage:
    """One stored forecast of the period asked for."""

    airport: str
    origin: str
    made: str
    cutoff: str
    lead: int
    mean: float
    sd: float
    intervals: dict[str, dict[str, float]]
    model: str
    status: str
    command: str
    job_id: str
    run_id: str
    url: str | None
    date: str

    def to_dict(self, actual: float | None) -> dict[str, Any]:
        """Plain JSON value, with the miss where the actual is known."""
        value = {key: getattr(self, key) for key in self.__slots__ if key not in _ASKED}
        return {**value, "miss": None if actual is None else self.mean - actual}


_ASKED = ("airport", "date")


@dataclass(frozen=True, slots=True)
class Actual:
    """What came true, and where that is known from."""

    value: float
    source: str


def forecast_facts(vintage: Vintage) -> dict[str, Any]:
    """The forecast that is explained."""
    keys = ("mean", "sd", "intervals", "cutoff", "lead", "made", "run_id", "origin", "model")
    return {key: getattr(vintage, key) for key in keys}


def miss_percent(miss: float | None, actual: Actual | None) -> float | None:
    """The miss in percent of the actual."""
    return None if miss is None or not actual or not actual.value else 100 * miss / actual.value


def standing_facts(place: Standing) -> dict[str, Any]:
    """The standing as JSON."""
    return {key: getattr(place, key) for key in Standing.__slots__}


def model_facts(
    tracker: Tracker, run: StoredRun, model_run: StoredRun, model: FittedModel | None
) -> dict[str, Any]:
    """The specification, its members with parameters, and the trials that they came from."""
    facts: dict[str, Any] = {"label": run.tags.get("model"), "members": []}
    if model is None:
        return facts
    trials = _trial_runs(tracker, model_run, {m.member.trial for m in model.members})
    facts |= {"cutoff": model.cutoff, "n": model.n, "spread": model.spread}
    for fitted in model.members:
        member = fitted.member
        facts["members"].append(
            {
                "label": member.model.label,
                "family": member.model.family,
                "options": dict(member.model.options),
                "weight": member.weight,
                "trial": member.trial,
                "trial_run_id": trials.get(member.trial),
                "params": fitted.params,
                "sigma": fitted.sigma,
            }
        )
    return facts


def _trial_runs(
    tracker: Tracker, run: StoredRun, numbers: set[int | None]
) -> dict[int | None, str]:
    """Run id of each trial; in the flat layout the airport's run and the row in its table."""
    owner = run.tags.get("tuned_by", run.run_id)
    if run.tags.get("layout") == "flat":
        return {n: f"{owner}#{n}" for n in numbers if n is not None}
    search = tracker.get(owner).tags.get("fmin_uuid", "")
    children = tracker.find(Query(tags={search_mark(search): SET}, limit=MANY))
    return {int(c.tags["trial"]): c.run_id for c in children if int(c.tags["trial"]) in numbers}


_COPIED = (
    "job_id",
    "command",
    "layout",
    "status",
    "reason",
    "seed",
    "data_digest",
    "panel_digest",
    "config_digest",
    "environment",
    "versions",
    "git_commit",
    "git_dirty",
    "preparation",
)


def lineage_facts(tracker: Tracker, run: StoredRun, model_run: StoredRun) -> dict[str, Any]:
    """Job, runs, digests, commit and links behind a forecast."""
    tags = run.tags
    jobs = tracker.find(Query(tags={job_mark(tags["job_id"]): SET, "kind": "job"}, limit=1))
    trained = model_run.run_id
    tuned = model_run.tags.get("tuned_by", trained)
    urls = {"forecast": run.run_id, "trained": trained, "tuned": tuned}
    job_run_id = jobs[0].run_id if jobs else None
    return {
        **{key: tags.get(key) for key in _COPIED},
        "machine": machine_of(tags) or None,
        "job_run_id": job_run_id,
        "run_id": run.run_id,
        "trained_run_id": trained,
        "tuned_run_id": tuned,
        "urls": {name: tracker.url(run_id) for name, run_id in urls.items()},
    }


def machine_of(tags: Mapping[str, str]) -> dict[str, Any]:
    """The machine that a run was made on; nothing where that was too long for a tag."""
    try:
        found = json.loads(tags.get("machine", "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def attempt_facts(run: StoredRun) -> dict[str, Any]:
    """A run that ended without a forecast."""
    keys = ("job_id", "status", "reason", "cutoff")
    return {**{k: run.tags.get(k) for k in keys}, "run_id": run.run_id, "made": iso(run.start_ms)}


def sentence(
    vintage: Vintage, actual: Actual | None, place: Standing | None, gap: Gap | None
) -> str:
    """The answer in one sentence for people."""
    periods = "period" if vintage.lead == 1 else "periods"
    head = (
        f"{vintage.airport}, {vintage.date}: {number(vintage.mean)} forecast {vintage.lead} "
        f"{periods} ahead (from {vintage.cutoff})"
    )
    if actual is None or place is None:
        return f"{head}; {words.absent({'gap': gap and gap.to_dict()}, 'D')}."
    miss = vintage.mean - actual.value
    side = "too high" if miss > 0 else "too low"
    share = f" ({percent(abs(miss / actual.value))})" if actual.value else ""
    how = f"{number(abs(miss))} {side}{share}" if miss else "exactly as forecast"
    found = [f"{head}, {number(actual.value)} came true: {how}", words.among(standing_facts(place))]
    return f"{', '.join(filter(None, found))}."
