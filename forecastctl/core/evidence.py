"""The numbers behind a verdict in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.core.findings import Findings
    from forecastctl.core.fleet import FleetView
    from forecastctl.records import ExplainRules


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that was looked at: in words, with its threshold."""

    name: str
    statement: str
    value: float | None
    threshold: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {key: getattr(self, key) for key in self.__slots__}


def evidence(found: Findings, rules: ExplainRules, first: str = "noise") -> Iterator[Evidence]:
    """Every number that was looked at; the deciding one first."""
    facts = list(_all(found, rules))
    yield from (f for f in facts if f.name.startswith(first))
    yield from (f for f in facts if not f.name.startswith(first))


def _all(found: Findings, rules: ExplainRules) -> Iterator[Evidence]:
    case, fleet, broke = found.case, found.fleet, found.broke
    yield Evidence(
        "noise",
        f"the miss is {abs(case.z):.1f} times the usual error of {case.scale:,.0f}",
        abs(case.z),
        rules.noise_z,
    )
    for fault in found.faults:
        yield Evidence(f"fault_{fault.name}", fault.statement, fault.value, fault.threshold)
    if case.status != "ok":
        yield Evidence("status", f"{case.status}: {case.reason}", None, None)
    if case.failed_since:
        yield Evidence("status", case.failed_since, None, None)
    yield from _fleet(fleet, rules)
    if broke is not None:
        when = (
            f"{broke.before_cutoff} periods before the cutoff"
            if broke.before_cutoff > 0
            else "after the cutoff"
        )
        yield Evidence(
            "break",
            f"the level changed by {broke.percent:+.0f} % in {broke.began}, {when}",
            float(broke.before_cutoff),
            float(rules.visible),
        )
    if broke is not None and found.reset is not None:
        yield Evidence(
            "break_reset",
            f"the level after the break would have given {found.reset:,.0f}",
            abs(found.reset - case.actual),
            rules.near * abs(case.miss),
        )
    for a in found.alternatives[:1]:
        yield Evidence(
            "alternative",
            f"of {len(found.alternatives)} alternatives {a.label} came nearest with {a.value:,.0f}",
            abs(a.miss),
            rules.near * abs(case.miss),
        )


def _fleet(fleet: FleetView, rules: ExplainRules) -> Iterator[Evidence]:
    if fleet.share_same is not None:
        yield Evidence(
            "fleet_share",
            f"{fleet.share_same:.0%} of {fleet.airports - 1} other airports missed on the same "
            "side",
            fleet.share_same,
            rules.system_share,
        )
    if fleet.stands_out is not None:
        yield Evidence(
            "fleet_distance",
            f"its change since the cutoff stands {abs(fleet.stands_out):.1f} robust deviations "
            "from that of its peers",
            abs(fleet.stands_out),
            rules.fleet_z,
        )
