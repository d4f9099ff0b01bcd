"""Which pairs of a sentence are asked about, and which of their triples may stand together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import permutations

from zslre.packing import Pair
from zslre.relations import Relation
from zslre.types import Mention, Sentence, Triple

# Types, spaCy's and DocRED's, of what has a place in time or an amount to tell, and no relation of its own.
LITERALS = frozenset(["DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "CARDINAL", "ORDINAL", "NUM"])
LITERAL_KINDS = frozenset(
    ["date", "time", "year", "day", "period", "point in time", "number", "quantity", "amount", "percentage", "money"]
)


def candidate_pairs(sentence: Sentence, *, literal_heads: bool = False) -> list[Pair]:
    """All ordered pairs of mentions but those that overlap or repeat the same text.

    A mention typed as a date or a number is no head, unless `literal_heads`: of Re-DocRED's triples three in a
    thousand have such a head (dev documents 1-250: 14 of 5,109), of the ordered pairs there more than a fifth.
    """
    return [
        (head, tail)
        for head, tail in permutations(sentence.mentions, 2)
        if (literal_heads or head.type not in LITERALS)
        and head.text != tail.text
        and (head.end <= tail.start or tail.end <= head.start)
    ]


def wants_literal_heads(relations: Iterable[Relation]) -> bool:
    """Whether the types that one of the relations wants of its heads are dates or numbers."""
    return any(LITERAL_KINDS & set(relation.side.head_hypernyms) for relation in relations)


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
