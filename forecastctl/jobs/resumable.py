"""Whether a job that was named can be gone on with, and what differs where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.recording.job import read_settings
from forecastctl.recording.run_of import RunOf
from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from forecastctl.recording.context import Environment
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

SHOWN = 5
"""Settings or versions that are named at most."""
_DECISIVE = ("run.skip_unchanged", "tracking.layout", "monitor.max_age")
_ASIDE = (
    *("run.", "tracking.", "report.", "log.", "monitor.", "explain."),
    *("forecast.out", "forecast.table", "data.source", "data.query", "data.keep_query"),
)
"""Settings that change nothing of what a job does with an airport, but for the decisive ones: where
it is done and recorded. Other data show by their digest."""


def refuse(
    tracker: Tracker,
    run: StoredRun,
    command: str,
    settings: Mapping[str, object],
    environment: Environment,
    panel_digest: str,
) -> UsageError:
    """The error that says why a job cannot be gone on with.

    Args:
        tracker: The store.
        run: Its run.
        command: What would go on with it.
        settings: All settings of now, for the record.
        environment: Versions and machine of now.
        panel_digest: Digest of the data of now.
    """
    reasons = []
    if RunOf(run).command != command:
        reasons.append(f"it was made by '{RunOf(run).command}', not by '{command}'")
    if RunOf(run).panel_digest != panel_digest:
        then, now = RunOf(run).panel_digest[:12], panel_digest[:12]
        reasons.append(f"the data are others (panel {then} then, {now} now)")
    if changes := changed_settings(tracker, run, settings):
        reasons.append(f"settings are others: {changes}")
    if run.tags.get(Tag.ENVIRONMENT) != environment.digest:
        reasons.append(f"the code is another: {changed_code(run, environment)}")
    why = "; ".join(reasons) or "it was asked for something else"
    return UsageError(
        f"Job {RunOf(run).job_id} cannot be gone on with: {why}.",
        "Give it the same again, or leave --resume out for a job of its own.",
    )


def changed_settings(
    tracker: Tracker,
    run: StoredRun,
    settings: Mapping[str, object],
    counts: Callable[[str], bool] | None = None,
) -> str:
    """Settings that are others than those of a job: ``tune.max_evals 4, now 10``.

    Args:
        tracker: The store.
        run: The job's run.
        settings: All settings of now, for the record.
        counts: Whether a setting is looked at, by its name; by default those that decide what a
            job does.

    Returns:
        Empty where none is, and where the job's are not stored.
    """
    try:
        then = read_settings(tracker, run)
    except NothingRecordedError:
        return ""
    changes = [
        f"{name} {_text(then.get(name))}, now {_text(settings.get(name))}"
        for name in dict.fromkeys((*then, *settings))
        if (counts or _decides)(name) and _text(then.get(name)) != _text(settings.get(name))
    ]
    return _listed(changes)


def changed_code(run: StoredRun, environment: Environment) -> str:
    """Versions that are others than those of a run, or the machine: ``numpy 1.26, now 2.0``.

    Args:
        run: A run of a job or an airport.
        environment: Versions and machine of now.
    """
    pairs = (part.partition("=") for part in run.tags.get(Tag.VERSIONS, "").split())
    then = {name: version for name, _, version in pairs}
    now = environment.versions
    changes = [
        f"{name} {then.get(name, 'absent')}, now {now.get(name, 'absent')}"
        for name in dict.fromkeys((*then, *now))
        if then.get(name) != now.get(name)
    ]
    return _listed(changes) or "the machine is another"


def changes_forecasts(name: str) -> bool:
    """Whether a setting can change a forecast."""
    aside = name.startswith(_ASIDE) or name in ("forecast.charts", "tune.retune")
    return not aside and "." in name


def _decides(name: str) -> bool:
    return name in _DECISIVE or not name.startswith(_ASIDE)


def _text(value: object) -> str:
    return "not set" if value in (None, "") else str(value)


def _listed(changes: list[str]) -> str:
    more = len(changes) - SHOWN
    return "; ".join([*changes[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
