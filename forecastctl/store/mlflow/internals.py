"""What the writer for servers uses of MLflow without MLflow promising to keep it.

It is looked up here and nowhere else, and checked when a server is opened: whether each name is
there, takes the arguments that it is given, and returns what is read. Where one is not, MLflow's
own client records instead (`forecastctl.store.mlflow.open`).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CREDENTIALS = (
    "username",
    "password",
    "token",
    "auth",
    "aws_sigv4",
    "verify",
    "client_cert_path",
)
"""What is read of a server's credentials."""

VARIABLES = ("MLFLOW_HTTP_REQUEST_TIMEOUT",)


class ChangedError(Exception):
    """The installed MLflow lacks one of these names, or means something else by it."""


@dataclass(frozen=True, slots=True)
class Internals:
    """The seven names, as far as a server's address decides about them.

    Attributes:
        credentials: Of the server, with `CREDENTIALS`.
        workspace: Name of the workspace that requests are for, or ``None``.
        workspace_header: Header that says so.
        headers: What MLflow's plug-ins add to each request.
        fetch_auth: Returns what signs requests, by the name of a plug-in.
        verify: Returns an answer when it is one, and raises MLflow's error else.
        variables: Values of `VARIABLES`, or their defaults.
    """

    credentials: Any
    workspace: str | None
    workspace_header: str
    headers: Mapping[str, str]
    fetch_auth: Callable[[str], Any]
    verify: Callable[[Any, str], Any]
    variables: Mapping[str, Any]


def internals(uri: str) -> Internals:
    """All of it, checked.

    Args:
        uri: Address of the server.

    Raises:
        ChangedError: One of the names is missing or has changed.
    """
    credentials = _function("mlflow.utils.credentials", "get_default_host_creds", uri)(uri)
    for name in CREDENTIALS:
        if not hasattr(credentials, name):
            raise ChangedError(f"the credentials of mlflow.utils.credentials have no {name}")
    workspace = _function("mlflow.utils.workspace_context", "get_request_workspace")()
    header = _name("mlflow.utils.workspace_utils", "WORKSPACE_HEADER_NAME")
    headers = _function("mlflow.tracking.request_header.registry", "resolve_request_headers")()
    fetch_auth = _function("mlflow.tracking.request_auth.registry", "fetch_auth", "a plug-in")
    verify = _function("mlflow.utils.rest_utils", "verify_rest_response", "an answer", "a path")
    return Internals(
        credentials, workspace, header, dict(headers), fetch_auth, verify, _variables()
    )


def _variables() -> dict[str, Any]:
    found = {}
    for name in VARIABLES:
        variable = _name("mlflow.environment_variables", name)
        if not callable(getattr(variable, "get", None)):
            raise ChangedError(f"mlflow.environment_variables.{name} has no value to get")
        found[name] = variable.get()
    return found


def _name(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ChangedError(f"there is no {module}.{name}") from error


def _function(module: str, name: str, *arguments: object) -> Callable[..., Any]:
    found: Callable[..., Any] = _name(module, name)
    try:
        inspect.signature(found).bind(*arguments)
    except (TypeError, ValueError) as error:
        raise ChangedError(f"{module}.{name} takes other arguments: {error}") from error
    return found
