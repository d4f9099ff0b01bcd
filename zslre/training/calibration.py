"""The last numbers of a model, fitted on what training did not see: the weight of each kind of side information, from
margins to probabilities, and the threshold that serves best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import Encoder, FloatArray, pair_vectors
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import expected_calibration_error, precision_recall_f1
from zslre.exceptions import InputError
from zslre.packing import Packer
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.scoring import KINDS, Scorer, log_odds, sigmoid
from zslre.training.losses import ranking_loss
from zslre.training.model import TorchScorer

LEAST_PRECISION = 0.6
LEAST_SLOPE = 0.01  # of margins of spread 1: below it probabilities hardly tell right pairs from wrong ones
START_PENALTY = 0.003  # for each squared unit that a kind's logit moves: a few hundred pairs decide on three numbers


def fit_kind_weights(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    packer: Packer,
    sentences: list[AnnotatedSentence],
    relations: RelationSet,
) -> dict[str, float]:
    """Set the scorer's kind logits to what ranks `relations`, which training did not see, best; the weights by kind.

    In training every view learns its relations by heart, so that the loss there says nothing of what the kind is worth
    for a relation of which there was no example. Minimises the ranking loss by L-BFGS, all else fixed.
    """
    phrases = [relation_phrases(relation) for relation in relations]
    targets = torch.tensor([[r.name in names for r in relations] for s in sentences for names in s.labels])
    with torch.no_grad():
        vectors = torch.from_numpy(pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in sentences]))
        rows, present = scorer.prototypes(encoder, phrases)
        parts = zip(scorer.by_kind(scorer.features(vectors)), scorer.by_kind(rows), strict=True)
        cosines = torch.stack([features @ side.T for features, side in parts])  # (K, P, R)
        scale, start = scorer.log_scale.exp(), scorer.kind_logits.clone()

    def loss() -> Tensor:
        weights = torch.where(present, scorer.kind_logits, -torch.inf).softmax(dim=1)
        moved = (scorer.kind_logits - start).square().sum()
        return ranking_loss(scale * torch.einsum("kpr,rk->pr", cosines, weights), targets) + START_PENALTY * moved

    minimise(loss, [scorer.kind_logits])
    weights = scorer.kind_logits.detach().softmax(dim=0).tolist()
    return {kind: round(weight, 3) for kind, weight in zip(KINDS, weights, strict=True)}


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
    """Slope and offset that minimise the log loss of sigmoid(slope · margin + offset) (Platt 1999), the slope no less
    than 0: that it is where right pairs have no higher margins than wrong ones, or next to no higher ones.

    Platt's smoothed targets keep both finite where few pairs are given, or all are right. Raises InputError for none.
    """
    if len(margins) == 0:
        raise InputError("no pairs to calibrate on: give held-out sentences with labelled pairs")
    right = int(correct.sum())
    smoothed = np.where(correct, (right + 1) / (right + 2), 1 / (len(correct) - right + 2))
    # Of mean 0 and spread 1: where the margins lie far off, or close together, L-BFGS would stop short.
    exact = margins.astype(np.float64)
    mean, spread = float(exact.mean()), float(exact.std())
    x, y = torch.from_numpy((exact - mean) / (spread or 1.0)), torch.from_numpy(smoothed)
    numbers = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    minimise(lambda: binary_cross_entropy_with_logits(numbers[0] * x + numbers[1], y), [numbers])
    slope, offset = numbers.tolist()
    if slope < LEAST_SLOPE or spread == 0.0:
        return 0.0, float(log_odds(smoothed.mean()))
    return slope / spread, offset - slope * mean / spread


def minimise(loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> None:
    """Move a handful of `parameters` to a minimum of the loss."""
    optimizer = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return float(value.detach())

    optimizer.step(closure)


def calibrated(
    margins: FloatArray, correct: np.ndarray, n_labels: int, least_precision: float = LEAST_PRECISION
) -> tuple[tuple[float, float], dict[str, float]]:
    """Slope and offset of `fit_calibration`, and what they give.

    The figures: the `threshold` of `best_threshold`, its `f1`, and the `calibration_error`, all in [0, 1].
    """
    slope, offset = fit_calibration(margins, correct)
    probabilities = sigmoid(slope * margins + offset)
    threshold = best_threshold(probabilities, n_labels, least_precision)
    kept = probabilities >= threshold
    _, _, f1 = precision_recall_f1(int(correct[kept].sum()), int(kept.sum()), n_labels)
    error = expected_calibration_error(probabilities, correct)
    return (slope, offset), {"threshold": threshold, "f1": round(f1, 4), "calibration_error": round(error, 4)}


def check_slope(slope: float) -> None:
    """Raise InputError for a slope of 0, with which all scores would be the same."""
    if slope == 0.0:
        raise InputError("of the pairs to calibrate on right ones score no higher than wrong ones: train longer")


def best_threshold(probabilities: FloatArray, n_labels: int, least_precision: float = LEAST_PRECISION) -> float:
    """The threshold, of 0.01, 0.02 … 0.99, with the best F1 to expect when each pair's best relation is kept above it.

    As many are expected to be right as the calibrated `probabilities` add up to: on few documents that is steadier than
    to count them. `n_labels`: true relations of all pairs, found or not. Thresholds that are expected to reach
    `least_precision` come first: users forgive a missed triple sooner than a false one.
    """
    scored = []
    for threshold in np.arange(1, 100) / 100:
        kept = probabilities[probabilities >= threshold]
        precision, _, f1 = precision_recall_f1(float(kept.sum()), len(kept), n_labels)
        scored.append((precision >= least_precision, f1, float(threshold)))
    return max(scored)[2]
