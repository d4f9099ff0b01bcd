"""Prototypes refined on unlabelled pairs: by hand, against plain loops, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from zslre.encoder import FloatArray
from zslre.prototypes import Prototypes
from zslre.refinement import ROUNDS, SHARE, refine
from zslre.scoring import KINDS, Scorer, unit

SCORER = tiny.scorer()
DIM = SCORER.pair_views.shape[2]


def prototypes(texts: FloatArray, scorer: Scorer = SCORER, *, types: bool = False) -> Prototypes:
    """Rows (R, D) of text alone, or with types and keywords drawn at random."""
    rng = np.random.default_rng(7)
    width = 3 * scorer.pair_views.shape[1]
    views = (
        rng.standard_normal((len(texts), 3, width // 3)).astype(np.float32)
        if types
        else np.zeros((len(texts), 3, width // 3), np.float32)
    )
    present = np.ones((len(texts), len(KINDS)), dtype=np.bool_)
    present[:, 1:] = types
    return Prototypes(np.concatenate([unit(texts), unit(views).reshape(len(texts), width)], axis=1), present)


def drawn(rows: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((rows, DIM)).astype(np.float32)


def slow(scorer: Scorer, start: Prototypes, vectors: FloatArray) -> FloatArray:
    """Relation by relation and pair by pair."""
    features = [row / np.linalg.norm(row) for row in vectors.astype(np.float64)]
    whole = scorer.features(vectors)
    now = start
    for _ in range(ROUNDS):
        shares = []
        for row in whole:
            scores = now.weighted(scorer) @ row
            weights = [np.exp(float(score - scores.max())) for score in scores]
            shares.append([weight / sum(weights) for weight in weights])
        rows = now.vectors.copy()
        for r in range(len(rows)):
            count = sum(share[r] for share in shares)
            mean = sum(share[r] * row for share, row in zip(shares, features, strict=True)) / count
            evidence = count * float(mean @ mean)
            w = SHARE * evidence / (evidence + float(scorer.support_prior))
            moved = (1 - w) * start.vectors[r, :DIM] + w * mean / np.linalg.norm(mean)
            rows[r, :DIM] = moved / np.linalg.norm(moved)
        now = replace(now, vectors=rows.astype(np.float32))
    return now.vectors


@pytest.mark.parametrize("types", [False, True])
def test_against_plain_loops(types: bool) -> None:
    start, vectors = prototypes(drawn(4, seed=1), types=types), drawn(30)
    found = refine(SCORER, start, vectors)
    np.testing.assert_allclose(found.vectors, slow(SCORER, start, vectors), atol=1e-4)
    assert np.abs(found.vectors - start.vectors)[:, :DIM].max() > 0.05
    np.testing.assert_array_equal(found.vectors[:, DIM:], start.vectors[:, DIM:])
    np.testing.assert_array_equal(found.shares, start.shares)


def test_by_hand() -> None:
    # All pairs lie on one axis and the other prototype is far: half of the way, as far as the evidence goes.
    sharp = replace(SCORER, scale=np.float32(1000.0), support_prior=np.float32(1.0))
    axes = np.eye(DIM, dtype=np.float32)
    start = prototypes(np.stack([unit(axes[0] + axes[1]), -axes[0]]), sharp)
    found = refine(sharp, start, np.tile(axes[0], (3, 1)))  # evidence 3 of 3 + 1: w = 0.375
    expected = unit(0.625 * unit(axes[0] + axes[1]) + 0.375 * axes[0])
    np.testing.assert_allclose(found.vectors[0, :DIM], expected, atol=1e-5)
    np.testing.assert_allclose(found.vectors[1], start.vectors[1], atol=1e-5)  # no pair of its own: it stays


def test_neither_order_nor_length_of_the_pairs_matters() -> None:
    start, vectors = prototypes(drawn(3, seed=2)), drawn(20)
    found = refine(SCORER, start, vectors).vectors
    shuffled = np.random.default_rng(3).permutation(vectors) * 7
    np.testing.assert_allclose(refine(SCORER, start, shuffled).vectors, found, atol=1e-4)


def test_without_pairs_nothing_changes() -> None:
    start = prototypes(drawn(3))
    assert refine(SCORER, start, drawn(0)) is start


def test_clusters_off_their_prototypes_are_found() -> None:
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((3, DIM)).astype(np.float32))
    labels = np.repeat(np.arange(3), 60)
    vectors = (centres[labels] + 0.25 * rng.standard_normal((180, DIM))).astype(np.float32)
    start = prototypes((centres + 0.7 * unit(rng.standard_normal((3, DIM)))).astype(np.float32))

    def right(using: Prototypes) -> float:
        return float(((SCORER.features(vectors) @ using.weighted(SCORER).T).argmax(axis=1) == labels).mean())

    assert right(refine(SCORER, start, vectors)) > right(start)
