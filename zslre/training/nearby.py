"""For distillation: of many texts those that come near to what sentences say, for a student to tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zslre.encoder import FloatArray
from zslre.matching import highest
from zslre.packing import IntArray
from zslre.scoring import unit
from zslre.sideinfo.senses import sense_text
from zslre.sideinfo.wordnet import wordnet

ENTRIES = 4000  # of WordNet; a large teacher encodes both texts of each in a minute
NEAREST = 20  # of a pair, from which some are drawn
A_PAIR = 2  # are drawn, and the nearest one
A_STEP = 160  # texts at most
SHARE_NEAR = 0.75  # of them; the others are drawn from all


def entries(seed: int) -> list[str]:
    """Some of WordNet's entries, each as its words alone and as a relation's text reads, "words: definition".

    Entries of a dictionary are no relations, though some share a word with one: a student may be tested on any relation
    as unseen, which it could not be on texts of relations that it had read.
    """
    known = wordnet()
    numbers = np.random.default_rng([seed, 5]).choice(len(known), size=ENTRIES, replace=False).tolist()
    texts = [text for number in numbers for text in (", ".join(known.words(number)), sense_text(known, number))]
    return sorted(texts, key=lambda text: (len(text), text))  # those of like length share a pass


class NearbyTexts:
    """Draws texts for pairs; what is drawn depends on the seed, the step and the pairs alone.

    `vectors` (N, D): of the N texts, as the teacher has them.
    """

    def __init__(self, texts: Sequence[str], vectors: FloatArray, *, seed: int = 0) -> None:
        self.texts, self.vectors, self.seed = texts, unit(vectors), seed

    def drawn(self, step: int, pairs: FloatArray) -> IntArray:
        """Places, rising, of texts near to the teacher's vectors of pairs (P, D), and of others."""
        rng = np.random.default_rng([self.seed, step, 5])
        similar = unit(pairs) @ self.vectors.T
        nearest, first = highest(similar, NEAREST), similar.argmax(axis=1)
        some = np.take_along_axis(nearest, rng.integers(nearest.shape[1], size=(len(pairs), A_PAIR)), axis=1)
        near = rng.permutation(np.unique(np.concatenate([first, some.ravel()])))[: int(SHARE_NEAR * A_STEP)]
        others = rng.choice(len(self.texts), size=min(A_STEP - len(near), len(self.texts)), replace=False)
        return np.unique(np.concatenate([near, others]))
