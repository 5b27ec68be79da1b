"""Where the pages' templates are, and how they are filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

HERE: Final = "forecastctl.explain.page"


def template(name: str, *packages: str) -> Template:
    """A template that escapes what it is given, and fails where something is not given.

    Args:
        name: Its name.
        packages: Packages whose templates come before those of `HERE`, which all pages share.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    pages = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, HERE)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(name)
