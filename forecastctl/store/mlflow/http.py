"""Plain requests to an MLflow server, over a few connections that are kept open.

MLflow's client looks credentials, headers and settings up for each request; here that is done once.
All that MLflow's variables say about users, tokens, plug-ins, certificates, retries and time limits
applies, as do the proxies of the environment.
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
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Retry

from forecastctl.store.mlflow.internals import internals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.store.mlflow.internals import Internals

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"

_TRANSIENT = (408, 429, 500, 502, 503, 504)
"""Answers after which MLflow's client tries again."""

_LOG = logging.getLogger(__name__)


class Wire:
    """Requests to one server; may be used by several threads at once.

    Args:
        uri: Address of the server.
        connections: How many are kept open.
    """

    def __init__(self, uri: str, connections: int) -> None:
        self._uri = uri
        self._mlflow = internals(uri)
        self._signer = _signer(self._mlflow)
        retries = _retries(self._mlflow.variables)
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=retries)
        self._session = requests.Session()
        self._post = self._template("POST", API, "application/json")
        self._put = self._template("PUT", FILES, "application/octet-stream")
        credentials = self._mlflow.credentials
        verify, certificate = credentials.verify, credentials.client_cert_path
        self._settings: dict[str, Any] = {
            **self._session.merge_environment_settings(uri, {}, False, verify, certificate),
            "timeout": self._mlflow.variables["MLFLOW_HTTP_REQUEST_TIMEOUT"],
        }

    def post(self, call: str, body: Mapping[str, object]) -> Any:
        """Answer to one call of MLflow's REST API.

        Raises:
            MlflowException: The server refuses, or answers something else.
            RequestException: It does not answer.
        """
        content = json.dumps(body).encode()
        return self._send(self._post, f"{API}/{call}", content).json()

    def put(self, path: str, content: bytes) -> None:
        """Store a file behind the server's proxy for artifacts.

        Raises:
            MlflowException: The server refuses, or answers something else.
            RequestException: It does not answer.
        """
        self._send(self._put, f"{FILES}/{path}", content)

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
        response = self._adapter.send(request, **self._settings)
        return self._mlflow.verify(response, path)


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


def _retries(variables: Mapping[str, Any]) -> Retry:
    return Retry(
        total=variables["MLFLOW_HTTP_REQUEST_MAX_RETRIES"],
        allowed_methods=None,
        status_forcelist=_TRANSIENT,
        backoff_factor=variables["MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR"],
        backoff_jitter=variables["MLFLOW_HTTP_REQUEST_BACKOFF_JITTER"],
        respect_retry_after_header=variables["MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER"],
    )
