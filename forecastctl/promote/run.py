"""Decide whether a challenger becomes the champion, record why, and take it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.promote.candidate import Candidate, candidate
from forecastctl.promote.decide import judge
from forecastctl.promote.evidence import Evidence, backtested, realised
from forecastctl.promote.read import folds_of
from forecastctl.promote.register import champion_of, register_fleet, with_alias
from forecastctl.promote.report import FIRST, FORCED, PROMOTED, REFUSED, ROLLED_BACK, report, side
from forecastctl.recording.fleet import read_fleet
from forecastctl.recording.promotion import record_promotion
from forecastctl.records import RunUpdate
from forecastctl.records.schema import CHALLENGER, CHAMPION, Tag, VersionTag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.promote.decide import Basis, Judged
    from forecastctl.promote.question import Ask, Known, Stores
    from forecastctl.recording.context import Environment
    from forecastctl.records import FittedModel, ModelVersion
    from forecastctl.store.port import Tracker

LOST_SHOWN = 5


def promote(stores: Stores, ask: Ask, known: Known, environment: Environment) -> dict[str, Any]:
    """Compare the challenger with the champion, and let it take its place where it is better.

    Asked again after it was promoted, nothing changes and nothing is recorded.

    Args:
        stores: Where runs and models are.
        ask: What is asked.
        known: What came true, and the groups of the airports.
        environment: Where this runs.

    Returns:
        The decision and its evidence as a plain JSON value; docs/how-to/promote.md describes it.

    Raises:
        NothingRecordedError: There is nothing to promote.
        TrackingError: The store cannot be read or written.
    """
    versions = stores.models.versions(ask.name)
    champion = with_alias(versions, CHAMPION)
    found = candidate(stores.tracker, versions, ask.name, ask.version, ask.job)
    if champion is not None and champion.run_id == found.job.run_id:
        if ask.record and CHALLENGER in champion.aliases:  # cut off before it was done
            stores.models.set_alias(ask.name, CHALLENGER, None)
        return report(ask, known, side(found), None, None, None)
    models = read_fleet(stores.tracker, found.job.run_id)
    if ask.record and found.version is None:
        made = register_fleet(stores.tracker, stores.models, ask.name, found.job)
        found = replace(found, version=made)
    if champion is None:
        reason = f"The model {ask.name!r} had no champion yet."
        said = report(ask, known, side(found, models), None, None, None, FIRST, reason)
        return _carry_out(stores, ask, found, None, said, environment)
    of_champion = Candidate(stores.tracker.get(champion.run_id), champion)
    earlier = read_fleet(stores.tracker, champion.run_id)
    basis, evidence = _evidence(stores.tracker, (found, models), (of_champion, earlier), known)
    judged = judge(evidence.paired, _groups(evidence, known), ask.rule, basis)
    judged = _without_loss(judged, models, earlier, known)
    status = PROMOTED if judged.promote else FORCED if ask.force else REFUSED
    said = report(
        ask,
        known,
        side(found, models),
        side(of_champion, earlier),
        (basis, evidence),
        judged,
        status,
        judged.reason,
    )
    return _carry_out(stores, ask, found, champion, said, environment)


def rollback(stores: Stores, ask: Ask, environment: Environment) -> dict[str, Any]:
    """Let the version answer again in whose place the champion was put.

    Raises:
        NothingRecordedError: There is no champion, or none before it.
        TrackingError: The store cannot be read or written.
    """
    champion = champion_of(stores.models, ask.name)
    number = champion.tags.get(VersionTag.REPLACED, "")
    versions = stores.models.versions(ask.name)
    before = next((v for v in versions if str(v.version) == number), None)
    if before is None:
        raise NothingRecordedError(
            f"The champion of {ask.name!r}, version {champion.version}, took nobody's place"
            f"{f' that is still there (version {number})' if number else ''}.",
            "'forecastctl promote VERSION --force' makes another one the champion.",
        )
    found = Candidate(stores.tracker.get(before.run_id), before)
    of_champion = Candidate(stores.tracker.get(champion.run_id), champion)
    reason = f"Version {before.version} answers again in place of version {champion.version}."
    said = report(ask, None, side(found), side(of_champion), None, None, ROLLED_BACK, reason)
    if not ask.record:
        return said
    recorded = record_promotion(stores.tracker, said, ask.params, environment)
    stores.models.tag(ask.name, champion.version, _decision(recorded))
    stores.models.set_alias(ask.name, CHAMPION, before.version)
    return recorded


def _carry_out(
    stores: Stores,
    ask: Ask,
    found: Candidate,
    champion: ModelVersion | None,
    said: dict[str, Any],
    environment: Environment,
) -> dict[str, Any]:
    """Record a decision, and then let it take effect: the alias of the champion comes last."""
    if not ask.record or found.version is None:
        return said
    recorded = record_promotion(stores.tracker, said, ask.params, environment)
    tags = _decision(recorded)
    if said["promoted"] and champion is not None:
        tags[VersionTag.REPLACED] = str(champion.version)
    stores.models.tag(ask.name, found.version.version, tags)
    if said["promoted"]:
        name: dict[str, str] = {Tag.PROMOTED_AS: f"{ask.name} {found.version.version}"}
        stores.tracker.update(found.job.run_id, RunUpdate(tags=name))
        stores.models.set_alias(ask.name, CHAMPION, found.version.version)
        challenger = with_alias(stores.models.versions(ask.name), CHALLENGER)
        if challenger is not None and challenger.version == found.version.version:
            stores.models.set_alias(ask.name, CHALLENGER, None)
    return recorded


def _decision(recorded: Mapping[str, Any]) -> dict[str, str]:
    return {
        VersionTag.DECISION: recorded["decision"],
        VersionTag.DECIDED_BY: recorded["run_id"],
    }


def _evidence(
    tracker: Tracker,
    challenger: tuple[Candidate, Mapping[str, FittedModel]],
    champion: tuple[Candidate, Mapping[str, FittedModel]],
    known: Known,
) -> tuple[Basis, Evidence]:
    """Errors of both: realised ones, or those of their backtests where none has come true."""
    new, old = challenger[1], champion[1]
    if any(model.freq != known.freq for model in new.values()):
        raise UsageError(
            f"The data are of frequency {known.freq}, the models of the challenger are not.",
            "Give the data that they were trained on, with newer periods.",
        )
    seen = realised(new, old, known.observed)
    if len(seen.airports):
        return "realised", seen
    folds = [folds_of(tracker, found.job, models) for found, models in (challenger, champion)]
    return "backtest", backtested(new, old, *folds)


def _groups(evidence: Evidence, known: Known) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Which cells belong to each group of each column."""
    found = {}
    for column, values in known.groups.items():
        of = np.array([values.get(airport) for airport in evidence.airports], dtype=object)
        for value in dict.fromkeys(v for v in of if v is not None):
            found[f"{column} {value}"] = (of == value)[evidence.paired.airport]
    return found


def _without_loss(
    judged: Judged,
    models: Mapping[str, FittedModel],
    earlier: Mapping[str, FittedModel],
    known: Known,
) -> Judged:
    """Refuse a challenger that no longer answers airports which are still observed."""
    last = {o.airport: int(o.periods[-1]) for o in known.observed if len(o.periods)}
    first = max(last.values(), default=0) - known.season_length
    lost = [a for a in earlier if a not in models and last.get(a, first) > first]
    if not lost:
        return judged
    more = f" and {len(lost) - LOST_SHOWN:,} more" if len(lost) > LOST_SHOWN else ""
    named = f"{', '.join(lost[:LOST_SHOWN])}{more}"
    reason = (
        f"The challenger has no model of {len(lost):,} airports that the champion answers and that "
        f"are in the data of the last season: {named}."
        if len(lost) > 1
        else f"The challenger has no model of airport {named}, which the champion answers."
    )
    return replace(judged, promote=False, reason=reason)
