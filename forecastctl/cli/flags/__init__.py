"""Every flag once: its type, its option with the help, and the setting that it overrides.

Commands take them as annotations of their parameters: ``as_of: flags.data.AsOf``. A flag that
overrides a setting is ``None`` where it is not given. `headings` has those under which the help
shows them.
"""

from forecastctl.cli.flags import (
    asked,
    backtest,
    data,
    forecast,
    output,
    schedule,
    search,
    store,
    ways,
    work,
)

__all__ = [
    "asked",
    "backtest",
    "data",
    "forecast",
    "output",
    "schedule",
    "search",
    "store",
    "ways",
    "work",
]
