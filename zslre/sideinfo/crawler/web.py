"""Hypernyms from arbitrary web pages: a list of addresses, a sitemap, or what a search endpoint finds."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from zslre.paths import fingerprint
from zslre.sideinfo.crawler.fetch import HTML, JSON, SITEMAP, Page, Pages
from zslre.sideinfo.crawler.packed import unpacked
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.crawler.reader import Reader, Text
from zslre.sideinfo.crawler.sources import PAGE, Result, Task
from zslre.sideinfo.crawler.urls import checked_url, parts_of
from zslre.sideinfo.hypernyms import Evidence
from zslre.sideinfo.mining.ranking import Finding

# Read by a regular expression: an XML parser would have to be guarded against entities that expand without end.
_LOCATION = re.compile(r"<loc>\s*(?:<!\[CDATA\[\s*([^\s\]]{1,2000})\s*\]\]>|([^<\s]{1,2000}))\s*</loc>")
_MAX_LOCATIONS = 50_000  # that one sitemap may hold by its standard
_MAX_NESTING = 50


class WebSource:
    """`sitemaps`: addresses of sitemaps. `seeds`: those of pages, and of sitemaps if they end in .xml or .xml.gz.

    `search`: an address with {name} in it. `max_bytes`: the most that a sitemap may unpack to.
    """

    name = "web"

    def __init__(
        self,
        pages: Pages,
        reader: Reader,
        *,
        today: str,
        seeds: Sequence[str] = (),
        sitemaps: Sequence[str] = (),
        search: str = "",
        search_results: int = 5,
        noisy: bool = False,
        max_bytes: int = 2_000_000,
    ) -> None:
        self._pages, self._reader, self._today, self._noisy = pages, reader, today, noisy
        self._sitemaps, self._max_bytes = sitemaps, max_bytes
        self._seeds, self._search, self._search_results = seeds, search, search_results

    def tasks(self, names: Sequence[str], done: Collection[Task]) -> Iterator[Task]:
        """See `Source`."""
        yield from (Task(self.name, "sitemap", (url,)) for url in self._sitemaps)
        for url in self._seeds:
            yield Task(self.name, "sitemap" if _is_sitemap(url) else PAGE, (url,))
        if self._search:
            yield from (Task(self.name, "search", (name,)) for name in names)

    def address(self, task: Task) -> str:
        """See `Source`."""
        return self._search.replace("{name}", quote(task.items[0], safe="")) if task.kind == "search" else task.items[0]

    def names(self, task: Task) -> tuple[str, ...]:
        """See `Source`. A page that a search led to carries the name in its second item."""
        return task.items if task.kind == "search" else task.items[1:]

    def told(self, task: Task) -> tuple[str | None, ...]:
        """See `Source`."""
        if task.kind == "search":
            return (fingerprint([self._search, self._search_results]),)
        return (fingerprint([self._noisy]),) if task.kind == PAGE else ()

    def run(self, task: Task) -> Result:
        """See `Source`."""
        url = self.address(task)
        if task.kind in ("sitemap", "sitemap part"):
            page = self._pages.get(url, accept=SITEMAP)
            return Result(following=tuple(self._in_sitemap(page, nested=task.kind == "sitemap part")))
        if task.kind == "search":
            found = self._hits(self._pages.get(url, accept=f"{HTML}, {JSON}"))
            return Result(following=tuple(Task(self.name, PAGE, (hit, *task.items)) for hit in found))
        page = self._pages.get(url, accept=HTML)
        reading = self._reader.read(Text(page.body, page.type))
        return Result(
            tuple(
                Finding(m.hyponym, m.hypernyms, Evidence(self.name, page.url, self._today, m.sentence), m.alike)
                for m in reading.matches
            )
        )

    def _in_sitemap(self, page: Page, *, nested: bool) -> Iterator[Task]:
        """Pages, and the parts of a sitemap index; a part has no parts, by the standard and so that there is an end."""
        text = unpacked(page.body, self._max_bytes).decode("utf-8", "replace")
        is_index = "<sitemapindex" in text
        number = -1
        for number, url in enumerate(_locations(text)):
            if number >= _MAX_LOCATIONS:
                raise Refused(f"is a sitemap of more than {_MAX_LOCATIONS:,} addresses")
            if not is_index and not _is_sitemap(url):
                yield Task(self.name, PAGE, (url,))
            elif not nested:
                yield Task(self.name, "sitemap part", (url,))
        if number < 0:
            raise Refused("holds no address of a page: is it a sitemap?")

    def _hits(self, page: Page) -> list[str]:
        """The first results of a search: web addresses in JSON, or links in HTML that leave the searching site."""
        if "json" in page.type:
            try:
                found = [_checked(url) for url in _addresses(json.loads(page.body))]
            except (ValueError, RecursionError) as error:
                raise Refused(f"answers a search with what is no JSON ({type(error).__name__})") from error
        else:
            here = parts_of(page.url).netloc
            found_there = self._reader.read(Text(page.body, page.type, links=True)).links
            absolute = (_checked(link, page.url) for link in found_there)
            found = [url for url in absolute if parts_of(url).netloc != here]
        return list(dict.fromkeys(url for url in found if url))[: self._search_results]


def _is_sitemap(url: str) -> bool:
    return parts_of(url).path.endswith((".xml", ".xml.gz"))


def _checked(link: str, page: str = "") -> str:
    """The address that a link on a page leads to, or "" if that would not be asked."""
    try:
        return checked_url(urljoin(page, link))
    except (ValueError, Refused):
        return ""


def _locations(sitemap: str) -> Iterator[str]:
    if "<" not in sitemap:
        lines = (line.strip() for line in sitemap.splitlines())
        yield from (line for line in lines if line.startswith(("http://", "https://")))
    for found in _LOCATION.finditer(sitemap):
        yield found[1] if found[1] is not None else html.unescape(found[2])


def _addresses(value: Any, nesting: int = 0) -> Iterator[str]:
    if nesting > _MAX_NESTING:
        return
    if isinstance(value, str):
        if value.startswith(("http://", "https://")):
            yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _addresses(inner, nesting + 1)
