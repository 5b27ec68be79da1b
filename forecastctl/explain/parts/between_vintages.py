"""What changed the number from one forecast of a period to the next. Pure.

The path from the older to the newer forecast is walked in a fixed order, `ORDER`, one thing swapped
at each step while all before it stay swapped and all behind it stay as they were. A part is the
change of the forecast in its step:

1. ``data_revised``: the older specification fitted again, by the older's engine, to what the newer
   vintage knows of the periods up to the older cutoff, minus the same on what the older vintage
   knew of them. The difference of two fits, so that fitting again has no share in it; nothing where
   no value was revised.
2. ``data_added``: the model of the first step, parameters held, run on over the periods since
   (`forecastctl.models.combination.advance`). A member whose family cannot be run on is fitted
   again instead, with a note: its share of step 3 is in here.
3. ``parameters``: the older specification estimated on all that the newer vintage knows, with what
   it learned from the fleet.
4. ``specification``: the newer one instead, estimated on the same.
5. ``code``: the rest up to the newer forecast as it was stored, and with it every difference
   between what is stored and what the same inputs give now. Nothing where both forecasts can be
   reproduced here: then no change of code, package or machine has touched them.

Data come first, since they came first: what happened, what estimating made of it, what the search
made of that. A part depends on the order where two things interact; the order is reported with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError, UsageError
from forecastctl.explain.parts.vintage_notes import MadeBy, changed_code, revisions
from forecastctl.explain.values import ChangePart, VintageChange
from forecastctl.models.combination.advance import advance
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.replay import same_models
from forecastctl.models.pooled import held_lines
from forecastctl.records import Specification
from forecastctl.records.calendar import period_of

if TYPE_CHECKING:
    from datetime import date

    from forecastctl.records import FittedMember, FittedModel, FleetLines, Series

REVISED, ADDED, PARAMETERS = "data_revised", "data_added", "parameters"
SPECIFICATION, CODE = "specification", "code"

ORDER = (REVISED, ADDED, PARAMETERS, SPECIFICATION, CODE)
"""Parts in the order in which things are swapped."""

_ROUNDING = 1e-9
"""A share of code below this, relative to the forecasts, is the last bits' and needs no note."""


@dataclass(frozen=True, slots=True)
class VintageInput:
    """One stored forecast of a period with all that made it.

    Attributes:
        mean: The forecast of the period as it was stored, passengers.
        model: The model behind it.
        series: The series as this vintage saw it; periods after the model's cutoff are not used.
        lead: Periods from the cutoff to the period.
        horizon: Periods ahead of the stored forecast.
        versions: Packages, as recorded.
        code: Commit, as recorded.
        environment: Digest of versions and machine, as recorded.
        engine: What fitted.
    """

    mean: float
    model: FittedModel
    series: Series
    lead: int
    horizon: int
    versions: str = ""
    code: str = ""
    environment: str = ""
    engine: str = "compiled"

    @property
    def made_by(self) -> MadeBy:
        """What the record says about code, packages and machine."""
        return MadeBy(self.versions, self.code, self.environment)


def split_change(older: VintageInput, newer: VintageInput, target: date) -> VintageChange:
    """Split the difference between two stored forecasts of one period.

    A step that cannot be computed (too little data to fit to, say) is left out with a note; its
    share then is in the next one.

    Args:
        older: The forecast from the earlier cutoff (or made earlier from the same one).
        newer: The other one.
        target: First day of the period.

    Returns:
        The parts, in the order of `ORDER`; they sum to newer minus older to within 1e-9 of the
        largest number involved.

    Raises:
        UsageError: The older forecast starts from a later cutoff than the newer one, or the period
            is not ahead of a cutoff.
    """
    _check(older, newer, target)
    walk = _VintageWalk(older, newer, target)
    walk.revise()
    walk.add()
    walk.estimate()
    walk.specify()
    return walk.ended()


def _check(older: VintageInput, newer: VintageInput, target: date) -> None:
    first, second = older.model.cutoff, newer.model.cutoff
    if first > second:
        raise UsageError(
            f"The older forecast starts from {first}, which is after {second}.",
            "Give the earlier cutoff first.",
        )
    for vintage in (older, newer):
        ahead = _periods(vintage.model, target)
        if ahead != vintage.lead or ahead < 1:
            cutoff = vintage.model.cutoff
            raise UsageError(
                f"{target} is {ahead} periods after the cutoff {cutoff}, not {vintage.lead}."
            )


def _periods(model: FittedModel, target: date) -> int:
    """Periods from the model's cutoff to the one that holds a day."""
    return period_of(target, model.freq) - period_of(model.cutoff, model.freq)


