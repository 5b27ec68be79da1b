"""One model by the name of its family and its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forecastctl.models import family
from forecastctl.records import Model

if TYPE_CHECKING:
    from forecastctl.records import Option, Options


DIGITS = 4
"""Decimals kept of a searched number, so that what is recorded is what is fitted."""


def make_model(name: str, options: Options) -> Model:
    """Model of a family with its label."""
    label = family(name).label(options)
    for taken_out in ("shocks", "terms"):
        label += f" {taken_out} out" if taken_out in options else ""
    return Model(name, dict(options), label)


def _flatten(options: Mapping[str, Any]) -> dict[str, Option]:
    flat: dict[str, Option] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value)
        else:
            flat[key] = round(value, DIGITS) if isinstance(value, float) else value
    return flat
