from __future__ import annotations

import math

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.exceptions import ModelError
from zslre.scoring import KINDS, Scorer, log_odds, softmax, unit

SCORER = tiny.scorer()


def plain_scorer(**changes: object) -> Scorer:
    """D = 2, T = 1: small enough for a pencil."""
    tensors = {
        "pair_views": [[[1, 0]], [[0, 1]], [[1, 1]]],
        "phrase_views": [[[1, 0]], [[0, 1]], [[1, 1]]],
        "kind_logits": [math.log(3), 0, 0, 0],
        "scale": 10,
        "support_prior": 1,
        "none_hidden": [[1, 0], [0, -1]],
        "none_hidden_bias": [0, 0.5],
        "none_output": [2, 4],
        "none_bias": -1,
        "calibration": [2, -1],
        **changes,
    }
    return Scorer.from_tensors({name: np.float32(value) for name, value in tensors.items()})


def test_features_by_hand() -> None:
    # (3, -4) has length 5; its views 3, -4 and -1 are numbers, whose unit vectors are their signs.
    np.testing.assert_allclose(plain_scorer().features(np.float32([[3, -4]])), [[0.6, -0.8, 1, -1, -1]], rtol=1e-6)


def test_none_score_by_hand() -> None:
    # Unit (0.6, -0.8) → hidden relu(0.6, 0.8 + 0.5) → 2 · 0.6 + 4 · 1.3 - 1.
    np.testing.assert_allclose(plain_scorer().none_scores(np.float32([[3, -4]])), [5.4], rtol=1e-6)
    # (-1, 1): hidden relu(-0.707…, -0.707… + 0.5) = 0: the bias is left.
    np.testing.assert_allclose(plain_scorer().none_scores(np.float32([[-1, 1]])), [-1.0])


def test_kind_weights_by_hand() -> None:
    shares = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [0, 1, 0, 0], [1, 1 / 3, 0, 0]])
    weights = plain_scorer().kind_weights(shares)
    expected = [[3 / 6, 1 / 6, 1 / 6, 1 / 6], [3 / 4, 0, 0, 1 / 4], [0, 1, 0, 0], [0.9, 0.1, 0, 0]]
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


@given(st.lists(st.booleans(), min_size=4, max_size=4).filter(any), st.floats(-50, 50))
def test_kind_weights_sum_to_one_over_what_is_there(present: list[bool], shift: float) -> None:
    weights = SCORER.kind_weights(np.array([present]))[0]
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert ((weights > 0) == present).all()
    moved = plain_scorer(kind_logits=SCORER.kind_logits + shift).kind_weights(np.array([present]))[0]
    np.testing.assert_allclose(moved, weights, atol=1e-5)  # softmax does not see a shift


def test_probabilities_by_hand_and_at_the_ends() -> None:
    found = plain_scorer().probabilities(np.float32([0.5, 1.0, 0.0, 1e6, -1e6]))
    expected = [0.5, 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1)), 1.0, 0.0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_probabilities_lie_in_zero_one_and_grow(a: float, b: float) -> None:
    low, high = SCORER.probabilities(np.float32(sorted([a, b])))
    assert 0 <= low <= high <= 1


def test_log_odds_by_hand_and_at_the_ends() -> None:
    found = log_odds(np.float32([0.5, 0.8, 0.2, 0.0, 1.0]))
    np.testing.assert_allclose(found[:3], [0, math.log(4), -math.log(4)], atol=1e-6)
    assert -100 < found[3] < -10 < 10 < found[4] < 100


@given(st.floats(0.001, 0.999))
def test_margins_are_those_of_their_probabilities(probability: float) -> None:
    scorer = plain_scorer()
    assert scorer.probabilities(scorer.margins(np.float32([probability])))[0] == pytest.approx(probability, abs=1e-5)
    assert np.isfinite(scorer.margins(np.float32([0, 1]))).all()


def test_scaling_a_pair_changes_nothing() -> None:
    pairs = np.random.default_rng(0).standard_normal((5, tiny.H)).astype(np.float32)
    np.testing.assert_allclose(SCORER.features(pairs * 7), SCORER.features(pairs), atol=1e-5)
    np.testing.assert_allclose(SCORER.none_scores(pairs * 7), SCORER.none_scores(pairs), atol=1e-5)


def test_each_kind_of_feature_has_length_one() -> None:
    pairs = np.random.default_rng(0).standard_normal((5, tiny.H)).astype(np.float32)
    features = SCORER.features(pairs)
    for part in (features[:, : tiny.H], *np.split(features[:, tiny.H :], 3, axis=1)):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-5)
    assert len(KINDS) == 4


def test_softmax_by_hand_row_by_row() -> None:
    found = softmax(np.float32([[0, math.log(3)], [1000, 1000], [0, -1000]]))
    np.testing.assert_allclose(found, [[0.25, 0.75], [0.5, 0.5], [1, 0]], atol=1e-6)


def test_unit_of_zero_is_zero() -> None:
    np.testing.assert_array_equal(unit(np.zeros((1, 3), dtype=np.float32)), [[0, 0, 0]])


def test_tensors_go_there_and_back() -> None:
    again = Scorer.from_tensors(SCORER.tensors())
    for name, value in SCORER.tensors().items():
        np.testing.assert_array_equal(again.tensors()[name], value)


def test_missing_and_unknown_tensors_are_named() -> None:
    tensors = SCORER.tensors()
    tensors["surprise"] = tensors.pop("scale")
    with pytest.raises(ModelError, match=r"\['scale', 'surprise'\]"):
        Scorer.from_tensors(tensors)


def test_a_single_number_may_come_in_a_list_of_one() -> None:
    tensors = {**SCORER.tensors(), "support_prior": np.float32([0.5])}
    assert float(Scorer.from_tensors(tensors).support_prior) == 0.5
    with pytest.raises(ModelError, match="single numbers"):
        Scorer.from_tensors({**tensors, "scale": np.float32([1, 2])})