@dataclass
class _VintageWalk:
    """The steps from the older forecast to the newer one, with the parts found so far."""

    older: VintageInput
    newer: VintageInput
    target: date
    parts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ORDER, 0.0))
    notes: list[str] = field(default_factory=list)
    slips: list[float] = field(default_factory=list)
    """What is stored, or was fitted, minus what the same inputs give now: the share of code."""
    model: FittedModel = field(init=False)
    value: float = field(init=False)
    seen: Series = field(init=False)
    """Data that the parameters of the model are estimated on."""
    data: Series = field(init=False)
    """Data that the newer forecast was made from."""

    def __post_init__(self) -> None:
        self.model = self.older.model
        self.seen = _until(self.older.series, self.model.cutoff)
        self.data = _until(self.newer.series, self.newer.model.cutoff)
        self.value = self._at(self.model)
        self.slips.append(self.value - self.older.mean)

    def revise(self) -> None:
        """Swap the values up to the older cutoff."""
        before, after = self.seen, _until(self.data, self.older.model.cutoff)
        if _equal(before, after):
            return
        self.notes.append(revisions(before, after))
        specification = self.older.model.specification
        try:
            base = self._fit(before, specification, self.older)
            revised = self._fit(after, specification, self.older)
        except ModelError as error:
            self._left_out(REVISED, error)
            return
        base_value = self._at(base)
        self.slips.append(base_value - self.value)
        self.value, self.seen = base_value, after
        self._step(REVISED, revised)

    def add(self) -> None:
        """Run the model on over the new periods, parameters held."""
        if self.data.n == 0 or self.data.cutoff <= self.model.cutoff:
            return
        anew: list[str] = []

        def refit(fitted: FittedMember) -> FittedMember:
            anew.append(fitted.member.model.label)
            alone = Specification((replace(fitted.member, weight=1.0),))
            again = self._fit(self.data, alone, self.older).members[0]
            return replace(again, member=fitted.member)

        try:
            self._step(ADDED, advance(self.model, self.data, refit))
        except ModelError as error:
            self._left_out(ADDED, error)
        if anew:
            names = ", ".join(sorted(set(anew)))
            self.notes.append(f"{names}: {PARAMETERS} cannot be held, and are part of {ADDED}")

    def estimate(self) -> None:
        """Estimate the older specification on the newer data."""
        if _equal(self.seen, self.data) and not self._learned_anew():
            return
        older, newer = self.older, self.newer
        lines = held_lines(newer.model, older.model)
        try:
            model = self._fit(self.data, older.model.specification, older, lines)
        except ModelError as error:
            self._left_out(PARAMETERS, error)
            return
        self._step(PARAMETERS, model)

    def specify(self) -> None:
        """Swap the specification, and the engine that fits it."""
        older, newer = self.older, self.newer
        same = same_models(older.model.specification, newer.model.specification)
        if same and older.engine == newer.engine:
            return
        if older.engine != newer.engine:
            change = f"the engine, {older.engine} to {newer.engine}, is part of {SPECIFICATION}"
            self.notes.append(change)
        try:
            model = self._fit(self.data, newer.model.specification, newer)
        except ModelError as error:
            self._left_out(SPECIFICATION, error)
            return
        self._step(SPECIFICATION, model)

    def ended(self) -> VintageChange:
        """End with the rest, which is the part of the code."""
        older, newer = self.older, self.newer
        difference = newer.mean - older.mean
        self.slips.append(newer.mean - self.value)
        # Without a slip, what floating point leaves over belongs to the largest part.
        rest = CODE if any(self.slips) else max(ORDER, key=lambda name: abs(self.parts[name]))
        others = [value for name, value in self.parts.items() if name != rest]
        self.parts[rest] = math.fsum([difference, *(-value for value in others)])
        if abs(self.parts[CODE]) > _ROUNDING * max(abs(older.mean), abs(newer.mean)):
            self.notes.append(changed_code(older.made_by, newer.made_by))
        return VintageChange(
            from_=older.model.cutoff,
            to=newer.model.cutoff,
            difference=difference,
            order=ORDER,
            parts=tuple(ChangePart(name, self.parts[name]) for name in ORDER),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _step(self, part: str, model: FittedModel) -> None:
        value = self._at(model)
        self.parts[part] += value - self.value
        self.model, self.value = model, value

    def _left_out(self, part: str, error: ModelError) -> None:
        self.notes.append(f"{part} is part of what follows: {error.message}")

    def _learned_anew(self) -> bool:
        """Whether models that both have were estimated over a fleet that has changed."""
        then, now = held_lines(self.older.model), held_lines(self.newer.model)
        return bool(then and now and then.weights() != now.weights())

    def _fit(
        self,
        series: Series,
        specification: Specification,
        by: VintageInput,
        lines: FleetLines | None = None,
    ) -> FittedModel:
        """Fit to a series; what was learned from a fleet is that of a vintage, unless given."""
        seen = series.with_fleet(lines or held_lines(by.model))
        model, _ = fit(seen, specification, horizon=by.horizon, fallback=False, engine=by.engine)
        return model

    def _at(self, model: FittedModel) -> float:
        """The model's forecast of the period."""
        lead = _periods(model, self.target)
        horizon = max(lead, self.older.horizon, self.newer.horizon)
        return float(predict(model, horizon).mean[lead - 1])


def _until(series: Series, cutoff: str) -> Series:
    """The series up to a cutoff."""
    kept = series.ds <= np.datetime64(cutoff)
    return replace(series, ds=series.ds[kept], y=series.y[kept])


def _equal(a: Series, b: Series) -> bool:
    return np.array_equal(a.ds, b.ds) and np.array_equal(a.y, b.y)
