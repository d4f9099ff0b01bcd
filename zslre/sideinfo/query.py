"""What is known of a pair's mentions apart from the sentence: evidence for a relation's types, or a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zslre.encoder import FloatArray, PhraseEncoder
from zslre.packing import Pair
from zslre.relations import Relation, RelationSet
from zslre.scoring import VIEWS, Scorer, unit
from zslre.sideinfo.entity_types import compatible, type_words, words_of_type
from zslre.sideinfo.hypernyms import HypernymTable
from zslre.sideinfo.vectors import PhraseVectors
from zslre.types import Mention

# How far a mention's known types replace what the sentence suggests. On documents 211-250 of Re-DocRED, with the types
# of the gold mentions and the gazetteer, F1 is 0.368 without and 0.366, 0.367, 0.376, 0.374, 0.377 for 0.1, 0.2, 0.3,
# 0.5, 0.7: no clear gain, so that this is done only where the user gives a table, which knows more than a tagger.
TYPE_SHARE = 0.3
ROLES = ("head", "tail")


class TypeEvidence:
    """Moves the head and tail views of pairs towards their mentions' types. Each list of types is encoded once."""

    def __init__(self, encoder: PhraseEncoder, scorer: Scorer, table: HypernymTable) -> None:
        self._vectors, self._scorer, self._table = PhraseVectors(encoder), scorer, table
        _, self._width, self._dim = scorer.pair_views.shape

    def shift(self, pairs: Sequence[Pair]) -> tuple[FloatArray, FloatArray]:
        """(keep, add), each (P, D + 3T): features · keep + add are the features with the types taken into account.

        A view q becomes (1 - share) · q + share · t with the unit view t of the types' phrase; where nothing is known
        of a mention, its view stays.
        """
        shape = (len(pairs), self._dim + len(VIEWS) * self._width)
        keep, add = np.ones(shape, np.float32), np.zeros(shape, np.float32)
        for k, role in enumerate(ROLES):
            phrases = [", ".join(type_words(pair[k], self._table)) for pair in pairs]
            rows = [row for row, phrase in enumerate(phrases) if phrase]
            if not rows:
                continue
            columns = self._columns(role)
            views = self._vectors([phrases[row] for row in rows]) @ self._scorer.phrase_views[VIEWS.index(role)].T
            keep[rows, columns] = 1.0 - TYPE_SHARE
            add[rows, columns] = TYPE_SHARE * unit(views)
        return keep, add

    def roles(self) -> list[tuple[str, slice]]:
        """Head and tail, and where the view of each stands in a row of features."""
        return [(role, self._columns(role)) for role in ROLES]

    def _columns(self, role: str) -> slice:
        first = self._dim + VIEWS.index(role) * self._width
        return slice(first, first + self._width)


class StrictTypes:
    """Rules pairs out by their types: for relations that have `strict_types`, and, where an anaphor shows what head or
    tail is ("she", "the company"), for all that want another kind of thing there.
    """

    def __init__(self, relations: RelationSet, table: HypernymTable | None) -> None:
        self._relations, self._table = [relation.own_part for relation in relations], table
        self._strict = [(column, relation) for column, relation in enumerate(self._relations) if relation.strict_types]
        self._unfit: dict[tuple[tuple[str, ...], tuple[str, ...]], np.ndarray] = {}

    def forbid(self, pairs: Sequence[Pair], margins: FloatArray) -> None:
        """Set margins (P, R) to -inf where a relation wants a type that the mention, as far as is known, is not of."""
        types: dict[Mention, tuple[str, ...]] = {}
        for row, pair in enumerate(pairs):
            head, tail = (words_of_type(m.type) if m.antecedent and m.label else () for m in pair)
            if head or tail:
                margins[row, self._columns_unfit(head, tail)] = -np.inf
            if self._strict:
                for mention in pair:
                    if mention not in types:
                        types[mention] = self._types(mention)
                for column, relation in self._strict:
                    if not fits(relation, types[pair[0]], types[pair[1]]):
                        margins[row, column] = -np.inf

    def _types(self, mention: Mention) -> tuple[str, ...]:
        """A type without a label speaks for a relation that wants it, but alone it rules nothing out."""
        words = type_words(mention, self._table)
        if mention.type is None or mention.label is not None:
            return words
        return words if type_words(replace(mention, type=None), self._table) else ()

    def _columns_unfit(self, head: tuple[str, ...], tail: tuple[str, ...]) -> np.ndarray:
        """The relations (R,) bool that want another kind of head or tail than these."""
        if (head, tail) not in self._unfit:
            self._unfit[head, tail] = np.array([not fits(relation, head, tail) for relation in self._relations])
        return self._unfit[head, tail]


def fits(relation: Relation, head: Sequence[str], tail: Sequence[str]) -> bool:
    """Whether mentions of these types may be the relation's head and tail; of unknown types they may."""
    wanted = (relation.side.head_hypernyms, relation.side.tail_hypernyms)
    return all(
        not known or not types or any(compatible(a, b) for a in known for b in types)
        for known, types in zip((head, tail), wanted, strict=True)
    )
