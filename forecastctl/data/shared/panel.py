"""A panel on shared storage as a job knows it: all but its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from forecastctl.data.panel.understood import Understood

Parts: TypeAlias = Callable[[], Iterator[tuple[tuple[str, ...], bytes]]]
"""Gives the rows of all airports in parts, one after the other: names, and a Parquet file each."""


@dataclass(frozen=True, slots=True)
class SharedPanel:
    """What is known of a panel that workers read.

    Attributes:
        freq: As in `forecastctl.data.panel.panel.Panel`.
        season_length: The same.
        source: The same.
        digest: The same: that of a panel of the same rows read here.
        profile: The same.
        snapshot: Its rows, fetched when they are to be stored.
        columns: Where airport, date and value were found.
        unit: What rows are counted in.
        groups: None: workers see one airport each.
        understood: How it was read.
    """

    freq: str
    season_length: int
    source: str
    digest: str
    profile: Mapping[str, int]
    snapshot: Parts
    columns: Mapping[str, str]
    unit: str = "row"
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    understood: Understood = field(default_factory=Understood)
