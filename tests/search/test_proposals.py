"""Who proposes: Hyperopt's TPE from the first trial on, its random search only without any."""

import pytest

from forecastctl.models.make import make_model
from forecastctl.records import SearchSpec, no_clock
from forecastctl.records.learning import FAMILY, RANDOM, TPE
from forecastctl.search.evaluation import carried_out, evaluate
from forecastctl.search.folds import validation_splits
from forecastctl.search.hyperopt import Candidate, let_hyperopt_search
from forecastctl.search.trials import Search
from tests.series import make_series, seasonal_data

ANNUAL = {"drift": 0.25, "gamma": 0.3, "recent": 0.5, "transform": "none"}


@pytest.fixture
def search():
    spec = SearchSpec(families=("annual",), max_evals=8, horizon=6, folds=1, combine=1)
    series = make_series(seasonal_data(60))
    splits = validation_splits(series.n, spec.horizon, spec.folds, spec.step, 12)
    return Search(series, spec, no_clock, splits)


def proposed(search, monkeypatch, points):
    """Origins of the trials, and how often Hyperopt drew at random."""
    import hyperopt

    from forecastctl.models import family

    drawn = []
    real = hyperopt.rand.suggest
    monkeypatch.setattr(
        hyperopt.tpe.rand, "suggest", lambda *args, **more: drawn.append(1) or real(*args, **more)
    )
    spaces = {"annual": family("annual").space(search.series.y, 12, 48)}
    steps = let_hyperopt_search(search, spaces, points, seed=0)
    carried_out(steps, lambda e: evaluate(search.series, search.search, e, no_clock))
    return [trial.start for trial in search.trials], len(drawn)


def test_tpe_goes_by_the_trials_however_few(search, monkeypatch):
    from forecastctl.models import family
    from forecastctl.search.space import placed

    spaces = {"annual": family("annual").space(search.series.y, 12, 48)}
    point, model = placed(spaces, make_model("annual", ANNUAL))
    origins, drawn = proposed(search, monkeypatch, [Candidate(model, point, FAMILY)])
    assert origins == [FAMILY, *[TPE] * 7]
    assert drawn == 0


def test_without_a_trial_all_that_it_knows_is_the_prior(search, monkeypatch):
    origins, _ = proposed(search, monkeypatch, [])
    assert origins == [RANDOM, *[TPE] * 7]
