"""Addresses of clusters: are they there at all?"""

from __future__ import annotations

import importlib.util
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.errors import ClusterError, UsageError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_HADOOP = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
"""What names the folder in which YARN is described."""
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


def need_hadoop(environ: Mapping[str, str], spark_home: Path) -> None:
    """See that Spark can find YARN, before a Java is started that ends without saying why it does.

    Args:
        environ: The environment.
        spark_home: Where Spark is installed; its ``spark-env.sh`` may name the folder as well.

    Raises:
        UsageError: Nothing names a folder with the configuration of Hadoop.
    """
    named = {name: environ[name] for name in _HADOOP if environ.get(name)}
    there = Path(environ.get("SPARK_CONF_DIR") or spark_home / "conf", "spark-env.sh")
    if any(Path(folder).is_dir() for folder in named.values()) or there.is_file():
        return
    why = "; ".join(f"{name} is {folder}, which is no folder" for name, folder in named.items())
    raise UsageError(
        f"--cluster yarn: Spark cannot find YARN: {why or ' and '.join(_HADOOP) + ' are not set'}.",
        "Set one of them to the folder with core-site.xml and yarn-site.xml.",
    )
