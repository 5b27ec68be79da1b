"""What a search tries that knows an earlier one, after its starts.

Candidates are the best models of the earlier search, what lies next to the best so far, and some at
random. Tried is the one that promises most after the losses so far and those of the earlier search.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records.learning import NEAR, PRIOR
from forecastctl.search.hyperopt import RAREST
from forecastctl.search.learned.neighbours import drawn, neighbours
from forecastctl.search.learned.surrogate import Features, Surrogate, improvement
from forecastctl.search.space import placed
from forecastctl.search.trials import PRUNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.models import Space
    from forecastctl.records import Model, Trial
    from forecastctl.search.hyperopt import Candidate
    from forecastctl.search.trials import Search

DRAWN = 200
"""Candidates at random, from the families as they win."""

CENTRES = 4
"""Models around which the candidates lie: the best so far."""

WORST = 1.0
"""Logarithm of a loss over the best one's from which on all losses count as equally bad."""


def refine(
    run: Search, spaces: Mapping[str, Space], points: Sequence[Candidate], seed: int
) -> None:
    """Try these models, and then what promises most, until the search is over.

    Args:
        run: The search; trials are added to it.
        spaces: Space by family.
        points: Starting points.
        seed: Of what is drawn at random.
    """
    for point in points:
        if run.stopped:
            return
        run.evaluate(point.model, point.origin)
    refinement = Refinement(run, spaces, seed)
    while not run.stopped:
        proposed = refinement.propose()
        run.exhausted = proposed is None
        if proposed is not None:
            run.evaluate(*proposed)


class Refinement:
    """The search of one airport, from its starts on.

    Args:
        run: Trials so far; those that are added later are looked at in time.
        spaces: Space by family.
        seed: Of what is drawn at random.
    """

    def __init__(self, run: Search, spaces: Mapping[str, Space], seed: int) -> None:
        self._run, self._spaces = run, spaces
        self._surrogate = Surrogate(Features(spaces))
        self._models: list[Model] = []  # candidates, some of them tried by now
        self._origins: dict[str, str] = {}  # of the candidates, by key
        self._around: set[str] = set()  # keys of the models whose neighbours are candidates
        self._past: dict[str, float] = {}  # logarithms of losses in the earlier search
        self._trials: list[Trial] = []  # that the surrogate knows
        self._looked = 0
        for known in run.learned.known:
            found = placed(spaces, known.model)
            if found is not None and found[1].key not in self._past:
                self._past[found[1].key] = _log(known.loss)
                self._surrogate.add(found[1], past=True)
                self._consider([found[1]], NEAR)
        rng, prior = np.random.default_rng(seed), run.learned.prior
        self._consider((drawn(spaces, prior, RAREST, rng) for _ in range(DRAWN)), PRIOR)

    def propose(self) -> tuple[Model, str] | None:
        """The model to be tried next and its origin; ``None`` where nothing is left."""
        self._look()
        good = [t for t in self._trials if t.loss is not None]
        for trial in sorted(good, key=lambda t: (_loss(t), t.number))[:CENTRES]:
            if trial.model.key not in self._around:
                self._around.add(trial.model.key)
                found = placed(self._spaces, trial.model)  # the baseline may lie outside
                self._consider(neighbours(self._spaces, found[1]) if found else (), NEAR)
        fresh = np.array([model.key not in self._run.seen for model in self._models])
        if not fresh.any():
            return None
        values, best = self._losses()
        mean, sd = self._surrogate.expect(values)
        promise = np.where(fresh, improvement(mean, sd, best), -math.inf)
        model = self._models[int(np.argmax(promise))]
        return model, self._origins[model.key]

    def _look(self) -> None:
        """Learn from the trials made since."""
        for trial in self._run.trials[self._looked :]:
            if trial.duplicate_of is None:
                self._trials.append(trial)
                self._surrogate.add(trial.model)
        self._looked = len(self._run.trials)

    def _consider(self, models: Iterable[Model], origin: str) -> None:
        inside = [m for m in models if m.key not in self._origins and placed(self._spaces, m)]
        fresh = list({m.key: m for m in inside}.values())
        self._origins |= {m.key: origin for m in fresh}
        if fresh:
            self._models += fresh
            self._surrogate.consider(fresh)

    def _losses(self) -> tuple[list[float], float]:
        """Logarithms of all losses, the earlier ones as they would be now, and the least by now."""
        now = [_log(_seen(t, self._run.search.loss)) for t in self._trials]
        best = min((v for v in now if math.isfinite(v)), default=0.0)
        pairs = zip(self._trials, now, strict=True)
        gone = [v - self._past[t.model.key] for t, v in pairs if t.model.key in self._past]
        gone = [v for v in gone if math.isfinite(v)]
        shift = float(np.median(gone)) if gone else 0.0
        values = [v + shift for v in self._past.values()] + now
        return [min(v, best + WORST) for v in values], best


def _loss(trial: Trial) -> float:
    return math.inf if trial.loss is None else trial.loss


def _seen(trial: Trial, loss: str) -> float:
    """A pruned trial's loss is that of its first folds; a failed one's is the worst there is."""
    return trial.metrics[loss] if trial.status == PRUNED else _loss(trial)


def _log(loss: float) -> float:
    return math.log(max(loss, _TINY)) if math.isfinite(loss) else math.inf


_TINY = 1e-12
