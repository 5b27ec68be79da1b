"""docs/reference/lineage.md, from the names in forecastctl.records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.records.marks import MARKS
from forecastctl.records.schema import (
    ALL_KINDS,
    FILE_VERSIONS,
    IN_JOBS,
    File,
    Key,
    Kind,
    MetricKey,
    Param,
    Tag,
    VersionTag,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTE = "<!-- Made by 'make docs' from forecastctl/records/schema. Do not edit. -->\n"
INTRO = """# What is recorded where

One MLflow experiment holds these kinds of runs. The tag `kind` tells them apart: `job`, `airport`,
`trial`, `group` (a sum over airports, recorded like an airport run; its name is in `airport`),
`monitor` ([what it looks at](monitor.md)) and `promotion`
([what it decides](../how-to/promote.md)).

```text
nested                              flat
job run                             job run
  airport run   (child of the job)  airport run   (no parent)
    trial run   (child of it)         trials.json (a table of it)
```

`mlflow.parentRunId` ties children to parents. In both layouts the airport run has the same name,
tags, parameters, metrics and artifacts, and every run of a job has the same `job_id`.

An airport's run and everything below it are written at once, when the airport is done. Killed jobs
leave no half-recorded airports. Their own run stays `RUNNING` until the next job marks it `KILLED`.

A name stands in these tables for every run that may have it: a tag, a parameter or a file whose
condition does not hold is missing.
"""
EVERY_RUN = """
## Every run

Tags:

"""
EVERY_JOB = """
## Every run of a job

Of the job itself, its airports, groups and trials. Tags:

"""
JOBS = """
## Job runs

Named `<command> <job_id>`. Status in MLflow: `FINISHED`, or `FAILED` when nothing succeeded or the
job broke off, `KILLED` when it was interrupted or killed.

Tags:

"""
JOB_PARAMS = """
Parameters: every setting as `section.key` (secrets masked), and

"""
AIRPORTS = """
## Airport runs

Named after the airport. Status in MLflow: `FINISHED` for `ok`, `ok-without-suspects` and
`ok-with-fallback`, `FAILED` for `failed` and `rejected`. A skipped airport has no run; it stands in
`results.json` of the job.

Tags:

"""
AIRPORTS_TABLE = """
In MLflow, the tag `mlflow.loggedArtifacts` makes its pages show `trials.json` as a table.

Parameters:

"""
TRIALS = """
## Trial runs (nested layout)

Named `<airport> #<number> <model>`, status `FINISHED`, `FAILED`, or `KILLED` where the trial was
pruned.

Tags, some of them those of its airport's run that identify it:

"""
TRIAL_PARAMS = """
Parameters: every option of the model, and

"""
STARTS = """
Every trial has a `start`:

| `start` | where it came from |
| --- | --- |
| `baseline` | the seasonal naive, trial 0 |
| `own`, `similar`, `fleet` | with `--learn`: a good model of the airport's last search, of similar airports, of the fleet |
| `shocks` | one of the pool's first models, with shocks or without, to judge whether these are replaced |
| `pool` | one of the models that are always tried |
| `family` | a starting point that its family names |
| `random` | proposed by Hyperopt while it had no trial to go by |
| `tpe` | proposed by Hyperopt's TPE from the trials before it |
| `near`, `prior` | only in records of earlier versions, with `--learn`: proposed by a Gaussian process, as next to a good model or good in the last search, or from random ones |

In the flat layout they are columns of `trials.json`: `start`, `member` and `weight`. A table of
a version before these columns does not say which of its trials are members; the specification in
`tuning.json` does. In such records a trial that repeats an earlier one has the `start` of the
repetition, and before these names the baseline, what judged shocks, repetitions and what Hyperopt
proposed have no `start`: where they came from is not known.
"""  # noqa: E501 - rows of a table
LEASES = """
## Lease runs

