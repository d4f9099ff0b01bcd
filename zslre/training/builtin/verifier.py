"""Training of a verifier: a model that reads a sentence and one relation together, see `zslre.verifier`.

An episode's sentences are asked for the relations that they express, for those that a changed sentence denies, and for
one of the few that they do not express and the model to be looked over likes best. Every pair that the answer is known
of is asked: the reverse pair, other mentions in place of head or tail, and the neighbours of a fully labelled sentence
are the hard negatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder import pair_vectors
from zslre.encoder.transformer import TransformerEncoder
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.packing import Pair
from zslre.prototypes import build_prototypes, relation_phrases
from zslre.relations import RelationSet
from zslre.training.calibration import calibrated, check_slope, minimise
from zslre.training.episodes import EpisodeSampler, TrainingEpisode
from zslre.training.model import TorchScorer
from zslre.training.observer import PRINTING, Observer
from zslre.training.trainer import Trainer, TrainingConfig
from zslre.types import Sentence
from zslre.verifier import CANDIDATES, FLOOR, Verifier, first_odds, relation_text


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence of an episode (by number), a relation (by column), and the pairs (by row) that are asked for it."""

    item: int
    column: int
    rows: tuple[int, ...]


class VerifierTrainer(Trainer):
    """Trains encoder and scorer on sentences with a relation's text behind them; `first` is to be looked over."""

    def __init__(
        self,
        encoder: TransformerEncoder,
        scorer: TorchScorer,
        sampler: EpisodeSampler,
        config: TrainingConfig,
        *,
        first: RelationExtractor,
        folder: Path,
        observer: Observer = PRINTING,
    ) -> None:
        super().__init__(encoder, scorer, sampler, config, folder=folder, observer=observer)
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
        chosen = np.flatnonzero(wanted).tolist()
        if len(others):
            highest = np.where(known, margins[rows], -np.inf).max(axis=0)
            chosen.append(int(rng.choice(others[np.argsort(-highest[others])[:CANDIDATES]])))
        for column in chosen:
            questions.append(Question(item, column, tuple(rows[known[:, column]].tolist())))
    return questions


def calibrate_verifier(
    verifier: Verifier, first: RelationExtractor, sentences: list[AnnotatedSentence], relations: RelationSet
) -> tuple[float, tuple[float, float], dict[str, float]]:
    """The first model's weight, slope and offset, fitted on what `first` hands to the verifier in sentences whose pairs
    are all labelled.

    Slope and offset are for the candidate of each pair that both together like best. The figures: `threshold`, its
    `f1`, and the `calibration_error`, all in [0, 1]. Raises InputError where `first` hands nothing over, and where
    right pairs score no higher than wrong ones.
    """
    first = first.with_relations(relations)
    items = [(annotated.sentence, annotated.pairs) for annotated in sentences]
    labels = [truth & set(relations.names) for annotated in sentences for truth in annotated.labels]
    handed = first.matcher.candidates(pair_vectors(first.encoder, first.packer, items), items, FLOOR, CANDIDATES)
    asked = [[column for column, _ in found] for found in handed]
    own = verifier.margins(items, asked, relations, verifier.prototypes(relations))
    odds = [first_odds(found) for found in handed]
    right = [
        np.array([relations[column].name in truth for column in wanted], dtype=np.bool_)
        for wanted, truth in zip(asked, labels, strict=True)
    ]
    weight = fit_first_weight(np.concatenate(own), np.concatenate(odds), np.concatenate(right))
    margins, correct = [], []
    for mine, theirs, truths in zip(own, odds, right, strict=True):
        if len(mine):
            together = mine + weight * theirs
            margins.append(together.max())
            correct.append(truths[together.argmax()])
    numbers, figures = calibrated(np.array(margins, dtype=np.float32), np.array(correct), sum(map(len, labels)))
    check_slope(numbers[0])
    return weight, numbers, figures


def fit_first_weight(own: np.ndarray, odds: np.ndarray, right: np.ndarray) -> float:
    """The w ≥ 0 with the least log loss of sigmoid(a (own + w odds) + b), a > 0; all (N,).

    Raises InputError where nothing is given.
    """
    if not len(own):
        raise InputError("the first model deems nothing possible in these sentences: there is nothing to calibrate on")
    x, z, y = (torch.from_numpy(values.astype(np.float64)) for values in (own, odds, right))
    logs = torch.zeros(3, dtype=torch.float64, requires_grad=True)  # of a and w, and b as it is

    def loss() -> Tensor:
        slope, weight = logs[:2].exp()
        return binary_cross_entropy_with_logits(slope * (x + weight * z) + logs[2], y)

    minimise(loss, [logs])
    return float(logs[1].detach().exp())
