"""Relation prototypes: side information fused with support examples. Pure NumPy, given an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.encoder import Encoder, FloatArray
from zslre.relations import Relation, RelationSet
from zslre.scoring import KINDS, VIEWS, Scorer, unit

MAX_SYNONYMS = 6


def relation_phrases(relation: Relation) -> dict[str, str]:
    """What is encoded for each kind of side information that the relation has.

    >>> relation_phrases(Relation("founded by", "founder of this organization"))
    {'text': 'founded by: founder of this organization'}
    """
    side = relation.side
    text = ", ".join([relation.name, *side.synonyms[:MAX_SYNONYMS]])
    phrases = {
        "text": f"{text}: {relation.description}" if relation.description else text,
        "head": ", ".join(side.head_hypernyms),
        "tail": ", ".join(side.tail_hypernyms),
        "keywords": ", ".join(side.keywords),
    }
    return {kind: phrase for kind, phrase in phrases.items() if phrase}


@dataclass(frozen=True, slots=True, eq=False)
class Prototypes:
    """One row a relation: unit vectors for each kind, zero where the relation lacks the kind.

    `vectors` (R, D + 3T): the kinds side by side, in the order of KINDS. `present` (R, K).
    """

    vectors: FloatArray
    present: np.ndarray

    def weighted(self, scorer: Scorer) -> FloatArray:
        """The matrix (R, D + 3T) whose product with `Scorer.features` is the similarity s."""
        weights = scorer.kind_weights(self.present)
        return np.asarray(scorer.scale * self.vectors * np.repeat(weights, kind_widths(scorer), axis=1))


def kind_widths(scorer: Scorer) -> list[int]:
    """Columns that each kind takes in a feature or prototype row: [D, T, T, T]."""
    _, width, dim = scorer.pair_views.shape
    return [dim, *[width] * len(VIEWS)]


def build_prototypes(
    encoder: Encoder,
    scorer: Scorer,
    relations: RelationSet,
    support: Mapping[str, FloatArray] | None = None,
) -> Prototypes:
    """Prototypes of `relations`; `support` maps a name to the pair vectors (K, D) of its support examples."""
    phrases = [relation_phrases(relation) for relation in relations]
    vectors_of = _encode_unique(encoder, [text for kinds in phrases for text in kinds.values()])
    widths = kind_widths(scorer)
    starts = np.cumsum([0, *widths])
    vectors = np.zeros((len(relations), int(starts[-1])), dtype=np.float32)
    present = np.zeros((len(relations), len(KINDS)), dtype=np.bool_)
    for row, (relation, kinds) in enumerate(zip(relations, phrases, strict=True)):
        examples = None if support is None else support.get(relation.name)
        features = None if examples is None or len(examples) == 0 else scorer.features(examples)
        for k, kind in enumerate(KINDS):
            columns = slice(starts[k], starts[k + 1])
            side = _side_vector(scorer, kind, vectors_of[kinds[kind]]) if kind in kinds else None
            shown = features[:, columns] if features is not None and kind != "keywords" else None
            fused = fuse(side, shown, float(scorer.support_prior))
            if fused is not None:
                vectors[row, columns] = fused
                present[row, k] = True
    return Prototypes(vectors, present)


def fuse(side: FloatArray | None, support: FloatArray | None, prior: float) -> FloatArray | None:
    """Side information (D,) moved towards the mean m of K unit support vectors (K, D); a unit vector.

    Its weight is K|m|² / (K|m|² + prior): it grows with the number of examples, and with how tightly they lie, for
    which the length of their mean stands (1: all alike; near 0: scattered).

    >>> fuse(np.float32([1, 0]), np.float32([[0, 1]]), 1.0).round(3)
    array([0.707, 0.707], dtype=float32)
    """
    if support is None or len(support) == 0:
        return side
    mean = support.mean(axis=0)
    if side is None:
        return unit(mean)
    evidence = len(support) * float(mean @ mean)
    weight = evidence / (evidence + prior)
    return unit((1.0 - weight) * side + weight * unit(mean))


def _side_vector(scorer: Scorer, kind: str, vector: FloatArray) -> FloatArray:
    return unit(vector) if kind == "text" else unit(scorer.phrase_views[VIEWS.index(kind)] @ vector)


def _encode_unique(encoder: Encoder, phrases: Sequence[str]) -> dict[str, FloatArray]:
    """Phrases repeat (a hundred relations have a person as head): each is encoded once."""
    unique = list(dict.fromkeys(phrases))
    return dict(zip(unique, encoder.encode_phrases(unique), strict=True)) if unique else {}
