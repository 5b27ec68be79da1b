"""Sentences about what changed between two vintages, beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from forecastctl.figures import number

if TYPE_CHECKING:
    from forecastctl.records import Series


class MadeBy(NamedTuple):
    """What made a forecast: packages (``name=version ...``), commit, digest of the environment."""

    versions: str
    code: str
    environment: str


def revisions(before: Series, after: Series) -> str:
    """A sentence about revised values: how many, and the largest change with both values."""
    old = dict(zip(before.ds.tolist(), before.y.tolist(), strict=True))
    new = dict(zip(after.ds.tolist(), after.y.tolist(), strict=True))
    changed = [d for d in old if d in new and old[d] != new[d]]
    parts = [f"{len(changed)} revised"] if changed else []
    gone, come = len(old.keys() - new.keys()), len(new.keys() - old.keys())
    parts += [f"{gone} no longer there"] if gone else []
    parts += [f"{come} not there before"] if come else []
    text = f"of the periods up to {before.cutoff}: {', '.join(parts)}"
    if not changed:
        return text
    most = max(changed, key=lambda d: abs(new[d] - old[d]))
    return f"{text}; most of all {most}, {number(old[most])} to {number(new[most])}"


def changed_code(older: MadeBy, newer: MadeBy) -> str:
    """What the record says about code, packages and machine."""
    changed = changed_versions(older.versions, newer.versions)
    if older.code != newer.code:
        changed.append(f"commit {older.code or 'unknown'} to {newer.code or 'unknown'}")
    if changed:
        return f"code: {', '.join(changed)}"
    if older.environment != newer.environment:
        return "code: the machine was another one"
    return (
        "code: the record shows no change between both; what is fitted now differs from what was "
        "stored, so this installation or the stored model has changed"
    )


def changed_versions(older: str, newer: str) -> list[str]:
    """Packages whose versions differ, from both texts of versions."""
    old, new = (dict(p.split("=", 1) for p in t.split() if "=" in p) for t in (older, newer))
    names = [*old, *(n for n in new if n not in old)]
    return [
        f"{name} {old.get(name, 'absent')} to {new.get(name, 'absent')}"
        for name in names
        if old.get(name) != new.get(name)
    ]
