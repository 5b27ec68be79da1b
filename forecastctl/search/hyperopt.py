"""The search with Hyperopt's TPE: our spaces as Hyperopt's, starting points, and proposals.

Bergstra, Bardenet, Bengio and Kegl (2011), Algorithms for hyper-parameter optimization.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models import Choice, Uniform
from forecastctl.records.learning import RANDOM, TPE
from forecastctl.search.evaluation import PRUNED
from forecastctl.search.space import ROOT, labels, model_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.models import Dimension, Space
    from forecastctl.records import Model, Trial
    from forecastctl.search.evaluation import Steps
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
) -> Steps[None]:
    """Evaluate these points, and then what Hyperopt proposes, until the search is over.

    Of a proposal that repeats a model Hyperopt learns the loss again, as from any other. It uses up
    no evaluation, so that Hyperopt is asked for more than there are evaluations.

    Args:
        run: The search; trials are added to it.
        spaces: Space by family.
        points: Starting points, in the order in which they are evaluated. TPE learns from them.
        seed: Of the proposals.
    """
    begun = []
    for point in points:
        if not (yield from run.ready()):
            return
        begun.append((point, run.begin(point.model, point.origin)))
    tpe = None
    while (yield from run.ready_to_propose()):
        tpe = tpe or Tpe(run, spaces, begun, seed)
        tpe.tell()
        model, origin, asked = tpe.propose()
        tpe.await_loss(asked, run.begin(model, origin))


class Tpe:
    """Hyperopt's TPE, asked for one proposal after the other, and told what is known by then.

    Args:
        run: The search.
        spaces: Space by family.
        begun: Starting points with the numbers of their evaluations: it learns from these as well.
        seed: Of the proposals.
    """

    def __init__(
        self,
        run: Search,
        spaces: Mapping[str, Space],
        begun: Sequence[tuple[Candidate, int]],
        seed: int,
    ) -> None:
        import hyperopt

        logging.getLogger("hyperopt").setLevel(logging.WARNING)  # it reports every proposal
        self._run, self._spaces = run, spaces
        # What is evaluated is decided by the search; Hyperopt wants a function all the same.
        self._domain = hyperopt.Domain(_not_called, hyperopt_space(spaces))
        self._trials: Any = hyperopt.Trials()
        self._random = np.random.default_rng(seed)
        self._waiting: list[tuple[Any, int]] = []
        waiting = self._queued([point.point for point, _ in begun])
        self._ids = count(len(waiting))
        for trial, (_, number) in zip(waiting, begun, strict=False):
            self.await_loss(trial, number)

    def _queued(self, points: Sequence[Point]) -> Sequence[Any]:
        """Starting points as trials of Hyperopt's; none where it takes none."""
        try:
            found: Sequence[Any] = queued(points, labels(self._spaces)).trials
        except (ImportError, AttributeError, LookupError, TypeError) as error:
            _say_not_queued(str(error))
            return ()
        return found

    def await_loss(self, asked: Any, number: int) -> None:
        """Let Hyperopt know of what is under way, and remember of which evaluation it waits.

        Until it is told a loss it keeps away from there.
        """
        self._trials.insert_trial_docs([asked])
        self._trials.refresh()
        self._waiting.append((self._trials.trials[-1], number))

    def tell(self) -> None:
        """Tell Hyperopt what is known by now of what it waits for."""
        import hyperopt

        known = self._run.results
        for trial, number in self._waiting:
            if number in known:
                trial["state"] = hyperopt.JOB_STATE_DONE
                trial["result"] = _result(self._run, known[number])
        self._waiting = [(trial, number) for trial, number in self._waiting if number not in known]

    def propose(self) -> tuple[Model, str, Any]:
        """What TPE proposes by what it knows; before it knows of any trial it draws from the prior.

        Returns:
            The model, where it comes from, and Hyperopt's trial of it.
        """
        import hyperopt

        origin = TPE if self._trials.trials else RANDOM
        (asked,) = hyperopt.tpe.suggest(
            [next(self._ids)],
            self._domain,
            self._trials,
            self._random.integers(2**31 - 1),
            n_startup_jobs=0,
        )
        values = asked["misc"]["vals"].items()
        point = {label: chosen[0] for label, chosen in values if chosen}
        return model_at(self._spaces, point), origin, asked


def _not_called(_sample: object) -> None:
    raise AssertionError


def _result(run: Search, trial: Trial | None) -> dict[str, Any]:
    """What TPE is told; the loss of a pruned trial's first folds keeps it away from there."""
    import hyperopt

    loss = trial and (trial.metrics[run.search.loss] if trial.status == PRUNED else trial.loss)
    if loss is None:
        return {"status": hyperopt.STATUS_FAIL}
    return {"status": hyperopt.STATUS_OK, "loss": loss}


@cache
def _say_not_queued(why: str) -> None:
    """Once in a process: every search comes to it."""
    _LOG.warning(
        "Hyperopt takes no trials that wait for it any more (%s): the starting points are tried "
        "before it, and it does not learn from them",
        why,
    )


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
