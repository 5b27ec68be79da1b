"""Which variables of the environment hold a secret, as far as their names tell."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.redaction.texts import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIALS?|APIKEY|(?:^|_)(?:KEY|PASS|PWD|PAT|SAS))$",
    re.IGNORECASE,
)
"""Such as ``PGPASSWORD``, ``MLFLOW_TRACKING_TOKEN`` and ``AWS_SECRET_ACCESS_KEY``."""
_DIRECTORIES = frozenset({"PWD", "OLDPWD"})
_LEAST = 4
"""Characters of a value; shorter ones are parts of words."""


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values that are secrets."""
    return tuple(
        value
        for name, value in environ.items()
        if _SECRET.search(name) and name not in _DIRECTORIES and _is_secret(value)
    )


def addresses_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values that are addresses, which may hold a secret."""
    return tuple(value for value in environ.values() if "://" in value)


def _is_secret(value: str) -> bool:
    """Whether it is long enough, and not the name of a file that holds the secret."""
    if len(value) < _LEAST:
        return False
    try:
        return not (value.startswith(("/", "~")) and Path(value).exists())
    except (OSError, ValueError):
        return True


@cache
def own() -> Redactor:
    """What takes the secrets out of texts that this process was given in its environment.

    Errors that drivers raise in a worker may quote them, and no settings are known there.
    """
    return Redactor.of(addresses_in(os.environ), secrets_in(os.environ))
