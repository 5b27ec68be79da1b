"""What is asked, and what it is answered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from forecastctl.promote.decide import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.monitor.data import Observed
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Models, Tracker


@dataclass(frozen=True, slots=True)
class Stores:
    """Where runs and registered models are."""

    tracker: Tracker
    models: Models


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the user asks.

    Attributes:
        promotion_id: Id of this decision.
        start_ms: When it began, milliseconds since the epoch.
        name: Name of the registered model.
        version: The version that was named.
        job: The run of the job that was named.
        rule: What a challenger has to meet.
        force: Whether it is promoted whatever the evidence says.
        record: Whether anything is written; if not, it is only said what would be decided.
        params: Flags and settings, for the record.
    """

    promotion_id: str
    start_ms: int
    name: str
    version: int | None = None
    job: StoredRun | None = None
    rule: Rule = field(default_factory=Rule)
    force: bool = False
    record: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the airports.

    Attributes:
        observed: What came true.
        freq: Frequency that its periods are numbered in.
        season_length: Periods per season.
        panel_digest: SHA-256 of the panel that it is from.
        groups: Value of each airport by column of groups.
    """

    observed: Sequence[Observed]
    freq: str
    season_length: int
    panel_digest: str
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
