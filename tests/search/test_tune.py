import itertools
import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import ModelError
from forecastctl.models import Choice, family
from forecastctl.models.combination.weights import combined, error_sizes
from forecastctl.models.combination.widths import calibrated, pool_widths
from forecastctl.models.make import make_model
from forecastctl.models.pretrained import PRETRAINED
from forecastctl.records import LOSSES, SearchSpec
from forecastctl.search.backtest import backtest, fold_errors, fold_scores
from forecastctl.search.folds import validation_splits
from forecastctl.search.halving import Halving
from forecastctl.search.pool import pool, pool_keys
from forecastctl.search.stopping import REPEATS
from forecastctl.search.tune import MOST_STARTS, airport_seed, tune
from tests.series import make_series, seasonal_data

QUICK = SearchSpec(families=("ets", "seasonal_naive"), max_evals=12, horizon=6)
FAKE = SearchSpec(families=("fake",), max_evals=25, horizon=6)


def test_trial_zero_is_the_seasonal_naive(series):
    for families in (("ets",), ("seasonal_naive",)):
        result = tune(series, replace(QUICK, families=families, max_evals=2))
        assert result.trials[0].model.label == "SNaive"
        assert result.baseline_loss == result.trials[0].loss


def test_starting_points_come_next_in_turn(series):
    result = tune(series, replace(QUICK, max_evals=5))
    labels = [t.model.label for t in result.trials]
    assert labels == ["SNaive", "ETS(M,A,M)", "SNaive drift", "ETS(A,N,M)", "ETS(A,Ad,A)"]


def test_the_pool_comes_first_then_starts_then_hyperopt(series):
    search = SearchSpec(max_evals=29, horizon=6, folds=1)
    keys = pool_keys(pool(series.y, 12))
    starts = {make_model(f, o).key for f in search.families for o in family(f).starts}
    tried = [t.model.key for t in tune(series, search).trials]
    first, last = 1 + len(keys), 1 + len(keys) + MOST_STARTS
    assert set(tried[1:first]) == keys
    assert set(tried[first:last]) <= starts - keys
    assert not set(tried[last:]) <= starts
    assert len({t.split('"')[3] for t in tried[1:5]}) == 4


def test_starts_are_tried_where_hyperopt_takes_no_trials_that_wait(series, monkeypatch, caplog):
    from forecastctl.search import hyperopt

    search = replace(QUICK, max_evals=9)
    queued = [t.model.key for t in tune(series, search).trials]
    monkeypatch.delattr(sys.modules["hyperopt.fmin"], "generate_trials_to_calculate")
    hyperopt._say_not_queued.cache_clear()
    with caplog.at_level("WARNING"):
        trials = tune(series, search).trials
        assert tune(series, search).trials == trials
    starts = [t.model.key for t in trials if t.start in ("pool", "family")]
    assert starts
    assert [t.model.key for t in trials][: len(starts) + 1] == queued[: len(starts) + 1]
    assert {t.start for t in trials[len(starts) + 1 :]} <= {"tpe", "random"}
    assert len(trials) == 9
    assert caplog.text.count("takes no trials that wait") == 1


def test_the_whole_pool_is_averaged(series):
    result = tune(series, SearchSpec(horizon=6))
    keys = {m.model.key for m in result.specification.members}
    assert pool_keys(pool(series.y, 12)) <= keys
    assert len(keys) <= 16


def test_the_pool_is_never_pruned(series, monkeypatch):
    monkeypatch.setattr(Halving, "hopeless", lambda *_: True)
    trials = tune(series, SearchSpec(max_evals=18, horizon=6)).trials
    keys = pool_keys([*pool(series.y, 12), ("pretrained", PRETRAINED)])
    assert {t.status for t in trials if t.model.key in keys} == {"ok"}
    assert {t.status for t in trials[1:] if t.model.key not in keys} == {"pruned"}


@pytest.mark.parametrize("max_evals", [1, 2, 6, 30])
def test_the_number_of_trials_is_what_was_asked_for(fake, series, max_evals):
    result = tune(series, replace(FAKE, max_evals=max_evals))
    assert [t.number for t in result.trials] == list(range(max_evals))
    assert result.stopped == "max_evals"


