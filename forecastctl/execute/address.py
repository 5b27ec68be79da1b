"""Addresses of clusters: are they there at all?"""

from __future__ import annotations

import importlib.util
import re
import socket
from typing import TYPE_CHECKING

from forecastctl.errors import ClusterError, UsageError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Collection

_PATIENCE = 5.0
"""Seconds in which a connection must be made."""


def knock(address: str, examples: str, schemes: Collection[str]) -> None:
    """See that something listens there, because engines themselves ask for minutes.

    Args:
        address: Ends in host and port; a path or parameters after a slash are left out.
        examples: How addresses of this engine look.
        schemes: What may stand before ``://`` in it, empty for nothing.

    Raises:
        UsageError: It names no host and port, or is an address of something else.
        ClusterError: Nothing listens there.
    """
    place = address.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    found = re.fullmatch(r"\[?([^\[\]]+?)\]?:(\d{1,5})", place)
    other = address.rpartition("://")[0].lower() not in schemes
    if found is None or other or int(found[2]) > 65_535:  # noqa: PLR2004 - the last port
        raise UsageError(f"--cluster {masked(address)}: it is no address of it.", examples)
    try:
        socket.create_connection((found[1], int(found[2])), _PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise ClusterError(f"Nothing answers at {masked(address)}: {why}.") from error


def need(module: str, backend: str) -> None:
    """See that what a backend needs is installed.

    Raises:
        UsageError: It is not.
    """
    if importlib.util.find_spec(module) is None:
        raise UsageError(
            f"The backend '{backend}' needs the package {module}, which is not installed.",
            f"Install it with: pip install 'forecastctl[{backend}]'",
        )
