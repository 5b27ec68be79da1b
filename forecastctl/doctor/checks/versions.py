"""Are the packages there that forecastctl asks for, and the ones that the newest job had?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.doctor.finding import Finding, named

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that forecastctl asks for.

    Attributes:
        name: Its name.
        asked: Versions that will do, such as ``>=2.2``.
        found: The installed version, or ``None``.
        fits: Whether that will do.
    """

    name: str
    asked: str
    found: str | None
    fits: bool


def check(
    requirements: list[Requirement], now: Mapping[str, str], newest_job: Mapping[str, str]
) -> list[Finding]:
    """Judge the installed packages.

    Args:
        requirements: What is asked for.
        now: Versions by package, of all that can change a number.
        newest_job: Those of the newest job that is recorded; empty where there is none.
    """
    wrong = [
        Finding(
            "versions",
            "wrong",
            f"{r.name} is {r.found or 'not there'}; forecastctl needs {r.name}{r.asked}.",
            f"pip install '{r.name}{r.asked}'",
        )
        for r in requirements
        if not r.fits
    ]
    changed = [
        f"{name} {newest_job[name]}, now {version}"
        for name, version in now.items()
        if name in newest_job and newest_job[name] != version
    ]
    if changed:
        wrong.append(
            Finding(
                "versions",
                "note",
                f"The newest job had other versions: {named(changed)}.",
                "Nothing to mend: the next 'run --skip-unchanged' does every airport again.",
            )
        )
    if not requirements:
        message = (
            "forecastctl runs from a folder without being installed: what it needs is not known."
        )
        wrong.append(Finding("versions", "note", message, "pip install it."))
    return wrong or [
        Finding("versions", "ok", f"All {len(requirements)} packages that are needed are there.")
    ]
