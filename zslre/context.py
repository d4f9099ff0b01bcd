"""What the other pairs of a sentence say of a triple: a small network over a pair's log odds and its rivals'.

In "Ann was born in Rome, Bob in Oslo" the pair of Ann and Oslo is much like one that has the relation; that it has none
is plain from the pairs beside it. So a triple's probability is not that of its own margin alone: the network weighs its
log odds against the same relation's of the pairs that share its head, its tail or neither, and against the other
relations of these pairs, with what stands between the two names, their types, and some views of the pair vector, of the
reversed pair's and of what the relation is called. Which way round it holds is left to the margins.

Dimension letters: P pairs, R relations, N candidates, F features, V views, W relation views, D dim, H hidden,
M mentions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from zslre.candidates import reversed_places
from zslre.encoder import FloatArray
from zslre.exceptions import ModelError
from zslre.packing import IntArray, Item, Pair
from zslre.scoring import sigmoid, unit
from zslre.types import Mention

LOWEST, HIGHEST = -6.0, 8.0  # log odds count as no less and no more
FLOOR = -3.0  # log odds below which a pair is not looked at again: what is denied is mostly below it
# Kinds of types, spaCy's and DocRED's; any other type is of the last kind, and no type of none.
KINDS = {
    "PERSON": ("PERSON", "PER"),
    "ORG": ("ORG",),
    "PLACE": ("GPE", "LOC", "FAC"),
    "NORP": ("NORP",),
    "TIME": ("DATE", "TIME"),
    "OTHER": (),
}
_KIND_OF = {type: place for place, types in enumerate(KINDS.values()) for type in types}
COMPARED_AT_ONCE = 2_000_000  # pairs times candidates: of a sentence of hundreds of names they fill the memory
FEATURES = (
    "own",
    "best other relation",
    "reversed",
    "reversed, any relation",
    "best other tail",
    "best other head",
    "best other pair",
    "head's best, any relation",
    "tail's best, any relation",
    "mentions",
    "mentions between",
    "characters between",
    "head first",
    "between, typed like the head",
    "between, typed like the tail",
    "typed like the head",
    "typed like the tail",
    *(f"{role} is {kind}" for role in ("head", "tail") for kind in KINDS),
)


@dataclass(frozen=True, slots=True, eq=False)
class ContextScorer:
    """The network's numbers, float32: one hidden layer over `FEATURES`, projections of three unit vectors, the pair's,
    the reversed pair's and that of the relation's text, and the products of the first of either pair's with those of
    the relation's, W <= V."""

    views: FloatArray  # (V, D)
    relation_views: FloatArray  # (W, D)
    hidden: FloatArray  # (H, F + 2 V + 3 W)
    hidden_bias: FloatArray  # (H,)
    output: FloatArray  # (H,)
    bias: FloatArray  # ()

    @classmethod
    def of(cls, tensors: Mapping[str, np.ndarray], config: Any, dim: int) -> ContextScorer:
        """From a model's files, the `context` entry of its config and the width of its pair vectors.

        Raises ModelError for another version's features, for other tensors and for such as do not fit each other.
        """
        wanted = {f.name for f in fields(cls)}
        if set(tensors) != wanted:
            raise ModelError(f"tensors {sorted(wanted ^ set(tensors))} are missing or unknown: get the model again")
        if config != {"features": list(FEATURES)}:
            raise ModelError("the network has other features than this zslre computes: pip install -U zslre")
        made = cls(**{name: np.asarray(value, dtype=np.float32) for name, value in tensors.items()})
        found = tuple(tensor.shape for tensor in made.tensors().values())
        views, of_relation, hidden = len(made.views), len(made.relation_views), len(made.hidden)
        inputs = len(FEATURES) + 2 * views + 3 * of_relation
        wanted_shapes = ((views, dim), (of_relation, dim), (hidden, inputs), (hidden,), (hidden,), ())
        if of_relation > views or found != wanted_shapes:
            raise ModelError(f"tensors of shapes {found} do not fit the model: get it again")
        return made

    @property
    def config(self) -> dict[str, Any]:
        """The `context` entry of config.json."""
        return {"features": list(FEATURES)}

    def tensors(self) -> dict[str, np.ndarray]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def probabilities(
        self, features: FloatArray, vectors: FloatArray, texts: FloatArray, columns: IntArray
    ) -> FloatArray:
        """As `log_odds`, → (N,); 0 of those that are not `right_way_round`."""
        odds = self.log_odds(features, vectors, texts, columns)
        return np.where(right_way_round(features), sigmoid(odds), np.float32(0))

    def log_odds(self, features: FloatArray, vectors: FloatArray, texts: FloatArray, columns: IntArray) -> FloatArray:
        """Of candidates, (N, F), with their pair vectors `both_ways` (N, 2, D) and their relations' places (N,) among
        the text prototypes of all relations (R, D) → (N,)."""
        views, of_relation = unit(vectors) @ self.views.T, (unit(texts) @ self.relation_views.T)[columns]
        products = views[..., : of_relation.shape[1]] * of_relation[:, None]
        inputs = np.concatenate([features, *views.swapaxes(0, 1), of_relation, *products.swapaxes(0, 1)], axis=1)
        hidden = np.maximum(inputs @ self.hidden.T + self.hidden_bias, 0.0)
        return np.asarray(hidden @ self.output + self.bias, dtype=np.float32)


