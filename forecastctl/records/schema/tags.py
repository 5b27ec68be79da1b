"""Tags, and the values that some of them have."""

from __future__ import annotations

from typing import Final

from forecastctl.records.schema.keys import (
    A_JOB,
    A_LEASE,
    A_MONITOR,
    A_PANEL,
    A_PROMOTION,
    A_SERIES,
    A_TRIAL,
    ALL_KINDS,
    BELOW,
    HOLDERS,
    IN_JOBS,
    Key,
    Kind,
)

TRUE: Final = "true"
"""Value of a tag that is there or not, such as `Tag.TUNED`."""

LIVE: Final = "live"
BACKTEST: Final = "backtest"
"""Values of `Tag.ORIGIN`."""

NESTED: Final = "nested"
FLAT: Final = "flat"
"""Values of `Tag.LAYOUT`."""

UNKNOWN: Final = "unknown"
"""Value of `Tag.GIT_COMMIT` outside a repository."""


class Tag(Key):
    """Small labels of a run, by which runs are found."""

    KIND = (
        "kind",
        (*ALL_KINDS, *A_LEASE, *A_PANEL, *A_PROMOTION),
        (
            "kind of the run: `job`, `airport`, `group`, `trial`, `monitor`, `lease`, `panel` or "
            "`promotion`"
        ),
    )
    STATUS = (
        "status",
        (*ALL_KINDS, *A_PROMOTION),
        (
            "what became of it: of a job `ok`, `partial`, `failed` or `interrupted` (`running` "
            "while one that was cut off is gone on with); of an airport `ok`, "
            "`ok-without-suspects`, `ok-with-fallback`, `failed` or `rejected`; of a trial `ok`, "
            "`failed` or `pruned`; of a monitor `ok` or `degraded`; of a promotion `promoted`, "
            "`first`, `forced`, `refused` or `rolled-back`"
        ),
    )
    REASON = (
        "reason",
        (*ALL_KINDS, *A_PROMOTION),
        (
            "why: of a job when it broke off, of an airport for everything but `ok`, of a trial "
            "that failed or was pruned, or was chosen although another one's loss was lower, of a "
            "monitor and a promotion its answer in one sentence"
        ),
    )
    ORIGIN = (
        "origin",
        ALL_KINDS,
        (
            "`live`, or `backtest` for replayed history; of a monitor also `all`, the forecasts "
            "that it looked at"
        ),
    )
    PANEL_DIGEST = (
        "panel_digest",
        (*ALL_KINDS, *A_PANEL, *A_PROMOTION),
        "SHA-256 of all rows of the data, whatever their order",
    )
    ENVIRONMENT = (
        "environment",
        (*ALL_KINDS, *A_PROMOTION),
        "digest of versions and machine",
    )
    GIT_COMMIT = (
        "git_commit",
        (*ALL_KINDS, *A_PROMOTION),
        "commit of the repository around the working directory; `unknown` where there is none",
    )
    GIT_DIRTY = (
        "git_dirty",
        (*ALL_KINDS, *A_PROMOTION),
        "whether tracked files in it had changed, or untracked `.py` or `.toml` files lay there",
    )

    NOTE = (
        "mlflow.note.content",
        (*A_JOB, *A_SERIES),
        (
            "what the run is, how good, and how to ask about it, in Markdown; MLflow shows it as "
            "the description; not in backtests"
        ),
    )

    JOB_ID = "job_id", (*IN_JOBS, *A_PANEL), "id of the job; of a panel of the one that stored it"
    COMMAND = "command", (*IN_JOBS, *A_LEASE), "`run`, `tune`, `train`, `forecast` or `backtest`"
    LAYOUT = "layout", IN_JOBS, "`nested` or `flat`"
    BACKTEST_ID = "backtest_id", IN_JOBS, "the backtest that a run with that origin belongs to"
    ATTEMPT = (
        "attempt",
        IN_JOBS,
        "`1`; more where a job that was cut off was gone on with, and after `retry`",
    )
    FREQ = "freq", IN_JOBS, "frequency of the panel, such as `M`"
    SEASON_LENGTH = "season_length", IN_JOBS, "periods per season of the panel"
    SEED = "seed", IN_JOBS, "seed of the job"
    CONFIG_DIGEST = (
        "config_digest",
        IN_JOBS,
        "SHA-256 of the settings that can change a forecast; not of workers, store or output",
    )

    VERSIONS = (
        "versions",
        (*A_JOB, *A_SERIES, *A_MONITOR, *A_PROMOTION),
        "versions of Python and packages, in full",
    )
    MACHINE = (
        "machine",
        (*A_JOB, *A_SERIES, *A_MONITOR, *A_PROMOTION),
        "processor and BLAS, in full",
    )
    TUNED = "tuned", (*A_JOB, *A_SERIES), "`true` where the run holds a search"
    TRAINED = "trained", (*A_JOB, *A_SERIES), "`true` where it holds a fitted model"
    FORECAST = "forecast", (*A_JOB, *A_SERIES), "`true` where it holds a forecast"

    DIGESTS = (
        "digests",
        (*A_JOB, *A_SERIES, *A_MONITOR, *A_PANEL, *A_PROMOTION),
        (
            "SHA-256 of each file of the run by its path, as JSON: a file that is another when it "
            "is read counts as damaged"
        ),
    )

    HOST = "host", HOLDERS, "name of the computer it runs on"
    PID = "pid", HOLDERS, "id of the process there"
    PROCESS = (
        "process",
        HOLDERS,
        "which process that is, of all that this computer has had since it was started",
    )
    HEARTBEAT = "heartbeat", HOLDERS, "when that process last said that it lives"
    LOCK = (
        "lock",
        A_JOB,
        "what keeps other jobs out of the experiment: `file`, `advisory` or `lease`",
    )
    REGRESSORS = (
        "regressors",
        A_JOB,
        "names of what `terms.json` holds: the calendar, events and columns of a file",
    )
    EFFECTS = (
        "effects",
        A_SERIES,
        (
            "what was taken out of the data before models were fitted and is multiplied onto the "
            "forecast: by name the change of the passengers in percent by one unit of a regressor"
        ),
    )
    EXECUTOR = "executor", A_JOB, "what did the work, where, and with how many workers at once"
    PARALLEL = (
        "parallel",
        A_JOB,
        "what was done at the same time: `airports`, the `trials` of an airport, or `both`",
    )
    PARALLELISM = (
        "parallelism",
        A_JOB,
        "trials of one airport that may be under way at once; `1`: they follow one another",
    )
    PARALLEL_ASKED = (
        "parallel_asked",
        A_JOB,
        "what decided that, where it was left to `auto`; the next job of the same does the same",
    )
    PARALLEL_REASON = "parallel_reason", A_JOB, "why that was decided, where it was left to `auto`"
    TICKET = "ticket", A_LEASE, "its place in the queue of those who want the experiment"
    SHARDS = (
        "shards",
        A_JOB,
        "of a job that several processes do: which shares are recorded, as in `1,3 of 4`",
    )
    LEFT = (
        "left",
        A_JOB,
        (
            "how many airports and groups are not done: of a job that ended at its deadline or "
            "because too many failed, which the same command goes on with, and of one that is gone "
            "on with"
        ),
    )
    SNAPSHOT = (
        "snapshot",
        A_PANEL,
        "`true`: this run holds the panel; in records of earlier versions a job's run does",
    )
    SNAPSHOT_RUN_ID = "snapshot_run_id", A_JOB, "the run that holds the panel"
    PROMOTED_AS = (
        "promoted_as",
        A_JOB,
        "name and version of its model, where that was made the champion: such a job is not pruned",
    )
    RECONCILE = "reconcile", A_JOB, "the method, where the job has sums"
    GROUPS = "groups", A_JOB, "number of sums, where it has any"

    AIRPORT = "airport", BELOW, "as spelt in the data; of a group its name"
    AIRPORT_KEY = (
        "airport_key",
        BELOW,
        "first 16 hexadecimal digits of the SHA-256 of the name, safe in any filter",
    )
    RETRY_OF = (
        "retry_of",
        BELOW,
        "run of the attempt before, where the airport was done again in the same job",
    )
    CUTOFF = "cutoff", BELOW, "first day of the last period seen"
    DATA_DIGEST = (
        "data_digest",
        BELOW,
        "SHA-256 of the airport's own rows up to the as-of date, as read",
    )
    LEVEL = (
        "level",
        (Kind.GROUP, *A_TRIAL),
        "of a group: `total`, or the column that the group is a value of",
    )
    FMIN_UUID = "fmin_uuid", BELOW, "id of the search"
    MODEL = "model", BELOW, "the specification in short; of a trial its model"

    WARNINGS = (
        "warnings",
        (*A_JOB, *A_MONITOR),
        "what a user should know of the whole panel, such as swapped labels, where there is any",
    )
    PREPARATION = "preparation", A_SERIES, "what was done about gaps and suspected errors"
    SUSPECTS = (
        "suspects",
        A_SERIES,
        "what looks wrong in its recent data and was left out, where there is any",
    )
    RETRIES = (
        "retries",
        A_SERIES,
        "how often it was begun again because its worker had died, where that happened",
    )
    LEFT_OUT = (
        "left_out",
        A_SERIES,
        (
            "first days of the periods that were not used because they look wrong, with "
            "`data.suspects` `recent` or `missing`"
        ),
    )
    TUNED_BY = (
        "tuned_by",
        A_SERIES,
        (
            "run whose search this one builds on: after `train` or `forecast`, and where `run` or"
            " `backtest` kept a specification"
        ),
    )
    TRAINED_BY = "trained_by", A_SERIES, "run whose model this one forecasts with: after `forecast`"
    RETUNED = (
        "retuned",
        A_SERIES,
        "why `run` tuned it: `always`, or what is wrong with the specification that it had",
    )
    DONE_ANEW = (
        "done_anew",
        A_SERIES,
        (
            "which record could not be read, where that is why the airport was done again: by "
            "`run --skip-unchanged`, or by a backtest that went on"
        ),
    )
    SUPERSEDED_BY = (
        "superseded_by",
        A_SERIES,
        "run of the next attempt, where the airport was done again in the same job",
    )
    SPACE = (
        "space",
        A_SERIES,
        (
            "families that were searched: those that were tried and, where Hyperopt proposed, all "
            "that it could choose from; in records of earlier versions those asked for"
        ),
    )
    STOPPED = (
        "stopped",
        A_SERIES,
        (
            "why the search ended: `max_evals`, `timeout`, `deadline` (of the job), `early_stop`, "
            "`unlikely` (to improve), `exhausted` (nothing new was proposed) or `too short`"
        ),
    )
    TRIALS_BY_ORIGIN = (
        "trials_by_origin",
        A_SERIES,
        "how many of its trials came from where (`baseline=1,pool=13,family=6`)",
    )
    LEARNED_FROM = (
        "learned_from",
        A_SERIES,
        "with `--learn`: the runs that the search learned from, its own first",
    )
    STARTS = (
        "starts",
        A_SERIES,
        "with `--learn`: how many starts came from where (`own=5,similar=3,fleet=3`)",
    )

    TRIAL = "trial", A_TRIAL, "its number, from 0"
    TRIAL_STATUS = "trial_status", A_TRIAL, "the same as `status`, under Hyperopt's name"
    FOLDS = "folds", A_TRIAL, "cutoffs of the folds that it was scored on"
    DUPLICATE_OF = (
        "duplicate_of",
        A_TRIAL,
        (
            "only in records of earlier versions: an earlier trial with the same model, whose "
            "scores it repeats"
        ),
    )
    MEMBER = "member", A_TRIAL, "`true` where its model is part of what the search chose"
    WEIGHT = "weight", A_TRIAL, "of such a one, its share in the combination; all of them make 1"
    START = "start", A_TRIAL, "where it came from (below)"

    MONITOR_ID = "monitor_id", A_MONITOR, "its id; sorts by time"
    SCORED_THROUGH = (
        "scored_through",
        A_MONITOR,
        "first day of the last period scored, or `nothing`",
    )

    PROMOTION_ID = "promotion_id", A_PROMOTION, "its id; sorts by time"
    REGISTERED = "registered", A_PROMOTION, "name of the registered model"
    VERSION = "version", A_PROMOTION, "the version that was judged, or that answers again"
    CHAMPION = "champion", A_PROMOTION, "the version that answered before, where there was one"
    BASIS = (
        "basis",
        A_PROMOTION,
        "errors that it was judged by, where it was: `realised` or `backtest`",
    )


STAGES: Final = (Tag.TUNED, Tag.TRAINED, Tag.FORECAST)
"""Tags that say which stages a run holds, in their order."""