def test_every_trial_has_every_measure(series):
    result = tune(series, replace(QUICK, max_evals=4))
    for trial in result.trials:
        assert tuple(trial.metrics) == LOSSES
        assert len(trial.folds) == 4
        assert trial.loss == trial.metrics["mase"]
        mean = sum(f.metrics["mase"] for f in trial.folds) / 4
        assert trial.loss == pytest.approx(mean)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_the_one_asked_for(series, loss):
    result = tune(series, replace(QUICK, max_evals=4, loss=loss))
    assert result.loss == result.metrics[loss]
    assert [t.loss for t in result.trials] == [t.metrics[loss] for t in result.trials]


def test_a_model_that_comes_up_again_is_not_tried_again(fake, series):
    result = tune(series, FAKE)
    keys = [t.model.key for t in result.trials]
    assert len(keys) == len(set(keys)) == result.distinct == 25
    assert {t.duplicate_of for t in result.trials} == {None}
    assert result.repeats
    fits = [json.dumps([n, o], sort_keys=True) for n, o in fake.fitted]
    assert len(fits) == len(set(fits))


def test_it_ends_where_nothing_new_is_left_to_propose(fake, series, monkeypatch):
    everything = ("none", "raise", "bug", "diverge", "nan")
    monkeypatch.setattr(fake, "space", lambda *_: {"bias": Choice(everything)})
    result = tune(series, replace(FAKE, max_evals=50))
    assert result.stopped == "exhausted"
    assert {t.model.options["bias"] for t in result.trials[1:]} == {*everything}
    assert len(result.trials) == 1 + len(everything)
    assert result.repeats >= REPEATS


def test_it_does_not_ask_for_more_than_there_is(series):
    result = tune(series, replace(QUICK, families=("seasonal_naive",)))
    assert [t.model.label for t in result.trials] == ["SNaive", "SNaive drift"]
    assert (result.stopped, result.repeats) == ("exhausted", REPEATS)


def test_trials_have_their_share_in_what_was_chosen(fake, series):
    result = tune(series, replace(FAKE, combine=3))
    shares = {t.number: t.weight for t in result.trials if t.weight is not None}
    assert shares == {m.trial: m.weight for m in result.specification.members}
    assert math.isclose(sum(shares.values()), 1.0)


def test_failures_are_recorded_with_reasons_and_never_chosen(fake, series):
    result = tune(series, FAKE)
    reasons = {t.model.options["bias"]: t for t in result.trials if t.model.family == "fake"}
    assert set(reasons) == {"none", "given", "raise", "bug", "diverge", "nan"}
    assert reasons["raise"].reason == "no luck today"
    assert reasons["bug"].reason == "TypeError: a bug"
    assert "reaches" in reasons["diverge"].reason
    assert "not finite" in reasons["nan"].reason
    for bias in ("raise", "bug", "diverge", "nan"):
        assert reasons[bias].status == "failed"
        assert reasons[bias].loss is None
    chosen = {m.model.options.get("bias") for m in result.specification.members}
    assert chosen <= {None, "none", "given"}


def test_an_undefined_loss_is_a_failure(series):
    flat = make_series(np.tile(np.arange(1.0, 13.0), 7))
    with pytest.raises(ModelError, match="mase is not defined on the validation data"):
        tune(flat, replace(QUICK, fallback=False))
    stand_in = tune(flat, QUICK)
    assert "mase is not defined on the validation data" in stand_in.reason
    assert [m.model.family for m in stand_in.specification.members] == ["seasonal_naive"]
    assert stand_in.loss is None
    assert {t.status for t in stand_in.trials} == {"failed"}
    result = tune(flat, replace(QUICK, loss="mae"))
    assert result.trials[0].loss == 0.0
    assert np.isnan(result.trials[0].metrics["mase"])


def test_all_trials_failing_is_an_error(monkeypatch, fake, series):
    from forecastctl.models.seasonal_naive import SeasonalNaive

    def refuse(*_):
        raise ModelError("refused")

    monkeypatch.setattr(SeasonalNaive, "fit", refuse)
    monkeypatch.setattr(fake, "fit", refuse)
    with pytest.raises(ModelError, match="JFK: all 25 trials failed: refused"):
        tune(series, replace(FAKE, fallback=False))
    assert tune(series, FAKE).reason == (
        "all 25 trials failed: refused; the seasonal naive stands in"
    )


