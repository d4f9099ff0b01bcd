"""Episodic training of encoder and scorer, judged by held-out relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import pair_vectors
from zslre.encoder.transformer import TransformerEncoder
from zslre.evaluation.metrics import classification_scores
from zslre.packing import Item, Packer
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.training.episodes import EpisodeSampler, TrainingEpisode
from zslre.training.loop import LoopConfig, TrainingLoop
from zslre.training.losses import contrastive_loss, ranking_loss, threshold_loss
from zslre.training.model import TorchScorer, keep_words
from zslre.training.observer import PRINTING, Observer


@dataclass(frozen=True, slots=True)
class TrainingConfig(LoopConfig):
    """How to train."""

    support_rate: float = 0.3  # share of steps in which some relations get support examples
    threshold_weight: float = 0.5
    contrastive_weight: float = 0.5


class Trainer(TrainingLoop):
    """Trains encoder and scorer on episodes."""

    def __init__(
        self,
        encoder: TransformerEncoder,
        scorer: TorchScorer,
        sampler: EpisodeSampler,
        config: TrainingConfig,
        *,
        folder: Path,
        dev: Sequence[AnnotatedSentence] = (),
        dev_relations: RelationSet | None = None,
        origin: Mapping[str, Any] | None = None,
        observer: Observer = PRINTING,
    ) -> None:
        self.encoder, self.scorer, self.sampler, self.config = encoder, scorer, sampler, config
        encoder.bf16 = config.bf16
        # Every pass writes the gradients of all weights: few passes with some padding cost less than many tight ones.
        window = min(128, encoder.positions)
        self.packer = Packer(encoder.tokenizer, max_text_tokens=window, max_tokens=config.max_tokens, max_padding=1.6)
        # Word embeddings stay as they are: half of a small encoder's weights, of which a step sees a few hundred rows,
        # and words that training never shows keep their place among those that it does.
        keep_words(encoder)
        super().__init__(
            nn.ModuleDict({"encoder": encoder.module, "scorer": scorer}),
            [
                ([p for p in encoder.module.parameters() if p.requires_grad], config.learning_rate),
                (list(scorer.parameters()), config.scorer_learning_rate),
            ],
            config,
            folder=folder,
            dev=dev,
            dev_relations=dev_relations,
            origin=origin,
            observer=observer,
        )

    def step_loss(self, step: int) -> Tensor:
        return self.loss(self.sampler.episode(step), np.random.default_rng([self.config.seed, step, 1]))

    def loss(self, episode: TrainingEpisode, rng: np.random.Generator) -> Tensor:
        """Ranking, threshold and contrastive loss of an episode; some pairs serve as support, and are not asked for."""
        pairs = self._pair_tensor(episode.items)
        targets = torch.from_numpy(episode.targets).to(pairs.device)
        support: dict[int, Tensor] = {}
        asked = torch.ones(len(pairs), dtype=torch.bool, device=pairs.device)
        if rng.random() < self.config.support_rate:
            for column in range(len(episode.relations)):
                rows = np.flatnonzero(episode.targets[:, column])
                if len(rows) > 1 and rng.random() < 0.5:
                    shown = rows[: int(rng.integers(1, len(rows)))]
                    support[column] = pairs[torch.from_numpy(shown).to(pairs.device)]
                    asked[torch.from_numpy(shown).to(pairs.device)] = False
        between = contrastive_loss(pairs, targets)
        phrases = [relation_phrases(relation) for relation in episode.relations]
        with self.encoder.autocast():
            rows_, present = self.scorer.prototypes(self.encoder, phrases, support)
        known = torch.from_numpy(episode.known).to(pairs.device)
        queries, targets, known = pairs[asked], targets[asked], known[asked]
        similarities = self.scorer.similarities(queries, rows_.float(), present)
        none = self.scorer.none_scores(queries)
        threshold = threshold_loss(similarities, none, targets, known)
        weighted = self.config.threshold_weight * threshold + self.config.contrastive_weight * between
        return ranking_loss(similarities, targets) + weighted

    def _pair_tensor(self, items: Sequence[Item], texts: Sequence[str] | None = None) -> Tensor:
        """Vectors of all pairs in order, (P, D), with gradients; `texts` stand behind the sentences."""
        parts, numbers = [], []
        with self.encoder.autocast():
            for batch, index in self.packer.pack(items, texts):
                parts.append(self.encoder.pair_tensor(batch))
                numbers.append(index)
        order = np.argsort(np.concatenate(numbers))
        return torch.cat(parts).float()[torch.from_numpy(order).to(parts[0].device)]

    def zero_shot_score(self, sentences: Sequence[AnnotatedSentence], relations: RelationSet) -> float:
        return zero_shot_macro_f1(self.encoder, self.scorer, self.packer, sentences, relations)


def zero_shot_macro_f1(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    packer: Packer,
    sentences: Sequence[AnnotatedSentence],
    relations: RelationSet,
) -> float:
    """Macro-F1 of picking, for every labelled pair, one of `relations`; no rejection."""
    gold, predicted = zero_shot_predictions(encoder, scorer, packer, sentences, relations)
    return classification_scores(gold, predicted).macro_f1


def zero_shot_predictions(
    encoder: TransformerEncoder,
    scorer: TorchScorer,
    packer: Packer,
    sentences: Sequence[AnnotatedSentence],
    relations: RelationSet,
) -> tuple[list[str], list[str]]:
    """Gold and predicted names of every labelled pair, in order."""
    numpy_scorer = scorer.to_numpy()
    prototypes = build_prototypes(encoder, numpy_scorer, relations).weighted(numpy_scorer)
    vectors = pair_vectors(encoder, packer, [(s.sentence, s.pairs) for s in sentences])
    best = (numpy_scorer.features(vectors) @ prototypes.T).argmax(axis=1)
    gold, predicted = [], []
    for labels, column in zip((names for s in sentences for names in s.labels), best, strict=True):
        if labels:
            gold.append(sorted(labels)[0])
            predicted.append(relations[int(column)].name)
    return gold, predicted
