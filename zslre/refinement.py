"""Relation prototypes refined on unlabelled pairs that are to be classified: transductive inference. Pure NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zslre.encoder import FloatArray
from zslre.prototypes import Prototypes
from zslre.scoring import Scorer, softmax, unit

ROUNDS = 10  # enough to settle: thirty give the same
SHARE = 0.5  # of a refined prototype that many pairs make up; chosen, as ROUNDS was, on relations held out of training


def refine(scorer: Scorer, prototypes: Prototypes, vectors: FloatArray) -> Prototypes:
    """Each prototype moved up to halfway to the mean of its own pairs, softly assigned; again until it settles.

    Soft k-means (Ren et al., arXiv 1803.00676) that starts from side information and stays tied to it: in each round
    pair p belongs to relation r by softmax_r s(p, r), and r's text prototype becomes (1 - w) · what it was at the start
    + w · the direction of its pairs' mean m. The share w is SHARE · n|m|² / (n|m|² + prior), where n is the sum of what
    belongs to r, and |m| tells how tightly it lies: a relation without pairs stays where it is.

    `vectors` (P, D): pairs of which each is taken to have one of the relations. No label is read, and the order of the
    pairs does not matter. Types and keywords stay.
    """
    if not len(vectors):
        return prototypes
    dim = vectors.shape[1]
    features, texts = scorer.features(vectors), prototypes.vectors[:, :dim]
    refined = prototypes
    for _ in range(ROUNDS):
        shares = softmax(features @ refined.weighted(scorer).T)
        counts = shares.sum(axis=0)[:, None]
        means = shares.T @ features[:, :dim] / np.maximum(counts, 1e-12)
        evidence = counts * (means * means).sum(axis=1, keepdims=True)
        share = SHARE * evidence / (evidence + scorer.support_prior)
        moved = refined.vectors.copy()
        moved[:, :dim] = unit((1.0 - share) * texts + share * unit(means))
        refined = replace(refined, vectors=moved)
    return refined