def test_a_failing_baseline_does_not_end_the_search(monkeypatch, series):
    from forecastctl.models.seasonal_naive import SeasonalNaive

    def refuse(*_):
        raise ModelError("refused")

    monkeypatch.setattr(SeasonalNaive, "fit", refuse)
    result = tune(series, replace(QUICK, families=("ets",), max_evals=3))
    assert result.baseline_loss is None
    assert [t.status for t in result.trials] == ["failed", "ok", "ok"]


def test_early_stop(fake, series):
    result = tune(series, replace(FAKE, early_stop=3, max_evals=50))
    losses = [t.loss for t in result.trials]
    assert result.stopped == "early_stop"
    assert min(x for x in losses[:-3] if x is not None) == min(x for x in losses if x is not None)
    assert len(losses) < 50


def test_timeout_is_told_by_the_clock(fake, series):
    ticks = itertools.count(step=400)
    result = tune(series, replace(FAKE, timeout=10.0), lambda: (next(ticks), 0.0))
    assert result.stopped == "timeout"
    assert 1 < len(result.trials) < 12


def test_timeout_leaves_the_baseline(fake, series):
    result = tune(series, replace(FAKE, timeout=0.0))
    assert [t.model.label for t in result.trials] == ["SNaive"]
    assert result.stopped == "timeout"
    assert result.specification.label == "SNaive"


def test_the_clock_times_the_trials(fake, series):
    ticks = itertools.count(1000)

    def clock():
        tick = next(ticks)
        return tick, tick / 8

    result = tune(series, replace(FAKE, max_evals=4), clock)
    for before, after in itertools.pairwise(result.trials):
        assert before.start_ms < before.end_ms <= after.start_ms
    assert all(t.cpu_seconds > 0 for t in result.trials)


def test_the_combination_is_scored_itself(series):
    search = replace(QUICK, combine=3)
    result = tune(series, search)
    members = result.specification.members
    assert 1 < len(members) <= 3
    splits = validation_splits(series.n, search.horizon, search.folds, search.step, 12)
    by_member = [backtest(series, m.model, splits) for m in members]
    weights = [m.weight for m in members]
    paths = [combined(fold, weights) for fold in zip(*by_member, strict=True)]
    assert result.backtest_errors == fold_errors(series, splits, paths)
    assert result.metrics == fold_scores(series, splits, paths)[1]
    assert result.sizes == error_sizes(result.backtest_errors, paths)
    assert result == calibrated(result, pool_widths([result.sizes]))
    assert result.spread != 1.0
    for member in members:
        assert result.trials[member.trial].model == member.model


def test_combine_one_keeps_the_default_and_says_which_loss_is_lower(series):
    result = tune(series, replace(QUICK, combine=1))
    best = min((t for t in result.trials if t.loss is not None), key=lambda t: (t.loss, t.number))
    (member,) = result.specification.members
    one = result.trials[member.trial]
    assert result.loss == one.loss
    assert ("lower" in (one.reason or "")) == (one.number != best.number)


@pytest.mark.parametrize(
    ("n", "label", "words"),
    [
        (2, "Naive", "the naive forecast (last value) stands in"),
        (11, "Naive", "the naive forecast (last value) stands in"),
        (12, "SNaive", "the seasonal naive stands in"),
        (13, "SNaive", "the seasonal naive stands in"),
        (16, "SNaive", "the seasonal naive stands in"),
    ],
)
def test_too_short_to_validate(n, label, words):
    result = tune(make_series(np.arange(1.0, n + 1)), QUICK)
    assert result.specification.label == label
    assert result.stopped == "too short"
    why = f"{n} observations are too few to validate a model; {words}"
    assert result.reason == f"{why}, its interval from a plain rule"
    assert result.trials == ()
    assert result.loss is None


