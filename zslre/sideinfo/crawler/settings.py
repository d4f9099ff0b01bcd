"""What a crawl is told: who asks, how fast, how much, and whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from zslre._version import __version__
from zslre.exceptions import InputError
from zslre.paths import cache_dir
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.crawler.urls import checked_url

WIKIPEDIA_API = "https://en.wikipedia.org/w/api.php"
WIKIDATA_API = "https://www.wikidata.org/w/api.php"
_LONGEST = 86_400.0  # seconds; clocks and sockets know a limit
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://\S+")


def default_cache() -> Path:
    """Where fetched pages are kept if no other place is named."""
    return cache_dir() / "crawl"


@dataclass(frozen=True, slots=True)
class CrawlSettings:
    """Seconds, bytes and days. `allow_hosts`: hosts that may lie in a private network. `max_pages` counts requests that
    reach the network in one run; `max_bytes` is the most that one page may have, unpacked."""

    contact: str = ""
    user_agent: str = ""
    delay: float = 1.0
    timeout: float = 30.0
    retries: int = 4
    longest_wait: float = 120.0
    max_pages: int | None = None
    max_bytes: int = 2_000_000
    max_redirects: int = 5
    parallel_hosts: int = 16
    expire_days: float = 30.0
    cache: Path = field(default_factory=default_cache)
    allow_hosts: frozenset[str] = frozenset()
    wikipedia_api: str = WIKIPEDIA_API
    wikidata_api: str = WIKIDATA_API
    depth: int = 2
    search: str = ""
    search_results: int = 5
    noisy: bool = False

    def __post_init__(self) -> None:
        for name in ("delay", "timeout", "longest_wait", "expire_days"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("delay", "timeout", "longest_wait"):
            if getattr(self, name) > _LONGEST:
                raise InputError(f"{name} must be at most {_LONGEST:,.0f} s, got {getattr(self, name):,.0f}")
        if self.timeout == 0:
            raise InputError("timeout must be more than 0 s")
        for name in ("max_bytes", "parallel_hosts", "search_results"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.search and "{name}" not in self.search:
            raise InputError(f"the search address {self.search!r} must hold {{name}}, where the name is put in")
        for address in (self.search, self.wikipedia_api, self.wikidata_api):
            try:
                _ = address and checked_url(address.replace("{name}", "x"))
            except Refused as error:
                raise InputError(f"the address {address!r} {error}") from error

    @property
    def agent(self) -> str:
        """The User-Agent header. Raises InputError if it would not say whom to write to."""
        agent = self.user_agent.strip() or f"zslre/{__version__} ({self.contact.strip()})"
        if not _CONTACT.search(agent) or not agent.isprintable():
            raise InputError(
                "crawling needs a contact, so that whoever runs a site can reach you: "
                "give --contact with an e-mail address or a web page (or a --user-agent that holds one)"
            )
        try:
            agent.encode("latin-1")
        except UnicodeEncodeError as error:
            raise InputError(
                f"no header can hold the {agent[error.start]!r} of {agent!r}: "
                "give --contact (or --user-agent) in plain letters, a domain as xn--…"
            ) from error
        return agent

    @property
    def robot(self) -> str:
        """The name that robots.txt files may call this crawler by: "zslre", or what --user-agent begins with."""
        return re.split(r"[/\s]", self.agent, maxsplit=1)[0]
