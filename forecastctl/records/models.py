"""Specifications and fitted models: plain values that travel as JSON, never as pickles.

A `Specification` is one model or a weighted combination of models; the same kind of value goes
through tune, train, forecast, replay and explain. A `FittedModel` is its specification plus
parameters and states: all that a forecast needs, without the data and without refitting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from forecastctl.records.terms import Effect

Option: TypeAlias = str | float | int | bool | None
Options: TypeAlias = Mapping[str, Option]

Widths: TypeAlias = tuple[tuple[int, float], ...]
"""Pairs of a level in percent and half the width of an interval of that level, in standard
deviations of the models times the airport's own factor: `forecastctl.models.combination.widths`."""

MEMBERS_NAMED = 3
"""Members of a combination that its label names; the others are counted."""

MODEL_ROW_VERSION = 5
"""The newest version of a row that can be read."""

ROW_WITHOUT_EFFECTS = 4
"""The version of a row that has no effects, so that whoever can read it does."""


def widths_dict(widths: Widths) -> dict[str, float]:
    """Widths for JSON: half width by level."""
    return {str(level): width for level, width in widths}


def widths_of(row: Mapping[str, float]) -> Widths:
    """Widths as they stand in JSON."""
    return tuple((int(level), float(width)) for level, width in row.items())


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Model:
    """A family with its options, not yet fitted.

    Attributes:
        family: Registered name of the family, such as ``holt_winters``.
        options: Structural choices and any fixed parameters.
        label: Short name for people, such as ``HW(A,Ad,M)``.
    """

    family: str
    options: Options
    label: str

    @property
    def key(self) -> str:
        """Canonical text of family and options; equal models have equal keys."""
        return canonical_json({"family": self.family, "options": dict(self.options)})


@dataclass(frozen=True, slots=True)
class Member:
    """One model of a specification, its weight, and the trial that it came from."""

    model: Model
    weight: float = 1.0
    trial: int | None = None


@dataclass(frozen=True, slots=True)
class Specification:
    """One model or a weighted combination of models (weights sum to one)."""

    members: tuple[Member, ...]

    @property
    def label(self) -> str:
        """Short name for people: the model's own, ``mean of 3: A + B + C``, or the first few."""
        labels = [m.model.label for m in self.members]
        if len(labels) == 1:
            return labels[0]
        equal = len({m.weight for m in self.members}) == 1
        kind = "mean" if equal else "weighted mean"
        if len(labels) > MEMBERS_NAMED + 1:
            labels = [*labels[:MEMBERS_NAMED], f"{len(labels) - MEMBERS_NAMED} more"]
        return f"{kind} of {len(self.members)}: {' + '.join(labels)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {"members": [asdict(m) for m in self.members]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Specification:
        """Inverse of `to_dict`."""
        return cls(
            tuple(
                Member(Model(**m["model"]), float(m["weight"]), m["trial"])
                for m in value["members"]
            )
        )


@dataclass(frozen=True, slots=True)
class FittedMember:
    """One fitted model of a combination.

    Attributes:
        member: The model, weight and trial.
        params: Estimated or given parameters by name.
        states: What the recursion needs to go on from the cutoff (level, trend, seasonals, ...).
        sigma: Standard deviation of the one-step in-sample residuals, passengers.
    """

    member: Member
    params: Mapping[str, Any]
    states: Mapping[str, Any]
    sigma: float


@dataclass(frozen=True, slots=True)
class Shock:
    """A stretch that was replaced before the models were fitted.

    Attributes:
        first: First day of its first period, ISO format.
        last: First day of its last period.
        shift: Change of the logarithm of the level from before it to after it.
    """

    first: str
    last: str
    shift: float


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A specification with parameters and states as of a cutoff.

    Attributes:
        members: Fitted models with their weights.
        freq: pandas period alias of the series.
        season_length: Observations per season.
        cutoff: First day of the last period that the fit has seen, ISO format.
        n: Number of observations that the fit has seen.
        spread: Factor that calibrates the members' own standard deviations on the backtest: with
            ``widths``, so that the 95 % interval is 1.96 of them wide to each side.
        data_digest: SHA-256 of the airport's rows that the fit has seen.
        backtest_errors: Forecast minus actual by fold and lead (ragged), passengers.
        scale: In-sample seasonal-naive MAE, passengers (the denominator of MASE).
        shape: What gives the width of an interval from its level: ``widths``; in rows of version 2
            and 3 ``t4``, in those of version 1 ``normal``.
        shocks: Stretches that were replaced before the models were fitted.
        ceiling: The largest value that an interval may reach, at any horizon, passengers; ``None``
            in rows of versions 1 and 2, whose intervals stay as they were.
        widths: How wide the fleet's backtests led intervals to be, see `Widths`; empty in rows of
            versions 1 to 3.
        effects: What was taken out of the data of the members whose options say so, with what is
            known of the periods ahead; none in rows of versions 1 to 4.
    """

    members: tuple[FittedMember, ...]
    freq: str
    season_length: int
    cutoff: str
    n: int
    spread: float = 1.0
    data_digest: str = ""
    backtest_errors: tuple[tuple[float, ...], ...] = ()
    scale: float | None = None
    shape: str = "normal"
    shocks: tuple[Shock, ...] = ()
    ceiling: float | None = None
    widths: Widths = ()
    effects: tuple[Effect, ...] = ()
    version: int = field(default=ROW_WITHOUT_EFFECTS)

    @property
    def specification(self) -> Specification:
        """What was fitted."""
        return Specification(tuple(m.member for m in self.members))

    def to_row(self) -> dict[str, Any]:
        """Plain JSON value; ``from_row`` reads it back bit for bit."""
        row = {**asdict(self), "widths": widths_dict(self.widths)}
        if not self.effects:
            del row["effects"]
            return row
        return {**row, "version": MODEL_ROW_VERSION}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> FittedModel:
        """Read a row written by this or an earlier version.

        Raises:
            ValueError: The row comes from a later version.
        """
        version = int(row["version"])
        if version > MODEL_ROW_VERSION:
            msg = f"model row version {version} is newer than {MODEL_ROW_VERSION}"
            raise ValueError(msg)
        members = tuple(
            FittedMember(
                Member(
                    Model(**m["member"]["model"]),
                    float(m["member"]["weight"]),
                    m["member"]["trial"],
                ),
                m["params"],
                m["states"],
                float(m["sigma"]),
            )
            for m in row["members"]
        )
        made = ("members", "backtest_errors", "shocks", "widths", "effects")
        rest = {k: row[k] for k in row if k not in made}
        errors = tuple(tuple(map(float, fold)) for fold in row["backtest_errors"])
        shocks = tuple(Shock(**shock) for shock in row.get("shocks", ()))
        widths = widths_of(row.get("widths", {}))
        return cls(
            members=members,
            backtest_errors=errors,
            shocks=shocks,
            widths=widths,
            effects=tuple(Effect.from_dict(effect) for effect in row.get("effects", ())),
            **rest,
        )
