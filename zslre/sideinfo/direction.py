"""Which way round things are said: a relation's description, and a property of Wikidata beside the relation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from zslre.relations import Relation, catalogue
from zslre.sideinfo.descriptions import described_types
from zslre.sideinfo.entity_types import compatible
from zslre.sideinfo.grammar import in_the_past, noun_of, read_alike, reading, verb_of
from zslre.sideinfo.query import ROLES
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import Match, Property, PropertyIndex
from zslre.sideinfo.wordnet import wordnet

# Nouns this near mean the same thing (mother tongue, native language); teacher and student have 0.88.
SAME_NOUN = 0.9
_Way = Literal["same", "turned", "unclear"]
Types = Mapping[str, Collection[str]]  # role → types


def types_told(relation: Relation, vectors: PhraseVectors, *, by_name: bool = True) -> list[tuple[str, str, float]]:
    """(role, type, confidence) for the types that the description names, by what the name lets it begin with.

    Not `by_name`, as in Wikidata's own descriptions, that is the tail. "Person who trains" is the head of "coaches" and
    of "is the coach of", and the tail of "coach". Of "coach of" it is the head if a coach is one; of "works for" it may
    be either.
    """

    def told(first: str | None) -> list[tuple[str, str, float]]:
        return list(described_types(relation.description, wordnet(), vectors, first=first))

    name, verb = relation.name, verb_of(relation.name, wordnet())
    if not by_name:
        return told("tail")
    if verb is not None:
        return told("tail" if verb[1] else "head")
    if in_the_past(name, wordnet()) is not None:
        return told(None)
    if noun_of(name) is not None:
        return told("head")
    read, found = reading(name, wordnet()), told("tail")
    if read is not None and read[0] == "noun of head" and any(compatible(read[1], type_) for _, type_, _ in found):
        return told("head")
    return found


def oriented(
    match: Match, relation: Relation, types: Types, index: PropertyIndex, vectors: PhraseVectors
) -> Match | None:
    """The match as the relation is read: as it is, turned round, or, where that cannot be told, none.

    The relation's `types` tell it if they contradict the property's one way only; else the names do. A property that is
    turned round is its inverse, where there is just one.
    """
    known = match.property
    if relation.symmetric or relation.id == known.id or _is_symmetric(known):
        return match
    described = list(described_types(known.description, wordnet(), vectors))
    of_head, of_tail = ([name for of, name, _ in described if of == role] for role in ROLES)
    as_it_is, turned = _fit(types, of_head, of_tail), _fit(types, of_tail, of_head)
    if relation.name.casefold() == known.label.casefold():
        return _inverse(match, index) if as_it_is < 0 < turned else match
    way = _way_of_names(relation, known, vectors)
    if as_it_is < 0 or turned < 0:
        if as_it_is > 0 or (as_it_is == 0 and way in ("same", None)):
            return match
        return _inverse(match, index) if turned > 0 or (turned == 0 and way == "turned") else None
    verb = verb_of(relation.name, wordnet())
    if way is None and verb is not None and not verb[1] and " " not in verb[0]:
        return None  # "founded" is not Wikidata's "founded", a date
    return {"same": match, None: match, "turned": _inverse(match, index), "unclear": None}[way]


def _fit(types: Types, head: Collection[str], tail: Collection[str]) -> int:
    """1 where what is known on both sides is compatible, -1 where some of it is not, 0 where nothing is."""
    both = [(types[role], wanted) for role, wanted in zip(ROLES, (head, tail), strict=True) if types[role] and wanted]
    fitting = [any(compatible(a, b) for a in given for b in wanted) for given, wanted in both]
    return 0 if not fitting else 1 if all(fitting) else -1


def _way_of_names(relation: Relation, known: Property, vectors: PhraseVectors) -> _Way | None:
    """By the nearest of the property's names whose grammar tells; None where that of none does.

    "Unclear" are nouns that may be each other's opposite: Wikidata's "student" is also "teacher of".
    """
    similarities = vectors(known.names) @ vectors([relation.name])[0]
    for _, name in sorted(zip(-similarities, known.names, strict=True)):
        alike = read_alike(relation.name, name, wordnet())
        if alike is not None:
            nouns = reading(relation.name, wordnet(), sentence=True), reading(name, wordnet())
            words = [read[1] for read in nouns if read is not None and read[0].startswith("noun")]
            opposite = len(words) == 2 and float(np.prod(vectors(words), axis=0).sum()) < SAME_NOUN
            return "same" if alike else "unclear" if opposite else "turned"
    return None


def _is_symmetric(known: Property) -> bool:
    listed = catalogue().get(known.id)
    return listed is not None and listed.symmetric


def _inverse(match: Match, index: PropertyIndex) -> Match:
    """The property that says the same from tail to head, if there is just one; else the match, turned round."""
    listed = catalogue().get(match.property.id)
    inverse = listed.inverse if listed is not None else ()
    found = index.get(inverse[0]) if len(inverse) == 1 else None
    return Match(found, match.similarity) if found is not None else replace(match, turned=True)
