"""Pair vectors against relation prototypes: the best relations, their probabilities, and why."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from zslre.candidates import certainty, item_batches, reversed_places
from zslre.context import FLOOR, ContextScorer, both_ways, context_features
from zslre.encoder import FloatArray
from zslre.packing import IntArray, Item, Pair
from zslre.prototypes import Prototypes, kind_widths
from zslre.scoring import KINDS, Scorer, log_odds, softmax
from zslre.threads import all_threads
from zslre.wordings import Wordings

if TYPE_CHECKING:
    from zslre.sideinfo.query import StrictTypes, TypeEvidence
    from zslre.tails import Tails

LOOKED_AT = 3  # relations of a pair, by its own margins, that the context may choose among at least
SCORES_AT_ONCE = 1_000_000  # pair-relation scores that a thread holds in memory at a time


class Matcher:
    """Compares pair vectors with the prototypes of R relations.

    `evidence`: what is known of the mentions' types beside the sentence; `strict`: which types rule a relation out;
    `tails`: which dates and names do; `wordings`: what else relations are called; `context`: what weighs a relation
    against those of the sentence's other pairs; `threads`: CPU threads to use, all when None.
    """

    def __init__(
        self,
        scorer: Scorer,
        prototypes: Prototypes,
        evidence: TypeEvidence | None = None,
        strict: StrictTypes | None = None,
        tails: Tails | None = None,
        wordings: Wordings | None = None,
        context: ContextScorer | None = None,
        threads: int | None = None,
    ) -> None:
        self.scorer, self.prototypes, self.evidence, self.strict = scorer, prototypes, evidence, strict
        self.tails, self.wordings, self.context = tails, wordings, context
        self._threads = threads if threads is not None else all_threads()
        # Kinds that no relation has add nothing: bare names and descriptions need two thirds of the columns.
        self._used = np.repeat(prototypes.shares.any(axis=0), kind_widths(scorer))
        self._weighted = np.ascontiguousarray(prototypes.weighted(scorer)[:, self._used].T)  # (used columns, R)

    def has_wordings(self, column: int) -> bool:
        """Whether the relation at this place is called something else as well."""
        return self.wordings is not None and column in self.wordings.columns

    def candidates(
        self, vectors: FloatArray, items: Sequence[Item], least: float, top_k: int
    ) -> list[list[tuple[int, float]]]:
        """For each pair vector, (P, D), its best relations and their probabilities, those of at least `least`.

        `items`: the sentences and their pairs, in the order of the vectors.
        """
        parts, first = list[tuple[FloatArray, list[Item]]](), 0
        for batch in item_batches(items, len(items), max(1, SCORES_AT_ONCE // self._weighted.shape[1])):
            end = first + sum(len(pairs) for _, pairs in batch)
            parts.append((vectors[first:end], batch))
            first = end

        def best_of(part: tuple[FloatArray, list[Item]]) -> list[list[tuple[int, float]]]:
            return self._candidates(*part, least, top_k)

        if len(parts) < 2:
            return best_of(parts[0]) if parts else []
        with ThreadPoolExecutor(self._threads) as pool:  # NumPy lets go of the lock
            return [found for kept in pool.map(best_of, parts) for found in kept]

    def margins(self, vectors: FloatArray, items: Sequence[Item]) -> FloatArray:
        """The margins of all pairs, (P, D) → (P, R); -inf where the types or the tail rule a relation out."""
        pairs = [pair for _, pairs in items for pair in pairs]
        features, none = self.scorer.features(vectors), self.scorer.none_scores(vectors)
        if self.evidence is not None:
            keep, add = self.evidence.shift(pairs)
            features = features * keep + add
        margins: FloatArray = features[:, self._used] @ self._weighted - none[:, None]
        if self.wordings is not None:
            self.wordings.raise_margins(margins, features, none, reversed_places(items))
        if self.tails is not None:
            self.tails.forbid(pairs, margins)
        if self.strict is not None:
            self.strict.forbid(pairs, margins)
        return margins

    def _candidates(
        self, vectors: FloatArray, items: Sequence[Item], least: float, top_k: int
    ) -> list[list[tuple[int, float]]]:
        """Those of n pairs, all of their sentences' that are asked."""
        margins = self.margins(vectors, items)
        looked_at = top_k if self.context is None else max(top_k, LOOKED_AT)
        best = highest(margins, looked_at)
        kept = np.take_along_axis(margins, best, axis=1)
        probabilities = self.scorer.probabilities(kept)
        if self.context is not None:
            odds = self.scorer.log_odds(margins)
            rows, places = np.nonzero(np.take_along_axis(odds, best, axis=1) >= FLOOR)
            columns = best[rows, places]
            features = context_features(items, odds, rows, columns)
            texts = self.prototypes.texts(self.scorer)
            shown = both_ways(vectors, items, rows)
            probabilities[rows, places] = self.context.probabilities(features, shown, texts, columns)
        # What was ruled out is not found at a threshold of 0 either.
        probabilities = np.where(np.isfinite(kept), probabilities, -1.0)
        order = highest(probabilities, top_k)
        best = np.take_along_axis(best, order, axis=1)
        probabilities = np.take_along_axis(probabilities, order, axis=1)
        return [
            [(int(c), float(p)) for c, p in zip(columns, row, strict=True) if p >= least]
            for columns, row in zip(best, probabilities, strict=True)
        ]

    def best(self, vectors: FloatArray, *, one_holds: bool = False) -> tuple[IntArray, FloatArray]:
        """The place of each pair vector's best relation, and its probability; (P, D) → (P,), (P,).

        From the vectors alone: what is known of mentions, strict types and other wordings play no part. Where each pair
        is known to have one of the relations (`one_holds`), the probability is the softmax over them, as training has
        it, and what speaks for none of them does not count.
        """
        places = np.zeros(len(vectors), dtype=np.int64)
        probabilities = np.zeros(len(vectors), dtype=np.float32)
        step = max(1, SCORES_AT_ONCE // self._weighted.shape[1])
        for start in range(0, len(vectors), step):
            part, rows = vectors[start : start + step], slice(start, start + step)
            scores = self.scorer.features(part)[:, self._used] @ self._weighted
            places[rows] = scores.argmax(axis=1)
            if one_holds:
                probabilities[rows] = softmax(scores).max(axis=1)
            else:
                probabilities[rows] = self.scorer.probabilities(scores.max(axis=1) - self.scorer.none_scores(part))
        return places, probabilities

    def explain(
        self, vector: FloatArray, pair: Pair, column: int, probability: float, *, verified: bool = False
    ) -> dict[str, float]:
        """The parts of a score: they add up to its log odds. `probability`: the pair's, of this relation.

        Each kind of side information, and "none": what stands against all relations, with the calibration's offset.
        Then what changed the log odds of these: "verifier", or else "other pairs" (those of the sentence, with other
        wordings, where there are any), or else "other wording"; and "antecedent", doubt whom an anaphor means. With a
        table of hypernyms "head" and "tail" are what the sentence says of the types, "head types" and "tail types"
        what the table says.
        """
        slope, offset = (float(number) for number in self.scorer.calibration)
        parts = {name: slope * part for name, part in self._margin(vector, pair, column).items()}
        parts["none"] += offset
        what = "verifier" if verified else "other pairs" if self.context is not None else "other wording"
        before, after = log_odds(np.array([probability, probability * certainty(pair)], dtype=np.float32))
        if what != "other wording" or self.has_wordings(column):
            parts[what] = float(before) - sum(parts.values())
        return parts if certainty(pair) == 1.0 else {**parts, "antecedent": float(after - before)}

    def _margin(self, vector: FloatArray, pair: Pair, column: int) -> dict[str, float]:
        """The parts of the margin, s - n, by the relation's own wording."""
        one = Prototypes(self.prototypes.vectors[column, None], self.prototypes.shares[column, None])
        row = one.weighted(self.scorer)[0]
        features = self.scorer.features(vector[None])[0]
        known: dict[str, float] = {}
        if self.evidence is not None:
            keep, add = self.evidence.shift([pair])
            features = features * keep[0]
            parts = {role: add[0, columns] @ row[columns] for role, columns in self.evidence.roles()}
            known = {f"{role} types": float(part) for role, part in parts.items() if part}
        ends = np.cumsum(kind_widths(self.scorer))
        sums = [float(part.sum()) for part in np.split(features * row, ends[:-1])]
        shown = {kind: sums[k] for k, kind in enumerate(KINDS) if self.prototypes.shares[column, k]}
        return {**shown, **known, "none": -float(self.scorer.none_scores(vector[None])[0])}


def highest(scores: FloatArray, k: int) -> IntArray:
    """The places of the up to k highest of each row, (n, R) → (n, min(k, R)), in no order."""
    k = min(k, scores.shape[1])
    return scores.argmax(axis=1)[:, None] if k == 1 else np.argpartition(-scores, k - 1, axis=1)[:, :k]