@pytest.mark.parametrize("n", [17, 20, 30])
def test_a_few_months_choose_no_model(n):
    """The network and the seasonal naive, whatever else might be tried."""
    result = tune(make_series(seasonal_data(n)), SearchSpec(horizon=12))
    assert [t.model.family for t in result.trials] == ["seasonal_naive", "pretrained"]
    assert result.by_origin == {"baseline": 1, "pool": 1}
    assert result.stopped == "exhausted"
    assert [m.weight for m in result.specification.members] == pytest.approx([1 / 3, 2 / 3])
    assert result.specification.members[1].model.family == "pretrained"
    best = tune(make_series(seasonal_data(n)), SearchSpec(horizon=12, combine=1))
    assert len(best.trials) == 2
    assert len(best.specification.members) == 1


def test_a_few_months_of_mostly_nothing_are_left_to_models_of_counts():
    y = np.where(np.arange(24) % 3 == 0, 5.0, 0.0)
    result = tune(make_series(y), SearchSpec(horizon=12))
    assert {m.model.family for m in result.specification.members} == {"intermittent"}


@pytest.mark.parametrize(("n", "held_back"), [(17, True), (20, True), (30, True), (39, False)])
def test_short_series_are_still_searched(n, held_back):
    """Models that were fitted to less than two seasons leave half a say to the seasonal naive."""
    result = tune(make_series(seasonal_data(n)), replace(QUICK, horizon=12, combine=3))
    assert result.loss is not None
    assert result.reason is None
    assert 1 <= len(result.backtest_errors) <= 3
    members = result.specification.members
    assert len(members) <= 3
    weights = {m.trial: m.weight for m in members}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert (weights.get(0, 0.0) >= 0.5) == held_back


@pytest.mark.parametrize(
    ("season_length", "freq", "n"), [(7, "D", 60), (52, "W-SUN", 130), (1, "Y", 30), (4, "Q", 30)]
)
def test_other_frequencies(season_length, freq, n):
    y = seasonal_data(n, season_length)
    series = make_series(y, season_length, freq)
    result = tune(series, SearchSpec(max_evals=8, horizon=4))
    assert sum(t.status != "failed" for t in result.trials) >= 6, [t.reason for t in result.trials]


def test_seeds_differ_by_airport_and_job():
    assert airport_seed(0, "JFK") == airport_seed(0, "JFK")
    assert len({airport_seed(s, a) for s in range(3) for a in ("JFK", "LGA", "")}) == 9
    assert airport_seed(0, "JFK") == 8662967725746658238  # a change changes every search


def test_the_seed_decides_what_is_proposed(fake, series):
    def proposed(seed, airport="JFK"):
        result = tune(replace(series, airport=airport), replace(FAKE, seed=seed))
        return [t.model.key for t in result.trials]

    assert proposed(1) == proposed(1)
    assert proposed(1) != proposed(2)
    assert proposed(1) != proposed(1, "LGA")


def test_nothing_is_printed_or_logged(series, capfd, caplog):
    with caplog.at_level("INFO"):
        tune(series, QUICK)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def summary(task):
    """What must be the same everywhere, bit for bit."""
    from forecastctl.models.combination.fit_and_predict import fit, predict

    series, search = task
    result = tune(series, search)
    model, _ = fit(series, result.specification, spread=result.spread)
    forecast = predict(model, 6)
    return repr(result), repr(model.to_row()), forecast.mean.tobytes(), forecast.sd.tobytes()


@pytest.mark.slow
def test_the_same_bits_in_workers():
    from joblib import Parallel, delayed

    search = SearchSpec(max_evals=12, horizon=6, folds=2, seed=3)
    tasks = [(make_series(seasonal_data(72, seed=s), airport=f"A{s}"), search) for s in range(2)]
    here = [summary(t) for t in tasks]
    with Parallel(n_jobs=2, backend="loky") as parallel:
        there = parallel(delayed(summary)(t) for t in reversed(tasks))
    assert there[::-1] == here


@pytest.mark.slow
def test_the_same_proposals_under_any_hash_seed():
    """Hyperopt keeps sets of its nodes; their order must not reach the results."""
    code = (
        "from tests.search.test_tune import *\n"
        "result = tune(make_series(seasonal_data(72)), replace(QUICK, max_evals=16))\n"
        "print(airport_seed(1, repr(result)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": "", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
