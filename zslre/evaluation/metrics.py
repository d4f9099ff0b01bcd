"""Scores of predictions; pure functions.

Everything about classes is counted once, in a `Confusion`, and computed from the counts in NumPy: training needs these
scores without scikit-learn, and the bootstrap needs them for all resamples at once. The tests compare them with
scikit-learn, which itself draws the precision-recall curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zslre.exceptions import InputError, MissingDependencyError

BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """`counts` (R + 1, R + 1): how often a gold label (row) got a prediction (column). The labels are `relations` (R),
    all that occur in either, by name, and last None: no relation, or rejected."""

    relations: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def scored(self) -> list[int]:
        """Rows of the relations that gold holds: the classes of every macro score."""
        return [row for row, gold in enumerate(self.counts[:-1].sum(axis=1)) if gold]


@dataclass(frozen=True, slots=True)
class ClassificationScores:
    """Fractions in [0, 1]. `macro_f1`: mean of the classes' F1. `field_f1`: harmonic mean of macro-precision and
    macro-recall, which zero-shot papers often report. `per_class`: F1 by class."""

    accuracy: float
    macro_f1: float
    field_f1: float
    per_class: dict[str, float]


class RelationScores(NamedTuple):
    """Of one relation, fractions in [0, 1]; `support` and `predicted` count queries."""

    relation: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


class ConfusedPair(NamedTuple):
    """`queries` of the relation `gold` were taken for `predicted`; `share`: of all queries of `gold`."""

    gold: str
    predicted: str
    queries: int
    share: float


class ReliabilityBin(NamedTuple):
    """The `queries` with a confidence from `low` to below `high` (the last bin: to 1), their mean confidence, and
    the share of them that is right. All but `queries` are fractions in [0, 1]."""

    low: float
    high: float
    queries: int
    confidence: float
    accuracy: float


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
        chosen = np.unique(np.linspace(0, n - 1, min(limit, n)).round().astype(int))
        return [
            {"threshold": self.thresholds[i], "precision": self.precision[i], "recall": self.recall[i]} for i in chosen
        ]

    def best(self) -> dict[str, float] | None:
        """The point with the highest F1, and that; of equals the one with the highest threshold. None: no points."""
        if not self.thresholds:
            return None
        f1 = [harmonic_mean(*scores) for scores in zip(self.precision, self.recall, strict=True)]
        i = int(np.argmax(f1))
        point = {"threshold": self.thresholds[i], "precision": self.precision[i], "recall": self.recall[i]}
        return {**point, "f1": f1[i]}


def confusion(gold: Sequence[str | None], predicted: Sequence[str | None]) -> Confusion:
    """Count gold labels against predictions (both N). Raises InputError for none, or where the lengths differ.

    >>> confusion(["a", "a", None], ["a", "b", None]).counts.tolist()
    [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    """
    if len(gold) != len(predicted):
        raise InputError(f"{len(gold)} gold labels and {len(predicted)} predictions: one of each a query is needed")
    if not gold:
        raise InputError("no queries: there is nothing to score")
    relations = sorted({name for name in (*gold, *predicted) if name is not None})
    index: dict[str | None, int] = {name: row for row, name in enumerate(relations)}
    index[None] = len(relations)
    cells = np.array([index[g] * len(index) + index[p] for g, p in zip(gold, predicted, strict=True)])
    counts = np.bincount(cells, minlength=len(index) ** 2).reshape(len(index), len(index))
    return Confusion(tuple(relations), counts)


def classification_scores(gold: Sequence[str | None], predicted: Sequence[str | None]) -> ClassificationScores:
    """Accuracy over all queries, where a rejected one is right if it has no relation; F1 over every relation that
    `gold` holds. A prediction outside them only misses; None is no class, see `rejection_scores`.

    Raises InputError where no query has a relation.

    >>> classification_scores(["a", "a", "b"], ["a", "b", "b"]).per_class
    {'a': 0.6666666666666666, 'b': 0.6666666666666666}
    """
    table = confusion(gold, predicted)
    scores = relation_scores(table)
    if not scores:
        raise InputError("no query has a relation: there is no class to score")
    return ClassificationScores(
        accuracy=float(np.trace(table.counts) / table.counts.sum()),
        macro_f1=float(np.mean([score.f1 for score in scores])),
        field_f1=harmonic_mean(
            float(np.mean([score.precision for score in scores])), float(np.mean([score.recall for score in scores]))
        ),
        per_class={score.relation: score.f1 for score in scores},
    )


def relation_scores(table: Confusion) -> list[RelationScores]:
    """Of every relation that gold holds, by name."""
    hits, predicted, gold = table.counts.diagonal(), table.counts.sum(axis=0), table.counts.sum(axis=1)
    return [
        RelationScores(
            table.relations[row],
            *precision_recall_f1(int(hits[row]), int(predicted[row]), int(gold[row])),
            support=int(gold[row]),
            predicted=int(predicted[row]),
        )
        for row in table.scored
    ]


def rejection_scores(table: Confusion) -> tuple[float, float, float] | None:
    """Precision, recall and F1 of None: of the queries without a relation, how many were rejected. None: there are no
    such queries and nothing was rejected."""
    predicted, gold = int(table.counts[:, -1].sum()), int(table.counts[-1].sum())
    return precision_recall_f1(int(table.counts[-1, -1]), predicted, gold) if predicted or gold else None


def confused_pairs(table: Confusion, limit: int = 10) -> list[ConfusedPair]:
    """The relations most often taken for another one, the most frequent first, equals by name."""
    counts = table.counts[:-1, :-1] * (1 - np.eye(len(table.relations), dtype=np.int64))
    gold = table.counts[:-1].sum(axis=1)
    # A stable sort of the flat counts leaves equals in the order of rows and columns, which is that of the names.
    ranked = np.argsort(-counts, axis=None, kind="stable")[:limit]
    cells = [divmod(int(cell), len(table.relations)) for cell in ranked]
    return [
        ConfusedPair(table.relations[row], table.relations[column], int(counts[row, column]), count / gold[row])
        for row, column in cells
        if (count := int(counts[row, column]))
    ]


def precision_recall_f1(hits: float, predicted: int, gold: int) -> tuple[float, float, float]:
    """Of counts, the hits counted or expected; 0.0 where nothing was predicted or nothing is there.

    >>> precision_recall_f1(1, 2, 4)
    (0.5, 0.25, 0.3333333333333333)
    """
    precision, recall, f1 = (
        float(score) for score in scores_of_counts(np.array(hits), np.array(predicted), np.array(gold))
    )
    return precision, recall, f1


def scores_of_counts(
    hits: NDArray[np.int64], predicted: NDArray[np.int64], gold: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 of counts of any one shape; 0.0 where nothing was predicted or nothing is there."""
    return _ratio(hits, predicted), _ratio(hits, gold), _ratio(2 * hits, predicted + gold)


def harmonic_mean(first: float, second: float) -> float:
    """2ab / (a + b); 0.0 if either is 0.

    >>> harmonic_mean(0.5, 1.0)
    0.6666666666666666
    """
    return 2 * first * second / (first + second) if first + second else 0.0


def confidence(
    gold: Sequence[str | None], predicted: Sequence[str | None], probabilities: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The probability that each answer is right, as the model sees it (N,), and whether it is (N,).

    `probabilities` are those of the best relation, kept or not. A kept one is claimed with its probability p. A
    rejected one is the claim that there is no relation, made with 1 - p, and right if gold has none. So every query
    counts.
    """
    rejected = np.array([name is None for name in predicted], dtype=bool)
    best = np.asarray(probabilities, dtype=np.float64)
    right = np.array([g == p for g, p in zip(gold, predicted, strict=True)], dtype=bool)
    return np.where(rejected, 1 - best, best), right


def reliability_bins(
    probabilities: NDArray[np.floating[Any]], correct: NDArray[np.bool_], bins: int = BINS
) -> list[ReliabilityBin]:
    """Bins of equal width over [0, 1], as Guo et al. (2017) have them; an empty bin is left out.

    probabilities (N,) in [0, 1], correct (N,) bool. Raises InputError for a probability outside [0, 1].
    """
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise InputError("probabilities must lie in [0, 1]")
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    confidences = np.bincount(index, weights=probabilities, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    return [
        ReliabilityBin(b / bins, (b + 1) / bins, int(count[b]), confidences[b] / count[b], right[b] / count[b])
        for b in range(bins)
        if count[b]
    ]


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by bin size (Guo et al. 2017).

    probabilities (N,) in [0, 1], correct (N,) bool.

    >>> expected_calibration_error(np.array([0.95, 0.95]), np.array([True, False]))
    0.45
    """
    gaps = [abs(b.confidence - b.accuracy) * b.queries for b in reliability_bins(probabilities, correct, bins)]
    return round(float(sum(gaps)) / max(len(probabilities), 1), 12)


def precision_recall(probabilities: Sequence[float], correct: Sequence[bool], n_gold: int) -> PrecisionRecall:
    """The curve of keeping the most probable of the candidates (both N), where `n_gold` triples are to be found.

    Gold triples that are no candidate (an undetected mention, a relation that was not the best) lower every recall.
    Without a correct candidate there are no points, and the area is 0. Needs scikit-learn. Raises InputError where
    `n_gold` is 0 or less than the correct candidates.
    """
    hits = sum(correct)
    if n_gold < max(hits, 1):
        raise InputError(f"{hits} correct candidates, but {n_gold} gold triples: give the number of all of them")
    if not hits:
        return PrecisionRecall((), (), (), 0.0)
    metrics = _scikit_learn_metrics()
    precision, recall, thresholds = metrics.precision_recall_curve(correct, probabilities)
    found = hits / n_gold
    # scikit-learn runs towards recall 0, and ends in a point without a threshold.
    return PrecisionRecall(
        tuple(thresholds[::-1].tolist()),
        tuple(precision[-2::-1].tolist()),
        tuple((found * recall[-2::-1]).tolist()),
        float(found * metrics.average_precision_score(correct, probabilities)),
    )


def _ratio(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator > 0)


def _scikit_learn_metrics() -> Any:
    try:
        import sklearn.metrics
    except ImportError as error:
        raise MissingDependencyError(
            f"the precision-recall curve needs scikit-learn ({error}): pip install 'zslre[eval]'"
        ) from error
    return sklearn.metrics
