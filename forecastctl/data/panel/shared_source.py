"""How a panel is named that the workers read: ``parquet:/shared/folder``, ``spark:table``."""

from __future__ import annotations

PARQUET, SPARK = "parquet:", "spark:"


def is_shared(source: object) -> bool:
    """Whether a source is one that the workers read."""
    return isinstance(source, str) and source.startswith((PARQUET, SPARK))


def table_in(source: str) -> str | None:
    """Name of the table of Spark that a source names, ``None`` where it names a folder."""
    return source.removeprefix(SPARK) if source.startswith(SPARK) else None


def folder_in(source: str) -> str:
    """The folder or file of Parquet that a source names, or the source itself."""
    return source.removeprefix(PARQUET)