Named `COMMAND at work`, one for each job that recorded through a server; `RUNNING` while it does
([why](../how-to/cron.md#one-job-at-a-time)). Tags:

"""
PANELS = """
## Panel runs

Named `panel DIGEST`, one for each distinct content of the data, whatever jobs saw it. They have no
parent, so that a job can be deleted and later jobs keep their data. Tags:

"""
MONITORS = """
## Monitor runs

Named `monitor <monitor_id>`. Tags:

"""
MONITOR_PARAMS = """
Parameters: `data.source`, `monitor.false_alarm`, `monitor.least_scored`, `monitor.window` and
`monitor.max_age`, and

"""
PROMOTIONS = """
## Promotion runs

Named `promotion <promotion_id>`, one for each decision about
[which version answers](../how-to/promote.md). Tags:

"""
PROMOTION_PARAMS = """
Parameters: `data.source`, and

"""
REGISTRY = """
## Versions of the registered model

In MLflow's model registry, not in the experiment. The alias `champion` stands for the version that
answers, `challenger` for the newest one until it is promoted. Tags of a version:

"""
MARK_INTRO = """
## Marks

MLflow indexes the keys of tags, not their values. Tags that only the wanted runs carry make every
look-up of `history` and `explain` fast, however large the store is. MLflow's pages hide them.

| tag | on |
| --- | --- |
"""
VERSIONS = """
## Versions

Files that other runs read again say by which rules they were written, `model.json` and
`winners.json` as `version`, `monitor.json` and `promotion.json` as `schema`. Later versions of
forecastctl read them; no pickles are stored.

| artifact | version now |
| --- | --- |
"""
LONG = """
## Values that are too long

MLflow takes names of 250, tags of 5,000 and parameters of 6,000 characters. A longer value is cut
and ends in an ellipsis; the whole value stands in the artifacts `long/name.json`, `long/tags.json`
and `long/params.json`.
"""


def page() -> str:
    """The whole page."""
    besides = {Kind.LEASE, Kind.PANEL, Kind.PROMOTION}
    every = [tag for tag in Tag if set(tag.kinds) - besides == set(ALL_KINDS)]
    of_jobs = [tag for tag in Tag if set(tag.kinds) - besides == set(IN_JOBS)]
    common = [*every, *of_jobs]
    parts = [NOTE, INTRO, EVERY_RUN, _table("tag", every), EVERY_JOB, _table("tag", of_jobs)]
    parts += [JOBS, _table("tag", _of(Tag, Kind.JOB, common))]
    parts += [JOB_PARAMS, _table("parameter", _of(Param, Kind.JOB))]
    parts += _rest(Kind.JOB)
    parts += [AIRPORTS, _table("tag", _of(Tag, Kind.AIRPORT, common, Kind.GROUP))]
    parts += [AIRPORTS_TABLE, _table("parameter", _of(Param, Kind.AIRPORT))]
    parts += _rest(Kind.AIRPORT)
    parts += [TRIALS, _table("tag", _of(Tag, Kind.TRIAL, common))]
    parts += [TRIAL_PARAMS, _table("parameter", _of(Param, Kind.TRIAL))]
    parts += [*_rest(Kind.TRIAL), STARTS]
    parts += [MONITORS, _table("tag", _of(Tag, Kind.MONITOR, common))]
    parts += [MONITOR_PARAMS, _table("parameter", _of(Param, Kind.MONITOR))]
    parts += _rest(Kind.MONITOR)
    parts += [LEASES, _table("tag", _of(Tag, Kind.LEASE))]
    parts += [PANELS, _table("tag", _of(Tag, Kind.PANEL))]
    parts += ["\nArtifacts:\n\n", _table("artifact", _of(File, Kind.PANEL))]
    parts += [PROMOTIONS, _table("tag", _of(Tag, Kind.PROMOTION, common))]
    parts += [PROMOTION_PARAMS, _table("parameter", _of(Param, Kind.PROMOTION))]
    parts += [*_rest(Kind.PROMOTION), REGISTRY, _table("tag", VersionTag)]
    marks = "".join(f"| `{key}` | {meaning} |\n" for key, meaning in MARKS.items())
    return "".join([*parts, MARK_INTRO, marks, VERSIONS, _versions(), LONG])


def _of(
    keys: type[Key], kind: Kind, but: Sequence[Key] = (), also: Kind | None = None
) -> list[Key]:
    """Keys that runs of a kind may have."""
    return [key for key in keys if {kind, also} & set(key.kinds) and key not in but]


def _rest(kind: Kind) -> list[str]:
    """Tables of metrics and artifacts."""
    parts = ["\nMetrics:\n\n", _table("metric", _of(MetricKey, kind))]
    files = _of(File, kind)
    return [*parts, "\nArtifacts:\n\n", _table("artifact", files)] if files else parts


def _table(what: str, keys: Iterable[Key]) -> str:
    rows = "".join(f"| `{key}` | {key.meaning} |\n" for key in keys)
    return f"| {what} | meaning |\n| --- | --- |\n{rows}"


def _versions() -> str:
    """Rows of the files that have a version."""
    return "".join(f"| `{file}` | {version} |\n" for file, version in FILE_VERSIONS.items())
