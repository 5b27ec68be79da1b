"""Thresholds of verdicts and alarms; `forecastctl.settings` takes its defaults from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExplainRules:
    """Thresholds of the verdict about a miss, calibrated on backtests.

    Attributes:
        noise_z: A miss of at most so many calibrated standard deviations is expected noise.
        doubt_z: Up to so many it is noise beyond doubt; between the two a cause must show clearly.
        fleet_z: An airport whose change since the cutoff is so many robust deviations from its
            peers' stands out.
        system_share: Share of the fleet that missed the same month in the same direction, from
            which on the shock counts as system-wide.
        fleet_least: Fewer airports than this say nothing about a fleet.
        near: An alternative came near when its miss is at most this share of the miss.
        visible: A break at least so many periods before the cutoff should have been caught.
        revised: Revised data are to blame when they explain at least this share of the miss.
    """

    noise_z: float = 3.0
    doubt_z: float = 2.0
    fleet_z: float = 8.0
    system_share: float = 0.5
    fleet_least: int = 3
    near: float = 0.5
    visible: int = 3
    revised: float = 0.5


@dataclass(frozen=True, slots=True)
class MonitorRules:
    """When an airport's forecasts count as degraded.

    Attributes:
        false_alarm: Probability that an airport whose forecasts are as good as its backtest said
            is called degraded in one run of the monitor.
        least_scored: Fewer scored forecasts than this say nothing.
        window: The newest periods whose forecasts are scored.
        max_age: Periods after which a specification is past its age, and tuned again.
    """

    false_alarm: float = 0.01
    least_scored: int = 3
    window: int = 12
    max_age: int = 24
