"""Metrics against hand-worked cases, scikit-learn, and slow obvious references."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.evaluation.metrics import (
    classification_scores,
    confidence,
    confused_pairs,
    confusion,
    expected_calibration_error,
    harmonic_mean,
    precision_recall,
    precision_recall_f1,
    rejection_scores,
    relation_scores,
    reliability_bins,
)
from zslre.exceptions import InputError, MissingDependencyError

labels = st.sampled_from("abcd")
labels_or_none = st.sampled_from(["a", "b", "c", None])
rows = st.lists(st.tuples(labels_or_none, labels_or_none), min_size=1, max_size=30)


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


def test_a_rejected_query_is_right_if_it_has_no_relation_but_none_is_no_class() -> None:
    # a: 1 hit, 2 guesses (one of them for None), 2 gold.
    scores = classification_scores(["a", "a", None, None, None], ["a", None, None, None, "a"])
    assert scores.accuracy == pytest.approx(3 / 5)
    assert scores.per_class == {"a": pytest.approx(1 / 2)}


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(InputError, match="no queries"):
        classification_scores([], [])
    with pytest.raises(InputError, match="2 gold labels and 1 predictions"):
        classification_scores(["a", "b"], ["a"])
    with pytest.raises(InputError, match="no query has a relation"):
        classification_scores([None], ["a"])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((0, 0, 0), (0, 0, 0)), ((0, 3, 0), (0, 0, 0)), ((0, 0, 3), (0, 0, 0)), ((2, 4, 2), (0.5, 1.0, 2 / 3))],
)
def test_precision_recall_f1(counts: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    assert precision_recall_f1(*counts) == pytest.approx(expected)


@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=20), st.randoms())
def test_order_of_the_rows_does_not_matter_and_perfect_is_one(rows: list[tuple[str, str]], random: object) -> None:
    gold, guess = zip(*rows, strict=True)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = classification_scores(*(list(column) for column in zip(*shuffled, strict=True)))
    assert again == classification_scores(gold, guess)
    perfect = classification_scores(gold, gold)
    assert (perfect.accuracy, perfect.macro_f1, perfect.field_f1) == (1, 1, pytest.approx(1))


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=50)
@given(rows)
def test_scores_are_those_of_scikit_learn(rows: list[tuple[str | None, str | None]]) -> None:
    gold, guess = (["none" if name is None else name for name in column] for column in zip(*rows, strict=True))
    table = confusion(*zip(*rows, strict=True))
    names = [*table.relations, "none"]
    assert table.counts.tolist() == sklearn.metrics.confusion_matrix(gold, guess, labels=names).tolist()
    classes = sorted(set(gold) - {"none"})
    if not classes:
        return
    scores = classification_scores(*zip(*rows, strict=True))
    expected = sklearn.metrics.precision_recall_fscore_support(gold, guess, labels=classes, zero_division=0)
    found = [(row.precision, row.recall, row.f1, row.support) for row in relation_scores(table)]
    assert np.transpose(found) == pytest.approx(np.array(expected))
    assert scores.accuracy == pytest.approx(sklearn.metrics.accuracy_score(gold, guess))
    macro = sklearn.metrics.f1_score(gold, guess, labels=classes, average="macro", zero_division=0)
    assert scores.macro_f1 == pytest.approx(macro)
    if {"none"} & {*gold, *guess}:
        none = sklearn.metrics.precision_recall_fscore_support(gold, guess, labels=["none"], zero_division=0)
        assert rejection_scores(table) == pytest.approx([column[0] for column in none[:3]])


def test_relations_that_are_only_predicted_have_no_row() -> None:
    assert [row.relation for row in relation_scores(confusion(["b", "b"], ["a", "b"]))] == ["b"]


def test_no_rejection_no_scores() -> None:
    assert rejection_scores(confusion(["a"], ["a"])) is None
    assert rejection_scores(confusion(["a"], [None])) == (0, 0, 0)


def test_confused_pairs_by_hand() -> None:
    gold = ["a"] * 5 + ["b"] * 4 + ["c"] + [None]
    guess = ["b", "b", "a", "c", None, *"ccab", "a", "a"]
    # Rejections and spurious relations are no confusion of two relations; equals come in the order of the names.
    pairs = confused_pairs(confusion(gold, guess))
    expected = [("a", "b", 2), ("b", "c", 2), ("a", "c", 1), ("b", "a", 1), ("c", "a", 1)]
    assert [pair[:3] for pair in pairs] == expected
    assert [pair.share for pair in pairs] == [2 / 5, 2 / 4, 1 / 5, 1 / 4, 1]
    assert confused_pairs(confusion(gold, guess), limit=2) == pairs[:2]
    assert confused_pairs(confusion(["a", None], ["a", "a"])) == []


@given(st.floats(0, 1), st.floats(0, 1))
def test_harmonic_mean_lies_between_and_is_symmetric(first: float, second: float) -> None:
    mean = harmonic_mean(first, second)
    assert mean == harmonic_mean(second, first)
    assert mean == 0 if 0 in (first, second) else min(first, second) - 1e-9 <= mean <= max(first, second) + 1e-9


def test_confidence_is_that_of_the_answer_given() -> None:
    # Kept and right, kept and wrong, kept without a relation, rejected rightly, rejected wrongly.
    gold, predicted = ["a", "a", None, None, "a"], ["a", "b", "a", None, None]
    sure, right = confidence(gold, predicted, [0.9, 0.8, 0.7, 0.2, 0.1])
    assert sure == pytest.approx([0.9, 0.8, 0.7, 0.8, 0.9])
    assert right.tolist() == [True, False, False, True, False]


def test_calibration_error_by_hand() -> None:
    # Bin 0.2…0.3: mean 0.25, half right: gap 0.25, two of four. Bin 0.9…1.0: mean 0.95, all right: gap 0.05.
    error = expected_calibration_error(np.array([0.2, 0.299999, 0.9, 1.0]), np.array([True, False, True, True]))
    assert error == pytest.approx(0.5 * 0.25 + 0.5 * 0.05, abs=1e-5)


def test_reliability_bins_by_hand() -> None:
    low, high = reliability_bins(np.array([0.0, 0.1, 0.5, 1.0]), np.array([False, True, True, True]), bins=2)
    assert low == (0, 0.5, 2, pytest.approx(0.05), 0.5)  # 0.5 belongs to the upper bin
    assert high == (0.5, 1, 2, 0.75, 1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 20))
def test_calibration_error_is_that_of_a_plain_loop(rows: list[tuple[float, bool]], bins: int) -> None:
    probabilities, correct = (np.array(column) for column in zip(*rows, strict=True))
    error, count = 0.0, 0
    for b in range(bins):
        inside = [(p, c) for p, c in rows if b == min(int(p * bins), bins - 1)]
        count += len(inside)
        error += abs(sum(p for p, _ in inside) - sum(c for _, c in inside)) / len(rows)
    assert count == len(rows)
    assert expected_calibration_error(probabilities, correct, bins) == pytest.approx(error, abs=1e-9)
    assert sum(b.queries for b in reliability_bins(probabilities, correct, bins)) == len(rows)


def test_calibrated_predictions_have_a_small_error() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000)
    correct = rng.random(20_000) < probabilities
    assert expected_calibration_error(probabilities, correct) < 0.015
    assert expected_calibration_error(probabilities, ~correct) > 0.3


def test_no_predictions_have_no_error() -> None:
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match=r"must lie in \[0, 1\]"):
        reliability_bins(np.array([0.5, bad]), np.array([True, True]))


def test_precision_recall_by_hand() -> None:
    # Of 4 gold triples three are candidates: ranked right, wrong, right, right; two share a probability.
    curve = precision_recall([0.9, 0.8, 0.6, 0.6], [True, False, True, True], 4)
    assert curve.thresholds == (0.9, 0.8, 0.6)
    assert curve.precision == pytest.approx((1, 1 / 2, 3 / 4))
    assert curve.recall == pytest.approx((1 / 4, 1 / 4, 3 / 4))
    assert curve.area == pytest.approx(1 / 4 * 1 + 0 + 2 / 4 * 3 / 4)
    assert curve.best() == pytest.approx({"threshold": 0.6, "precision": 3 / 4, "recall": 3 / 4, "f1": 3 / 4})


def test_of_equal_points_the_highest_threshold_is_best() -> None:
    best = precision_recall([0.9, 0.8, 0.7, 0.6], [True, False, False, True], 2).best()
    assert best == pytest.approx({"threshold": 0.9, "precision": 1, "recall": 1 / 2, "f1": 2 / 3})


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.8, 0.9]), st.booleans()), min_size=1, max_size=20),
    st.integers(1, 5),
)
def test_precision_recall_is_that_of_every_threshold(rows: list[tuple[float, bool]], missed: int) -> None:
    probabilities, correct = zip(*rows, strict=True)
    n_gold = sum(correct) + missed
    curve = precision_recall(probabilities, correct, n_gold)
    if not any(correct):
        assert (curve.thresholds, curve.area, curve.points()) == ((), 0, [])
        return
    area, before = 0.0, 0.0
    for n, threshold in enumerate(sorted(set(probabilities), reverse=True)):
        kept = [right for p, right in rows if p >= threshold]
        assert curve.thresholds[n] == threshold
        assert curve.precision[n] == pytest.approx(sum(kept) / len(kept))
        assert curve.recall[n] == pytest.approx(sum(kept) / n_gold)
        area, before = area + (curve.recall[n] - before) * curve.precision[n], curve.recall[n]
    assert len(curve.thresholds) == n + 1
    assert curve.area == pytest.approx(area)


def test_points_are_thinned_with_both_ends() -> None:
    curve = precision_recall(np.linspace(0, 1, 1000).tolist(), [True] * 1000, 1000)
    points = curve.points(limit=7)
    assert len(points) == 7
    assert (points[0]["threshold"], points[-1]["threshold"]) == (1, 0)
    assert len(curve.points(limit=5000)) == 1000


@pytest.mark.parametrize("n_gold", [0, 1])
def test_too_few_gold_triples_are_refused(n_gold: int) -> None:
    with pytest.raises(InputError, match=f"2 correct candidates, but {n_gold} gold"):
        precision_recall([0.5, 0.6], [True, True], n_gold)


def test_a_missing_scikit_learn_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'zslre\[eval\]'"):
        precision_recall([0.5], [True], 1)
    assert classification_scores(["a"], ["a"]).accuracy == 1  # which training needs
