"""Model families: one small protocol, one registry."""

from forecastctl.core.families.base import (
    Choice,
    Dimension,
    Family,
    Fit,
    Space,
    Uniform,
    family,
    family_names,
)

__all__ = ["Choice", "Dimension", "Family", "Fit", "Space", "Uniform", "family", "family_names"]
