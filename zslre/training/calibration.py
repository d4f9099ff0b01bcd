"""From margins to probabilities, and the threshold that serves best; fitted on what training did not see."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import Encoder, FloatArray, pair_vectors
from zslre.evaluation.metrics import expected_calibration_error, precision_recall_f1
from zslre.exceptions import InputError
from zslre.packing import Packer
from zslre.prototypes import build_prototypes
from zslre.relations import RelationSet
from zslre.scoring import Scorer, calibrated_probabilities

LEAST_PRECISION = 0.6


def best_margins(
    encoder: Encoder, scorer: Scorer, packer: Packer, sentences: list[AnnotatedSentence], relations: RelationSet
) -> tuple[FloatArray, np.ndarray, int]:
    """Margin s - n of each pair's best relation (P,), whether that relation is true (P,), and the number of labels."""
    prototypes = build_prototypes(encoder, scorer, relations).weighted(scorer)
    vectors = pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in sentences])
    scores = scorer.features(vectors) @ prototypes.T
    best = scores.argmax(axis=1)
    margins = scores[np.arange(len(best)), best] - scorer.none_scores(vectors)
    names, labels = relations.names, [pair_labels for s in sentences for pair_labels in s.labels]
    correct = np.array([names[column] in truth for column, truth in zip(best, labels, strict=True)])
    return margins, correct, sum(len(truth & set(names)) for truth in labels)


def fit_calibration(margins: FloatArray, correct: np.ndarray) -> tuple[float, float]:
    """Slope and offset that minimise the log loss of sigmoid(slope · margin + offset) (Platt 1999).

    Platt's smoothed targets keep both finite where few pairs are given, or all are right. Raises InputError for none.
    """
    if len(margins) == 0:
        raise InputError("no pairs to calibrate on: give held-out sentences with labelled pairs")
    right = int(correct.sum())
    smoothed = np.where(correct, (right + 1) / (right + 2), 1 / (len(correct) - right + 2))
    x, y = torch.from_numpy(margins.astype(np.float64)), torch.from_numpy(smoothed)
    numbers = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([numbers], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = binary_cross_entropy_with_logits(numbers[0] * x + numbers[1], y)
        value.backward()
        return value

    optimizer.step(loss)
    slope, offset = numbers.tolist()
    return slope, offset


def calibrated(margins: FloatArray, correct: np.ndarray, n_labels: int) -> tuple[tuple[float, float], dict[str, float]]:
    """Slope and offset of `fit_calibration`, and what they give.

    The figures: the `threshold` of `best_threshold`, its `f1`, and the `calibration_error`, all in [0, 1].
    """
    slope, offset = fit_calibration(margins, correct)
    probabilities = calibrated_probabilities(margins, slope, offset)
    threshold, f1 = best_threshold(probabilities, correct, n_labels)
    error = expected_calibration_error(probabilities, correct)
    return (slope, offset), {"threshold": threshold, "f1": round(f1, 4), "calibration_error": round(error, 4)}


def best_threshold(probabilities: FloatArray, correct: np.ndarray, n_labels: int) -> tuple[float, float]:
    """The threshold, of 0.05, 0.10 … 0.95, with the best F1 when each pair's best relation is kept above it; its F1.

    Thresholds that reach `LEAST_PRECISION` come first: users forgive a missed triple sooner than a false one.
    """
    scored = []
    for threshold in np.arange(1, 20) / 20:
        kept = probabilities >= threshold
        precision, _, f1 = precision_recall_f1(int(correct[kept].sum()), int(kept.sum()), n_labels)
        scored.append((precision >= LEAST_PRECISION, f1, float(threshold)))
    _, f1, threshold = max(scored)
    return threshold, f1
