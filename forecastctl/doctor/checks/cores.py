"""Do the workers fit the processors and the memory that this process may use?"""

from __future__ import annotations

from dataclasses import dataclass

from forecastctl.doctor.finding import Finding, size

WORKER_BYTES = 400 * 1024**2
"""What a worker takes with its libraries, roughly."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to compute with.

    Attributes:
        workers: Workers that a job would start at most.
        cores: Processors of the computer.
        usable: Processors that this process may run on.
        quota: Processors' worth of time that a control group (a container) allows, or ``None``.
        memory: Bytes of the computer.
        memory_limit: Bytes that a control group allows, or ``None``.
        memory_used: Bytes of these that are in use.
        blas_threads: Threads by library of linear algebra, in this process.
    """

    workers: int
    cores: int
    usable: int
    quota: float | None
    memory: int
    memory_limit: int | None
    memory_used: int
    blas_threads: dict[str, int]


def check(machine: Machine) -> list[Finding]:
    """Judge the number of workers and threads."""
    return [_cores(machine), _threads(machine), _memory(machine)]


def _allowed(machine: Machine) -> float:
    return min(machine.usable, machine.quota or machine.usable)


def _cores(machine: Machine) -> Finding:
    allowed = _allowed(machine)
    why = "" if allowed == machine.cores else f" of the {machine.cores} that the computer has"
    if machine.workers > max(allowed, 1):
        return Finding(
            "workers",
            "wrong",
            f"A job starts {machine.workers} workers, and may use {allowed:g} processors{why}.",
            f"Give --jobs {max(int(allowed), 1)}, or set jobs in [run].",
        )
    return Finding(
        "workers",
        "ok",
        f"A job starts {machine.workers} workers and may use {allowed:g} processors{why}.",
    )


def _threads(machine: Machine) -> Finding:
    """Workers compute with one thread each; what the driver's libraries take is told."""
    most = max(machine.blas_threads.values(), default=1)
    if most > max(_allowed(machine), 1):
        return Finding(
            "threads",
            "note",
            f"Libraries of linear algebra would take {most} threads in the job's own process, for "
            f"{_allowed(machine):g} processors; workers take one each.",
            "Set OMP_NUM_THREADS=1 where the job is started.",
        )
    names = ", ".join(f"{name} {n}" for name, n in sorted(machine.blas_threads.items()))
    return Finding(
        "threads", "ok", f"Workers compute with one thread each (here: {names or 'no library'})."
    )


def _memory(machine: Machine) -> Finding:
    limit = min(machine.memory, machine.memory_limit or machine.memory)
    needed = (machine.workers + 1) * WORKER_BYTES
    left = limit - machine.memory_used
    what = f"{size(left)} of {size(limit)} memory are free"
    if machine.memory_limit is not None and machine.memory_limit < machine.memory:
        what += " (the limit of its control group)"
    if left < needed:
        return Finding(
            "memory",
            "wrong" if left < needed / 2 else "note",
            f"{what}; {machine.workers} workers take about {size(needed)}.",
            "Give fewer workers (--jobs), or more memory: the system kills a process that asks "
            "for too much.",
        )
    return Finding("memory", "ok", f"{what}.")
