"""What the search asks Hyperopt for: a search space in its terms, and trials to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forecastctl.core.families import Choice, Uniform
from forecastctl.core.points import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.core.families import Dimension, Space
    from forecastctl.core.points import Point


RAREST = 0.02
"""Prior of a family that never wins: it stays possible."""


def hyperopt_space(spaces: Mapping[str, Space], prior: Mapping[str, float] | None = None) -> Any:
    """Hyperopt's space: a choice between families, each with its options below it.

    Args:
        spaces: Space by family.
        prior: Share of each family among earlier winners; by default all are as likely.
    """
    from hyperopt import hp

    families = [
        {"family": name, "options": _hyperopt_options(space, name)}
        for name, space in spaces.items()
    ]
    if not prior:
        return hp.choice(ROOT, families)
    shares = [max(prior.get(name, 0.0), RAREST) for name in spaces]
    return hp.pchoice(ROOT, [(s / sum(shares), f) for s, f in zip(shares, families, strict=True)])


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

    This is what ``points_to_evaluate`` makes, with the labels of the branches not taken, which
    TPE asks every trial for.
    """
    from hyperopt.fmin import generate_trials_to_calculate

    trials = generate_trials_to_calculate(points)
    trials.refresh()
    for trial in trials.trials:
        for label in known:
            trial["misc"]["idxs"].setdefault(label, [])
            trial["misc"]["vals"].setdefault(label, [])
    return trials


def settle(trials: Any, losses: Sequence[float | None]) -> Any:
    """The same trials, the first of them evaluated already, with these losses."""
    import hyperopt

    for trial, loss in zip(trials.trials, losses, strict=False):
        trial["state"] = hyperopt.JOB_STATE_DONE
        status = hyperopt.STATUS_FAIL if loss is None else hyperopt.STATUS_OK
        trial["result"] = {"status": status, "loss": loss}
    trials.refresh()
    return trials
