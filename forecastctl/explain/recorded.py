"""The parts of an explanation: vintages, the model behind one, its lineage, the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.page import words
from forecastctl.explain.size import STATED, stated_ends
from forecastctl.explain.standing import Standing, standing
from forecastctl.figures import number, percent
from forecastctl.recording.job import machine_of
from forecastctl.records import Query
from forecastctl.records.calendar import iso, parse_day
from forecastctl.records.marks import SET, job_mark, search_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.explain.question import Actual, Vintage
    from forecastctl.explain.read.gap import Gap
    from forecastctl.records import FittedModel, StoredRun
    from forecastctl.store.port import Tracker

MANY = 100_000


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


def pick(vintages: Sequence[Vintage], cutoff: str) -> Vintage:
    """The vintage of a cutoff given as ``YYYY-MM`` or ``YYYY-MM-DD``.

    Raises:
        NothingRecordedError: There is none.
    """
    parse_day(cutoff)
    for vintage in vintages:
        if vintage.cutoff.startswith(cutoff):
            return vintage
    held = ", ".join(dict.fromkeys(v.cutoff for v in vintages))
    raise NothingRecordedError(
        f"No forecast of {vintages[0].date} from {cutoff} is stored.", f"There are {held}."
    )


def judged(
    chosen: Vintage,
    vintages: Sequence[Vintage],
    known: tuple[Actual | None, Gap | None],
    model: FittedModel | None,
) -> dict[str, Any]:
    """The facts that depend on what came true, or on why that is not known."""
    actual, gap = known
    miss = None if actual is None else chosen.mean - actual.value
    errors = model.backtest_errors if model else ()
    place = None
    if actual is not None and miss is not None:
        band = chosen.intervals.get(str(STATED))
        lo, hi = stated_ends(chosen.mean, chosen.sd, (band["lo"], band["hi"]) if band else None)
        outside = not lo <= actual.value <= hi
        place = standing(miss, chosen.sd, chosen.lead, errors, outside=outside)
    return {
        "sentence": sentence(chosen, actual, place, gap),
        "actual": None if actual is None else actual.value,
        "actual_source": None if actual is None else actual.source,
        "gap": None if gap is None else gap.to_dict(),
        "forecast": forecast_facts(chosen),
        "miss": miss,
        "miss_percent": miss_percent(miss, actual),
        "standing": None if place is None else standing_facts(place),
        "vintages": [v.to_dict(actual.value if actual else None) for v in vintages],
    }
