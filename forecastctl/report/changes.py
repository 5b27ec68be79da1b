"""What is different from one job to the next. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.records import Status
from forecastctl.report.values import Change, Changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any


def compare(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    job_id: str,
    started_ms: int,
) -> Changes:
    """What is different between the accounts of two jobs.

    An airport that either job skipped keeps what it had: it has no other status or model for that.

    Args:
        before: ``results`` of the summary of the earlier job.
        after: Those of the later one.
        job_id: The earlier job.
        started_ms: When it began, milliseconds since the epoch.
    """
    old = {line["airport"]: line for line in before}
    new = {line["airport"]: line for line in after}
    both = [
        (name, old[name], line)
        for name, line in new.items()
        if name in old and Status.SKIPPED not in (old[name]["status"], line["status"])
    ]
    return Changes(
        job_id=job_id,
        started_ms=started_ms,
        added=tuple(name for name in new if name not in old),
        gone=tuple(name for name in old if name not in new),
        status=_changed(both, "status"),
        model=_changed(both, "model"),
    )


def _changed(
    both: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]], key: str
) -> tuple[Change, ...]:
    """Airports of which a text is another one; what is not there in one of both does not count."""
    return tuple(
        Change(name, str(old[key]), str(new[key]))
        for name, old, new in both
        if old.get(key) and new.get(key) and old[key] != new[key]
    )
