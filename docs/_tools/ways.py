"""docs/images/ways-*.svg: who does what when, in each way of running a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docs._tools.svg import INK, MUTED, head, text

if TYPE_CHECKING:
    from collections.abc import Sequence

LEFT, TOP, LANE, GAP, UNIT = 150, 64, 22, 46, 25.0
MODEL, RECORD, START = "#0b6bcb", "#c2570c", "#cbd2d9"
AIRPORTS, TAKES, RECORDING = 8, 3.0, 0.6
"""Airports, and units of time that the model and the record of one take."""


@dataclass(frozen=True, slots=True)
class Box:
    """Something that takes time.

    Attributes:
        lane: Who does it.
        start: When.
        takes: How long.
        kind: Its colour.
    """

    lane: str
    start: float
    takes: float
    kind: str


def one_machine() -> str:
    """The four ways on one machine of two cores."""
    two = ("process 1", "process 2")
    threads = ("thread 1", "thread 2")
    return _picture(
        "On one machine of two cores",
        [
            ("serial: one airport after the other", _serial()),
            (
                "concurrent: threads share one core, and the driver's Python waits its turn",
                _parallel(threads, 0.4, TAKES * 1.7, held=False),
            ),
            (
                "parallel: processes, recorded when all are done",
                _parallel(two, 1.0, TAKES, held=True),
            ),
            (
                "parallel and concurrent: recorded beside the work (loky, the default)",
                _parallel(two, 1.0, TAKES, held=False),
            ),
        ],
    )


def cluster() -> str:
    """The two ways on a cluster."""
    four = tuple(f"machine {'AB'[i // 2]}, {i % 2 + 1}" for i in range(4))
    return _picture(
        "On a cluster of two machines with two cores each",
        [
            (
                "distributed parallel: recorded when all are done",
                _parallel(four, 4.0, TAKES, held=True),
            ),
            (
                "distributed parallel and concurrent: recorded beside the work (dask, ray, spark)",
                _parallel(four, 4.0, TAKES, held=False),
            ),
        ],
    )


def _serial() -> list[Box]:
    boxes, now = [], 0.0
    for _ in range(AIRPORTS):
        boxes += [Box("driver", now, TAKES, MODEL), Box("driver", now + TAKES, RECORDING, RECORD)]
        now += TAKES + RECORDING
    return boxes


def _parallel(workers: Sequence[str], starts: float, takes: float, *, held: bool) -> list[Box]:
    """Workers take the next airport when they are free; the driver records what there is."""
    boxes = [Box(worker, 0.0, starts, START) for worker in workers]
    free = {worker: starts + 0.25 * at for at, worker in enumerate(workers)}
    done = []
    for _ in range(AIRPORTS):
        worker = min(free, key=lambda name: free[name])
        boxes.append(Box(worker, free[worker], takes, MODEL))
        free[worker] += takes
        done.append(free[worker])
    now = max(done) if held else 0.0
    for ended in sorted(done):
        now = max(now, ended)
        boxes.append(Box("driver", now, RECORDING, RECORD))
        now += RECORDING
    return boxes


def _picture(title: str, ways: Sequence[tuple[str, list[Box]]]) -> str:
    y, body = TOP, []
    for name, boxes in ways:
        body.append(text(20, y + 4, name, 13, INK, "bold"))
        y += 14
        lanes = list(dict.fromkeys([*(b.lane for b in boxes if b.lane != "driver"), "driver"]))
        for lane in lanes:
            body.append(text(20, y + 15, lane, 11.5, MUTED))
            body += [_box(b, y) for b in boxes if b.lane == lane]
            y += LANE
        end = LEFT + UNIT * max(b.start + b.takes for b in boxes)
        top = y - LANE * len(lanes)
        body.append(f"<path d='M {end:g} {top} V {y}' stroke='{INK}' stroke-width='1.5'/>")
        body.append(text(end + 6, y - 6, "done", 11.5, INK))
        y += GAP - 14
    top = [head(f"{title}: who does what when", y + 16), text(20, 30, title, 17, INK, "bold")]
    return "\n".join([*top, *body, *_legend(y - 6), "</svg>", ""])


def _box(box: Box, y: float) -> str:
    return (
        f"<rect x='{LEFT + UNIT * box.start:g}' y='{y + 2:g}' width='{UNIT * box.takes:g}' "
        f"height='{LANE - 4}' fill='{box.kind}' stroke='white'/>"
    )


def _legend(y: float) -> list[str]:
    named = ((START, "starts"), (MODEL, "an airport's model"), (RECORD, "its record"))
    found = []
    for at, (colour, name) in enumerate(named):
        x = LEFT + 190 * at
        found.append(f"<rect x='{x}' y='{y:g}' width='14' height='14' fill='{colour}'/>")
        found.append(text(x + 22, y + 12, name, 11.5, MUTED))
    return found
