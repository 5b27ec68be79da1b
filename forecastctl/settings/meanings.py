"""What each setting means; a test and the generator of the reference refuse a gap.

Links are those of the reference.
"""

MEANINGS = {
    "data.source": (
        "CSV (also .gz), Parquet, a SQLAlchemy URL, or `sample` for generated data; or, read [by "
        "the workers](../how-to/tables.md), a folder of Parquet (`parquet:/shared/folder`) or a "
        "table of Spark (`spark:schema.table`)."
    ),
    "data.query": "SQL query that yields the rows, where `source` is a URL.",
    "data.keep_query": "Whether the query is shown and recorded in full, secrets masked; if not, "
    "values that are written out in it are `?`, and a digest tells whether it is the same.",
    "data.airport": "Column that names the series. Not set: recognised by its name.",
    "data.date": "Column of the period. Not set: recognised, or `Year` and `Month` together.",
    "data.value": "Column of the passengers. Not set: recognised by its name.",
    "data.freq": "Months, quarters, weeks or days. Not set: the spacing of most rows.",
    "data.season_length": "Periods per season. Not set: 12 months, 4 quarters, 52 weeks or 7 days.",
    "data.gaps": (
        "Holes in a series. `interpolate`: fill holes of at most `max_gap` periods, and use the "
        "most recent stretch between longer ones. `longest`: fill nothing, use the longest recent "
        "stretch. `reject`: reject the airport."
    ),
    "data.max_gap": "Longest hole, in periods, that `interpolate` fills.",
    "data.duplicates": "Several rows for one period: reject the airport, or combine the rows.",
    "data.suspects": (
        "Periods that look like a unit or label error, or like 'not published'. `recent`: those of "
        "the last two seasons are left out, which is said and ends the job with 4; older ones are "
        "kept. `keep` keeps all, `missing` takes all as missing, `reject` rejects the airport."
    ),
    "data.min_length": "Observed periods that a series needs at least. Not set: 3.",
    "data.max_stale": (
        "Periods that an airport may end before the panel does. Not set: none is rejected, and a "
        "note is kept from 12 months, 4 quarters, 26 weeks or 30 days on."
    ),
    "data.dayfirst": "Whether 03/04/2012 is the third of April. Not set: the whole column decides.",
    "data.groups": "Columns whose values group the airports. Each group is forecast as a sum.",
    "data.group_file": (
        "CSV or Parquet that holds the columns of groups by airport; all of them where `groups` "
        "names none. Not set: the columns of `source` itself."
    ),
    "data.decimal": "Decimal mark of the numbers. Not set: all numbers of the file decide.",
    "data.language": "Of the names of months, such as `fr`. Not set: all names decide.",
    "data.encoding": (
        "Of text. Not set: UTF-8 or UTF-16, and what the bytes look like where they are neither."
    ),
    "data.sheet": (
        "Sheet of a workbook, or `all`. Not set: the one that holds a table, or all that hold one "
        "airport, year or month each."
    ),
    "data.totals": (
        "An airport that is the sum of others: `leave-out` leaves it out, `keep` forecasts it."
    ),
    "tune.engine": (
        "What fits the models: `compiled`, or `statsmodels`, the reference: the same likelihoods "
        "through statsmodels' own classes, many times slower. `ces` and `theta` are not among them "
        "and are fitted as ever."
    ),
    "tune.families": (
        "Model families to search, those that [other packages add](../how-to/extend.md) too; the "
        "seasonal naive baseline is always tried."
    ),
    "tune.loss": (
        "What the search minimises, or a loss that [another package adds](../how-to/extend.md). "
        "All six are recorded for every trial."
    ),
    "tune.max_evals": "Trials per airport at most, the baseline included.",
    "tune.tpe_share": (
        "Share of the trials that Hyperopt's TPE gets at least, before the starting points of the "
        "families. The models that are always averaged, and learned starts, come first."
    ),
    "tune.folds": "Rolling origins per trial at most.",
    "tune.step": "Periods between origins. Not set: half of the horizon.",
    "tune.combine": (
        "Average so many distinct trials, the models of the pool first, and on top the pooled "
        "models, which are estimated over all airports, and the network; 1 takes one model, the "
        "default unless another is clearly better."
    ),
    "tune.shocks": (
        "Stretches that a shock such as an epidemic put out of pattern: `replace` them before "
        "models are fitted, where the backtest does not speak against it, or `keep` them."
    ),
    "tune.timeout": "Seconds per airport's search at most. Makes results depend on the machine.",
    "tune.early_stop": "Stop a search after so many trials without improvement.",
    "tune.seed": "Seed of the job; each airport's own is derived from it and the airport's name.",
    "forecast.horizon": "Periods ahead, in the validation and in the forecast.",
    "forecast.level": "Coverage of the intervals in percent.",
    "forecast.out": (
        "Also write the forecasts to CSV (.gz), Parquet, a SQLAlchemy URL, or stdout (`-`)."
    ),
    "forecast.table": "Table, where `out` is a URL.",
    "forecast.charts": (
        "Draw and record a chart per airport. Not set: where the job has up to 100; "
        "`forecastctl plot` draws any of them later."
    ),
    "forecast.reconcile": (
        "Make the forecasts of the airports, their groups and the total add up. `bottom_up` adds "
        "the airports' own; `ols`, `wls_struct`, `wls_var`, `mint_shrink` and `mint_cov` weigh all "
        "of them, the last three by their backtest errors. `none` leaves them as they are."
    ),
    "forecast.fallback": "Let a simpler model stand in where the chosen one fails; it is recorded.",
    "calendar.terms": (
        "`auto`: Easter, the days of the week and of February, and the public holidays of "
        "`country`, where an airport's own past shows their effect and its backtest gains by it "
        "([how](../how-to/calendar.md)). `off`: none. Not set: `auto` where a country is set."
    ),
    "calendar.country": (
        "Whose public holidays count: its ISO code, with a part behind a hyphen (`US`, `DE-BY`). "
        "Needs `forecastctl[calendar]`."
    ),
    "calendar.countries": (
        "CSV or Parquet with columns `airport` and `country`, where airports are in several. An "
        "airport that it does not name is in `country`, or in none."
    ),
    "events.list": (
        "Events that are known, past and to come, a table `[[events]]` each: `name`, `date` or "
        "`from` and `to`, and `airports` unless it is of all ([how](../how-to/calendar.md#events))."
    ),
    "regressors.file": (
        "Table of numbers that are known in advance, such as seats, by airport and period, those "
        "of the periods ahead included ([how](../how-to/calendar.md#regressors))."
    ),
    "regressors.columns": "Columns of regressors. Not set: all but those of airport and date.",
    "regressors.airport": (
        "Column that names the airports. Not set: recognised by its name; without one a row is of "
        "all airports."
    ),
    "regressors.date": "Column of the period. Not set: recognised by its name.",
    "regressors.missing": (
        "Where a regressor has no value for a period of an airport or for one ahead: `reject` the "
        "file, or `leave-out` that regressor at that airport, which a note says."
    ),
    "tracking.uri": (
        "`sqlite:///FILE.db`, `postgresql://...`, the address of an MLflow server, or that of a "
        "store which [another package adds](../how-to/extend.md)."
    ),
    "tracking.experiment": "MLflow experiment.",
    "tracking.layout": "`nested`: a run per trial under its airport. `flat`: trials as a table.",
    "tracking.curves": (
        "Whether the runs of airports hold metrics that MLflow draws as lines: the search, error "
        "and coverage by lead, actual and forecast. Not set: in the nested layout, where they cost "
        "little beside the runs of the trials."
    ),
    "tracking.artifacts": "Where a new experiment keeps its artifacts. Not set: beside the store.",
    "tracking.patience": (
        "Seconds that the store may not answer, or be locked by others, while a job waits and "
        "tries again. 0: nothing is tried twice."
    ),
    "tracking.writer": (
        "`sql`: bulk writes into MLflow's own tables. `client`: MLflow's client. `auto`: `sql` "
        "where the store is a known database, plain requests for a server, else the client."
    ),
    "tracking.spool": (
        "Folder in which what is recorded waits while the store is away, or `off` for none. Not "
        "set: `forecastctl/spool` in `XDG_STATE_HOME`, or in `~/.local/state`."
    ),
    "tracking.registered_as": (
        "Name in MLflow's model registry: a job that trains registers its models as the newest "
        "version, with the alias `challenger` ([promote](../how-to/promote.md)). Not set: jobs "
        "register nothing, and `promote` takes the name of the experiment."
    ),
    "run.jobs": "Worker processes; -1 for one per core, -2 for all cores but one.",
    "run.parallel": (
        "What is done at the same time: `airports`, one by each worker; the `trials` of one "
        "airport after the other; `both`, where there are fewer airports than workers; or `auto`, "
        "which takes what is quickest, and says so "
        "([when to use which](../how-to/parallel-trials.md))."
    ),
    "run.parallelism": (
        "Trials of one airport that may be under way at once where they are done at the same time: "
        "a proposal is made from all before it but for the last of these, whatever is done by "
        "then. What a search finds depends on it. Not set: `trials` as many as there are workers, "
        "`both` as many as there are workers for each airport."
    ),
    "run.backend": (
        "What does the work: `loky`, processes of this machine; `serial`, this process itself, "
        "which a crash or a hanging fit then ends or holds up; `threads` of it, of which the same "
        "is true; an engine, [`dask`, `ray` or `spark`](../how-to/clusters.md); or an executor "
        "that [another package adds](../how-to/extend.md)."
    ),
    "run.cluster": (
        "Address of the cluster of the backend: of a Dask scheduler (`tcp://host:8786`), of Ray "
        "(`host:6379`, `ray://host:10001`), of a Spark master (`spark://host:7077`, `yarn`) or "
        "Connect server (`sc://host:15002`). Not set: one of this machine, which is started with "
        "`run.jobs` workers and ended. With an address, `run.jobs` says how many tasks of the job "
        "it may have at the same time, and -1 all that it has workers for."
    ),
    "run.shared": (
        "Folder on storage that this machine and all workers see under one path, where a table of "
        "Spark is laid down by airport while a job lasts. Not set: the directory of temporary "
        "files, which is enough for a Spark of this machine."
    ),
    "run.batch": "Airports written in one transaction.",
    "run.longest_wait": (
        "Seconds after which results are written to the store, however few of a batch they are."
    ),
    "run.airport_timeout": "Seconds after which the work on an airport is ended as hung and "
    "recorded as failed (`TimedOut`). Not set: 60 for each of `max_evals` (600 with the "
    "statsmodels engine), at least 900. A backtest allows it for each origin.",
    "run.airport_memory": (
        "Memory that the process of an airport may hold, such as `2GB`, before it is ended and the "
        "airport recorded as failed (`OutOfMemory`). Looked at ten times a second, from outside; "
        "at least 500 MB, as a worker alone holds some 300."
    ),
    "run.deadline": (
        "When a job ends, done or not: a time of day (`06:30`, the next one) or a duration from "
        "its start (`90m`, `1h30m`) ([what then](../how-to/cron.md#limits))."
    ),
    "run.max_failures": (
        "A job ends early once more airports failed than this: a number (`10`), or a share of all "
        "airports of the data (`5%`)."
    ),
    "run.grace": (
        "Seconds that what workers have begun may take after Ctrl-C, SIGTERM or SIGHUP before it "
        "is dropped; a second signal ends the command at once."
    ),
    "run.metrics": (
        "File in which run, tune, train, forecast, backtest and monitor write how they ended, for "
        "Prometheus ([how](../how-to/cron.md#metrics))."
    ),
    "run.rejected": (
        "Whether a job may `pass` though the data of an airport cannot be used, or is to `fail` "
        "(exit code 4)."
    ),
    "report.out": (
        "Folder into which `run` writes a [report](../how-to/report.md) of the job. Not set: none. "
        "`forecastctl report` writes it into `report` then."
    ),
    "report.explained": (
        "Of how many of the largest misses the report has a page that explains them in full, with "
        "the parts of the miss: about a second each."
    ),
    "report.log": "Record the report with its job, so that MLflow's pages show it.",
    "log.format": (
        "Lines on stderr and in `log.txt`: `text`, or `json` with an object a line "
        "([how](../how-to/cron.md#logs))."
    ),
    "run.wait": "Seconds to wait for the end of another job in the experiment. `--wait` alone "
    "waits for as long as it takes.",
    "run.shard": (
        "Do one share of the airports, as `2/8`; processes with the others do the rest, anywhere, "
        "and the last one closes the job ([how](../how-to/shards.md)). `/8` alone takes the number "
        "from `JOB_COMPLETION_INDEX`, which Kubernetes sets."
    ),
    "run.skip_unchanged": "Leave airports alone whose data, settings and environment are the same.",
    "tune.retune": (
        "When `run` tunes. `always`: each time. `degraded`: only airports that the newest "
        "`monitor` found degraded, that were never tuned with these settings or whose tuning is "
        "past `monitor.max_age`; the others are trained and forecast with what they have. `auto`: "
        "`degraded` once a `monitor` is recorded in the experiment, `always` before."
    ),
    "tune.learn": (
        "Start the searches of `run` and `tune` from what earlier ones found: the airport's own, "
        "those of similar airports and those of the whole fleet; and stop each when it is unlikely "
        "to improve. A backtest never learns."
    ),
    "explain.noise_z": (
        "A miss of at most so many calibrated standard deviations is expected noise."
    ),
    "explain.doubt_z": (
        "Up to so many it is noise beyond doubt; between the two a cause must show clearly."
    ),
    "explain.fleet_z": (
        "An airport whose change since the cutoff is so many robust deviations from its peers' "
        "stands out."
    ),
    "explain.system_share": (
        "Share of the fleet that missed the same month in the same direction, from which on a "
        "shock is system-wide."
    ),
    "explain.fleet_least": "Fewer airports than this say nothing about a fleet.",
    "explain.near": "An alternative came near when its miss is at most this share of the miss.",
    "explain.visible": (
        "A break at least so many periods before the cutoff should have been caught."
    ),
    "explain.revised": (
        "Revised data are to blame when they explain at least this share of the miss."
    ),
    "monitor.false_alarm": (
        "Probability that an airport whose forecasts are as good as its backtest said is called "
        "degraded in one run of the monitor."
    ),
    "monitor.least_scored": "Fewer scored forecasts than this say nothing.",
    "monitor.window": "The newest periods whose forecasts are scored.",
    "monitor.max_age": "Periods after which a specification is past its age, and tuned again.",
}
