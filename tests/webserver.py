"""A real HTTP server on loopback whose pages a test writes, and names for it that only the test's resolver knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """`chunks`: a body without an announced length, sent piece by piece, for as long as the client listens."""

    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Callable[[], Iterator[bytes]] | None = None


@dataclass
class Request:
    host: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    start: float
    end: float  # before the last of the answer is sent: what the client asks next comes later


Route = Reply | str | Callable[["Request"], Reply]


class Server:
    """`pages`: "host/path" (the query left out) → what is served there; a text is HTML. `log`: every request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Route] = {}
        self.log: list[Request] = []

    def url(self, place: str) -> str:
        host, _, path = place.partition("/")
        return f"http://{host}:{self.port}/{path}"

    def asked(self, place: str) -> list[Request]:
        return [request for request in self.log if f"{request.host}{request.path}" == place]

    @property
    def paths(self) -> list[str]:
        """What was asked for, robots.txt left out."""
        return [f"{request.host}{request.path}" for request in self.log if request.path != "/robots.txt"]


@contextmanager
def serve() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            start = time.monotonic()
            host = self.headers.get("Host", "").partition(":")[0]
            parts = urlsplit(self.path)
            request = Request(host, parts.path, parse_qs(parts.query), dict(self.headers.items()), start, start)
            server.log.append(request)
            route = server.pages.get(f"{host}{parts.path}", Reply(status=404))
            try:
                reply = route(request) if callable(route) else route
                request.end = time.monotonic()
                self.reply(reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has heard enough

        def reply(self, route: Reply | str) -> None:
            reply = Reply(route.encode()) if isinstance(route, str) else route
            self.send_response(reply.status)
            headers = {"Content-Type": reply.type, **reply.headers}
            if reply.chunks is None:
                headers.setdefault("Content-Length", str(len(reply.body)))
            else:
                headers["Connection"] = "close"
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            for chunk in reply.chunks() if reply.chunks is not None else ():
                self.wfile.write(chunk)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # the client went away: some tests are about that

    httpd = Quiet(("127.0.0.1", 0), Handler)
    server = Server(httpd.server_address[1])
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def loopback(host: str, port: int) -> list[str]:
    """Resolves every name under .test to this machine; none other exists."""
    if host.endswith(".test"):
        return ["127.0.0.1"]
    raise OSError(f"a test must not ask for {host}")


class FakeClock:
    """Time that passes only by waiting for it."""

    def __init__(self) -> None:
        self.time = 1_000_000_000.0
        self.naps: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.naps.append(round(seconds, 3))
        self.time += seconds
