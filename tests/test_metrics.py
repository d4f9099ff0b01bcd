from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.evaluation.metrics import classification_scores, expected_calibration_error, precision_recall_f1


def test_scores_by_hand() -> None:
    # a: 1 hit, 2 guesses, 2 gold: P = R = F1 = 1/2. b: 1 hit, 1 guess, 2 gold: P 1, R 1/2, F1 2/3. c: never guessed: 0.
    scores = classification_scores(["a", "a", "b", "b", "c"], ["a", "x", "b", "a", "x"])
    assert scores.per_class == pytest.approx({"a": 1 / 2, "b": 2 / 3, "c": 0})
    assert scores.accuracy == pytest.approx(2 / 5)
    assert scores.macro_f1 == pytest.approx((1 / 2 + 2 / 3) / 3)
    precision, recall = (1 / 2 + 1) / 3, (1 / 2 + 1 / 2) / 3
    assert scores.field_f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_all_wrong_is_zero_without_a_warning() -> None:
    scores = classification_scores(["a", "b"], ["b", "a"])
    assert (scores.accuracy, scores.macro_f1, scores.field_f1) == (0, 0, 0)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((0, 0, 0), (0, 0, 0)), ((0, 3, 0), (0, 0, 0)), ((0, 0, 3), (0, 0, 0)), ((2, 4, 2), (0.5, 1.0, 2 / 3))],
)
def test_precision_recall_f1(counts: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    assert precision_recall_f1(*counts) == pytest.approx(expected)


labels = st.sampled_from("abcd")


@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=20), st.randoms())
def test_order_of_the_rows_does_not_matter_and_perfect_is_one(rows: list[tuple[str, str]], random: object) -> None:
    gold, guess = zip(*rows, strict=True)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = classification_scores(*(list(column) for column in zip(*shuffled, strict=True)))
    assert again == classification_scores(gold, guess)
    perfect = classification_scores(gold, gold)
    assert (perfect.accuracy, perfect.macro_f1, perfect.field_f1) == (1, 1, pytest.approx(1))


def test_calibration_error_by_hand() -> None:
    # Bin 0.2…0.3: mean 0.25, half right: gap 0.25, two of four. Bin 0.9…1.0: mean 0.95, all right: gap 0.05.
    error = expected_calibration_error(np.array([0.2, 0.299999, 0.9, 1.0]), np.array([True, False, True, True]))
    assert error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05, abs=1e-5)


def test_calibrated_predictions_have_a_small_error() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000)
    correct = rng.random(20_000) < probabilities
    assert expected_calibration_error(probabilities, correct) < 0.015
    assert expected_calibration_error(probabilities, ~correct) > 0.3


def test_no_predictions_have_no_error() -> None:
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0
