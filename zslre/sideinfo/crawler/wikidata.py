"""Hypernyms from Wikidata: what an item is an instance of, and what that is a subclass of, upwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from zslre.sideinfo.crawler.api import api_url, ask, likeness, one_by_one, shaped, titles
from zslre.sideinfo.crawler.fetch import Pages
from zslre.sideinfo.crawler.sources import NameSource, Result, Task
from zslre.sideinfo.hypernyms import Evidence, entity_key
from zslre.sideinfo.mining.ranking import Finding

BATCH = 50  # items that the interface gives at once
INSTANCE_OF, SUBCLASS_OF = "P31", "P279"
_DISAMBIGUATION = "Q4167410"
# How many ordinary sentences a statement is worth; each step up is a weaker answer to what the thing is.
STATEMENT = 3.0
_STEP = 0.5


class WikidataSource(NameSource):
    """`depth`: steps up from the class that an item is an instance of. `contexts` as in `MediaWikiSource`."""

    name = "wikidata"
    batch = BATCH

    def __init__(self, pages: Pages, *, api: str, today: str, depth: int, contexts: Mapping[str, str]) -> None:
        super().__init__(contexts, api, depth)
        self._pages, self._api, self._today, self._depth = pages, api, today, depth

    def address(self, task: Task) -> str:
        """See `Source`."""
        return self._by_title(task.items)

    def run(self, task: Task) -> Result:
        """See `Source`."""
        with shaped():
            items, failed = self._items(task.items)
            levels = {name: [_classes(item)] for name, item in items.items()}
            known: dict[str, dict[str, Any]] = {}
            for _ in range(self._depth + 1):
                self._learn(known, (q for steps in levels.values() for q in steps[-1]))
                for steps in levels.values():
                    above = (q for below in steps[-1] for q in _targets(known.get(below, {}), SUBCLASS_OF))
                    seen = {q for step in steps for q in step}
                    steps.append([q for q in dict.fromkeys(above) if q not in seen])
            found = (self._findings(name, items[name], steps, known) for name, steps in levels.items())
            return self._result((finding for findings in found for finding in findings), failed)

    def _by_title(self, names: Sequence[str]) -> str:
        return api_url(
            self._api,
            action="wbgetentities",
            sites="enwiki",
            titles=titles(names),
            props="claims|sitelinks",
            sitefilter="enwiki",
        )

    def _by_id(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        if not ids:
            return {}
        url = api_url(self._api, action="wbgetentities", ids="|".join(ids), props="claims|labels", languages="en")
        entities = ask(self._pages, url).get("entities", {})
        return {q: item for q, item in entities.items() if isinstance(item, dict) and "missing" not in item}

    def _items(self, names: Sequence[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """The item of each name: the one whose article has the name as its title, else the best that a search finds;
        and the names whose search failed."""
        answer = ask(self._pages, self._by_title(names))
        by_title = {
            entity_key(item["sitelinks"]["enwiki"]["title"]): item
            for item in answer.get("entities", {}).values()
            if isinstance(item, dict) and "enwiki" in item.get("sitelinks", {})
        }
        titled = {name: by_title.get(entity_key(name), {}) for name in names}
        found = {name: item for name, item in titled.items() if item and not _is_disambiguation(item)}
        ids, failed = one_by_one(names, lambda name: "" if name in found else self._search(name))
        items = self._by_id(sorted({q for q in ids.values() if q}))
        return found | {name: items[q] for name, q in ids.items() if q in items}, failed

    def _search(self, name: str) -> str:
        """The id of the item that a name means; "" if there is none."""
        url = api_url(self._api, action="wbsearchentities", search=name, language="en", type="item", limit=7)
        with shaped():
            hits = [hit for hit in ask(self._pages, url).get("search", ()) if self._is_called(hit, name)]
            context = self._context(name)
            # The interface lists the best known first, and max keeps the first of equals.
            best = max(hits, key=lambda hit: likeness(context, hit.get("description", "")), default=None)
            return str(best["id"]) if best is not None else ""

    @staticmethod
    def _is_called(hit: dict[str, Any], name: str) -> bool:
        called = (hit.get("label", ""), hit.get("match", {}).get("text", ""))
        meaningless = "disambiguation" in hit.get("description", "").lower()
        return any(entity_key(text) == entity_key(name) for text in called) and not meaningless

    def _learn(self, known: dict[str, dict[str, Any]], ids: Iterable[str]) -> None:
        new = sorted({q for q in ids if q not in known})
        for at in range(0, len(new), BATCH):
            known |= self._by_id(new[at : at + BATCH])

    def _findings(
        self, name: str, item: dict[str, Any], steps: list[list[str]], known: Mapping[str, dict[str, Any]]
    ) -> Iterator[Finding]:
        origin = self._api.partition("/w/")[0]
        url = f"{origin}/wiki/{item.get('id', '')}"
        for step, ids in enumerate(steps[: self._depth + 1]):
            for q in ids:
                label = known.get(q, {}).get("labels", {}).get("en", {}).get("value", "")
                if label and entity_key(label) != entity_key(name):
                    how = "instance of" if step == 0 else f"instance of a subclass ({step} up) of"
                    evidence = Evidence(self.name, url, self._today, f"{name}: {how} {label}")
                    yield Finding(name, ((label, STATEMENT * _STEP**step),), evidence)


def _classes(item: dict[str, Any]) -> list[str]:
    """What the item is an instance of; a class itself is taken for a subclass of what stands above it."""
    return _targets(item, INSTANCE_OF) or _targets(item, SUBCLASS_OF)


def _is_disambiguation(item: dict[str, Any]) -> bool:
    return _DISAMBIGUATION in _targets(item, INSTANCE_OF)


def _targets(item: dict[str, Any], relation: str) -> list[str]:
    """The items that statements of a relation point to: the preferred ones if there are such, never deprecated ones."""
    statements = [s for s in item.get("claims", {}).get(relation, ()) if s.get("rank") != "deprecated"]
    preferred = [s for s in statements if s.get("rank") == "preferred"]
    values = (s.get("mainsnak", {}).get("datavalue", {}).get("value", {}) for s in preferred or statements)
    return list(dict.fromkeys(str(value["id"]) for value in values if isinstance(value, dict) and "id" in value))
