"""From the types of many entities to the few that cover most of them: lowest common hypernyms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zslre.sideinfo.wordnet import LEAST_INFORMATION, WordNet

MAX_TYPES = 3
LEAST_COVERED = 0.2  # of the entities, and never only one of them, for a type to be worth naming
ENOUGH_COVERED = 0.85


@dataclass(frozen=True, slots=True)
class CommonType:
    """A type and the entities that it covers."""

    name: str
    entities: tuple[str, ...]


def common_types(types: Mapping[str, Sequence[str]], wordnet: WordNet) -> list[CommonType]:
    """Up to MAX_TYPES types that together cover most of the entities; `types`: entity → its types, best first.

    Greedily, the type with the highest (entities newly covered) · (information) next: a common hypernym of all says
    little (thing), the type of one covers little. Entities without types do not count.
    """
    nodes = {entity: with_hypernyms(found, wordnet) for entity, found in types.items() if found}
    covers: dict[str, set[str]] = {}
    weights: dict[str, float] = {}
    for entity, above in nodes.items():
        for name, information in above.items():
            covers.setdefault(name, set()).add(entity)
            weights[name] = max(information, weights.get(name, 0.0))
    left, chosen = set(nodes), list[CommonType]()
    while left and len(chosen) < MAX_TYPES and len(left) > (1 - ENOUGH_COVERED) * len(nodes):
        best = max(covers, key=lambda name: (len(covers[name] & left) * weights[name], name), default=None)
        if best is None or len(covers[best] & left) < max(2, LEAST_COVERED * len(nodes)):
            break
        chosen.append(CommonType(best, tuple(entity for entity in nodes if entity in covers[best])))
        left -= covers[best]
    return chosen


def with_hypernyms(types: Sequence[str], wordnet: WordNet) -> dict[str, float]:
    """The types, and WordNet's hypernyms of each, with the information that they carry.

    A phrase that WordNet lacks (football club) says more than its last word, whose hypernyms are its own. Of a word's
    senses the first two count: which one is meant, the other entities tell.
    """
    found: dict[str, float] = {}
    for phrase in types:
        own = wordnet.senses(phrase, "n")[:2]
        senses = own if own else wordnet.senses(phrase.split(" ")[-1], "n")[:2]
        if not own:
            found[phrase] = 1.0
        for number in (above for sense in senses for above in wordnet.ancestors(sense)):
            if wordnet.information(number) >= LEAST_INFORMATION:
                name = phrase if number in own else wordnet.words(number)[0]
                found[name] = max(wordnet.information(number), found.get(name, 0.0))
    return found
