"""Says where two records differ, in words: which job, which airport, which value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABELS = ("name", "airport", "date", "lead", "label", "run_id", "setting")
"""Keys that tell the objects of a list apart, where they do."""

_LONG = 160
"""Characters of a value that are shown."""

ABSENT = object()


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """A line for each value that differs, with the way to it."""
    before, after = _by_label(before, after)
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(n for n in after if n not in before)]:
            here = f"{path} > {name}" if path else str(name)
            yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), here)
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            old, new = (items[place] if place < len(items) else ABSENT for items in (before, after))
            yield from differences(old, new, f"{path}[{place}]")
    elif repr(before) != repr(after):  # a number that is none equals itself here
        yield f"{path}: {_shown(before)} -> {_shown(after)}{_size(before, after)}"


def _by_label(before: Any, after: Any) -> tuple[Any, Any]:
    """Lists of objects as objects by what tells them apart, so that one more moves no others.

    A list in another order stays a list: the order is an answer too.
    """
    if not isinstance(before, list) or not isinstance(after, list):
        return before, after
    for label in _LABELS:
        old, new = _keyed(before, label), _keyed(after, label)
        if old is not None and new is not None:
            same_order = [k for k in old if k in new] == [k for k in new if k in old]
            return (old, new) if same_order else (before, after)
    return before, after


def _keyed(items: list[Any], label: str) -> dict[str, Any] | None:
    if not all(isinstance(item, dict) and label in item for item in items):
        return None
    found = {str(item[label]): item for item in items}
    return found if len(found) == len(items) else None


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "(nothing)"
    said = repr(value)
    return said if len(said) <= _LONG else f"{said[:_LONG]}..."


def _size(before: Any, after: Any) -> str:
    """How large a difference of numbers is."""
    if isinstance(before, float) and isinstance(after, float) and before:
        return f" (relative {abs(after - before) / abs(before):.1e})"
    return ""
