"""Getting pages: from the cache, or politely from the network."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from zslre.exceptions import InputError, MissingDependencyError
from zslre.sideinfo.crawler.addresses import Resolver, resolve
from zslre.sideinfo.crawler.clock import Clock, SystemClock
from zslre.sideinfo.crawler.problems import Missing, Problem, Refused, Spent, Unreachable
from zslre.sideinfo.crawler.settings import CrawlSettings
from zslre.sideinfo.crawler.urls import checked_url, host_of, redirected

if TYPE_CHECKING:
    import requests
    from protego import Protego
    from requests_cache.backends.base import BaseCache

    from zslre.sideinfo.crawler.lanes import Lane

HTML = "text/html, application/xhtml+xml, text/plain"
JSON = "application/json"
# What sitemaps are served as: XML, packed or not, or a text with an address a line.
SITEMAP = "application/xml, text/xml, application/gzip, application/x-gzip, application/octet-stream, text/plain"
TEXT = "text/plain, text/html"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_ROBOTS = 512_000  # bytes; RFC 9309 lets a crawler ignore what comes behind 500 KiB
_NEVER = 999_999  # days: `timedelta` takes few more
_LAST_WAIT = 2.0  # seconds for threads that an interrupt found at work
INSTALL = "pip install 'zslre[crawl]'"


@dataclass(frozen=True, slots=True)
class Page:
    """What an address holds: `url` is where redirects ended, `type` the content type with its charset, if any."""

    url: str
    type: str
    body: bytes


@dataclass
class Counts:
    """Of one run: requests that reached the network, and pages that the cache had."""

    requests: int = 0
    from_cache: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, limit: int | None) -> None:
        """Count one request; raises Spent where `limit` is reached."""
        with self._lock:
            if limit is not None and self.requests >= limit:
                raise Spent(f"--max-pages {limit} is used up")
            self.requests += 1

    def cached(self) -> None:
        with self._lock:
            self.from_cache += 1


class Pages(Protocol):
    """Where pages come from."""

    def get(self, url: str, *, accept: str, obey_robots: bool = True) -> Page:
        """The page at `url`, of one of the content types `accept`; raises a `Problem`."""
        ...


class NoPages:
    """No network: every page is refused."""

    def get(self, url: str, *, accept: str, obey_robots: bool = True) -> Page:
        """See `Pages`."""
        raise Refused(f"{url}: no page is fetched here")


class Fetcher:
    """Gets pages for many threads at once. Close it when done.

    `resolver` and `clock` stand in for the network's names and the time in tests.
    """

    def __init__(self, settings: CrawlSettings, *, resolver: Resolver = resolve, clock: Clock | None = None) -> None:
        self.settings = settings
        self.counts = Counts()
        self.clock = clock if clock is not None else SystemClock()
        self._resolver = resolver
        self._agent, self._robot = settings.agent, settings.robot
        self._lanes: dict[str, Lane] = {}
        self._robots: dict[str, Protego | Problem] = {}
        self._robots_locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._users = 0
        self._idle = threading.Condition()
        self._cache = _open_cache(settings)

    def get(self, url: str, *, accept: str, obey_robots: bool = True) -> Page:
        """The page at `url`, redirects followed; raises a `Problem`.

        Programs' interfaces (`obey_robots=False`) are asked by their own etiquette: robots.txt is about pages.
        """
        with self._in_use():
            return self._get(url, accept, obey_robots)

    def _get(self, url: str, accept: str, obey_robots: bool) -> Page:
        for _ in range(self.settings.max_redirects + 1):
            url = checked_url(url)
            if obey_robots:
                self._ask_robots(url)
            response = self._send(url, accept)
            if response.status_code not in _REDIRECTS:
                return Page(url, response.headers.get("Content-Type", ""), response.content)
            if "Location" not in response.headers:
                raise Missing("redirects to nowhere")
            url = redirected(url, response.headers["Location"])
        raise Refused(f"redirects more than {self.settings.max_redirects} times")

    def down(self) -> dict[str, str]:
        """Hosts that were given up, and why."""
        return {host: lane.down for host, lane in list(self._lanes.items()) if lane.down}

    def close(self) -> None:
        """Close all connections and the cache; threads that are still busy after an interrupt get a moment to end.

        SQLite crashes if it is closed while a thread reads: the cache is left open for one that takes longer.
        """
        for lane in self._lanes.values():
            lane.session.close()
        with self._idle:
            if self._idle.wait_for(lambda: not self._users, timeout=_LAST_WAIT):
                self._cache.close()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._idle:
            self._users += 1
        try:
            yield
        finally:
            with self._idle:
                self._users -= 1
                self._idle.notify_all()

    def _send(self, url: str, accept: str) -> requests.Response:
        from requests.exceptions import InvalidURL

        lane = self._lane(url)
        headers = {"Accept": accept}
        try:
            kept: Any = lane.session.get(url, headers=headers, allow_redirects=False, only_if_cached=True)
        except InvalidURL as error:  # such as "http://*.org/", which is one to urllib
            raise Refused(f"is no address ({error})") from error
        if kept.status_code != 504:
            self.counts.cached()
            if kept.status_code >= 400:
                raise Missing(f"status {kept.status_code}")
            response: requests.Response = kept
            return response

        def request() -> requests.Response:
            self.counts.spend(self.settings.max_pages)
            return lane.session.get(url, headers=headers, allow_redirects=False)

        response = lane.send(request)
        self.counts.bytes += len(response.content)
        return response

    def _ask_robots(self, url: str) -> None:
        rules = self._rules(url)
        if isinstance(rules, Problem):
            raise type(rules)(f"robots.txt: {rules}")
        if not rules.can_fetch(url, self._robot):
            raise Refused("robots.txt forbids it")

    def _rules(self, url: str) -> Protego | Problem:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            lock = self._robots_locks.setdefault(origin, threading.Lock())
        with lock:  # the first asks, the others wait for what it learns
            if origin not in self._robots:
                self._robots[origin] = self._read_robots(origin)
        return self._robots[origin]

    def _read_robots(self, origin: str) -> Protego | Problem:
        from protego import Protego

        try:
            text = self.get(f"{origin}/robots.txt", accept=TEXT, obey_robots=False).body[:_MAX_ROBOTS]
        except Missing:
            text = b""  # RFC 9309: no file, no rules
        except (Unreachable, Spent) as problem:
            return problem  # and where the rules cannot be had, nothing may be fetched
        except Refused as problem:
            return Refused(str(problem))
        rules = Protego.parse(text.decode("utf-8-sig", "replace"))
        rate = rules.request_rate(self._robot)
        delays = [rules.crawl_delay(self._robot) or 0.0, rate.seconds / rate.requests if rate is not None else 0.0]
        if max(delays) > self.settings.longest_wait:
            return Refused(f"asks for {max(delays):,.0f} s between requests, which is more than we wait")
        self._lane(origin).slow_down(max(delays))
        return rules

    def _lane(self, url: str) -> Lane:
        from zslre.sideinfo.crawler.lanes import Lane

        host = host_of(url)
        with self._lock:
            if host not in self._lanes:
                s = self.settings
                self._lanes[host] = Lane(host, self._session(), self.clock, s.delay, s.retries, s.longest_wait)
            return self._lanes[host]

    def _session(self) -> requests.Session:
        from requests_cache import CachedSession

        from zslre.sideinfo.crawler.transport import LimitedAdapter

        s = self.settings
        session = CachedSession(
            backend=self._cache,
            expire_after=timedelta(days=min(s.expire_days, _NEVER)),
            allowable_codes=(200, 404, 410, *_REDIRECTS),
            match_headers=False,
            autoclose=False,
        )
        adapter = LimitedAdapter(
            resolver=self._resolver, allow_hosts=s.allow_hosts, timeout=s.timeout, max_bytes=s.max_bytes
        )
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # Else requests looks where a redirect leads, though it is not to follow it, and raises for what is no address.
        session.get_redirect_target = lambda response: None
        session.trust_env = False  # no proxy, which would resolve names for us, and no passwords from .netrc
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.clear()
        session.headers.update({"User-Agent": self._agent, "Accept-Encoding": "gzip"})
        return session


def _open_cache(settings: CrawlSettings) -> BaseCache:
    try:
        import bs4  # noqa: F401
        import protego  # noqa: F401
        from requests_cache.backends.sqlite import SQLiteCache
    except ImportError as error:
        raise MissingDependencyError(f"crawling needs more packages: {INSTALL}") from error
    path = settings.cache / "pages.sqlite"
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
        # JSON, since unpickling runs what a file says. Each answer is on disk before it is used.
        return SQLiteCache(path, serializer="json", wal=True, busy_timeout=10_000)
    except OSError as error:
        raise InputError(f"{settings.cache}: is no place for pages ({error.strerror}); give another --cache") from error
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot be read ({error}); delete it, or give another --cache") from error
