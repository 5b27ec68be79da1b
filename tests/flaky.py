"""Proxies that stand before a real server and lose, cut, spoil or delay what passes through them.

`HttpProxy` understands requests and does to each what it is told; `TcpProxy` is for any protocol
and can be away for a while; `CommitProxy` cuts a connection to PostgreSQL at a COMMIT.
"""

from __future__ import annotations

import http.client
import http.server
import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAULTS = ("cut", "half", "500", "503", "refused")
"""What may happen to a request: carried out and not answered; half answered; carried out and
answered with 500; not carried out and answered with 503; not carried out, and cut."""

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 600

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.fault_of(self.command, self.path, body)
        if fault == "refused":
            self.cut()
            return
        if fault == "503":
            self.answer(503, {}, b"upstream is away")
            return
        if fault == "late":  # the client hears nothing, and gives up before it is carried out
            self.cut()
            time.sleep(self.server.proxy.late_seconds)
            self.forward(body)
            self.server.proxy.late_ones.set()
            return
        if isinstance(fault, float):
            time.sleep(fault)
        status, headers, content = self.forward(body)
        if fault == "cut":
            self.cut()
        elif fault == "500":
            self.answer(500, {}, b"broken on purpose")
        elif fault == "half":
            self.answer(status, headers, content, share=0.5)
        else:
            self.answer(status, headers, content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = relay  # noqa: N815

    def forward(self, body):
        host, port = self.server.proxy.target
        connection = http.client.HTTPConnection(host, port, timeout=600)
        with suppress(Exception):
            try:
                kept = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                connection.request(self.command, self.path, body or None, kept)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()
        return 502, {}, b"upstream is gone"

    def answer(self, status, headers, content, share=1.0):
        with suppress(OSError):
            self.send_response_only(status)
            for key, value in headers.items():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: int(len(content) * share)])
            if share < 1:
                self.cut()

    def cut(self):
        self.close_connection = True
        with suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args):
        pass


class HttpProxy:
    """Stands between clients and an HTTP server.

    Args:
        target: Address of the server, such as ``http://127.0.0.1:5000``.
        choose: Says what happens to a request, from method, path and body: one of `FAULTS`, a
            number of seconds by which it is delayed, ``late`` (cut at once, and carried out after
            `late_seconds`), or ``None``.
    """

    def __init__(self, target: str, choose: Callable[[str, str, bytes], object] | None = None):
        parts = urlsplit(target)
        self.target = (parts.hostname, parts.port)
        self.choose = choose or (lambda *_: None)
        self.away = False
        self.late_seconds = 1.0
        self.late_ones = threading.Event()
        self.seen: list[tuple[str, str, object]] = []
        self._guard = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.proxy = self
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fault_of(self, method, path, body):
        with self._guard:  # one at a time, so that what is chosen may count
            fault = "refused" if self.away else self.choose(method, path, body)
            self.seen.append((method, path, fault))
        return fault

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def at_random(share: float, seed: int, faults=FAULTS) -> Callable[[str, str, bytes], object]:
    """Faults for a share of all requests, the same ones for the same seed and requests."""
    rng = random.Random(seed)  # noqa: S311 - it is no secret
    return lambda *_: rng.choice(faults) if rng.random() < share else None


def nth(*numbers: int, fault: object, of: tuple[str, ...]) -> Callable[[str, str, bytes], object]:
    """One fault for the n-th requests, from 1, whose path has one of these parts, of each part."""
    counts = dict.fromkeys(of, 0)

    def choose(_method, path, _body):
        part = next((part for part in of if part in path), None)
        if part is None:
            return None
        counts[part] += 1
        return fault if counts[part] in numbers else None

    return choose


@contextmanager
def http_proxy(target: str, choose=None) -> Iterator[HttpProxy]:
    proxy = HttpProxy(target, choose)
    try:
        yield proxy
    finally:
        proxy.close()


class TcpProxy:
    """Stands between clients and a server of any protocol, and can be away for a while.

    Args:
        target: Host and port of the server.
    """

    def __init__(self, target: tuple[str, int]):
        self.target = target
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self.listener,), daemon=True).start()

    def leave(self):
        """Cut all connections, and take no more."""
        _close(self.listener)
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.sockets.clear()

    def come_back(self):
        """Take connections again, at the same address."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self.listener,), daemon=True).start()

    def close(self):
        self.leave()

    def _serve(self, listener):
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def _close(listener):
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def through(uri: str, port: int) -> str:
    """The address of a database, through a proxy on this machine."""
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{port}"
    return urlunsplit(parts._replace(netloc=place))


def place_of(uri: str) -> tuple[str, int]:
    """Host and port of a database."""
    parts = urlsplit(uri)
    return parts.hostname, parts.port


class CommitProxy:
    """Stands between client and PostgreSQL, and cuts the connection at a writer's COMMIT, once.

    Args:
        target: Host and port of the server.
        how: ``answer`` cuts after the COMMIT was carried out, ``request`` before the server gets
            it, ``silence`` likewise, but the server does not learn that the client has gone.
        gone: Whether the server is out of reach from then on.
    """

    def __init__(self, target, how, *, gone=False):
        self.target, self.how, self.gone = target, how, gone
        self.armed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.kept = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
                back.start()
                threading.Thread(
                    target=self.forward, args=(client, server, back), daemon=True
                ).start()

    def pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.cutting(source):
                    sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def cutting(self, server):
        return server in self.kept

    def forward(self, client, server, back):
        writes = False
        with suppress(OSError):
            while data := client.recv(65536):
                writes = b"txid_current" in data or (writes and b"BEGIN" not in data)
                if self.armed and writes and b"COMMIT" in data:
                    self.armed = False
                    self.kept.append(server)
                    if self.gone:
                        self.listener.shutdown(socket.SHUT_RDWR)
                        self.listener.close()
                    if self.how == "answer":
                        server.sendall(data + b"X\x00\x00\x00\x04")  # and ends the session
                        back.join()
                    elif self.how == "request":
                        server.shutdown(socket.SHUT_RDWR)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)

    def close(self):
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for server in self.kept:
            server.close()
