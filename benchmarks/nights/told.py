"""Tables of what was measured, simulated and checked, as they stand in the documentation. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nights.facts import Cost, Facts

STEPS = ("reading", "planning", "publishing", "looking", "closing")
UNITS = ("", "k", "M", "G", "T", "P")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def measured(known: Mapping[str, Facts]) -> str:
    """What a share costs, by what it grows with, in milliseconds an airport."""
    head = ["", *known]
    rows = [["CPU of the models", *(f"{mean(f):.0f}" for f in known.values())]]
    rows += [["CPU of a share's own process", *(ms(f.driver.mine) for f in known.values())]]
    for step in STEPS:
        costs: list[Cost] = [getattr(f, step) for f in known.values()]
        for grows, of in (("whole", "the job"), ("mine", "the share"), ("recorded", "the record")):
            if any(getattr(cost, grows) for cost in costs):
                rows.append([f"{step}, of {of}", *(ms(getattr(c, grows)) for c in costs)])
    stored = [f.stored for f in known.values()]
    rows += [
        ["rows", *(f"{s.rows:.0f}" for s in stored)],
        ["database, kB", *(f"{s.bytes / 1e3:.1f}" for s in stored)],
        ["its journal, kB", *(f"{s.written / 1e3:.1f}" for s in stored)],
        ["files", *(f"{s.files:.1f}" for s in stored)],
        ["kB of files", *(f"{s.file_bytes / 1e3:.1f}" for s in stored)],
        ["of these tables of trials", *(f"{s.trial_bytes / 1e3:.1f}" for s in stored)],
        ["the same in Parquet", *(f"{s.parquet_bytes / 1e3:.1f}" for s in stored)],
    ]
    return table(head, rows)


def nights(played: Iterable[Mapping[str, Any]]) -> str:
    """Where the time goes: of all core hours of a night."""
    head = ["", "hours", "starting", "planning", "working", "recording", "closing", "lost"]
    head += ["idle", "cores at models", "store held, hours"]
    rows = []
    for night in played:
        parts = night["phases"]
        planning = parts["planning"] + parts["waiting to plan"]
        recording = parts["recording"] + parts["waiting to record"]
        shown = (parts["starting"], planning, parts["working"], recording, parts["closing"])
        shown = (*shown, parts["lost"], parts["idle"], night["models"])
        percents = [f"{100 * part:.0f} %" for part in shown]
        rows.append(
            [night["name"], f"{night['hours']:.2f}", *percents, f"{night['store_hours']:.2f}"]
        )
    return table(head, rows)


def stores(played: Iterable[Mapping[str, Any]]) -> str:
    """What the tracking stores must take, all of them together but where a second is named."""
    head = ["", "rows a night", "rows a second and store", "journal a second and store"]
    head += ["database: night", "month", "year", "files: night", "their bytes", "year"]
    rows = [
        [
            night["name"] + (" (reckoned)" if night["reckoned"] else ""),
            short(night["rows"]),
            short(night["rows_a_second"]),
            short(night["written_a_second"], "B"),
            *(short(night[k], "B") for k in ("bytes", "bytes_a_month", "bytes_a_year")),
            short(night["files"]),
            *(short(night[k], "B") for k in ("file_bytes", "file_bytes_a_year")),
        ]
        for night in played
    ]
    return table(head, rows)


def compared(check: Mapping[str, Any]) -> str:
    """A check: what was done, and its table."""
    return (
        f"{check['airports']:,} airports in {check['shares']} shares of one worker took "
        f"{check['wall']:,.0f} s, and other work {100 * check['others']:.0f} % of the cores "
        f"meanwhile (load average before: {check['load']:.1f}):\n\n{checked(check)}"
    )


def checked(check: Mapping[str, Any]) -> str:
    """Predicted over actual."""
    head = ["", "predicted", "actual", "ratio"]
    rows = [
        [name, short(said), short(done), f"{said / done:.2f}" if done else "-"]
        for name, (said, done) in check["rows"].items()
    ]
    return table(head, rows)


def mean(facts: Facts) -> float:
    """Milliseconds of an airport's models."""
    return 1000 * sum(facts.models) / len(facts.models)


def ms(seconds: float) -> str:
    return f"{1000 * seconds:.3g}"


def short(number: float, unit: str = "") -> str:
    """Three digits and a letter for thousands: ``15.8 GB``, ``89``."""
    size = 0
    while abs(number) >= 1000 and size < len(UNITS) - 1:
        number, size = number / 1000, size + 1
    digits = f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
    return f"{digits} {UNITS[size]}{unit}".strip()
