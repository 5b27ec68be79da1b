"""Registers the model of a job that has ended, and opens what is registered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from forecastctl.api.compose import read_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.api.compose import Session
    from forecastctl.api.recorder import Ending
    from forecastctl.jobs.summary import Summary
    from forecastctl.settings import Settings

log = logging.getLogger(__name__)

TRAINS = ("run", "train")
"""Commands whose jobs have a model of the fleet."""


def model_name(settings: Settings) -> str:
    """Name of the registered model: that of the settings, else that of the experiment.

    Args:
        settings: They name both.
    """
    return settings.tracking.registered_as or settings.tracking.experiment


def register_asked(
    command: str,
    session: Session,
    ending: Ending[Summary],
    say: Callable[[str], None],
    warn: Callable[[str], None],
) -> None:
    """Register the model of a job that has ended, where the settings name one for its command.

    That this fails is no failure of the job.

    Args:
        command: The command of the job.
        session: Its settings.
        ending: What the job ended with. The model of one whose record waits is not there yet.
        say: Told what was registered.
        warn: Told why nothing was, and what does it later.
    """
    from forecastctl.promote.register import register_fleet
    from forecastctl.records import described
    from forecastctl.store.open import open_models

    job_id, tracking = ending.summary.job_id, session.settings.tracking
    if command not in TRAINS or not tracking.registered_as:
        return
    missing = "warning: the model of this job is not registered"
    later = f"'forecastctl promote --job {job_id}' registers it."
    if ending.away is not None:
        warn(f"{missing} before it is in its store; then {later}")
        return
    try:
        tracker, models = read_store(session.settings), open_models(tracking.uri)
        job = tracker.get(ending.summary.run_id)
        made = register_fleet(tracker, models, model_name(session.settings), job)
    except Exception as error:  # whatever it is, the job has ended well
        log.info("the model could not be registered", exc_info=True)
        warn(f"{missing}. {described(error).rstrip('.')}. Later {later}")
    else:
        aliases = f" ({', '.join(made.aliases)})" if made.aliases else ""
        say(f"registered as {made.name} version {made.version}{aliases}")
