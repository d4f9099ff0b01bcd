"""N-way K-shot episodes: drawn as FewRel draws them, and scored.

Dimension letters: E episodes, N relations an episode, K support rows a relation, D numbers of a pair vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zslre.encoder import FloatArray
from zslre.exceptions import InputError
from zslre.fitting import fitted
from zslre.packing import IntArray
from zslre.prototypes import Prototypes, more_support
from zslre.scoring import Scorer


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
    vectors: FloatArray,
    side: Prototypes,
    names: Sequence[str],
    drawn: Episodes,
    shown: Mapping[str | None, FloatArray],
    *,
    on_episode: Callable[[int], None] = lambda done: None,
) -> FloatArray:
    """The similarity s of each query (second axis) and each relation of its episode (third), (E, N, N).

    An episode's prototypes are fitted to its support and to what is `shown` of its relations in every episode, see
    `zslre.fitting`. vectors (n_rows, D): the dataset's pairs; side: a row for each of `names`, the dataset's relations;
    shown: vectors (n, D) by name. on_episode: told how many are done, after each.
    """
    features = scorer.features(vectors)
    scores = np.empty((*drawn.queries.shape, drawn.queries.shape[1]), dtype=np.float32)
    for episode, rows in enumerate(drawn.relations):
        chosen = [names[row] for row in rows]
        support = {name: of for name, of in shown.items() if name is None or name in chosen}
        for name, some in zip(chosen, drawn.support[episode], strict=True):
            support = more_support(support, [name] * len(some), vectors[some])
        prototypes = fitted(scorer, Prototypes(side.vectors[rows], side.shares[rows]), chosen, support)
        scores[episode] = features[drawn.queries[episode]] @ prototypes.weighted(scorer).T
        on_episode(episode + 1)
    return scores
