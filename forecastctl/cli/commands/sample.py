"""The sample command: generated data in a file."""

from __future__ import annotations

from forecastctl.cli import flags
from forecastctl.errors import UsageError


def sample(
    out: flags.output.SampleOut,
    airports: flags.data.SampleAirports = 8,
    name: flags.data.SampleNames = None,
    first: flags.data.SampleFrom = None,
    months: flags.data.SampleMonths = 120,
    seed: flags.data.SampleSeed = 0,
) -> None:
    """Write generated airport-like data, for a first try."""
    from forecastctl.data.read.sample import FIRST_MONTH, sample_panel
    from forecastctl.data.write.targets import check_target, write_frame

    names = name or []
    for flag, number in (("airports", airports), ("months", months)):
        if number < 1:
            raise UsageError(f"--{flag} must be at least 1.")
    if len(set(names)) < len(names):
        raise UsageError("--name: a name is given twice.", "Each airport has a name of its own.")
    check_target(out)
    month = _month(first or FIRST_MONTH)
    write_frame(sample_panel(len(names) or airports, months, seed, names=names, first=month), out)


def _month(text: str) -> str:
    """The first month, ``YYYY-MM``."""
    from forecastctl.records.calendar import parse_day  # not for a help: it takes numpy

    try:
        return f"{parse_day(text):%Y-%m}"
    except UsageError:
        raise UsageError(f"--from: '{text}' is not a month.", "Give it as 1995-01.") from None
