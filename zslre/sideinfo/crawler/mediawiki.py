"""Hypernyms from the introductions of a MediaWiki's articles, such as Wikipedia's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zslre.sideinfo.crawler.api import api_url, ask, likeness, one_by_one, shaped, titles
from zslre.sideinfo.crawler.fetch import Pages
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.crawler.reader import Reader, Text
from zslre.sideinfo.crawler.sources import NameSource, Result, Task
from zslre.sideinfo.hypernyms import Evidence, entity_key
from zslre.sideinfo.mining.hearst import DEFINITION
from zslre.sideinfo.mining.ranking import Finding

BATCH = 20  # introductions that the interface gives at once
_MAX_CONTINUATIONS = 20
_MAX_MEANINGS = 20
# How many ordinary sentences a definition, the first sentence of an article, is worth.
WEIGHT_OF_DEFINITION = 3.0
# "Mercury (planet)" calls itself Mercury.
_QUALIFIER = re.compile(r" \([^()]+\)$")


@dataclass(frozen=True, slots=True)
class _Article:
    title: str
    url: str
    text: str
    ambiguous: bool


class MediaWikiSource(NameSource):
    """The `contexts` of names choose among their meanings."""

    name = "wikipedia"
    batch = BATCH

    def __init__(
        self,
        pages: Pages,
        reader: Reader,
        *,
        api: str,
        today: str,
        contexts: Mapping[str, str],
        noisy: bool = False,
    ) -> None:
        super().__init__(contexts, api, noisy)
        self._source, self._reader, self._api, self._today = pages, reader, api, today

    def address(self, task: Task) -> str:
        """See `Source`."""
        return self._query(task.items)

    def run(self, task: Task) -> Result:
        """See `Source`."""
        with shaped():
            articles = self._articles(task.items)
        found, failed = one_by_one(task.items, lambda name: self._said(name, articles.get(name)))
        return self._result((f for findings in found.values() for f in findings), failed)

    def _query(self, names: Sequence[str]) -> str:
        return api_url(
            self._api,
            action="query",
            prop="extracts|pageprops|info",
            ppprop="disambiguation",
            inprop="url",
            exintro=1,
            explaintext=1,
            exlimit=BATCH,
            redirects=1,
            titles=titles(names),
        )

    def _articles(self, names: Sequence[str]) -> dict[str, _Article]:
        """The article of each name that has one; redirects and spellings are followed."""
        renamed: dict[str, str] = {}
        pages: dict[str, dict[str, Any]] = {}
        for answer in self._pages(self._query(names)):
            query = answer.get("query", {})
            for step in (*query.get("normalized", ()), *query.get("redirects", ())):
                renamed[step["from"]] = step["to"]
            for page in query.get("pages", ()):
                pages.setdefault(page["title"], {}).update(page)
        found = {}
        for name in names:
            title, steps = name, 0
            while title in renamed and steps < 5:
                title, steps = renamed[title], steps + 1
            page = pages.get(title, {})
            if page and not page.get("missing") and not page.get("invalid"):
                ambiguous = "disambiguation" in page.get("pageprops", {})
                found[name] = _Article(title, page.get("fullurl", self._api), page.get("extract", ""), ambiguous)
        return found

    def _pages(self, url: str) -> Iterator[dict[str, Any]]:
        base = url
        for _ in range(_MAX_CONTINUATIONS):
            answer = ask(self._source, url)
            yield answer
            if "continue" not in answer:
                return
            parts = "&".join(f"{key}={value}" for key, value in sorted(answer["continue"].items()))
            url = f"{base}&{parts.replace('|', '%7C')}"
        raise Refused(f"continues an answer more than {_MAX_CONTINUATIONS} times")

    def _meaning(self, name: str, article: _Article) -> _Article | None:
        """The meaning of an ambiguous name that fits its context best; None without a context that fits any."""
        context = self._context(name)
        if not context:
            return None
        url = api_url(
            self._api, action="query", prop="links", plnamespace=0, pllimit=500, titles=titles([article.title])
        )
        links = (
            link["title"]
            for answer in self._pages(url)
            for page in answer.get("query", {}).get("pages", ())
            for link in page.get("links", ())
        )
        plain = entity_key(name)
        meanings = [title for title in dict.fromkeys(links) if plain in entity_key(title)][:_MAX_MEANINGS]
        if not meanings:
            return None
        articles = [found for found in self._articles(meanings).values() if not found.ambiguous]
        likely = [(likeness(context, f"{found.title} {found.text}"), found) for found in articles]
        best = max(likely, key=lambda pair: pair[0], default=(0.0, None))
        return best[1] if best[0] > 0 else None

    def _said(self, name: str, article: _Article | None) -> list[Finding]:
        with shaped():
            clear = self._meaning(name, article) if article is not None and article.ambiguous else article
        return self._findings(name, clear) if clear is not None else []

    def _findings(self, name: str, article: _Article) -> list[Finding]:
        about = _QUALIFIER.sub("", article.title)
        reading = self._reader.read(Text(article.text.encode("utf-8"), about=about))
        findings = []
        for match in reading.matches:
            evidence = Evidence(self.name, article.url, self._today, match.sentence)
            if match.pattern == DEFINITION:
                sure = tuple((hypernym, weight * WEIGHT_OF_DEFINITION) for hypernym, weight in match.hypernyms)
                findings.append(Finding(name, sure, evidence))
            else:
                findings.append(Finding(match.hyponym, match.hypernyms, evidence, match.alike))
        return findings
