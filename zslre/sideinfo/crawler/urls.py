"""Web addresses as text: which of them are asked, and whose they are."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from zslre.sideinfo.crawler.problems import Refused

_NOTHING = SplitResult("", "", "", "", "")


def checked_url(url: str) -> str:
    """The address without its fragment; raises Refused for one that is not http(s), or that carries a password."""
    try:
        url = urldefrag(url.strip()).url
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Refused(f"is no address ({error})") from error
    if parts.scheme not in ("http", "https"):
        raise Refused(f"is neither http nor https: {parts.scheme or 'no scheme'}")
    if not host or parts.username is not None or parts.password is not None:
        raise Refused("has no host" if not host else "holds a user name")
    return url


def parts_of(url: str) -> SplitResult:
    """The parts of an address; all are empty of what is none, such as "http://[x/"."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NOTHING


def host_of(url: str) -> str:
    """The host of an address in lower case; all its ports count as one host."""
    return (parts_of(url).hostname or "").rstrip(".")


def redirected(url: str, location: str) -> str:
    """Where the header Location of a page at `url` leads; raises Refused where that is no address.

    Headers are read as Latin-1. A server that sends UTF-8 as it is means that.

    >>> redirected("http://a.test/x", "/M\\xc3\\xbcnster")
    'http://a.test/Münster'
    """
    with suppress(UnicodeError):  # it was Latin-1
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise Refused(f"redirects to what is no address ({error})") from error
