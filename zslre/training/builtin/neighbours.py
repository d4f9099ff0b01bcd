"""Which relations are easily taken for each other."""

from __future__ import annotations

import numpy as np

from zslre.encoder import PhraseEncoder
from zslre.prototypes import relation_phrases
from zslre.relations import RelationSet
from zslre.sideinfo.vectors import PhraseVectors


def neighbours(relations: RelationSet, encoder: PhraseEncoder) -> dict[str, list[str]]:
    """Name → the other relations' names, those first whose text has the nearest vector."""
    names = np.array(relations.names)
    vectors = PhraseVectors(encoder)([relation_phrases(relation)["text"] for relation in relations])
    order = np.argsort(-(vectors @ vectors.T), axis=1, kind="stable")
    return {
        str(name): [other for other in names[row].tolist() if other != name]
        for name, row in zip(names, order, strict=True)
    }
