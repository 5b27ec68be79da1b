"""Generate the pages that would otherwise drift from the code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docs._tools import (
    cli_reference,
    exit_codes,
    explain_reference,
    explain_schema,
    layers,
    lineage,
    nights,
    python_reference,
    settings_reference,
    ways,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/cli.md": cli_reference.page,
    "docs/reference/settings.md": settings_reference.page,
    "docs/reference/settings.schema.json": settings_reference.schema,
    "docs/reference/python.md": python_reference.page,
    "docs/reference/exit-codes.md": exit_codes.page,
    "docs/reference/explain.md": explain_reference.page,
    "docs/reference/explain.schema.json": explain_schema.page,
    "docs/reference/lineage.md": lineage.page,
    "docs/images/layers.svg": layers.picture,
    "docs/explanation/a-million-airports.md": nights.page,
    "docs/images/nights.svg": nights.picture,
    "docs/images/ways-one-machine.svg": ways.one_machine,
    "docs/images/ways-cluster.svg": ways.cluster,
}


def stale() -> list[str]:
    """Generated pages whose content differs from what the code says now."""
    return [
        path
        for path, make in PAGES.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != make()
    ]


def write() -> list[str]:
    """Write what is stale, and return its paths."""
    paths = stale()
    for path in paths:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(PAGES[path](), encoding="utf-8")
    return paths
