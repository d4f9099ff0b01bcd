"""Which pairs of a sentence are asked about, and which of their triples may stand together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import permutations

from zslre.packing import Pair
from zslre.types import Mention, Sentence, Triple


def candidate_pairs(sentence: Sentence) -> list[Pair]:
    """All ordered pairs of mentions but those that overlap or repeat the same text."""
    return [
        (head, tail)
        for head, tail in permutations(sentence.mentions, 2)
        if head.text != tail.text and (head.end <= tail.start or tail.end <= head.start)
    ]


def beside(mentions: Iterable[Mention], given: Collection[Mention]) -> list[Mention]:
    """The mentions that overlap none of those `given`."""
    return [m for m in mentions if all(m.end <= g.start or g.end <= m.start for g in given)]


def one_direction(triples: Iterable[Triple]) -> list[Triple]:
    """Of the two directions of a relation between two mentions, the better one."""
    best: dict[tuple[str, frozenset[Mention]], Triple] = {}
    for triple in triples:
        key = (triple.relation, frozenset((triple.head, triple.tail)))
        if key not in best or triple.score > best[key].score:
            best[key] = triple
    return list(best.values())
