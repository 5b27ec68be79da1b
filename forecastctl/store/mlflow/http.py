"""Plain requests to an MLflow server, over a few connections that are kept open.

MLflow's client looks credentials, headers and settings up for each request; here that is done once.
All that MLflow's variables say about users, tokens, plug-ins, certificates and time limits applies,
as do the proxies of the environment. What is not answered is asked again as long as the tracker's
patience lasts; where that may do harm, its caller does.
"""

from __future__ import annotations

import base64
import json
import logging
import socket
from importlib import import_module
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidURL, SSLError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from forecastctl.errors import StoreAwayError
from forecastctl.store.mlflow.address import display_uri, scrub
from forecastctl.store.mlflow.calls import TRANSIENT
from forecastctl.store.mlflow.internals import internals
from forecastctl.store.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.store.mlflow.internals import Internals

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"

CONNECT_SECONDS = 10
"""Until a server counts as away that does not even take a connection."""
_SHOWN = 200

_LOG = logging.getLogger(__name__)


class Wire:
    """Requests to one server; may be used by several threads at once.

    Args:
        uri: Address of the server.
        connections: How many are kept open.
        patience: How long the server may be away.
    """

    def __init__(self, uri: str, connections: int, patience: Patience | None = None) -> None:
        self._uri, self._patience = uri, patience or Patience()
        self._mlflow = internals(uri)
        self._signer = _signer(self._mlflow)
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self._session = requests.Session()
        self._post = self._template("POST", API, "application/json")
        self._put = self._template("PUT", FILES, "application/octet-stream")
        credentials = self._mlflow.credentials
        verify, certificate = credentials.verify, credentials.client_cert_path
        self._settings: dict[str, Any] = {
            **self._session.merge_environment_settings(uri, {}, False, verify, certificate),
            "timeout": _time_limits(self._mlflow.variables["MLFLOW_HTTP_REQUEST_TIMEOUT"]),
        }

    def post(self, call: str, body: Mapping[str, object]) -> Any:
        """Answer to one call of MLflow's REST API that may be made twice.

        Raises:
            MlflowException: The server refuses, or answers something else.
            StoreAwayError: It does not answer.
        """
        return self._patience.call(lambda: self.post_once(call, body))

    def post_once(self, call: str, body: Mapping[str, object]) -> Any:
        """Answer to one call of MLflow's REST API, made once.

        Raises:
            MlflowException: The server refuses, or answers something else.
            StoreAwayError: It does not answer, but may have done what it was asked.
        """
        content = json.dumps(body).encode()
        return self._send(self._post, f"{API}/{call}", content).json()

    def put(self, path: str, content: bytes) -> None:
        """Store a file behind the server's proxy for artifacts.

        Raises:
            MlflowException: The server refuses, or answers something else.
            StoreAwayError: It does not answer.
        """
        self._patience.call(lambda: self._send(self._put, f"{FILES}/{path}", content))

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def _template(self, method: str, path: str, kind: str) -> requests.PreparedRequest:
        headers = {**self._mlflow.headers, "Content-Type": kind}
        if self._mlflow.workspace:
            headers.setdefault(self._mlflow.workspace_header, self._mlflow.workspace)
        if authorization := _authorization(self._mlflow.credentials):
            headers["Authorization"] = authorization
        request = requests.Request(method, self._uri + path, headers)
        return self._session.prepare_request(request)

    def _send(self, template: requests.PreparedRequest, path: str, content: bytes) -> Any:
        request = template.copy()
        request.prepare_url(self._uri + path, {})
        request.prepare_body(content, None)
        if self._signer is not None:
            request.prepare_auth(self._signer)
        try:
            response = self._adapter.send(request, **self._settings)
            text = response.text  # all of it is read here, where it may break off
        except (SSLError, InvalidURL):
            raise
        except (requests.RequestException, HTTPError) as error:
            raise self._away(str(error)) from error
        if response.status_code in TRANSIENT:
            raise self._away(f"{response.status_code}, {text[:_SHOWN]}")
        return self._mlflow.verify(response, path)

    def _away(self, reason: str) -> StoreAwayError:
        shown = display_uri(self._uri)
        return StoreAwayError(
            f"The tracking server {shown} does not answer: {scrub(reason, self._uri)}."
        )


class _PromptMixin:
    """Acknowledges each answer at once.

    MLflow's server with several workers sends the head of an answer and holds the rest back until
    the head is acknowledged (Nagle's algorithm); Linux waits 40 ms with that on a connection that
    is kept open. The option does not last, so it is set again before each answer.
    """

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        sock = getattr(self, "sock", None)
        if sock is not None and hasattr(socket, "TCP_QUICKACK"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]


class _Prompt(_PromptMixin, HTTPConnection):
    pass


class _PromptTls(_PromptMixin, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Prompt


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PromptTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        if not hasattr(self.poolmanager, "pool_classes_by_scheme"):
            _LOG.warning(
                "urllib3 takes no pools of our own any more: requests to an MLflow server with "
                "several workers take up to 40 ms longer each."
            )
            return
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _authorization(credentials: Any) -> str | None:
    """The header that MLflow's client sends, with the same precedence."""
    name, password = credentials.username, credentials.password
    if name and password and credentials.auth not in ("kubernetes", "kubernetes-namespaced"):
        return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    return f"Bearer {credentials.token}" if credentials.token else None


def _signer(mlflow: Internals) -> Any:
    """What signs each request, where MLflow is told to use such a thing."""
    if mlflow.credentials.aws_sigv4:
        return import_module("requests_auth_aws_sigv4").AWSSigV4("execute-api")
    return mlflow.fetch_auth(mlflow.credentials.auth) if mlflow.credentials.auth else None


def _time_limits(seconds: float) -> tuple[float, float]:
    """Seconds for a connection and for an answer."""
    return min(CONNECT_SECONDS, seconds), seconds
