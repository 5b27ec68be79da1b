"""Which parameters of a function override a setting: said in their annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Sets:
    """Marks a parameter that overrides a setting, named as ``section.key``."""

    setting: str


def settings_of(function: Callable[..., Any]) -> dict[str, str]:
    """Those parameters of a function that override a setting, with its name."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: mark.setting
        for name, hint in hints.items()
        for mark in get_args(hint)
        if isinstance(mark, Sets)
    }


def overrides(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were given for the parameters of a function, by the setting they override."""
    named = settings_of(function).items()
    return {setting: given[name] for name, setting in named if given[name] is not None}
