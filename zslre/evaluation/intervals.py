"""How sure a figure is: confidence intervals over queries or episodes, and the spread over runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zslre.evaluation.metrics import Confusion, scores_of_counts

RESAMPLES = 1000
LEVEL = 0.95
_NORMAL_QUANTILE = 1.959964  # of 0.975: the two-sided interval of LEVEL

Interval = tuple[float, float]


def bootstrap_intervals(
    table: Confusion, rng: np.random.Generator, *, resamples: int = RESAMPLES, level: float = LEVEL
) -> dict[str, Interval]:
    """Percentile intervals (Efron and Tibshirani 1993, chapter 13) of `accuracy` and `macro_f1`, fractions in [0, 1].

    Queries are resampled with replacement, stratified by their gold label, so that every resample has the same
    relations with the same support. They count as independent of each other: nothing is said of another training seed,
    another choice of relations, or of queries that share a support set.

    To draw n queries of a label with replacement and count their predictions is to draw the counts from a multinomial
    distribution, so no query is handled by itself: (resamples, R + 1) numbers a label, all resamples at once.
    """
    gold = table.counts.sum(axis=1)
    hits = np.zeros((resamples, len(gold)), dtype=np.int64)
    predicted = np.zeros_like(hits)
    for row in np.flatnonzero(gold):
        columns = np.flatnonzero(table.counts[row])
        drawn = rng.multinomial(gold[row], table.counts[row, columns] / gold[row], size=resamples)
        predicted[:, columns] += drawn
        hits[:, row] = drawn[:, columns == row].sum(axis=1)
    scored = table.scored
    support = np.broadcast_to(gold[scored], (resamples, len(scored)))
    _, _, f1 = scores_of_counts(hits[:, scored], predicted[:, scored], support)
    values = {"accuracy": hits.sum(axis=1) / gold.sum(), "macro_f1": f1.mean(axis=1)}
    tail = (1 - level) / 2
    return {name: (float(np.quantile(v, tail)), float(np.quantile(v, 1 - tail))) for name, v in values.items()}


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (n - 1), which a single value does not have.

    >>> mean_and_spread([0.25, 0.5, 0.75]), mean_and_spread([0.5])
    ((0.5, 0.25), (0.5, None))
    """
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def mean_interval(values: Sequence[float]) -> Interval | None:
    """The 95 % interval of the mean of independent values, such as the accuracies of episodes: mean ± 1.96 s / √n, as
    few-shot papers report it, clipped to [0, 1], where the values lie. A single value has none."""
    mean, spread = mean_and_spread(values)
    if spread is None:
        return None
    half = _NORMAL_QUANTILE * spread / len(values) ** 0.5
    return max(mean - half, 0.0), min(mean + half, 1.0)
