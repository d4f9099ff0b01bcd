"""New side information into a relation that may have some: the user's stays, what came from us is renewed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from zslre.relation import LISTS
from zslre.relations import Relation, SideInformation, Source

SAME_CONFIDENCE = 0.02  # encoders round differently from one machine to the next


def merged(relation: Relation, found: Sequence[Source], asked: Collection[str]) -> Relation:
    """The relation with the items `found`; of those that it had from the sources `asked`, only what was found again.

    Items without a source are the user's and stay. A source whose item is gone from its list says that the user took it
    out: it is not put back. An item keeps its place, and its date while nothing about it changes.
    """
    before = {source.key: source for source in relation.sources}
    new: dict[tuple[str, str], Source] = {}
    for source in found:
        if source.item.casefold() != relation.name.casefold():
            new.setdefault(source.key, source)
    lists: dict[str, tuple[str, ...]] = {}
    kept: list[Source] = []
    for name in LISTS:
        items: list[str] = []
        present = {item.casefold() for item in getattr(relation.side, name)}
        for item in getattr(relation.side, name):
            key = (name, item.casefold())
            if key not in before:
                items.append(item)
            elif key in new or before[key].source not in asked:
                items.append(item)
                again = new.get(key) if before[key].source in asked else None
                kept.append(_newer(before[key], again))
        for key, source in new.items():
            if key[0] == name and key not in before and key[1] not in present:
                items.append(source.item)
                kept.append(source)
        kept += [source for key, source in before.items() if key[0] == name and key[1] not in present]
        lists[name] = tuple(items)
    return replace(relation, side=SideInformation(**lists), sources=tuple(kept))


def _newer(old: Source, new: Source | None) -> Source:
    """The new source, unless it says what the old one says."""
    if new is None:
        return old
    same = (old.source, old.detail) == (new.source, new.detail)
    return old if same and abs(old.confidence - new.confidence) < SAME_CONFIDENCE else new
