"""Training of a verifier: a model that reads a sentence and one relation together, see `zslre.verifier`.

An episode's sentences are asked for the relations that they express, for those that a changed sentence denies, and for
one of the few that they do not express and the model to be looked over likes best. Every pair that the answer is known
of is asked: the reverse pair, other mentions in place of head or tail, and the neighbours of a fully labelled sentence
are the hard negatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import pair_vectors
from zslre.extractor import RelationExtractor
from zslre.packing import Pair
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.training.calibration import calibrated
from zslre.training.episodes import TrainingEpisode
from zslre.training.trainer import Trainer
from zslre.types import Sentence
from zslre.verifier import CANDIDATES, FLOOR, Verifier, relation_text


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence of an episode (by number), a relation (by column), and the pairs (by row) that are asked for it."""

    item: int
    column: int
    rows: tuple[int, ...]


class VerifierTrainer(Trainer):
    """Trains encoder and scorer on sentences with a relation's text behind them; `first` is to be looked over."""

    def __init__(self, *args: Any, first: RelationExtractor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first = first

    def loss(self, episode: TrainingEpisode, rng: np.random.Generator) -> Tensor:
        """Cross-entropy of yes and no, averaged over the pairs that have the relation and over those that lack it
        apart, so that neither drowns the other."""
        phrases = [relation_phrases(relation) for relation in episode.relations]
        with self.encoder.autocast():
            prototypes, present = self.scorer.prototypes(self.encoder, phrases)
        questions = draw_questions(episode, self._first_margins(episode), rng)
        vectors = self._read(episode, questions)
        rows = torch.tensor([row for question in questions for row in question.rows], device=vectors.device)
        columns = torch.tensor([q.column for q in questions for _ in q.rows], device=vectors.device)
        similarities = self.scorer.similarities(vectors, prototypes.float(), present)
        margins = similarities.gather(1, columns[:, None])[:, 0] - self.scorer.none_scores(vectors)
        targets = torch.from_numpy(episode.targets).to(vectors.device)[rows, columns]
        losses = binary_cross_entropy_with_logits(margins, targets.float(), reduction="none")
        groups = [losses[mask].mean() for mask in (targets, ~targets) if mask.any()]
        return torch.stack(groups).mean()

    def _first_margins(self, episode: TrainingEpisode) -> np.ndarray:
        """s - n of every pair and relation by the model that is to be looked over, (P, R)."""
        encoder, scorer = self.first.encoder, self.first.scorer
        prototypes = build_prototypes(encoder, scorer, episode.relations).weighted(scorer)
        vectors = pair_vectors(encoder, self.first.packer, episode.items)
        margins: np.ndarray = scorer.features(vectors) @ prototypes.T - scorer.none_scores(vectors)[:, None]
        return margins

    def _read(self, episode: TrainingEpisode, questions: list[Question]) -> Tensor:
        """A vector for each row of each question, in order."""
        flat = [pair for _, pairs in episode.items for pair in pairs]
        items: list[tuple[Sentence, list[Pair]]] = [
            (episode.items[q.item][0], [flat[row] for row in q.rows]) for q in questions
        ]
        texts = [relation_text(episode.relations[q.column]) for q in questions]
        return self._pair_tensor(items, texts)


def draw_questions(episode: TrainingEpisode, margins: np.ndarray, rng: np.random.Generator) -> list[Question]:
    """What each sentence of an episode is asked for; `margins` (P, R): what the first model makes of it.

    Of a sentence's pairs all are asked whose answer is known.
    """
    questions = []
    first = 0
    for item, (_, pairs) in enumerate(episode.items):
        rows = np.arange(first, first + len(pairs))
        first += len(pairs)
        targets, known = episode.targets[rows], episode.known[rows]
        # Where little is known of a pair, it is what the sentence was made to deny, or not to say of this pair.
        sparse = ~known.all(axis=1)
        wanted = targets.any(axis=0) | known[sparse].any(axis=0)
        others = np.flatnonzero(known.any(axis=0) & ~wanted)
        chosen = list(np.flatnonzero(wanted))
        if len(others):
            highest = np.where(known, margins[rows], -np.inf).max(axis=0)
            chosen.append(rng.choice(others[np.argsort(-highest[others])[:CANDIDATES]]))
        for column in dict.fromkeys(int(column) for column in chosen):
            questions.append(Question(item, column, tuple(rows[known[:, column]].tolist())))
    return questions


def calibrate_verifier(
    verifier: Verifier, first: RelationExtractor, sentences: list[AnnotatedSentence], relations: RelationSet
) -> tuple[tuple[float, float], dict[str, float]]:
    """Slope and offset fitted on what `first` hands to the verifier in sentences whose pairs are all labelled.

    A pair counts with the candidate that the verifier likes best. The figures: `threshold`, its `f1`, and the
    `calibration_error`, all in [0, 1]. Raises InputError where `first` hands nothing over.
    """
    first = first.with_relations(relations)
    items = [(annotated.sentence, annotated.pairs) for annotated in sentences]
    pairs = [pair for annotated in sentences for pair in annotated.pairs]
    labels = [truth & set(relations.names) for annotated in sentences for truth in annotated.labels]
    handed = first.matcher.candidates(pair_vectors(first.encoder, first.packer, items), pairs, FLOOR, CANDIDATES)
    asked = [[column for column, _ in found] for found in handed]
    margins = verifier.margins(items, asked, relations, verifier.prototypes(relations))
    best = [int(found.argmax()) if len(found) else None for found in margins]
    taken = np.array([found[place] for found, place in zip(margins, best, strict=True) if place is not None])
    correct = np.array(
        [
            relations[wanted[place]].name in truth
            for wanted, place, truth in zip(asked, best, labels, strict=True)
            if place is not None
        ]
    )
    return calibrated(taken.astype(np.float32), correct, sum(map(len, labels)))
