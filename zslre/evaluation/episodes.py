"""N-way K-shot episodes: drawn as FewRel draws them, and predicted all at once.

Dimension letters: E episodes, N relations an episode, K support rows a relation, F numbers of a feature row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zslre.encoder import FloatArray
from zslre.exceptions import InputError
from zslre.packing import IntArray
from zslre.prototypes import Prototypes, with_support
from zslre.scoring import Scorer

NUMBERS_AT_ONCE = 20_000_000  # of support features held in memory


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """Rows of a dataset by number. A query is of the relation at its place, or, where `none`, of one outside."""

    relations: IntArray  # (E, N)
    support: IntArray  # (E, N, K)
    queries: IntArray  # (E, N)
    none: NDArray[np.bool_]  # (E, N)


def check_enough(counts: Mapping[str, int], *, n_way: int, k_shot: int, na_rate: float) -> None:
    """Raise InputError if episodes need more relations, or more different rows of one, than `counts` has by name."""
    if len(counts) < n_way + (na_rate > 0):
        outside = " and one outside them" if na_rate else ""
        raise InputError(f"{n_way} relations an episode{outside} cannot be drawn from {len(counts)}: lower --n-way")
    short = min(counts, key=lambda name: counts[name])
    if counts[short] < k_shot + 1:
        raise InputError(
            f"{k_shot} support rows and a query a relation are needed, and {short!r} has {counts[short]} different "
            "rows: lower --k-shot, or give more of them"
        )


def draw_episodes(
    rows: Mapping[str, IntArray],
    originals: IntArray,
    *,
    n_way: int,
    k_shot: int,
    episodes: int,
    na_rate: float,
    rng: np.random.Generator,
) -> Episodes:
    """Episodes with one query a relation; `rows`: for each relation of the dataset, by name, the numbers of its rows.

    `originals` (n_rows,): the row that a row is a copy of, itself where it is none. No two of a relation's support rows
    and its query are the same.
    Of all queries a share of `na_rate` (fraction, rounded to whole queries) has, in place of the relation's own row,
    one of a relation outside the episode, which is drawn first and its row then (FewRel 2.0, Gao et al. 2019).
    Raises InputError for too few relations or rows.
    """
    different = [np.unique(originals[of]) for of in rows.values()]
    counts = dict(zip(rows, map(len, different), strict=True))
    check_enough(counts, n_way=n_way, k_shot=k_shot, na_rate=na_rate)
    every = list(rows.values())
    numbers = np.arange(len(rows))
    none = np.zeros((episodes, n_way), dtype=np.bool_)
    none.flat[rng.choice(none.size, size=round(na_rate * none.size), replace=False)] = True
    chosen = np.empty((episodes, n_way), dtype=np.int64)
    drawn = np.empty((episodes, n_way, k_shot + 1), dtype=np.int64)
    for episode in range(episodes):
        order = rng.permutation(numbers)
        chosen[episode] = order[:n_way]
        for place in range(n_way):
            some = rng.choice(every[order[place]], size=k_shot + 1, replace=False)
            # Drawn again only where copies came together: what a seed draws of other data stays as it was.
            if len(np.unique(originals[some])) <= k_shot:
                some = rng.choice(different[order[place]], size=k_shot + 1, replace=False)
            drawn[episode, place] = some
        for without in np.flatnonzero(none[episode]).tolist():
            drawn[episode, without, -1] = rng.choice(every[int(rng.choice(order[n_way:]))])
    return Episodes(chosen, drawn[..., :-1], drawn[..., -1], none)


def score_episodes(
    scorer: Scorer,
    features: FloatArray,
    side: Prototypes,
    relations: IntArray,
    support: IntArray,
    queries: IntArray,
) -> FloatArray:
    """The similarity s of each query (second axis) and each relation of its episode (third), (E, N, N).

    features (n_rows, F), from `Scorer.features`; side: a row a relation of the dataset; the numbers as in `Episodes`.
    """
    episodes, n_way, k_shot = support.shape
    scores = np.empty((episodes, n_way, n_way), dtype=np.float32)
    step = max(1, NUMBERS_AT_ONCE // (n_way * k_shot * features.shape[1]))
    for start in range(0, episodes, step):
        now = slice(start, start + step)
        chosen = relations[now].ravel()
        shown = features[support[now]].reshape(len(chosen), k_shot, -1)
        fused = with_support(scorer, Prototypes(side.vectors[chosen], side.shares[chosen]), shown)
        weighted = fused.weighted(scorer).reshape(-1, n_way, features.shape[1])
        scores[now] = np.einsum("eqf,enf->eqn", features[queries[now]], weighted, optimize=True)
    return scores
