"""What waits in a spool comes into its store, exactly once, whatever interrupts it.

Verbs are carried out in the order in which they were written. Before a run is made it is looked for
by its key: the store may have it from a request whose answer was lost, or from an earlier try. An
update may be repeated. So a try that is cut off anywhere starts again and ends the same.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.records import ALL_RUNS, KILLED, RUNNING, Artifact, Query, RunUpdate
from forecastctl.records.digests import recorded, tag_of
from forecastctl.records.marks import SET, job_mark, panel_mark, spooled_mark
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.spool.journal import RECORD, START, UPDATE
from forecastctl.store.spool.keys import run_key
from forecastctl.store.superseding import supersede

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.records import Run, StoredRun
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.journal import Entry, Journal
    from forecastctl.store.spool.keys import RunKey

AT_ONCE = 8
"""Runs with their subtrees in one transaction."""

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_REFERENCES = (Tag.TUNED_BY, Tag.TRAINED_BY, Tag.SNAPSHOT_RUN_ID)
"""Tags that name a run, which may have waited in the spool of an earlier job."""


@dataclass(slots=True)
class Published:
    """What came into the store.

    Attributes:
        ids: Id in the store of each run, by the id that it had in the spool.
        jobs: Ids of the jobs.
        airports: Number of airports and groups that were recorded.
        there: Number of those that the store had already.
        verbs: Number of all verbs that were carried out.
    """

    ids: dict[str, str] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    airports: int = 0
    there: int = 0
    verbs: int = 0


def publish(journal: Journal, target: Tracker) -> Published:
    """Carry out in a store what waits in a file, and delete from the file what is done.

    Args:
        journal: The file.
        target: The store.

    Raises:
        BusyError: The job that writes the file lives.
        TrackingError: The store cannot be written, or takes something not: the file keeps it.
    """
    try:
        return _publish(journal, target)
    except NothingRecordedError as error:  # a run was deleted meanwhile
        raise TrackingError(error.message, error.hint) from error


def _publish(journal: Journal, target: Tracker) -> Published:
    publication = _Publication(journal, target)
    entries = journal.entries()
    for entry in entries:
        if entry.published is not None:
            publication.remember(entry)
    waiting = [entry for entry in entries if entry.published is None]
    for (verb, _), group in groupby(waiting, key=lambda e: (e.verb, e.parent_id)):
        alike = list(group)
        size = AT_ONCE if verb == RECORD else 1
        for start in range(0, len(alike), size):
            publication.carry_out(verb, alike[start : start + size])
            publication.done.verbs += len(alike[start : start + size])
    publication.end_what_was_killed(entries)
    for job_id in sorted(_done_again(entries)):
        supersede(target, job_id)
    publication.done.jobs = sorted(jobs_of(entries))
    journal.remove([entry.number for entry in entries])
    return publication.done


class _Publication:
    """One try to bring a file into a store."""

    def __init__(self, journal: Journal, target: Tracker) -> None:
        self._journal = journal
        self._target = target
        self.done = Published()
        self._of_jobs: dict[str, dict[RunKey, str]] = {}
        self._looked_up: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def carry_out(self, verb: str, entries: Sequence[Entry]) -> None:
        """Do what entries of one verb say, whose runs have the same parent, and note it."""
        if verb == UPDATE:
            for entry in entries:
                run_id = self._id(entry.run_id)
                update = self._translated_update(entry)
                self._target.update(run_id, self._with_digests(run_id, update))
            self._journal.mark([(entry.number, entry.run_id) for entry in entries])
            return
        runs = [self._translated(self._journal.run(entry), entry.run_id) for entry in entries]
        keys = [run_key(run.tags) for run in runs]
        there = [self._there(run, key) for run, key in zip(runs, keys, strict=True)]
        missing = [run for run, found in zip(runs, there, strict=True) if found is None]
        parent = entries[0].parent_id and self._id(entries[0].parent_id)
        if verb == START:
            made = iter([self._target.start(run, parent) for run in missing])
        else:
            made = iter(self._target.record(missing, parent) if missing else [])
        ids = [next(made) if found is None else found for found in there]
        self._journal.mark(
            [(entry.number, run_id) for entry, run_id in zip(entries, ids, strict=True)]
        )
        self.done.ids |= {e.run_id: run_id for e, run_id in zip(entries, ids, strict=True)}
        if verb == RECORD:
            self.done.airports += sum(_is_series(run) for run in missing)
            self.done.there += sum(map(_is_series, runs)) - sum(map(_is_series, missing))

    def end_what_was_killed(self, entries: Sequence[Entry]) -> None:
        """Give an end to the run of a job that died before it wrote one."""
        ends: dict[str, str | None] = {}
        for entry in entries:
            if entry.verb == START:
                ends[entry.run_id] = RUNNING
            elif entry.verb == UPDATE and entry.content["status"] is not None:
                ends[entry.run_id] = entry.content["status"]
        last_ms = max((entry.content["end_ms"] or 0 for entry in entries), default=0)
        for run_id in (run_id for run_id, status in ends.items() if status == RUNNING):
            tags: dict[str, str] = {Tag.STATUS: "interrupted"}
            self._target.update(self._id(run_id), RunUpdate(KILLED, last_ms or None, tags=tags))

    def _there(self, run: Run, key: RunKey | None) -> str | None:
        """Id of a run that the store has already.

        Raises:
            TrackingError: It cannot be told, because the run belongs to no job.
        """
        if key is None:
            raise TrackingError(f"The run {run.name!r} in the spool belongs to no job.")
        if key[0] == Kind.PANEL:
            return self._same_panel(run, key[-1])
        job = key[1]
        if job not in self._of_jobs:
            self._of_jobs[job] = self._known(job)
        known = self._of_jobs[job]
        return known.get(key) or next((known[k] for k in known if _is_later(k, key)), None)

    def _same_panel(self, run: Run, digest: str) -> str | None:
        """Id of the run of any job that holds a panel whole; each is stored once."""
        same = Query(tags={panel_mark(digest): SET, Tag.KIND: Kind.PANEL}, limit=ALL_RUNS)
        for found in self._target.find(same):
            with suppress(NothingRecordedError):
                if all(
                    self._target.read_artifact(found.run_id, file.path) == file.content
                    for file in run.artifacts
                ):
                    return found.run_id
        return None

    def _known(self, job: str) -> dict[RunKey, str]:
        """Runs of a job that the store has whole; what it has in part is given up."""
        for half in self._target.find(
            Query(tags={Tag.JOB_ID: job}, status=RUNNING, limit=ALL_RUNS)
        ):
            if half.tags.get(Tag.KIND) in (Kind.AIRPORT, Kind.GROUP):
                self._give_up(half)
        runs = self._target.find(Query(tags={job_mark(job): SET}, limit=ALL_RUNS))
        found: dict[RunKey, str] = {}
        for run in runs:
            key = run_key(run.tags)
            whole = run.status not in (RUNNING, KILLED) or run.tags.get(Tag.KIND) == Kind.JOB
            if key is not None and whole:
                found[key] = run.run_id
        return found

    def _give_up(self, run: StoredRun) -> None:
        """End what was being written when its answer was lost: it is written anew."""
        below = Query(parent_id=run.run_id, status=RUNNING, limit=ALL_RUNS)
        for child in self._target.find(below):
            self._give_up(child)
        self._target.update(run.run_id, RunUpdate(status=KILLED, end_ms=run.start_ms))

    def _id(self, run_id: str) -> str:
        """Id in the store of a run that may have waited in a spool, in this file or another."""
        if run_id in self.done.ids:
            return self.done.ids[run_id]
        if run_id not in self._looked_up:
            found = self._target.find(Query(tags={spooled_mark(run_id): SET}, limit=1))
            self._looked_up[run_id] = found[0].run_id if found else run_id
        return self._looked_up[run_id]

    def remember(self, entry: Entry) -> None:
        """Know again what an earlier try has done with an entry."""
        if entry.verb == UPDATE:
            self._files(self._journal.update(entry).artifacts)
        else:
            self.done.ids[entry.run_id] = entry.published or entry.run_id

    def _translated(self, run: Run, spooled_id: str) -> Run:
        """A run with the ids that runs have in the store, marked with that in the spool."""
        files = self._files(run.artifacts)
        tags = {**self._tags(run.tags), spooled_mark(spooled_id): SET}
        return replace(run, tags=tags, artifacts=files)

    def _translated_update(self, entry: Entry) -> RunUpdate:
        update = self._journal.update(entry)
        files = self._files(update.artifacts)
        return replace(update, tags=self._tags(update.tags), artifacts=files)

    def _with_digests(self, run_id: str, update: RunUpdate) -> RunUpdate:
        """An update that names the files that the run has by now, beside its own.

        Those that it named when it was written are of that time: others may have added to the run
        since, and closed it.
        """
        if Tag.DIGESTS not in update.tags:
            return update
        known = recorded(self._target.get(run_id).tags)
        return replace(update, tags={**update.tags, **tag_of(update.artifacts, known)})

    def _tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        known = {key: self._text(value) for key, value in tags.items()}
        return known | {key: self._id(known[key]) for key in _REFERENCES if key in known}

    def _files(self, artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
        """Files with the ids that runs have in the store; those whose format is known to us."""
        return tuple(
            replace(a, content=self._translated_content(a.content))
            if a.path.endswith((".json", ".txt"))
            else a
            for a in artifacts
        )

    def _translated_content(self, content: bytes) -> bytes:
        text = content.decode(errors="surrogateescape")
        changed = self._text(text).encode(errors="surrogateescape")
        if changed != content:  # its digest, which a tag may hold, changes with it
            before, after = (hashlib.sha256(c).hexdigest() for c in (content, changed))
            self._digests[before] = after
        return changed

    def _text(self, text: str) -> str:
        with_ids = _ID.sub(lambda found: self.done.ids.get(found[0], found[0]), text)
        return _DIGEST.sub(lambda found: self._digests.get(found[0], found[0]), with_ids)


def _is_later(other: RunKey, key: RunKey) -> bool:
    """Whether a run holds a later attempt at the same airport: then the earlier comes too late."""
    return other[:-1] == key[:-1] and len(key) > 3 and int(other[-1]) > int(key[-1])  # noqa: PLR2004


def _is_series(run: Run) -> bool:
    """Whether a run is that of an airport or a group."""
    return run.tags.get(Tag.KIND) in (Kind.AIRPORT, Kind.GROUP)


def series_of(entries: Iterable[Entry]) -> list[Entry]:
    """Those of entries that are new runs of airports and groups, and not of panels."""
    new = (entry for entry in entries if entry.verb == RECORD)
    return [entry for entry in new if entry.content["tags"].get(Tag.KIND) != Kind.PANEL]


def _done_again(entries: Iterable[Entry]) -> set[str]:
    """Ids of the jobs of which airports or groups were done again."""
    tags = (entry.content["tags"] for entry in series_of(entries))
    return {of[Tag.JOB_ID] for of in tags if Tag.JOB_ID in of and of.get(Tag.ATTEMPT, "1") != "1"}


def jobs_of(entries: Iterable[Entry]) -> set[str]:
    """Ids of the jobs whose new runs are among entries."""
    tags = (entry.content["tags"] for entry in entries)
    return {of[Tag.JOB_ID] for of in tags if Tag.JOB_ID in of}
