"""forecastctl: experiment tracking for fleets of forecasts.

::

    import forecastctl as fc

    result = fc.run(frame, horizon=12)
    result.forecasts
    fc.explain("JFK", "2020-04")
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final

__version__ = "0.1.0"

_FROM: Final = {
    "AirportFailure": "api.results",
    "BacktestResult": "api.results",
    "Explanation": "api.results",
    "ForecastctlError": "errors",
    "JobResult": "api.results",
    "Site": "api.site",
    "backtest": "api.work",
    "explain": "api.ask",
    "forecast": "api.work",
    "history": "api.ask",
    "report": "api.ask",
    "run": "api.work",
    "train": "api.work",
    "tune": "api.work",
}
"""Where each name is defined: imported when it is first used, because it takes numpy and more.

``__init__.pyi`` says the same to type checkers and editors.
"""

__all__ = ["__version__", *_FROM]  # noqa: PLE0604 - its keys are the names


class _Package(ModuleType):
    """The package, of which ``explain`` is the function, although there is a package of that name.

    Importing ``forecastctl.explain.answer`` would otherwise put the package in its place.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in _FROM:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{self.__name__}.{_FROM[name]}"), name)

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _FROM and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_FROM})


sys.modules[__name__].__class__ = _Package
