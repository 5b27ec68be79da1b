"""A subtree with everything in it that a store can get wrong."""

import math

from forecastctl.records import (
    FAILED,
    FINISHED,
    RUNNING,
    Artifact,
    Dataset,
    Metric,
    Run,
    RunUpdate,
)
from forecastctl.records.marks import JOBS, SET

NOW = 1_700_000_000_000


DATA = Dataset("air 'x'.csv", "0" * 32, "/a/air 'x'.csv", {"y": "double"}, {"num_rows": 3})


def sample():
    trial = Run(
        "trial \t\\N 'é' 🛫\n2",
        FAILED,
        NOW + 1,
        NOW + 2,
        params={"alpha": "0.5", "text": "tab\there\\ \r\n 'x' \"y\""},
        metrics=(
            Metric("loss", math.nan, 0, NOW),
            Metric("loss", 2.5, 1, NOW),
            Metric("inf", math.inf, 0, NOW),
            Metric("low", -math.inf, 0, NOW),
            Metric("twice", 1.0, 0, NOW),
            Metric("twice", 1.0, 0, NOW),
            Metric("tiny", 5e-324, 0, NOW),
        ),
        tags={"kind": "trial", "empty": "", "reason": "%s ? {} $1"},
    )
    airport = Run(
        "JFK",
        FINISHED,
        NOW,
        NOW + 3,
        params={"max_evals": "15"},
        tags={"airport": "JFK", "mlflow.note.content": "# note", "git_commit": "c0ffee"},
        artifacts=(Artifact("model.json", b"{}"), Artifact("charts/forecast.png", b"\x89PNG")),
        children=(trial,),
        inputs=(DATA,),
    )
    return Run("job", RUNNING, NOW, tags={"kind": "job", JOBS: SET}, children=(airport,))


def later():
    return RunUpdate(
        FINISHED,
        NOW + 9,
        params={"more": "1"},
        metrics=(Metric("airports", 1.0, 0, NOW), Metric("airports", 0.5, -1, NOW)),
        tags={"kind": "job", JOBS: SET, "status": "ok"},
    )


def record_sample(tracker):
    [job] = tracker.record([sample()])
    tracker.update(job, later())
    return job
