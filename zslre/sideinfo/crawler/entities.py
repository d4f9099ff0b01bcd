"""The names that a crawl asks about, and the sentences they stand in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zslre.exceptions import InputError
from zslre.paths import opened
from zslre.relation import text
from zslre.sideinfo.hypernyms import entity_key


@dataclass(frozen=True, slots=True)
class Entity:
    """A name, and a sentence that it stands in, if known: it chooses between several things of that name."""

    name: str
    context: str = ""


def read_entities(path: str | Path) -> Iterator[Entity]:
    """The entities of a file: one name a line, or, if it ends in .jsonl, {"entity": …, "context": …} a line.

    Raises InputError naming file and line.
    """
    is_json = str(path).lower().endswith(".jsonl")
    with opened(path, give="a file with one name a line") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _of_json(line, f"{path}, line {number}") if is_json else Entity(line.strip())


def distinct(entities: Iterable[Entity]) -> list[Entity]:
    """The entities without repetitions of a name; the first one that has a context speaks for the others."""
    kept: dict[str, Entity] = {}
    for entity in entities:
        name = text(entity.name, "an entity's name")
        if not name:
            raise InputError("an entity needs a name")
        before = kept.get(entity_key(name))
        if before is None or (not before.context and entity.context):
            context = text(entity.context, "an entity's context")
            kept[entity_key(name)] = Entity(before.name if before is not None else name, context)
    return list(kept.values())


def _of_json(line: str, place: str) -> Entity:
    shape = 'a line looks like {"entity": "Mercury", "context": "Mercury orbits the sun."}'
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: is no JSON ({error}); {shape}") from error
    if not isinstance(record, dict) or "entity" not in record or set(record) - {"entity", "context"}:
        raise InputError(f"{place}: needs an entity and at most a context; {shape}")
    try:
        entity = Entity(text(record["entity"], "entity"), text(record.get("context", ""), "context"))
        if not entity.name:
            raise InputError("an entity needs a name")
        return entity
    except InputError as error:
        raise InputError(f"{place}: {error}; {shape}") from error
