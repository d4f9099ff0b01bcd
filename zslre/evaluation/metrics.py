"""Scores of predictions; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ClassificationScores:
    """Fractions in [0, 1]. `macro_f1`: mean of the classes' F1. `field_f1`: harmonic mean of macro-precision and
    macro-recall, which zero-shot papers often report. `per_class`: F1 by class."""

    accuracy: float
    macro_f1: float
    field_f1: float
    per_class: dict[str, float]


def classification_scores(gold: Sequence[str], predicted: Sequence[str]) -> ClassificationScores:
    """Scores over every class that `gold` holds; a prediction outside them only misses.

    >>> classification_scores(["a", "a", "b"], ["a", "b", "b"]).per_class
    {'a': 0.6666666666666666, 'b': 0.6666666666666666}
    """
    classes = sorted(set(gold))
    truth, guess = np.asarray(gold), np.asarray(predicted)
    precisions, recalls, f1s = [], [], {}
    for name in classes:
        hits = int(((truth == name) & (guess == name)).sum())
        scores = precision_recall_f1(hits, int((guess == name).sum()), int((truth == name).sum()))
        precisions.append(scores[0])
        recalls.append(scores[1])
        f1s[name] = scores[2]
    precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
    field = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return ClassificationScores(float((truth == guess).mean()), float(np.mean(list(f1s.values()))), field, f1s)


def precision_recall_f1(hits: int, predicted: int, gold: int) -> tuple[float, float, float]:
    """Of counts; 0.0 where nothing was predicted or nothing is there.

    >>> precision_recall_f1(1, 2, 4)
    (0.5, 0.25, 0.3333333333333333)
    """
    precision = hits / predicted if predicted else 0.0
    recall = hits / gold if gold else 0.0
    return precision, recall, 2 * hits / (predicted + gold) if predicted + gold else 0.0


def expected_calibration_error(probabilities: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by bin size (Guo et al. 2017).

    probabilities (N,) in [0, 1], correct (N,) bool.

    >>> expected_calibration_error(np.array([0.95, 0.95]), np.array([True, False]))
    0.45
    """
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(probabilities[index == b].mean() - correct[index == b].mean()) * (index == b).sum()
        for b in range(bins)
        if (index == b).any()
    ]
    return round(float(sum(gaps)) / max(len(probabilities), 1), 12)


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision and recall (fractions in [0, 1]) of keeping all above each threshold, in order of growing recall.

    `area`: average precision, the sum of precision · gain in recall; it does not interpolate between points.
    """

    thresholds: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    area: float

    def points(self, limit: int = 200) -> list[dict[str, float]]:
        """At most `limit` of the points, evenly over their number and with both ends, for a report or a plot."""
        n = len(self.thresholds)
        chosen: list[int] = np.unique(np.linspace(0, n - 1, min(limit, n)).round().astype(int)).tolist() if n else []
        return [
            {"threshold": self.thresholds[i], "precision": self.precision[i], "recall": self.recall[i]} for i in chosen
        ]


def precision_recall(probabilities: Sequence[float], correct: Sequence[bool], n_gold: int) -> PrecisionRecall:
    """The curve of keeping the most probable of the candidates (both N), where `n_gold` triples are to be found."""
    order = np.argsort(-np.asarray(probabilities, dtype=np.float64), kind="stable")
    ranked = np.asarray(probabilities, dtype=np.float64)[order]
    hits = np.cumsum(np.asarray(correct, dtype=np.int64)[order])
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, dtype=np.int64)
    precision, recall = hits[last] / (last + 1), hits[last] / n_gold
    area = float((precision * np.diff(recall, prepend=0.0)).sum())
    return PrecisionRecall(tuple(ranked[last]), tuple(precision), tuple(recall), area)
