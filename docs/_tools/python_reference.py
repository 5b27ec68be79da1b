"""docs/reference/python.md, from the functions of the package and what they return."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

import forecastctl
from forecastctl.api.named import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS = ("run", "tune", "train", "forecast", "backtest", "explain", "history", "report")
VALUES = ("JobResult", "AirportFailure", "BacktestResult", "Explanation", "Site")
NOTE = "<!-- Made by 'make docs' from forecastctl/api. Do not edit. -->\n"
INTRO = """# Python

What `import forecastctl as fc` offers ([how to use it](../how-to/python.md)). An argument that
overrides a [setting](settings.md) names it; every other setting is given by its name in
`settings`. Arguments win over the environment, which wins over `forecastctl.toml`.

All errors are `fc.ForecastctlError`; their classes and what they mean stand in
[exit codes](exit-codes.md).
"""


def page() -> str:
    """The whole page."""
    parts = [_function(name) for name in FUNCTIONS] + [_value(name) for name in VALUES]
    return "\n".join([NOTE + INTRO, *parts])


def _function(name: str) -> str:
    function = getattr(forecastctl, name)
    said, general = _sections(function), _sections(forecastctl.run)
    settings = settings_of(function)
    types = get_type_hints(function)
    rows = []
    for parameter in inspect.signature(function).parameters.values():
        own = said["Args"].get(parameter.name, "")
        meaning = general["Args"][parameter.name] if own in ("", "As in `run`.") else own
        default = parameter.default
        shown = "required" if default is parameter.empty else f"`{default!r}`"
        setting = f"`{settings[parameter.name]}`" if parameter.name in settings else ""
        kind = "path, address or frame" if parameter.name == "data" else _kind(types, parameter)
        rows.append(f"| `{parameter.name}` | {kind} | {shown} | {_cell(meaning)} | {setting} |\n")
    head = "| argument | type | default | meaning | setting |\n| --- | --- | --- | --- | --- |\n"
    ends = [
        f"**{title}** {text}\n"
        for title in ("Returns", "Raises")
        if (text := said[title] or general[title])
    ]
    words = said["Summary"].partition("Args, Returns")[0].strip()
    title = f"## fc.{name}\n\n{words}\n\n`fc.{name}` returns `{_short(types['return'])}`.\n"
    return "\n".join([title, head + "".join(rows), *ends])


def _value(name: str) -> str:
    kind = getattr(forecastctl, name)
    said = _sections(kind)
    rows = [
        f"| `{f.name}` | `{_cell(_short(f.type))}` | {_cell(said['Attributes'][f.name])} |\n"
        for f in fields(kind)
    ]
    for own, member in vars(kind).items():
        if own.startswith("_") or not (isinstance(member, property) or inspect.isfunction(member)):
            continue
        call = own if isinstance(member, property) else f"{own}()"
        rows.append(f"| `{call}` | | {_cell(inspect.getdoc(member) or '')} |\n")
    head = "| attribute | type | meaning |\n| --- | --- | --- |\n"
    return f"## fc.{name}\n\n{said['Summary']}\n\n{head}{''.join(rows)}"


def _kind(types: dict[str, Any], parameter: inspect.Parameter) -> str:
    shown = _short(types[parameter.name]).removesuffix(" | None").replace("|", "\\|")
    return f"`{shown}`"


def _short(kind: Any) -> str:
    """A type as a reader writes it."""
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", text)
    text = re.sub(r"^Optional\[(.*)\]$", r"\1", text)
    return "frame" if text == "Any" else text


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def _sections(documented: Callable[..., Any] | type) -> dict[str, Any]:
    """A docstring in Google style: its words, and its arguments or attributes by name."""
    text = inspect.getdoc(documented) or ""
    found: dict[str, Any] = {"Args": {}, "Attributes": {}, "Returns": "", "Raises": ""}
    pieces = re.split(r"(?m)^(Args|Attributes|Returns|Raises):\n", text)
    found["Summary"] = pieces[0].strip().replace("``", "`")
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        entries = re.findall(r"(?m)^    (\w+): (.*(?:\n {8}.*)*)", body)
        plain = {name: re.sub(r"\s+", " ", words).strip() for name, words in entries}
        if isinstance(found[title], dict):
            found[title] = plain
        elif plain:
            found[title] = " ".join(f"`{name}`: {_cell(words)}" for name, words in plain.items())
        else:
            found[title] = _cell(re.sub(r"\s+", " ", body).strip())
    return found
