"""Thresholds of verdicts and alarms; `forecastctl.settings` takes its defaults from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExplainRules:
    """Thresholds of the verdict about a miss, calibrated on backtests.

    Attributes:
        noise_z: A miss of at most so many calibrated standard deviations is expected noise.
        fleet_z: So many robust standard deviations from the fleet's median make an airport stand
            out from it.
        system_share: Share of the fleet that missed the same month in the same direction, from
            which on the shock counts as system-wide.
        fleet_least: Fewer airports than this say nothing about a fleet.
        near: An alternative came near when its miss is at most this share of the miss.
        visible: A break at least so many periods before the cutoff should have been caught.
        revised: Revised data are to blame when they explain at least this share of the miss.
    """

    noise_z: float = 3.0
    fleet_z: float = 4.0
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
        max_age: Periods after which a specification is past its age, and tuned again.
    """

    false_alarm: float = 0.01
    least_scored: int = 3
    max_age: int = 24
