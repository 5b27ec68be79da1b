"""What is chosen by name: model families, losses, executors, stores, our own and others'.

Another package adds one by an entry point in its metadata, of the group and with the name that the
setting gives. Nothing is imported before it is asked for by its name. Our own names come first;
a job says where another package adds one of them. Every process looks for itself, so that a worker
needs nothing of what the driver has loaded, and reads the metadata of the installed packages only
for a name that is not our own.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from forecastctl.errors import ForecastctlError, SettingsError
from forecastctl.records import LOSSES as OWN_LOSSES
from forecastctl.records import described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class Door:
    """One kind of thing that is chosen by name.

    Attributes:
        group: Group of the entry points by which other packages add to it.
        kind: What it is called in a sentence.
        own: Our own by name, each as ``module:attribute``. They come before those of others.
    """

    group: str
    kind: str
    own: Mapping[str, str] = field(hash=False)

    def names(self) -> tuple[str, ...]:
        """All names, our own first."""
        added = {point.name for point in _points(self.group)} - set(self.own)
        return (*self.own, *sorted(added))

    def knows(self, name: str) -> bool:
        """Whether there is one of this name."""
        return name in self.own or any(point.name == name for point in _points(self.group))

    def load(self, name: str, *arguments: str) -> Any:
        """What stands behind a name that is known.

        Args:
            name: A name that is known.
            arguments: What another package's must take by position, if it is a function.

        Raises:
            SettingsError: The package that adds it is broken, or several add one of this name.
        """
        if name in self.own:
            return _at(self.own[name])
        found = _load(self, name)
        if arguments and (why := _refused(found, arguments, ())):
            raise self.broken(name, why)
        return found

    def make(self, name: str, protocol: type, *args: object, **more: object) -> Any:
        """What the thing behind a name returns for these arguments.

        Args:
            name: A name that is known.
            protocol: What the result must meet.
            args: Arguments by position.
            more: Arguments by name.

        Raises:
            SettingsError: The package that adds it is broken.
        """
        build = self.load(name)
        if name in self.own:
            return build(*args, **more)
        try:
            made = build(*args, **more)
        except ForecastctlError:
            raise
        except Exception as error:  # whatever somebody else's code raises
            raise self.broken(name, _in_a_line(error)) from error
        if why := _missed(made, protocol):
            raise self.broken(name, why)
        return made

    def hidden(self, name: str) -> str | None:
        """What to tell a user where another package adds one of a name that is our own."""
        points = [point for point in _points(self.group) if point.name == name]
        if name not in self.own or not points:
            return None
        return (
            f"The {self.kind} '{name}' is forecastctl's own, and that of the package "
            f"{_packages(points)} is never asked. It needs another name."
        )

    def broken(self, name: str, why: str) -> SettingsError:
        """The error for what another package adds and gets wrong."""
        package = _packages(point for point in _points(self.group) if point.name == name)
        return SettingsError(
            f"The {self.kind} '{name}' of the package {package} cannot be used: {why.rstrip('.')}.",
            f"Mend, update or uninstall {package}, or choose another {self.kind}.",
        )


FAMILIES = Door(
    "forecastctl.families",
    "model family",
    {
        "seasonal_naive": "forecastctl.models.seasonal_naive:SeasonalNaive",
        "holt_winters": "forecastctl.models.holt_winters:HoltWinters",
        "ets": "forecastctl.models.ets:Ets",
        "sarimax": "forecastctl.models.sarimax:Sarimax",
        "ces": "forecastctl.models.ces:Ces",
        "theta": "forecastctl.models.theta:Theta",
        "annual": "forecastctl.models.annual:Annual",
        "pooled": "forecastctl.models.pooled:Pooled",
        "pretrained": "forecastctl.models.pretrained:Pretrained",
        "intermittent": "forecastctl.models.intermittent:Intermittent",
    },
)
"""Classes that meet `forecastctl.models.Family` and take no arguments."""

LOSSES = Door(
    "forecastctl.losses", "loss", dict.fromkeys(OWN_LOSSES, "forecastctl.models.metrics:score")
)
"""Functions of ``(y_true, mean, sd, scale)``, see `forecastctl.models.metrics.score`, which
computes all of our own at once."""

EXECUTORS = Door(
    "forecastctl.executors",
    "executor",
    {
        "loky": "forecastctl.execute.loky:make_executor",
        "serial": "forecastctl.execute.serial:make_executor",
        "threads": "forecastctl.execute.threads:make_executor",
        "dask": "forecastctl.execute.dask:make_executor",
        "ray": "forecastctl.execute.ray:make_executor",
        "spark": "forecastctl.execute.spark:make_executor",
    },
)
"""Functions of ``(jobs, limit)`` that return a `forecastctl.execute.port.Executor`."""
CLUSTERS = ("dask", "ray", "spark")
"""Of our own executors those that take ``cluster`` as well."""

STORES = Door(
    "forecastctl.stores",
    "store",
    dict.fromkeys(
        ("sqlite", "postgresql", "postgresql+psycopg2", "postgres", "http", "https"),
        "forecastctl.store.mlflow.open:open_tracker",
    ),
)
"""By the scheme of the address: functions of ``(uri, experiment, *, artifact_location, reading)``
that return a `forecastctl.store.port.Tracker`."""


@cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points  # takes as long as half of `--help`

    return tuple(entry_points(group=group))


def _missed(made: object, protocol: type) -> str | None:
    """What keeps an object from meeting a protocol, as far as names and arguments show it."""
    methods = {name: value for name, value in vars(protocol).items() if _is_method(name, value)}
    wanted = [name for name in (*protocol.__annotations__, *methods) if not hasattr(made, name)]
    if wanted:
        return f"it has no {' and no '.join(wanted)}"
    for name, method in methods.items():
        parameters = list(inspect.signature(method).parameters.values())[1:]
        position = [p.name for p in parameters if p.default is p.empty]
        others = [p.name for p in parameters if p.default is not p.empty]
        if why := _refused(getattr(made, name), position, others):
            return f"its {name}: {why}"
    return None


def _is_method(name: str, value: object) -> bool:
    """Whether it is one that the protocol asks for, and none that `Protocol` has given it."""
    return inspect.isfunction(value) and name not in ("__init__", "__subclasshook__")


def _refused(function: Any, position: Iterable[str], others: Iterable[str]) -> str | None:
    """Why a function cannot be called with arguments, those by position and the others by name."""
    position = tuple(position)
    try:
        inspect.signature(function).bind(*position, **dict.fromkeys(others))
    except TypeError as error:
        return f"it is to be called with ({', '.join((*position, *others))}), and {error}"
    except ValueError:  # one of those written in C, which do not say
        return None
    return None


@cache
def _load(door: Door, name: str) -> Any:
    points = [point for point in _points(door.group) if point.name == name]
    if len({_package(point) for point in points}) > 1:
        raise door.broken(name, "both packages add one of this name")
    try:
        return points[0].load()
    except Exception as error:  # whatever somebody else's code raises when it is imported
        raise door.broken(name, _in_a_line(error)) from error


def _at(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def _in_a_line(error: Exception) -> str:
    return " ".join(described(error).split())


def _packages(points: Iterable[EntryPoint]) -> str:
    return " and ".join(sorted({_package(point) for point in points}))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.value