def both_ways(vectors: FloatArray, items: Sequence[Item], rows: IntArray) -> FloatArray:
    """The vectors of the items' pairs (P, D) in `rows` (N,), each with the reversed pair's → (N, 2, D); zeros of a pair
    that is asked one way only."""
    places = reversed_places(items)[rows]
    return np.stack([vectors[rows], np.where(places[:, None] < 0, np.float32(0), vectors[places])], axis=1)


def right_way_round(features: FloatArray) -> np.ndarray:
    """Whether the reversed pair's log odds are no higher than the candidate's own, (N, F) → (N,)."""
    return np.asarray(features[:, FEATURES.index("own")] >= features[:, FEATURES.index("reversed")])


def context_features(items: Sequence[Item], odds: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """`FEATURES` of candidates (N, F), each a pair and a relation of it: `rows` (N,), which rise, and `columns` (N,).

    `odds`: log odds of all pairs of the items, in order, (P, R).
    """
    found, first = [np.empty((0, len(FEATURES)), dtype=np.float32)], 0
    for item in items:
        end = first + len(item[1])
        own = slice(*np.searchsorted(rows, (first, end)))
        if own.start < own.stop:
            found.append(_of_sentence(item, odds[first:end], rows[own] - first, columns[own]))
        first = end
    return np.concatenate(found)


def _of_sentence(item: Item, odds: FloatArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """Those of one item. Pairs of the same two names are one pair, wherever these stand."""
    (sentence, pairs), odds = item, np.clip(odds, LOWEST, HIGHEST)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(m.name for pair in pairs for m in pair))}
    heads, tails = (np.array([numbers[pair[role].name] for pair in pairs])[:, None] for role in (0, 1))
    step = max(1, COMPARED_AT_ONCE // len(pairs))
    parts = [slice(start, start + step) for start in range(0, len(rows), step)]
    compared = np.concatenate([_compared(odds, heads, tails, rows[part], columns[part]) for part in parts], axis=1)
    return np.stack([*compared, *_places([pairs[row] for row in rows], sentence.mentions)], axis=1, dtype=np.float32)


def _compared(odds: FloatArray, heads: IntArray, tails: IntArray, rows: IntArray, columns: IntArray) -> FloatArray:
    """The features that are log odds, each a row; `heads` and `tails`: the pairs' names by number, (P, 1)."""
    same_head, same_tail = heads == heads[rows, 0], tails == tails[rows, 0]  # (P, N)
    reverse = (heads == tails[rows, 0]) & (tails == heads[rows, 0])
    of_same, best = odds[:, columns], odds.max(axis=1)[:, None]
    others = odds[rows]
    others[np.arange(len(rows)), columns] = LOWEST
    return np.stack(
        [
            odds[rows, columns],
            others.max(axis=1),
            _most(of_same, reverse),
            _most(best, reverse),
            _most(of_same, same_head & ~same_tail),
            _most(of_same, ~same_head & same_tail),
            _most(of_same, ~same_head & ~same_tail),
            _most(best, same_head & ~same_tail),
            _most(best, ~same_head & same_tail),
        ]
    )


def _most(odds: FloatArray, chosen: np.ndarray) -> FloatArray:
    """The highest of each column's chosen rows, (P, N) or (P, 1) and (P, N) → (N,)."""
    return np.asarray(np.where(chosen, odds, LOWEST).max(axis=0))


def _places(pairs: Sequence[Pair], mentions: Collection[Mention]) -> list[np.ndarray]:
    """Where the two stand among the sentence's mentions: the features behind the log odds, (N,) each."""
    starts, ends = (np.array([getattr(m, name) for m in mentions]) for name in ("start", "end"))
    types = np.array([m.label or "" for m in mentions])
    head_first = np.array([head.start < tail.start for head, tail in pairs])
    left = np.array([min(head.end, tail.end) for head, tail in pairs])
    right = np.array([max(head.start, tail.start) for head, tail in pairs])
    between = (starts >= left[:, None]) & (ends <= right[:, None])  # (N, M)
    alike = [types == np.array([pair[role].label or "" for pair in pairs])[:, None] for role in (0, 1)]
    return [
        np.full(len(pairs), len(mentions)),
        between.sum(axis=1),
        np.log1p(np.maximum(right - left, 0)),
        head_first,
        *((between & of_type).sum(axis=1) for of_type in alike),
        *(of_type.sum(axis=1) for of_type in alike),
        *(column for role in (0, 1) for column in _kinds([pair[role].label for pair in pairs]).T),
    ]


def _kinds(types: Sequence[str | None]) -> np.ndarray:
    """Which of `KINDS` each type is of, (N, kinds)."""
    places = np.array([-1 if type is None else _KIND_OF.get(type, len(KINDS) - 1) for type in types], dtype=np.int64)
    return places[:, None] == np.arange(len(KINDS))
