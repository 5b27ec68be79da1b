"""The sample command: generated data in a file."""

from __future__ import annotations

from forecastctl.cli import flags
from forecastctl.errors import UsageError


def sample(
    out: flags.SampleOut,
    airports: flags.SampleAirports = 8,
    months: flags.SampleMonths = 120,
    seed: flags.SampleSeed = 0,
) -> None:
    """Write generated airport-like data, for a first try."""
    from forecastctl.data.read.sample import sample_panel
    from forecastctl.data.write.targets import check_target, write_frame

    for name, number in (("airports", airports), ("months", months)):
        if number < 1:
            raise UsageError(f"--{name} must be at least 1.")
    check_target(out)
    write_frame(sample_panel(airports, months, seed), out)
