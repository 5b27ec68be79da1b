"""Hold an experiment while a job records in it: alone, with a heartbeat, and healed before."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from forecastctl.errors import ForecastctlError, HeldError, StoreAwayError
from forecastctl.records.schema import Tag
from forecastctl.store.alive import (
    STALE_SECONDS,
    Watch,
    age_seconds,
    holder_of,
    life_of_process,
    this_process,
)
from forecastctl.store.healing import heal, heal_below, running_jobs
from forecastctl.store.heart import Beating, Heart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forecastctl.records import StoredRun
    from forecastctl.store.alive import Holder
    from forecastctl.store.lock.port import Lock
    from forecastctl.store.port import Tracker

_LOG = logging.getLogger(__name__)
POLL_SECONDS = 1.0
SAY_EVERY = 60.0


@contextmanager
def held(
    tracker: Tracker,
    make_lock: Callable[[Heart], Lock],
    open_again: Callable[[], Tracker],
    *,
    shown: str,
    wait: float,
    say: Callable[[str], None],
) -> Iterator[tuple[Tracker, bool]]:
    """Have an experiment for one job, and heal what killed jobs left in it.

    Args:
        tracker: The store.
        make_lock: Makes what keeps others out.
        open_again: Opens the store once more, for the thread of the heartbeat.
        shown: The experiment, in words.
        wait: Seconds to wait for the end of another job.
        say: Told what is waited for.

    Yields:
        A tracker whose jobs have a heartbeat, and whether another job was waited for.

    Raises:
        HeldError: Another job is at work there.
        TrackingError: The store cannot be used.
    """
    with Heart(open_again) as heart:
        lock = make_lock(heart)
        heart.each_beat = lock.keep
        try:
            waited = _wait(tracker, lock, shown, wait, say)
            beating = Beating(tracker, heart, lock.kind, lock.check)
            try:
                yield beating, waited
            except StoreAwayError:
                raise
            except BaseException:
                _heal_own(tracker)
                raise
        finally:
            lock.give_back()


def _wait(
    tracker: Tracker, lock: Lock, shown: str, wait: float, say: Callable[[str], None]
) -> bool:
    """Get the lock, and heal under it; returns whether another job was waited for."""
    since, told = time.monotonic(), -SAY_EVERY
    watch = Watch()
    while True:
        holder = lock.take()
        if holder is None:
            holder = _others(tracker, lock, watch, say)
            if holder is None:
                return told >= 0
        now = time.monotonic()
        if now - since >= wait:
            raise HeldError(f"Another job is at work in {shown}: {holder}.")
        if now - since - told >= SAY_EVERY:
            told = now - since
            say(f"waiting for another job in {shown}: {holder}")
        time.sleep(min(POLL_SECONDS, max(wait - (now - since), 0)))


def _others(
    tracker: Tracker, lock: Lock, watch: Watch, say: Callable[[str], None]
) -> Holder | None:
    """Heal, and return who else is at work, under another lock: through a server, say.

    A job under the same kind of lock is dead, because this process has that lock; but for one whose
    process is there for certain: somebody has deleted the file of its lock.
    """
    said = False
    while True:
        lives: dict[str, str] = {}
        jobs = running_jobs(tracker)
        for job in jobs:
            ours = job.tags.get(Tag.LOCK) == lock.kind and not _is_there(job)
            lives[job.run_id] = "dead" if ours else watch.life(job)
        if "unclear" not in lives.values():
            break
        if not said:
            said = True
            say("looking whether a job that has not said anything for long still lives")
        time.sleep(POLL_SECONDS)
    heal(tracker, lambda job: lives.get(job.run_id) != "dead")
    others = [job for job in jobs if lives[job.run_id] == "alive" and _beats(job)]
    return holder_of(others[0]) if others else None


def _is_there(job: StoredRun) -> bool:
    """Whether another process of this computer is at work at a job, beyond doubt."""
    process = job.tags.get(Tag.PROCESS, "")
    if process == this_process() or life_of_process(process) != "alive":
        return False
    return age_seconds(job, time.time_ns() // 1_000_000) < STALE_SECONDS


def _beats(job: StoredRun) -> bool:
    """Whether a job is of a version that has heartbeats; others knew no lock."""
    return Tag.HEARTBEAT in job.tags


def _heal_own(tracker: Tracker) -> None:
    """Mark what a job that broke off has left running below it, where the store still answers."""
    try:
        heal_below(tracker)
    except ForecastctlError as error:
        _LOG.info("what is running below the job is marked by the next one: %s", error.message)
