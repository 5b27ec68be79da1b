"""What a store holds of a job once it has ended, read with MLflow's own client."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from tests.faults.places import Place

PAGE = 1000
COMPLETE = ("FINISHED", "FAILED")


@dataclass(frozen=True)
class Account:
    """What should be empty, and how many trials each airport has.

    A job that was struck after its record was complete is followed by another one, as on any night.

    Attributes:
        lost: Airports without a complete run in the newest job.
        doubled: Airports with more than one complete run in a job.
        torn: Complete runs of airports without their model or forecast, or below a missing job.
        dangling: Runs that are said to be running.
        orphaned: Folders of artifacts whose run does not exist.
        spooled: Files of the spool that are left.
        broken: Jobs that are not complete.
        trials: Number of trials by airport, in the newest job.
    """

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    torn: tuple[str, ...]
    dangling: tuple[str, ...]
    orphaned: tuple[str, ...]
    spooled: tuple[str, ...]
    broken: tuple[str, ...]
    trials: Mapping[str, int]


def account(place: Place, airports: tuple[str, ...]) -> Account:
    """Read everything in the place's experiment."""
    client = MlflowClient(place.uri.replace("postgresql://", "postgresql+psycopg2://"))
    experiment = client.get_experiment_by_name(place.experiment)
    if experiment is None:
        return Account(airports, (), (), (), (), (), (), {})
    runs = _all_runs(client, experiment.experiment_id)
    kinds = {run.info.run_id: run.data.tags.get("kind", "") for run in runs}
    jobs = sorted((r for r in runs if kinds[r.info.run_id] == "job"), key=_started)
    done = [r for r in runs if kinds[r.info.run_id] == "airport" and r.info.status in COMPLETE]
    count = Counter((r.data.tags["job_id"], r.data.tags["airport"]) for r in done)
    newest = jobs[-1].data.tags["job_id"] if jobs else ""
    of_newest = [r for r in done if r.data.tags["job_id"] == newest]
    ids = {r.info.run_id for r in runs}
    return Account(
        lost=tuple(a for a in airports if not count[newest, a]),
        doubled=tuple(f"{a} of job {job}" for (job, a), n in count.items() if n > 1),
        torn=tuple(_name(r) for r in done if not _whole(client, r, ids)),
        dangling=tuple(_name(r) for r in runs if r.info.status not in (*COMPLETE, "KILLED")),
        orphaned=_orphaned(place, experiment.experiment_id, ids),
        spooled=tuple(str(path) for path in place.folder.rglob("*.spool")),
        broken=tuple(_name(r) for r in jobs if r.info.status != "FINISHED"),
        trials=_trials(runs, {r.info.run_id: r.data.tags["airport"] for r in of_newest}),
    )


def _started(run: Run) -> int:
    return int(run.info.start_time)


def _all_runs(client: MlflowClient, experiment_id: str) -> list[Run]:
    found, token = [], None
    while True:
        page = client.search_runs(
            [experiment_id], run_view_type=ViewType.ALL, max_results=PAGE, page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _name(run: Run) -> str:
    tags = run.data.tags
    return f"{tags.get('kind', '?')} {tags.get('airport', '')} {run.info.run_id}"


def _whole(client: MlflowClient, run: Run, ids: set[str]) -> bool:
    """Whether a run has its artifacts and its job."""
    named = {f.path for f in client.list_artifacts(run.info.run_id)}
    parent = run.data.tags.get("mlflow.parentRunId")
    return {"tuning.json", "model.json", "forecast.json"} <= named and parent in {None, *ids}


def _trials(runs: list[Run], airports: Mapping[str, str]) -> dict[str, int]:
    """Trials below complete runs of airports, as runs of their own (nested layout)."""
    parents = (r.data.tags.get("mlflow.parentRunId") for r in runs)
    return dict(sorted(Counter(airports[p] for p in parents if p in airports).items()))


def _orphaned(place: Place, experiment_id: str, ids: set[str]) -> tuple[str, ...]:
    folder = place.artifacts / experiment_id
    if not folder.is_dir():
        return ()
    known = {*ids, "models", ".unfinished"}
    left = {p.name for p in folder.iterdir()} - known
    notes = (folder / ".unfinished").glob("*")
    return tuple(sorted(left | {f".unfinished/{note.name}" for note in notes}))
