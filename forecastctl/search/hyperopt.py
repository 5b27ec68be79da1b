"""The search with Hyperopt's TPE: our spaces as Hyperopt's, starting points, and proposals.

Bergstra, Bardenet, Bengio and Kegl (2011), Algorithms for hyper-parameter optimization.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models import Choice, Uniform
from forecastctl.records.learning import RANDOM, TPE
from forecastctl.search.space import ROOT, decode, labels
from forecastctl.search.stopping import REPEATS
from forecastctl.search.trials import PRUNED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.models import Dimension, Space
    from forecastctl.records import Model, Trial
    from forecastctl.search.space import Point
    from forecastctl.search.trials import Search

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that a search tries before Hyperopt proposes any.

    Attributes:
        model: What is tried.
        point: Where it lies in the spaces of the search.
        origin: Where it comes from, one of `forecastctl.records.learning.ORIGINS`.
    """

    model: Model
    point: Point
    origin: str


def let_hyperopt_search(
    run: Search, spaces: Mapping[str, Space], points: Sequence[Candidate], seed: int
) -> None:
    """Evaluate these points, and then what Hyperopt proposes, until the search is over.

    Of a proposal that repeats a model Hyperopt learns the loss again, as from any other. It uses up
    no evaluation, so that Hyperopt is asked for more than there are evaluations.

    Args:
        run: The search; trials are added to it.
        spaces: Space by family.
        points: Starting points, in the order in which they are evaluated. TPE learns from them.
        seed: Of the proposals.
    """
    import hyperopt

    logging.getLogger("hyperopt").setLevel(logging.WARNING)  # it reports every proposal

    waiting = deque(point.origin for point in points)  # evaluated in the order of proposal

    def propose(new_ids: list[int], domain: Any, trials: Any, state: int) -> Any:
        """What TPE proposes after the trials so far; before any it draws from the prior."""
        waiting.append(TPE if trials.trials else RANDOM)
        return hyperopt.tpe.suggest(new_ids, domain, trials, state, n_startup_jobs=0)

    def objective(sample: Mapping[str, Any]) -> dict[str, Any]:
        origin = waiting.popleft()
        if run.stopped:
            return {"status": hyperopt.STATUS_FAIL}
        loss = _seen_loss(run, run.evaluate(decode(sample), origin))
        if loss is None:
            return {"status": hyperopt.STATUS_FAIL}
        return {"status": hyperopt.STATUS_OK, "loss": loss}

    trials: Any = None
    try:
        trials = queued([point.point for point in points], labels(spaces))
    except (ImportError, AttributeError, LookupError, TypeError) as error:
        _say_not_queued(str(error))
        waiting.clear()
        for point in points:
            if run.stopped:
                return
            run.evaluate(point.model, point.origin)
    remaining = run.search.max_evals - len(run.trials)
    with suppress(hyperopt.exceptions.AllTrialsFailed):  # the search judges that from our trials
        hyperopt.fmin(
            objective,
            hyperopt_space(spaces),
            algo=propose,
            max_evals=(remaining + 1) * REPEATS,  # more than it comes to: `run.stopped` ends it
            trials=trials,
            rstate=np.random.default_rng(seed),
            early_stop_fn=lambda _trials, *_: (run.stopped is not None, []),
            return_argmin=False,
            verbose=False,
            show_progressbar=False,
        )


@cache
def _say_not_queued(why: str) -> None:
    """Once in a process: every search comes to it."""
    _LOG.warning(
        "Hyperopt takes no trials that wait for it any more (%s): the starting points are tried "
        "before it, and it does not learn from them",
        why,
    )


def _seen_loss(run: Search, trial: Trial) -> float | None:
    """The loss that TPE is told; that of a pruned trial's first folds keeps it away from there."""
    return trial.metrics[run.search.loss] if trial.status == PRUNED else trial.loss


def hyperopt_space(spaces: Mapping[str, Space]) -> Any:
    """Hyperopt's space: a choice between families, each with its options below it.

    Args:
        spaces: Space by family.
    """
    from hyperopt import hp

    families = [
        {"family": name, "options": _hyperopt_options(space, name)}
        for name, space in spaces.items()
    ]
    return hp.choice(ROOT, families)


def _hyperopt_options(space: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {
        key: _hyperopt_dimension(value, f"{path}/{key}")
        if isinstance(value, Choice | Uniform)
        else value
        for key, value in space.items()
    }


def _hyperopt_dimension(dimension: Dimension, label: str) -> Any:
    from hyperopt import hp

    if isinstance(dimension, Uniform):
        return hp.uniform(label, dimension.low, dimension.high)
    values = [
        _hyperopt_options(value, f"{label}/{index}") if isinstance(value, Mapping) else value
        for index, value in enumerate(dimension.values)
    ]
    if dimension.weights is None:
        return hp.choice(label, values)
    return hp.pchoice(label, list(zip(dimension.weights, values, strict=True)))


def queued(points: Sequence[Point], known: Sequence[str]) -> Any:
    """Hyperopt trials that wait for evaluation.

    They are what Hyperopt makes of ``points_to_evaluate``. But TPE asks each trial for every label
    of the space, and these have only the labels of their own branches: the others are added empty.

    Args:
        points: The points, in the order of evaluation.
        known: Every label of the space.
    """
    from hyperopt.fmin import generate_trials_to_calculate

    trials = generate_trials_to_calculate(points)
    trials.refresh()
    for trial in trials.trials:
        for label in known:
            trial["misc"]["idxs"].setdefault(label, [])
            trial["misc"]["vals"].setdefault(label, [])
    return trials
