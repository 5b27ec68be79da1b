"""Parameters."""

from __future__ import annotations

from forecastctl.records.schema.keys import A_JOB, A_MONITOR, A_PROMOTION, A_SERIES, A_TRIAL, Key


class Param(Key):
    """What a run was made with. Jobs, monitors and promotions have settings, as ``section.key``."""

    AS_OF = "as_of", (*A_JOB, *A_MONITOR, *A_PROMOTION), "last date that is known, as asked"
    AIRPORT = "airport", (*A_JOB, *A_MONITOR), "airports that were asked for by name"
    SELECT = "select", (*A_JOB, *A_MONITOR), "airports that were asked for by pattern"
    FROM = "from", A_JOB, "first origin of a backtest"
    TO = "to", A_JOB, "last origin of a backtest"
    EVERY = "every", A_JOB, "periods from one origin of a backtest to the next"
    RETUNE_EVERY = "retune_every", A_JOB, "origins of a backtest that share a search"

    ALGO = (
        "algo",
        A_SERIES,
        (
            "what proposed trials: `tpe.suggest`, Hyperopt's TPE; `rand.suggest`, Hyperopt, but "
            "never with a trial to go by; `surrogate`, learned searches of old; `fixed candidates`,"
            " where the models that are always tried and the families' starting points used up "
            "the evaluations; `none`, where there was no search"
        ),
    )
    MAX_EVALS = "max_evals", A_SERIES, "evaluations at most"
    TPE_SHARE = "tpe_share", A_SERIES, "share of them that is left to Hyperopt at least"
    PARALLELISM = (
        "parallelism",
        A_SERIES,
        (
            "trials that may be under way at once: a proposal is made from all before it but for "
            "the last ones; `1`: they follow one another"
        ),
    )
    TIMEOUT = "timeout", A_SERIES, "seconds for the search at most"
    EARLY_STOP = "early_stop", A_SERIES, "evaluations without improvement at most"
    LOSS = "loss", A_SERIES, "what the search minimised"
    FAMILIES = "families", A_SERIES, "families that were asked for"
    FOLDS = "folds", A_SERIES, "rolling origins at most"
    STEP = "step", A_SERIES, "periods between them"
    COMBINE = "combine", A_SERIES, "number of trials that are averaged"
    SHOCKS = "shocks", A_SERIES, "`replace` or `keep`"
    SEED = "seed", A_SERIES, "seed of the job, from which that of the search is derived"
    ENGINE = "engine", A_SERIES, "what fitted: `compiled` or `statsmodels`"
    HORIZON = "horizon", A_SERIES, "periods ahead"
    LEVELS = "levels", A_SERIES, "intervals, in percent"
    FREQ = "freq", A_SERIES, "frequency of the series"
    SEASON_LENGTH = "season_length", A_SERIES, "periods per season"
    N = "n", A_SERIES, "observations"
    MODEL = "model", A_SERIES, "the specification in short"

    FAMILY = "family", A_TRIAL, "family of its model; the model's options stand beside it"
