"""One request to one host: limits on time, size, unpacked size and content type, enforced while the body comes in."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, PoolManager
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from zslre.sideinfo.crawler.addresses import Resolver, connection_pools
from zslre.sideinfo.crawler.fetch import JSON
from zslre.sideinfo.crawler.packed import gunzip
from zslre.sideinfo.crawler.problems import Refused, causes

_CHUNK = 65_536
# A MediaWiki that is busy or in trouble says so with status 200; it must be neither read nor cached as an answer.
_BUSY = re.compile(r"maxlag|ratelimited|readonly|internal_api_error.*|.*too-busy-error")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Last-Modified", "Retry-After", "Date")


class LimitedAdapter(HTTPAdapter):
    """Sends requests of one host, one at a time. The request's Accept header says which content types are taken.

    The response is whole and unpacked when `send` returns. Raises `Refused` for what the limits forbid, and what
    `requests` raises for network failures; `timeout` (seconds) is for the whole exchange, however slowly bytes drip.
    """

    def __init__(self, *, resolver: Resolver, allow_hosts: frozenset[str], timeout: float, max_bytes: int) -> None:
        self._resolver, self._allow_hosts = resolver, allow_hosts
        self._timeout, self._max_bytes = timeout, max_bytes
        self._connection: HTTPConnection | None = None
        self._handshake: socket.socket | None = None
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = connection_pools(self._resolver, self._allow_hosts, self._remember)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """See the class. Redirects are not followed and errors not raised: the response says what came."""
        options |= {"stream": True, "timeout": self._timeout, "verify": True, "proxies": {}}
        with self._deadline() as expired:
            try:
                response = super().send(request, **options)
                with response.raw as raw:
                    body = self._body(raw, str(request.headers.get("Accept", "")))
            except (requests.RequestException, HTTPError, OSError) as error:
                if refused := next((cause for cause in causes(error) if isinstance(cause, Refused)), None):
                    raise refused from error
                if expired():
                    raise requests.Timeout(f"no whole answer within {self._timeout:g} s") from error
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(error) from error
            if expired():  # a connection that was cut looks like a body that has ended
                raise requests.Timeout(f"no whole answer within {self._timeout:g} s")
        return self.build_response(request, _finished(response, body, str(request.url)))

    def _body(self, raw: HTTPResponse, accept: str) -> bytes:
        if raw.status != 200:
            raw.close()  # what an error page says is of no use; the connection goes with it
            return b""
        kind = raw.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not any(kind == accepted.partition(";")[0].strip() for accepted in accept.split(",")):
            why = f"content type {kind or 'not given'}; wanted {accept}"
            # An interface answers with a web page while something before it is out of order.
            raise requests.ConnectionError(why) if accept == JSON else Refused(why)
        length = raw.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._max_bytes:
            raise Refused(f"has {int(length):,} bytes, more than the {self._max_bytes:,} of --max-bytes")
        encoding = raw.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise Refused(f"is packed as {encoding}, which was not asked for")
        chunks = iter(lambda: raw.read1(_CHUNK, decode_content=False), b"")
        body = bytearray()
        for piece in gunzip(chunks) if "gzip" in encoding else chunks:
            body += piece
            if len(body) > self._max_bytes:
                raise Refused(f"has more than the {self._max_bytes:,} bytes of --max-bytes")
        if length.isdecimal() and raw.tell() < int(length):
            raise requests.ConnectionError(f"the answer broke off after {raw.tell():,} of {length} bytes")
        if accept == JSON and not _is_json(body):
            raise requests.ConnectionError("answers with what is no JSON")  # in trouble, and perhaps well again soon
        return bytes(body)

    def _remember(self, connection: HTTPConnection, sock: socket.socket) -> None:
        # While TLS shakes hands the connection has no socket that could be cut, so a second handle stays for the while.
        self._connection, self._handshake = connection, sock.dup()

    @contextmanager
    def _deadline(self) -> Iterator[Callable[[], bool]]:
        """Cuts the connection when the time is up; a socket's own timeout starts anew with every byte."""
        expired = threading.Event()

        def cut() -> None:
            expired.set()
            for sock in (self._handshake, self._connection.sock if self._connection is not None else None):
                with suppress(OSError):  # it may be closed already
                    if sock is not None:
                        sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._timeout, cut)
        timer.daemon = True
        timer.start()
        try:
            yield expired.is_set
        finally:
            timer.cancel()
            if self._handshake is not None:
                self._handshake.close()
                self._handshake = None


def _finished(response: requests.Response, body: bytes, url: str) -> HTTPResponse:
    """A response that holds its body, unpacked, and no headers but those that are used."""
    headers: Mapping[str, str] = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    busy = _BUSY.fullmatch(response.headers.get("MediaWiki-API-Error", ""))
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=headers,
        status=503 if busy else response.status_code,
        reason=response.reason,
        preload_content=False,
        request_url=url,
    )


def _is_json(body: bytes | bytearray) -> bool:
    try:
        with suppress(RecursionError):  # well begun: whoever asked is told
            json.loads(body)
    except ValueError:
        return False
    return True
