"""Which periods are missing in the data of the configuration?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, count, named

OLD_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Data:
    """The panel that the settings name.

    Attributes:
        source: Where it is, without secrets.
        error: Why it cannot be read, or empty.
        hint: What to do then.
        airports: Number of airports.
        last: The newest period of any, such as ``2019-12``.
        behind: Whole periods from that to the one that is over by now.
        period: What a period is called.
        gaps: Airports with missing periods between their first and last, with these periods.
        ended: Airports that end before the others, with their last period.
    """

    source: str
    error: str = ""
    hint: str = ""
    airports: int = 0
    last: str = ""
    behind: int = 0
    period: str = "month"
    gaps: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ended: tuple[tuple[str, str], ...] = ()


def check(data: Data | None) -> list[Finding]:
    """Judge what is missing; ``None`` where no data were looked at."""
    if data is None:
        message = "The settings name no data, or such as workers read: none were looked at."
        return [Finding("data", "note", message, "Set source in [data] of forecastctl.toml.")]
    if data.error:
        return [Finding("data", "wrong", data.error, data.hint)]
    found = [*_missing(data)]
    if data.behind >= OLD_PERIODS:
        found.append(
            Finding(
                "data",
                "note",
                f"The newest {data.period} in {data.source} is {data.last}: "
                f"{count(data.behind, data.period)} since then are over.",
                "See whether the data still arrive.",
            )
        )
    whole = f"{data.source}: {count(data.airports, 'airport')} up to {data.last}, none is missing."
    return found or [Finding("data", "ok", whole)]


def _missing(data: Data) -> list[Finding]:
    found = []
    if data.gaps:
        total = sum(len(periods) for _, periods in data.gaps)
        texts = [f"{airport} {named(periods, 3)}" for airport, periods in data.gaps]
        found.append(
            Finding(
                "data",
                "wrong",
                f"{count(total, data.period)} of {count(len(data.gaps), 'airport')} missing in "
                f"between: {named(texts, 3)}.",
                "Add them to the data; 'forecastctl check' says what a job does about each.",
            )
        )
    if data.ended:
        texts = [f"{airport} {last}" for airport, last in data.ended]
        found.append(
            Finding(
                "data",
                "note",
                f"{count(len(data.ended), 'airport')} end before {data.last}: {named(texts)}.",
                "Add what is missing; 'forecastctl check' says what a job does about each.",
            )
        )
    return found
