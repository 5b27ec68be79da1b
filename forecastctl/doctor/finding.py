"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Level: TypeAlias = Literal["ok", "note", "wrong"]
Fix: TypeAlias = Literal["remove", "kill-runs", "remove-kernels"]

NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: Name of the check, such as ``disk``.
        level: ``ok``, ``note`` (worth knowing; nothing is wrong) or ``wrong``.
        message: One sentence: what there is.
        mend: What to do about it; empty where there is nothing to do.
        fix: What ``--fix`` does about it, where that is safe.
        subjects: Paths or run ids that the fix is about.
    """

    check: str
    level: Level
    message: str
    mend: str = ""
    fix: Fix | None = None
    subjects: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        value = {key: getattr(self, key) for key in self.__slots__}
        return {**value, "subjects": list(self.subjects)}


def is_wrong(findings: Iterable[Finding]) -> bool:
    """Whether anything is."""
    return any(finding.level == "wrong" for finding in findings)


def named(names: Sequence[str], most: int = NAMED) -> str:
    """The first of some names, and how many there are besides."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def count(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def size(n: float) -> str:
    """Bytes in words."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if n < 1024:  # noqa: PLR2004 - of the units
            return f"{n:.0f} {unit}" if unit in ("bytes", "KiB") else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.1f} TiB"
