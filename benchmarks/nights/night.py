"""What is asked of a simulated night, and what came of it. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

PHASES = (
    *("starting", "waiting to plan", "planning", "working", "lost"),
    *("waiting to record", "recording", "closing", "idle"),
)
"""What a place does with its night; all together are the whole of it."""


@dataclass(frozen=True, slots=True)
class Night:
    """What is to be done, and where.

    Attributes:
        airports: Of all stores together.
        cores: Of all machines together.
        machine: Cores of a machine; the last one may have fewer.
        workers: Workers of a share; by default as many as its machine has cores.
        shares: Of each store's job; by default one for each place where one can work.
        stores: Each with a part of the airports, as a job of its own.
        worker_deaths: For an hour of work at airports.
        machine_deaths: For an hour of a share's work: what it had is lost, and it begins anew.
        slow: Part of the machines that are slow.
        slowness: How many times longer they take.
        grain: Airports that are simulated as one piece of work.
        seed: Of all that is drawn.
    """

    airports: int
    cores: int = 1
    machine: int = 32
    workers: int | None = None
    shares: int | None = None
    stores: int = 1
    worker_deaths: float = 0.0
    machine_deaths: float = 0.0
    slow: float = 0.0
    slowness: float = 1.0
    grain: int = 1
    seed: int = 0

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where a share can work: number of the machine, and workers there."""
        sizes = split_by(self.cores, self.machine)
        places = []
        for number, cores in enumerate(sizes):
            each = min(self.workers or cores, cores)
            places += [(number, each)] * (cores // each)
        return places


@dataclass(slots=True)
class Result:
    """What became of a night; all times are seconds.

    Attributes:
        wall: From its start to the end of the last job.
        airports: How many are recorded, by job and share.
        models: CPU time of airports that were recorded.
        pilots: CPU time of searches of other shares' airports, for the width of intervals.
        lost: CPU time of work that was lost with a worker or a machine.
        starts: CPU time of starts of workers.
        driver: CPU time of the shares' own processes while their workers work.
        dead_workers: How many died.
        dead_machines: How many died.
        phases: Core seconds by what they went into, of `PHASES`.
        store_busy: Of each store, how long a share had it to itself.
        worked: When the last airport was done.
        recorded: When the last airport was recorded.
    """

    wall: float = 0.0
    airports: dict[tuple[int, int], int] = field(default_factory=dict)
    models: float = 0.0
    pilots: float = 0.0
    lost: float = 0.0
    starts: float = 0.0
    driver: float = 0.0
    dead_workers: int = 0
    dead_machines: int = 0
    phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))
    store_busy: list[float] = field(default_factory=list)
    worked: float = 0.0
    recorded: float = 0.0

    @property
    def done(self) -> int:
        """Airports that are recorded."""
        return sum(self.airports.values())

    def part(self, *phases: str) -> float:
        """What part of all core seconds went into some phases."""
        whole = sum(self.phases.values())
        return sum(self.phases[name] for name in phases) / whole if whole else 0.0


def split_by(number: int, size: int) -> list[int]:
    """So many in parts of a size, the last one with what is left."""
    whole, rest = divmod(number, size)
    return [size] * whole + ([rest] if rest else [])


def split_in(number: int, parts: int) -> list[int]:
    """So many in equal parts, as equal as they can be."""
    least, more = divmod(number, parts)
    return [least + (part < more) for part in range(parts)]
