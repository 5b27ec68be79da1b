"""Model families: one small protocol, one registry."""

from forecastctl.models.base import (
    ENGINES,
    Choice,
    Dimension,
    Family,
    Fit,
    Space,
    Uniform,
    family,
    family_names,
    fitter,
    working_engine,
)

__all__ = [
    "ENGINES",
    "Choice",
    "Dimension",
    "Family",
    "Fit",
    "Space",
    "Uniform",
    "family",
    "family_names",
    "fitter",
    "working_engine",
]
