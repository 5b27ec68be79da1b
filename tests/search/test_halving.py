import numpy as np

from forecastctl.records import SearchSpec
from forecastctl.search.evaluation import PRUNED
from forecastctl.search.halving import FEWEST, Halving
from forecastctl.search.tune import tune
from tests.series import make_series, seasonal_data


def test_nothing_is_stopped_before_there_is_something_to_compare_with():
    halving = Halving()
    for _ in range(FEWEST - 1):
        halving.add((1.0, 1.0, 1.0))
    assert not halving.hopeless([100.0])
    halving.add((1.0, 1.0, 1.0))
    assert halving.hopeless([100.0])


def test_the_same_folds_are_compared():
    halving = Halving([(1.0, 9.0)] * 4)
    assert halving.hopeless([2.5])
    assert not halving.hopeless([2.5, 9.0])


def test_a_trial_must_be_bad_beside_the_best_and_beside_most():
    halving = Halving([(1.0,), (3.0,), (3.0,), (3.0,), (5.0,)])
    assert not halving.hopeless([1.9])
    assert not halving.hopeless([2.9])
    assert halving.hopeless([3.1])


def test_what_is_not_defined_decides_nothing():
    assert not Halving([(1.0,)] * 4).hopeless([np.nan])
    assert not Halving([(np.nan,)] * 4).hopeless([10.0])


def search(fake, monkeypatch, stop):
    if not stop:
        monkeypatch.setattr(Halving, "hopeless", lambda self, losses: False)
    series = make_series(seasonal_data(96))
    spec = SearchSpec(families=("holt_winters", "fake"), max_evals=25, seed=1)
    return tune(series, spec)


def test_a_stopped_trial_is_recorded_and_never_chosen(fake, monkeypatch):
    result = search(fake, monkeypatch, stop=True)
    pruned = [t for t in result.trials if t.status == PRUNED]
    assert pruned
    for trial in pruned:
        assert trial.loss is None
        assert 1 <= len(trial.folds) < 4
        # the newest folds, in the order of the others
        assert trial.folds == tuple(sorted(trial.folds, key=lambda f: f.cutoff))
        assert trial.folds[-1].cutoff == result.trials[0].folds[-1].cutoff
        assert trial.reason.startswith(f"stopped after {len(trial.folds)} of 4 folds")
        assert trial.number not in {m.trial for m in result.specification.members}
    fitted = [n for n, _ in fake.fitted]
    assert len(fitted) < 4 * sum(t.model.family == "fake" for t in result.trials)


def test_stopping_does_not_change_the_best(fake, monkeypatch):
    with_it = search(fake, monkeypatch, stop=True)
    without = search(fake, monkeypatch, stop=False)
    best = [min(t.loss for t in r.trials if t.loss is not None) for r in (with_it, without)]
    assert best[0] <= best[1] * 1.02
    assert not any(t.status == PRUNED for t in without.trials)
