"""Prototypes fitted to labelled pairs, with side information as the prior. Pure NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zslre.encoder import FloatArray
from zslre.prototypes import Prototypes, kind_widths
from zslre.scoring import KINDS, Scorer, softmax

# How much the pull of side information weighs beside a pair's log-likelihood; chosen on relations that training holds
# out and on the told ones of data/marked (docs/history.md).
PRIOR = 20.0
MOST_STEPS, SETTLED = 1000, 1e-4  # the largest change of a number in a step


def fitted(
    scorer: Scorer, prototypes: Prototypes, names: Sequence[str], support: Mapping[str | None, FloatArray]
) -> Prototypes:
    """The prototypes under which the labelled pairs are most probable, but for the pull of what they were.

    `support`: pair vectors (K, D) of relations, whose `names` are in the order of the prototypes' rows, and under None
    those of pairs that have no relation. Over the prototypes p the sum

        Σ_i -log softmax(s(z_i, ·), n(z_i))[label of i] + PRIOR / 2 · Σ_r |p_r - side information of r|²

    is least, where no kind of a prototype is longer than 1: a maximum a posteriori estimate. It is convex, and is found
    by projected gradient steps with momentum (Nesterov 2004, 2.2.4). A pair counts against the other relations that
    have examples, one without a relation against all; keywords have no examples, and stay.
    """
    shown = [(name, rows) for name, rows in support.items() if len(rows)]
    if not shown:
        return prototypes
    column: dict[str | None, int] = {name: number for number, name in enumerate([*names, None])}
    labels = np.repeat([column[name] for name, _ in shown], [len(rows) for _, rows in shown])
    pairs = np.concatenate([rows for _, rows in shown])
    shares = prototypes.shares.copy()
    learned = np.array([kind != "keywords" for kind in KINDS])
    shares[np.ix_(np.unique(labels[labels < len(names)]), learned)] = 1.0

    widths = kind_widths(scorer)
    weights = scorer.scale * np.repeat(scorer.kind_weights(shares), widths, axis=1)
    free = np.repeat((shares > 0) & learned, widths, axis=1)
    features, none = scorer.features(pairs), scorer.none_scores(pairs)[:, None]
    wanted = np.eye(len(names) + 1, dtype=np.float32)[labels]
    asked = np.zeros_like(wanted, dtype=bool)  # what each pair is to be told from
    asked[:, np.unique(labels)] = asked[:, -1] = asked[labels == len(names)] = True

    # A softmax curves by at most a half.
    steepest = PRIOR + 0.5 * np.linalg.norm(features * weights.max(axis=0), 2) ** 2
    momentum = (np.sqrt(steepest) - np.sqrt(PRIOR)) / (np.sqrt(steepest) + np.sqrt(PRIOR))
    now = ahead = prototypes.vectors
    for _ in range(MOST_STEPS):
        scores = np.concatenate([features @ (ahead * weights).T, none], axis=1)
        missed = softmax(np.where(asked, scores, -np.inf)) - wanted
        slope = free * weights * (missed[:, :-1].T @ features) + PRIOR * (ahead - prototypes.vectors)
        after = _within(ahead - slope / steepest, widths)
        ahead = after + momentum * (after - now)
        change, now = np.abs(after - now).max(), after
        if change < SETTLED:
            break
    return Prototypes(np.asarray(now, dtype=np.float32), shares)


def _within(vectors: FloatArray, widths: Sequence[int]) -> FloatArray:
    """Each kind of each row, (R, D + 3T), shortened to length 1 where it is longer."""
    starts = np.cumsum([0, *widths[:-1]])
    norms = np.sqrt(np.add.reduceat(vectors * vectors, starts, axis=1))
    return np.asarray(vectors / np.repeat(np.maximum(norms, 1.0), widths, axis=1), dtype=np.float32)
