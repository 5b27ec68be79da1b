"""The decision and its evidence as a plain JSON value."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from forecastctl.records.calendar import first_days
from forecastctl.records.schema import PROMOTION_VERSION, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.promote.candidate import Candidate
    from forecastctl.promote.decide import Basis, Judged
    from forecastctl.promote.evidence import Evidence
    from forecastctl.promote.question import Ask, Known
    from forecastctl.records import FittedModel

PROMOTED: Final = "promoted"
FIRST: Final = "first"
FORCED: Final = "forced"
REFUSED: Final = "refused"
ROLLED_BACK: Final = "rolled-back"
UNCHANGED: Final = "unchanged"
"""Decisions. The last one is not recorded: what is to be promoted is the champion already."""

TAKES_PLACE: Final = (PROMOTED, FIRST, FORCED)


def side(found: Candidate, models: Mapping[str, FittedModel] | None = None) -> dict[str, Any]:
    """A challenger or a champion.

    Args:
        found: The version and the run of its job.
        models: Its models, where they were read.
    """
    version = found.version
    value: dict[str, Any] = {
        "version": None if version is None else version.version,
        "job_id": found.job.tags.get(Tag.JOB_ID),
        "run_id": found.job.run_id,
    }
    if models is not None:
        value |= {"cutoff": max(m.cutoff for m in models.values()), "airports": len(models)}
    return value


def report(
    ask: Ask,
    known: Known | None,
    challenger: dict[str, Any],
    champion: dict[str, Any] | None,
    evidence: tuple[Basis, Evidence] | None,
    judged: Judged | None,
    status: str = UNCHANGED,
    reason: str = "It is the champion already.",
) -> dict[str, Any]:
    """The whole report, before it is recorded.

    Args:
        ask: What was asked.
        known: What is known of the airports; ``None`` where it does not matter.
        challenger: What was to be promoted, see `side`.
        champion: What answered before.
        evidence: The errors, and where they are from; ``None`` where nothing was compared.
        judged: How they compare.
        status: The decision.
        reason: Why it was taken, in a sentence.
    """
    return {
        "schema": PROMOTION_VERSION,
        "run_id": None,
        "promotion_id": ask.promotion_id,
        "start_ms": ask.start_ms,
        "model": ask.name,
        "decision": status,
        "promoted": status in TAKES_PLACE,
        "reason": reason,
        "confidence": ask.rule.confidence,
        "margin": ask.rule.margin,
        "challenger": challenger,
        "champion": champion,
        "panel_digest": None if known is None else known.panel_digest,
        **_compared(known, evidence, judged),
    }


def _compared(
    known: Known | None, evidence: tuple[Basis, Evidence] | None, judged: Judged | None
) -> dict[str, Any]:
    """The evidence, with nothing in it where nothing was compared."""
    nothing = {"basis": None, "from": None, "through": None, "leads": None, "fleet": None}
    if known is None or evidence is None or judged is None:
        return {**nothing, "groups": [], "airports": [], "left_out": {}}
    basis, errors = evidence
    period = errors.paired.period
    ends = [int(period.min()), int(period.max())] if len(period) else []
    days = [str(day) for day in first_days(np.array(ends, dtype=np.int64), known.freq)]
    return {
        "basis": basis,
        "from": days[0] if days else None,
        "through": days[-1] if days else None,
        "leads": dict(zip(("challenger", "champion"), errors.leads, strict=True)),
        "fleet": asdict(judged.fleet),
        "groups": [{"group": name, **asdict(one)} for name, one in judged.groups.items()],
        "airports": _airports(errors),
        "left_out": dict(errors.left_out),
    }


def _airports(errors: Evidence) -> list[dict[str, Any]]:
    """Mean scaled errors of both models by airport."""
    paired = errors.paired
    count = np.bincount(paired.airport, minlength=len(errors.airports))
    means = [
        np.bincount(paired.airport, values, len(errors.airports)) / np.maximum(count, 1)
        for values in (paired.challenger, paired.champion)
    ]
    return [
        {"airport": name, "periods": int(n), "challenger": float(new), "champion": float(old)}
        for name, n, new, old in zip(errors.airports, count, *means, strict=True)
    ]
