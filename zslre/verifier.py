"""A second reader for the best few relations of a pair: slower, for it reads sentence and relation together.

A verifier is a model like any other, but for one thing: behind each sentence, in the same pass, stands the text of one
relation, [CLS] sentence [SEP] relation [SEP], and the markers of a pair see both. So the pair vector depends on the
relation that is asked for, and the score of Scorer, s(z, r) - n(z), becomes a cross-encoder's. A pass serves all pairs
of a sentence that are asked for the same relation. What the first model said counts as well: the two err in different
places. Its log odds are added, times `first_weight`, before the probability is taken.
`zslre.training.builtin.verifier` trains one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zslre.encoder import Encoder, FloatArray, pair_vectors
from zslre.exceptions import ModelError
from zslre.packing import Item, Packer, Pair
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import Relation, RelationSet
from zslre.scoring import Scorer, log_odds

CANDIDATES = 3  # relations of a pair that are looked over, at least as many as may be printed
FLOOR = 0.05  # least probability by the first model of what is looked over: below it next to nothing is true

Candidates = list[list[tuple[int, float]]]  # for each pair: places of relations, and their probabilities


class Verifier:
    """Scores pairs and relations by reading them together."""

    def __init__(self, encoder: Encoder, scorer: Scorer, config: Mapping[str, Any]) -> None:
        self.encoder, self.scorer, self.config = encoder, scorer, config
        self.first_weight = float(config["verifier"]["first_weight"])
        self.packer = Packer(
            encoder.tokenizer,
            max_text_tokens=config["encoder"]["max_text_tokens"],
            max_tokens=encoder.tokens_a_pass,
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path, *, threads: int | None = None) -> Verifier:
        """Load a verifier's folder; raises ModelError for one that is not whole, or another model's."""
        from zslre.encoder.loading import load_encoder
        from zslre.serialization import load_model

        files = load_model(folder)
        if "first_weight" not in files.config.get("verifier", {}):
            raise ModelError(f"{folder} is no verifier: scripts/train_verifier.py writes one")
        return cls(load_encoder(files, threads=threads), files.scorer, files.config)

    def prototypes(self, relations: RelationSet) -> FloatArray:
        """Weighted prototypes, (R, D + 3T); support examples play no part."""
        return build_prototypes(self.encoder, self.scorer, relations).weighted(self.scorer)

    def rescored(
        self, items: Sequence[Item], candidates: Candidates, relations: RelationSet, prototypes: FloatArray
    ) -> Candidates:
        """The candidates of each pair with the probabilities of both models together, the best first.

        Pairs are numbered through all items, in order.
        """
        margins = self.margins(items, [[column for column, _ in found] for found in candidates], relations, prototypes)
        scored = []
        for found, own in zip(candidates, margins, strict=True):
            probabilities = self.scorer.probabilities(own + self.first_weight * first_odds(found))
            scored.append([(column, float(p)) for (column, _), p in zip(found, probabilities, strict=True)])
        return [sorted(found, key=lambda candidate: -candidate[1]) for found in scored]

    def margins(
        self,
        items: Sequence[Item],
        asked: Sequence[Sequence[int]],
        relations: RelationSet,
        prototypes: FloatArray,
    ) -> list[FloatArray]:
        """For each pair s - n of the relations that are `asked` of it (by place), in their order."""
        questions = by_sentence_and_relation(items, asked)
        rows = [(items[item][0], [pair for _, pair in pairs]) for (item, _), pairs in questions.items()]
        texts = [relation_text(relations[column]) for _, column in questions]
        vectors = pair_vectors(self.encoder, self.packer, rows, texts)
        columns = np.repeat([column for _, column in questions], [len(pairs) for pairs in questions.values()])
        columns = columns.astype(np.int64)
        similarities = (self.scorer.features(vectors) * prototypes[columns]).sum(axis=1)
        found = similarities - self.scorer.none_scores(vectors)
        numbers = [number for pairs in questions.values() for number, _ in pairs]
        places = {key: place for place, key in enumerate(zip(numbers, columns.tolist(), strict=True))}
        return [found[[places[number, column] for column in wanted]] for number, wanted in enumerate(asked)]


def first_odds(candidates: Sequence[tuple[int, float]]) -> FloatArray:
    """The first model's log odds of a pair's candidates."""
    return log_odds(np.array([p for _, p in candidates], dtype=np.float32))


def relation_text(relation: Relation) -> str:
    """What is read behind the sentence."""
    return relation_phrases(relation)["text"]


def by_sentence_and_relation(
    items: Sequence[Item], asked: Sequence[Sequence[int]]
) -> dict[tuple[int, int], list[tuple[int, Pair]]]:
    """(item, relation) → the pairs of the item that are asked for the relation, with their numbers."""
    questions: dict[tuple[int, int], list[tuple[int, Pair]]] = {}
    number = 0
    for item, (_, pairs) in enumerate(items):
        for pair in pairs:
            for column in asked[number]:
                questions.setdefault((item, column), []).append((number, pair))
            number += 1
    return questions
