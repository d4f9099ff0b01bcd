"""Relation prototypes from side information; `zslre.fitting` fuses it with examples. Pure NumPy, given an encoder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.encoder import Encoder, FloatArray
from zslre.exceptions import InputError
from zslre.relation import in_words
from zslre.relations import Relation, RelationSet
from zslre.scoring import KINDS, VIEWS, Scorer, unit
from zslre.types import Example, checked_examples

MAX_SYNONYMS = 6
# What `zslre side-info build` found counts by so much beside what a relation's author wrote. Chosen of 1/3, 1/2, 2/3
# and 1 on the ten relations that the built-in model's training holds out (docs/side-info.md).
FOUND_SHARE = 1 / 3


def relation_phrases(relation: Relation) -> dict[str, str]:
    """What is encoded for each kind of side information that the relation has.

    >>> relation_phrases(Relation("founded by", "founder of this organization"))
    {'text': 'founded by: founder of this organization'}

    Inflections that `zslre side-info build` found are not read: they say nothing new, and lower scores.
    """
    side = relation.side
    inflected = {s.item.casefold() for s in relation.sources if s.field == "synonyms" and s.source == "inflection"}
    others = [synonym for synonym in side.synonyms if synonym.casefold() not in inflected]
    text = ", ".join([in_words(relation.name) or relation.name, *others[:MAX_SYNONYMS]])
    phrases = {
        "text": f"{text}: {relation.description}" if relation.description else text,
        "head": ", ".join(side.head_hypernyms),
        "tail": ", ".join(side.tail_hypernyms),
        "keywords": ", ".join(side.keywords),
    }
    return {kind: phrase for kind, phrase in phrases.items() if phrase}


@dataclass(frozen=True, slots=True, eq=False)
class Prototypes:
    """One row a relation: a vector for each kind, zero where the relation lacks the kind.

    `vectors` (R, D + 3T): the kinds side by side, in the order of KINDS; of length 1, or less where what was found and
    what was written point apart. `shares` (R, K): by how much each kind counts, 0 where it is absent.
    """

    vectors: FloatArray
    shares: FloatArray

    def texts(self, scorer: Scorer) -> FloatArray:
        """The vectors of the first kind, name, synonyms and description or what stands for them: (R, D)."""
        return self.vectors[:, : kind_widths(scorer)[0]]

    def weighted(self, scorer: Scorer) -> FloatArray:
        """The matrix (R, D + 3T) whose product with `Scorer.features` is the similarity s."""
        weights = scorer.kind_weights(self.shares)
        return np.asarray(scorer.scale * self.vectors * np.repeat(weights, kind_widths(scorer), axis=1))


def kind_widths(scorer: Scorer) -> list[int]:
    """Columns that each kind takes in a feature or prototype row: [D, T, T, T]."""
    _, width, dim = scorer.pair_views.shape
    return [dim, *[width] * len(VIEWS)]


def build_prototypes(encoder: Encoder, scorer: Scorer, relations: Collection[Relation]) -> Prototypes:
    """Prototypes of `relations` from their side information."""
    phrases = [(relation_phrases(relation), relation_phrases(relation.own_part)) for relation in relations]
    vectors_of = _encode_unique(encoder, [text for both in phrases for kinds in both for text in kinds.values()])
    widths = kind_widths(scorer)
    starts = np.cumsum([0, *widths])
    vectors = np.zeros((len(relations), int(starts[-1])), dtype=np.float32)
    shares = np.zeros((len(relations), len(KINDS)), dtype=np.float32)
    for row, (every, written) in enumerate(phrases):
        for k, kind in enumerate(KINDS):
            if kind in every:
                vector = _side_vector(scorer, kind, vectors_of[every[kind]])
                if kind in written and written[kind] != every[kind]:
                    own = _side_vector(scorer, kind, vectors_of[written[kind]])
                    vector = (1.0 - FOUND_SHARE) * own + FOUND_SHARE * vector
                vectors[row, starts[k] : starts[k + 1]] = vector
                shares[row, k] = 1.0 if kind in written else FOUND_SHARE
    return Prototypes(vectors, shares)


def without_side(scorer: Scorer, n_relations: int) -> Prototypes:
    """Prototypes of relations of which nothing is known, to be fitted to examples."""
    vectors = np.zeros((n_relations, sum(kind_widths(scorer))), dtype=np.float32)
    return Prototypes(vectors, np.zeros((n_relations, len(KINDS)), dtype=np.float32))


def _side_vector(scorer: Scorer, kind: str, vector: FloatArray) -> FloatArray:
    return unit(vector) if kind == "text" else unit(scorer.phrase_views[VIEWS.index(kind)] @ vector)


def _encode_unique(encoder: Encoder, phrases: Sequence[str]) -> dict[str, FloatArray]:
    """Phrases repeat (a hundred relations have a person as head): each is encoded once."""
    unique = list(dict.fromkeys(phrases))
    return dict(zip(unique, encoder.encode_phrases(unique), strict=True)) if unique else {}


def labelled(examples: Iterable[Example], relations: RelationSet) -> list[tuple[str | None, Example]]:
    """The examples, each behind the name of its relation or None; an example may give its id, its name in another case,
    or a name by which the catalogue knows it.

    Raises InputError for a relation that `relations` lacks, and for what is no list of examples.
    """
    found: list[tuple[str | None, Example]] = []
    for example in checked_examples(examples):
        if example.relation is None:
            found.append((None, example))
            continue
        relation = relations.meant(example.relation)
        if relation is None:
            raise InputError(
                f"example {example.sentence.text[:60]!r} has relation {example.relation!r}, which is not among "
                f"the {len(relations)} relations: add it with with_relations"
            )
        found.append((relation.name, example))
    return found


def carried_names(before: RelationSet, now: RelationSet) -> dict[str | None, str | None]:
    """Whose examples stay: the names of the relations `before` that are asked for `now`, by name or id, to their names
    now. And None to None, those without a relation, where no other is asked for: what is new may hold there."""
    asked = {of.name: now.get(of.name) or now.get(of.id or of.name) for of in before}
    found: dict[str | None, str | None] = {name: of.name for name, of in asked.items() if of is not None}
    if set(now.names) <= set(found.values()):
        found[None] = None
    return found


def carried_support(
    support: Mapping[str | None, FloatArray], before: RelationSet, now: RelationSet
) -> dict[str | None, FloatArray]:
    """The examples (K, D) of the `carried_names`, by their names now."""
    names = carried_names(before, now)
    kept: dict[str | None, FloatArray] = {}
    for name, rows in support.items():
        if name in names:
            kept = more_support(kept, [names[name]] * len(rows), rows)
    return kept


def more_support(
    support: Mapping[str | None, FloatArray], names: Sequence[str | None], vectors: FloatArray
) -> dict[str | None, FloatArray]:
    """The support with the vectors of new examples, (n, D), each of the relation of that name, behind what it has."""
    joined = dict(support)
    for name in dict.fromkeys(names):
        new = vectors[[other == name for other in names]]
        joined[name] = np.concatenate([joined[name], new]) if name in joined else new
    return joined
