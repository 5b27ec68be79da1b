"""What a million airports a night ask for, in several ways of recording them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nights.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nights.facts import Facts
    from nights.night import Night, Result

BATCH = 100
"""Airports in one transaction where they are many."""
MONTH, YEAR = 30, 365
"""Nights."""
DEATHS = {"worker_deaths": 0.01, "machine_deaths": 0.05, "slow": 0.1, "slowness": 1.5}
"""A worker in a hundred hours, a machine in twenty, one machine in ten half as slow again."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A night that is simulated.

    Attributes:
        name: What is done.
        facts: What it costs.
        night: What is to be done, and where.
        reckoned: Whether some of its facts are of something that does not exist yet.
    """

    name: str
    facts: Facts
    night: Night
    reckoned: bool = False


def scenarios(known: Mapping[str, Facts], night: Night) -> Iterator[Scenario]:
    """Ways of recording a night, each with what the one before has.

    Args:
        known: Facts of ``flat``; of ``nested`` and of ``batched``, which is flat in transactions of
            `BATCH` airports, where they were measured.
        night: Airports and machines.
    """
    flat, machines = known["flat"], len(night.places)
    many = replace(night, stores=machines)
    if "nested" in known:
        yield Scenario("nested, one store", known["nested"], night)
    yield Scenario("flat, one store", flat, night)
    if "batched" in known:
        yield Scenario(f"flat, {BATCH} a transaction, one store", known["batched"], night)
    yield Scenario("flat, 4 stores", flat, replace(night, stores=4))
    yield Scenario(f"flat, {machines} stores", flat, many)
    yield Scenario(f"flat, {machines} stores, deaths, slow machines", flat, replace(many, **DEATHS))
    small = replace(many, shares=4, **DEATHS)
    yield Scenario(f"flat, {machines} stores, the same, 4 shares each", flat, small)
    yield Scenario(f"flat, {machines} stores, trials in Parquet", in_parquet(flat), many, True)


def in_parquet(facts: Facts) -> Facts:
    """The same with all tables of trials of a share in one file, which takes no time of its own."""
    stored = facts.stored
    rest = stored.file_bytes - stored.trial_bytes + stored.parquet_bytes
    return replace(facts, stored=replace(stored, files=stored.files - 1, file_bytes=rest))


def played(scenario: Scenario) -> dict[str, Any]:
    """A scenario with what comes of it, as plain values; times are hours or seconds, by name."""
    result = simulate(scenario.facts, scenario.night)
    return {
        "name": scenario.name,
        "reckoned": scenario.reckoned,
        "hours": result.wall / 3600,
        "models": result.models / (scenario.night.cores * result.wall),
        "worked_hours": result.worked / 3600,
        "recorded_hours": result.recorded / 3600,
        "phases": {name: result.part(name) for name in result.phases},
        "store_hours": max(result.store_busy) / 3600,
        "dead": [result.dead_workers, result.dead_machines],
        "lost_core_hours": result.lost / 3600,
        **demands(scenario.facts, scenario.night, result),
    }


def demands(facts: Facts, night: Night, result: Result) -> dict[str, Any]:
    """What the stores must take.

    Args:
        facts: What an airport leaves, and how long it takes.
        night: How many there are.
        result: How long the night took.
    """
    stored, airports = facts.stored, night.airports
    each = facts.publishing.mine
    return {
        "rows": stored.rows * airports,
        "rows_a_second": stored.rows / each if each else 0.0,
        "rows_a_second_of_night": stored.rows * airports / night.stores / result.wall,
        "written_a_second": stored.written / each if each else 0.0,
        "bytes": stored.bytes * airports,
        "bytes_a_month": stored.bytes * airports * MONTH,
        "bytes_a_year": stored.bytes * airports * YEAR,
        "files": stored.files * airports,
        "file_bytes": stored.file_bytes * airports,
        "file_bytes_a_year": stored.file_bytes * airports * YEAR,
    }
