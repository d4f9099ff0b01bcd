"""Which relations mean the same, whatever they are called: what gives a tested relation away in training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zslre import freebase
from zslre.relation import CAMEL_JOINT, Relation
from zslre.relations import RelationSet, catalogue, of_synonym

_WIKIDATA = re.compile(r"(?:https?://(?:www\.)?wikidata\.org/\S*?|wdt?:)?(P)\s?([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The names and ids of a relation and of its inverses, and what else its author calls it."""

    same: frozenset[str]
    inverse: frozenset[str]
    synonyms: frozenset[str]

    def gives_away(self, tested: _Meaning) -> bool:
        ours, theirs = (self.same, self.inverse, self.synonyms), (tested.inverse, tested.synonyms)
        return not all(map(tested.same.isdisjoint, ours)) or not all(map(self.same.isdisjoint, theirs))


def training_leaks(unseen: Iterable[str | Relation], candidates: RelationSet) -> set[str]:
    """Names in `candidates` that must not be trained on when `unseen` (names, ids, Relations) is to be tested.

    These are the unseen relations themselves and their inverses, by id, or by name in any spelling ("founded_by" is
    "foundedBy"). The catalogue supplies ids and inverses that are not given, and what Freebase's relations, NYT's
    labels, mean in Wikidata is known. A relation that the catalogue does not have is also the one of which its name is
    a synonym, by the catalogue, where one relation alone has it, or by the author of the other; not by synonyms that
    `zslre side-info build` found. Any other relation under a wholly different name is not recognised: give its id.
    """
    return set[str]().union(*leaks_of_each(unseen, candidates))


def leaks_of_each(unseen: Iterable[str | Relation], candidates: RelationSet) -> Iterator[set[str]]:
    """The `training_leaks` of each alone, in order."""
    known = (_by_key(candidates), _catalogue())
    meanings = {candidate.name: _meaning(candidate, known) for candidate in candidates}
    for tested in (_meaning(relation, known) for relation in unseen):
        yield {name for name, meaning in meanings.items() if meaning.gives_away(tested)}


@lru_cache(maxsize=65536)
def spelling(key: str) -> str:
    """What a name or an id is however it is written.

    >>> spelling("foundedBy") == spelling("founded_by") == spelling("Founded-by") == "founded by"
    True
    >>> spelling("wdt:P19") == spelling("http://www.wikidata.org/entity/P19") == spelling("P 19") == "p19"
    True
    """
    if found := _WIKIDATA.fullmatch(key.strip()):
        return "p" + found[2]
    words = re.sub(r"[^\w+#]+|_+", " ", CAMEL_JOINT.sub(" ", key)).strip()
    return (words or key).casefold()


def _keys(relation: Relation) -> set[str]:
    """Its name and id, as they are and as `spelling` has them."""
    return {*relation.keys, *(spelling(key) for key in (relation.name, relation.id) if key is not None)}


def _by_key(relations: Iterable[Relation]) -> dict[str, Relation]:
    found: dict[str, Relation] = {}
    for relation in relations:
        for key in _keys(relation):
            found.setdefault(key, relation)
    return found


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, Relation]:
    return _by_key(catalogue())


def _meaning(relation: str | Relation, known: Sequence[Mapping[str, Relation]]) -> _Meaning:
    """As far as the `known` relations, by name and id, tell."""
    given = [relation] if isinstance(relation, Relation) else []
    keys = {relation.casefold(), spelling(relation)} if isinstance(relation, str) else _keys(relation)
    keys = keys.union(*(_keys(record) for record in _records(keys, known)))
    meanings = [found for key in sorted(keys) if (found := freebase.meaning(key)) is not None]
    keys |= {
        form for found in meanings for key in (found.path, *found.same) for form in (key.casefold(), spelling(key))
    }
    records, synonyms = [*given, *_records(keys, known)], set[str]()
    if keys.isdisjoint(_catalogue()):
        synonyms = {spelling(synonym) for record in records for synonym in record.own_part.side.synonyms}
        records += [meant for key in sorted(keys) if (meant := of_synonym(key)) is not None]
    inverse = {spelling(key) for record in records for key in record.inverse}
    inverse |= {spelling(key) for found in meanings for key in found.inverse}
    others = _records(inverse, known)
    return _Meaning(
        frozenset(keys.union(*(_keys(record) for record in records))),
        frozenset(inverse.union(*(_keys(other) for other in others))),
        frozenset(synonyms),
    )


def _records(keys: Iterable[str], known: Sequence[Mapping[str, Relation]]) -> list[Relation]:
    return [relations[key] for relations in known for key in keys if key in relations]
