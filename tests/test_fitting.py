"""Prototypes fitted to labelled pairs: against the formula, a slow reference and a case by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny
from scipy.optimize import brentq

from zslre.encoder import FloatArray
from zslre.fitting import PRIOR, fitted
from zslre.prototypes import Prototypes, build_prototypes, kind_widths
from zslre.scoring import KINDS, unit

SCORER, NAMES = tiny.scorer(), tiny.RELATIONS.names
SIDE = build_prototypes(tiny.runtime_encoder(), SCORER, tiny.RELATIONS)
STARTS = np.cumsum([0, *kind_widths(SCORER)])
PAIRS = np.random.default_rng(2).standard_normal((9, tiny.H)).astype(np.float32)
SUPPORT = {NAMES[0]: PAIRS[:3], NAMES[2]: PAIRS[3:7], None: PAIRS[7:]}


def loss(now: Prototypes, support: dict[str | None, FloatArray], side: Prototypes = SIDE) -> float:
    """What the docstring says, a pair at a time."""
    matrix = now.weighted(SCORER).astype(np.float64)
    shown = [row for row, name in enumerate(NAMES) if name in support]
    total = PRIOR / 2 * float(((now.vectors.astype(np.float64) - side.vectors) ** 2).sum())
    for name, pairs in support.items():
        for pair in pairs:
            score = matrix @ SCORER.features(pair[None])[0]
            none = float(SCORER.none_scores(pair[None])[0])
            rivals = shown if name is not None else range(len(NAMES))
            own = none if name is None else score[NAMES.index(name)]
            total += np.logaddexp.reduce([none, *(score[row] for row in rivals)]) - own
    return float(total)


def moved(prototypes: Prototypes, step: FloatArray) -> Prototypes:
    """Somewhere else, with no kind longer than 1, and the keywords and what is absent as they were."""
    vectors = prototypes.vectors.copy()
    for k, kind in enumerate(KINDS):
        columns = slice(STARTS[k], STARTS[k + 1])
        free = (prototypes.shares[:, k : k + 1] > 0) & (kind != "keywords")
        vectors[:, columns] += free * step[:, columns]
        vectors[:, columns] /= np.maximum(1.0, np.linalg.norm(vectors[:, columns], axis=1, keepdims=True))
    return replace(prototypes, vectors=vectors)


def test_no_prototypes_nearby_are_better() -> None:
    found = fitted(SCORER, SIDE, NAMES, SUPPORT)
    least, rng = loss(found, SUPPORT), np.random.default_rng(0)
    assert least < loss(replace(SIDE, shares=found.shares), SUPPORT)
    for size in (0.3, 0.1, 0.03, 0.01):
        for _ in range(50):
            step = size * rng.standard_normal(SIDE.vectors.shape).astype(np.float32)
            assert loss(moved(found, step), SUPPORT) > least - 1e-3


def test_one_example_by_hand() -> None:
    # The text alone counts, and the pair lies across it, so what is found is the text and a times the pair. There the
    # pull back is as strong as the likelihood's: PRIOR · a = scale · (1 - p), p the pair's probability of the relation.
    names, pair = ["one"], np.zeros((1, tiny.H), dtype=np.float32)
    pair[0, 1] = 1.0
    text = np.zeros((1, STARTS[-1]), dtype=np.float32)
    text[0, 0] = 0.5  # short, as that of a relation of which little is known
    none, scale = float(SCORER.none_scores(pair)[0]), float(SCORER.scale)
    flat = replace(SCORER, kind_logits=np.float32([50, 0, 0, 0]))  # the text's share is 1
    a = brentq(lambda a: PRIOR * a - scale / (1 + np.exp(scale * a - none)), 0.0, 1.0)
    assert 0.0 < a < 0.86  # so that its length stays below 1
    found = fitted(flat, Prototypes(text, np.float32([[1, 0, 0, 0]])), names, {"one": pair})
    np.testing.assert_allclose(found.vectors[0, :2], [0.5, a], atol=2e-3)


def test_an_example_brings_its_own_relation_nearer_and_its_rivals_away() -> None:
    found = fitted(SCORER, SIDE, NAMES, SUPPORT)
    for name in (NAMES[0], NAMES[2]):
        row = NAMES.index(name)
        features = SCORER.features(SUPPORT[name])
        mean = unit(features.mean(axis=0)[: tiny.H])
        assert found.vectors[row, : tiny.H] @ mean > SIDE.vectors[row, : tiny.H] @ mean
    norms = [np.linalg.norm(found.vectors[:, STARTS[k] : STARTS[k + 1]], axis=1).max() for k in range(len(KINDS))]
    assert max(norms) < 1 + 1e-5


def test_relations_without_examples_stay_where_no_pair_is_without_a_relation() -> None:
    named = {name: pairs for name, pairs in SUPPORT.items() if name is not None}
    found = fitted(SCORER, SIDE, NAMES, named)
    np.testing.assert_allclose(found.vectors[[1, 3]], SIDE.vectors[[1, 3]], atol=1e-6)
    np.testing.assert_array_equal(found.shares[[1, 3]], SIDE.shares[[1, 3]])
    assert np.abs(fitted(SCORER, SIDE, NAMES, SUPPORT).vectors[[1, 3]] - SIDE.vectors[[1, 3]]).max() > 1e-3


def test_keywords_stay_and_what_side_information_lacks_is_filled_in() -> None:
    named = {NAMES[2]: PAIRS[:2]}
    found = fitted(SCORER, SIDE, NAMES, named)
    np.testing.assert_array_equal(found.vectors[:, STARTS[3] :], SIDE.vectors[:, STARTS[3] :])
    assert not SIDE.shares[2, 1:3].any()
    np.testing.assert_array_equal(found.shares[2], [1, 1, 1, SIDE.shares[2, 3]])
    mean = unit(SCORER.features(PAIRS[:2]).mean(axis=0)[STARTS[1] : STARTS[2]])
    filled = unit(found.vectors[2, STARTS[1] : STARTS[2]])
    assert filled @ mean > 0.9


@pytest.mark.parametrize("support", [{}, {NAMES[0]: np.zeros((0, tiny.H), dtype=np.float32)}])
def test_no_examples_change_nothing(support: dict[str | None, FloatArray]) -> None:
    assert fitted(SCORER, SIDE, NAMES, support) is SIDE


def test_the_order_of_the_examples_does_not_matter() -> None:
    backwards = {name: pairs[::-1] for name, pairs in reversed(SUPPORT.items())}
    np.testing.assert_allclose(
        fitted(SCORER, SIDE, NAMES, backwards).vectors, fitted(SCORER, SIDE, NAMES, SUPPORT).vectors, atol=1e-5
    )
