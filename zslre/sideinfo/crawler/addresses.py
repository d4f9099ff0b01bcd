"""Connections to public addresses only.

A name is resolved once, right before the connection; what was checked is what is connected to, so a name that resolves
differently a moment later (DNS rebinding) gains nothing. TLS still verifies the certificate against the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from zslre.sideinfo.crawler.problems import Refused

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

# Host and port → addresses; raises OSError for a name that does not resolve.
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a name, without repetitions."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet's: not private, loopback, link-local, multicast or reserved.

    An IPv6 address that carries an IPv4 address is judged by both.

    >>> [is_public(a) for a in ("93.184.215.14", "127.0.0.1", "10.1.2.3", "169.254.169.254", "::ffff:10.0.0.1", "::1")]
    [True, False, False, False, False, False]
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return ip.version == 4 or all(is_public(str(inner)) for inner in _embedded(ip))


def _embedded(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address leads to: mapped, 6to4, Teredo, and NAT64's well-known prefix."""
    found = [inner for inner in (ip.ipv4_mapped, ip.sixtofour) if inner is not None]
    if ip.teredo is not None:
        found += ip.teredo
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return found


def connection_pools(
    resolver: Resolver, allow_hosts: frozenset[str], on_connect: Callable[[HTTPConnection, socket.socket], None]
) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools by URL scheme whose connections go to checked addresses; `on_connect` is told of each new one.

    Raises (in the connection) `Refused` for a host with an address that is not public and that is not in `allow_hosts`.
    """
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
    from urllib3.util.connection import create_connection

    def connect(self: HTTPConnection) -> socket.socket:
        host = self.host.strip("[]")
        try:
            addresses = resolver(host, self.port)
        except (OSError, UnicodeError) as error:
            cause = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, cause) from error
        if host.lower() not in allow_hosts:
            for address in addresses:
                if not is_public(address):
                    raise Refused(f"{host} is at {address}, which is not a public address")
        failure: OSError | None = None
        for address in addresses:
            try:
                # An address, no name: nothing is resolved again.
                sock = create_connection((address, self.port), self.timeout, self.source_address, self.socket_options)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"no connection to {host} within {self.timeout} s") from error
            except OSError as error:
                failure = error
            else:
                on_connect(self, sock)
                return sock
        raise NewConnectionError(self, f"no connection to {host}: {failure}") from failure

    class PlainConnection(HTTPConnection):
        _new_conn = connect

    class TlsConnection(HTTPSConnection):
        _new_conn = connect

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}
