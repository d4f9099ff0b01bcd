"""The hypernym table: what kinds of thing an entity is, how sure that is, and which sentences say so.

JSON Lines, one entity a line:

    {"entity": "BMW", "hypernyms": [{"name": "car company", "count": 3, "confidence": 0.82, "sources":
     [{"source": "wikipedia", "url": "https://…", "date": "2026-11-23", "sentence": "BMW is a car company."}]}]}

A name about which not all sources have answered says why: "unanswered": "wikipedia: en.wikipedia.org is down (…)".
Without it, no hypernyms means that the sources know none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zslre.exceptions import InputError
from zslre.paths import aside, opened

SHAPE = '{"entity": "BMW", "hypernyms": [{"name": "car company", "count": 3, "confidence": 0.82, "sources": []}]}'


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a hypernym was found: kind of source, address, date (YYYY-MM-DD), and the sentence that says it, if any.

    Of WordNet the sentence is the sense's name and definition. The source "web, lent by Danube" says that the name
    stands in one list with the Danube, of which others say the kind; the sentence holds the list.
    """

    source: str
    url: str
    date: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Hypernym:
    """A kind of thing that an entity is; `confidence` in [0, 1].

    `count`: distinct sites that say so, or whose lists lend it.
    """

    name: str
    count: int
    confidence: float
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("a hypernym needs a name")
        if self.count < 0:
            raise InputError(f"hypernym {self.name!r}: count must not be negative, got {self.count}")
        if not 0.0 <= self.confidence <= 1.0:
            raise InputError(f"hypernym {self.name!r}: confidence must be from 0 to 1, got {self.confidence}")


class HypernymTable(Mapping[str, tuple[Hypernym, ...]]):
    """Entity name → hypernyms, best first. Lookup ignores case and surrounding white space; spelling is kept.

    >>> table = HypernymTable({"BMW": (Hypernym("car company", 3, 0.82),)})
    >>> table[" bmw "][0].name, list(table)
    ('car company', ['BMW'])
    """

    def __init__(self, entries: Mapping[str, tuple[Hypernym, ...]]) -> None:
        self._entries: dict[str, tuple[str, tuple[Hypernym, ...]]] = {}
        self._unanswered: dict[str, str] = {}
        for name, hypernyms in entries.items():
            self._add(name, tuple(hypernyms))

    def __getitem__(self, name: str) -> tuple[Hypernym, ...]:
        return self._entries[entity_key(name)][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def read(cls, path: str | Path) -> HypernymTable:
        """The table of a file; raises InputError naming file and line."""
        table = cls({})
        with opened(path, give="a file of `zslre crawl`") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    name, hypernyms, why = _entry(json.loads(line.rstrip("\n")))
                    table._add(name, hypernyms)
                    table._unanswered |= {entity_key(name): why} if why else {}
                except json.JSONDecodeError as error:
                    what = f"is not JSON: {error.msg}: column {error.colno}"
                    raise InputError(f"{path}, line {number}: {what}; a line looks like {SHAPE}") from error
                except (KeyError, TypeError, ValueError, RecursionError) as error:
                    what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                    raise InputError(f"{path}, line {number}: {what}; a line looks like {SHAPE}") from error
        return table

    def unanswered(self, name: str) -> str:
        """Why some of whoever was asked about the name have not answered; "" if all have."""
        return self._unanswered.get(entity_key(name), "")

    def with_unanswered(self, why: Mapping[str, str]) -> HypernymTable:
        """This table, and why names that are in it lack answers."""
        table = HypernymTable(self)
        table._unanswered = {entity_key(name): reason for name, reason in why.items() if name in self}
        return table

    def replaced_by(self, newer: HypernymTable) -> HypernymTable:
        """This table with the rows of `newer` in place of those of the same names, and behind them all new ones.

        A row that is empty for lack of answers leaves the hypernyms of before.
        """
        table = HypernymTable({})
        table._entries = dict(self._entries)
        for key, (name, hypernyms) in newer._entries.items():
            before = self.get(name, ()) if newer.unanswered(name) else ()
            table._entries[key] = (name, hypernyms or before)
        kept = {key: why for key, why in self._unanswered.items() if key not in newer._entries}
        table._unanswered = kept | newer._unanswered
        return table

    def write(self, path: str | Path) -> None:
        """Write the table; whoever reads `path` meanwhile sees the old file or the new one, never a part."""
        with aside(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as stream:
            for name, hypernyms in self._entries.values():
                record: dict[str, Any] = {"entity": name, "hypernyms": [_record(found) for found in hypernyms]}
                if why := self.unanswered(name):
                    record["unanswered"] = why
                stream.write(f"{json.dumps(record, ensure_ascii=False)}\n")

    def _add(self, name: str, hypernyms: tuple[Hypernym, ...]) -> None:
        key = entity_key(name)
        if not key:
            raise InputError("an entity needs a name")
        if key in self._entries:
            raise InputError(f"entity {name!r} stands twice in the table (case and outer white space do not count)")
        self._entries[key] = (name, hypernyms)


def entity_key(name: str) -> str:
    """What two spellings of one entity share: `"  The  Hague"` and `"the hague"` are the same."""
    return " ".join(name.split()).casefold()


def _entry(record: Any) -> tuple[str, tuple[Hypernym, ...], str]:
    _check_keys(record, "the line", required=("entity", "hypernyms"), optional=("unanswered",))
    why = _text(record, "unanswered") if "unanswered" in record else ""
    return _text(record, "entity"), tuple(_hypernym(item) for item in _list(record, "hypernyms")), why


def _hypernym(record: Any) -> Hypernym:
    _check_keys(record, "a hypernym", required=("name", "count", "confidence"), optional=("sources",))
    count, confidence = record["count"], record["confidence"]
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"count must be a whole number, not {count!r}")
    if not isinstance(confidence, int | float) or isinstance(confidence, bool):
        raise TypeError(f"confidence must be a number, not {confidence!r}")
    sources = _list(record, "sources") if "sources" in record else []
    return Hypernym(_text(record, "name"), count, float(confidence), tuple(_evidence(item) for item in sources))


def _evidence(record: Any) -> Evidence:
    fields = ("source", "url", "date", "sentence")
    _check_keys(record, "a source", required=fields)
    return Evidence(*(_text(record, field) for field in fields))


def _record(hypernym: Hypernym) -> dict[str, Any]:
    return {
        "name": hypernym.name,
        "count": hypernym.count,
        "confidence": round(hypernym.confidence, 4),
        "sources": [
            {"source": item.source, "url": item.url, "date": item.date, "sentence": item.sentence}
            for item in hypernym.evidence
        ],
    }


def _check_keys(record: Any, what: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    if not isinstance(record, dict):
        raise TypeError(f"{what} must be an object, not {type(record).__name__}")
    for key in required:
        if key not in record:
            raise KeyError(key)
    if unknown := sorted(set(record) - {*required, *optional}):
        raise ValueError(f"{what} has unknown keys: {', '.join(unknown)}")


def _text(record: dict[str, Any], key: str) -> str:
    if not isinstance(record[key], str):
        raise TypeError(f"{key} must be a text, not {record[key]!r}")
    return str(record[key])


def _list(record: dict[str, Any], key: str) -> list[Any]:
    if not isinstance(record[key], list):
        raise TypeError(f"{key} must be a list, not {record[key]!r}")
    return list(record[key])
