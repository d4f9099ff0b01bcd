"""Distillation: a student learns to compute what its teacher does, at fewer bits, layers or dimensions.

After TernaryBERT (Zhang et al., arXiv 2009.12812) and TinyBERT (Jiao et al., arXiv 1909.10351): hidden states and
attention of matching layers, then the vectors of pairs and phrases, then the scores over prototypes, those of many
entries of a dictionary among them. A student of another width learns from the scores alone. No label is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from zslre.datasets.annotated import AnnotatedSentence
from zslre.encoder.transformer import TransformerEncoder
from zslre.exceptions import InputError
from zslre.packing import MARKERS_PER_PAIR, IntArray, Item, Packer, pack_phrases
from zslre.prototypes import relation_phrases
from zslre.relations import RelationSet
from zslre.training.episodes import EpisodeSampler
from zslre.training.loop import LoopConfig, TrainingLoop
from zslre.training.matching import LayerMatching, direction_loss, score_divergence
from zslre.training.model import PHRASES_A_PASS, TorchScorer, keep_words, phrase_vectors, unique_phrases
from zslre.training.nearby import NearbyTexts
from zslre.training.observer import PRINTING, Observer
from zslre.training.slim import WORDS
from zslre.training.student import Quantization
from zslre.training.trainer import zero_shot_macro_f1
from zslre.training.unlabelled import TextPool, WordReplacement

# The tokens that BERT's tokenizer and MPNet's put around a text and for what they do not know.
SAME_TOKENS = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
TEXT_TOKENS = 128  # that are read of a text
SCALE_SHARE = 0.1  # of the learning rate: a scale moves all weights of a row
TEXT_SHARE = 0.5  # of which pair a text is nearest to, beside which text a pair is


@dataclass(frozen=True, slots=True)
class DistillationConfig(LoopConfig):
    """How to distil. The weights bring the losses to a like size in the first steps of a ternary student."""

    least_steps: ClassVar[int] = 0  # none: the student is stored as it starts

    steps: int = 2000
    layer_steps: int = 1000  # on each layer of a ternary student before those; on two cores three minutes
    learning_rate: float = 2e-4
    weight_decay: float = 0.0  # would shrink the rows of words that are never read, and only those notice
    eval_every: int = 200
    score_weight: float = 1.0
    vector_weight: float = 2.0
    hidden_weight: float = 1.0
    attention_weight: float = 0.5
    replace_rate: float = 0.3  # of the words in half of the sentences


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Vectors (N, D) of both models, and by how much their layers differ."""

    found: Tensor
    wanted: Tensor
    hidden: Tensor
    attention: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What is taught, or teaches."""

    encoder: TransformerEncoder
    scorer: TorchScorer


class Distiller(TrainingLoop):
    """Trains the student's encoder and scorer; both models' passes are over the same tokens.

    `quantization` is of the student's encoder, None for a student in floats. The word embeddings train with it: those
    that ternary weights round need it most. `text`: more sentences for each step; `nearby`: more texts to score.
    Raises InputError when the tokenizers cut texts differently.
    """

    def __init__(
        self,
        teacher: Model,
        student: Model,
        sampler: EpisodeSampler,
        config: DistillationConfig,
        *,
        folder: Path,
        quantization: Quantization | None,
        text: TextPool | None = None,
        nearby: NearbyTexts | None = None,
        dev: Sequence[AnnotatedSentence] = (),
        dev_relations: RelationSet | None = None,
        origin: Mapping[str, Any] | None = None,
        observer: Observer = PRINTING,
    ) -> None:
        self.teacher, self.student, self.sampler, self.config = teacher, student, sampler, config
        self.quantization, self.text, self.nearby = quantization, text, nearby
        own, theirs = student.encoder, teacher.encoder
        own.bf16 = theirs.bf16 = config.bf16
        theirs.module.eval()
        teacher.scorer.eval()
        self.teacher_ids = translation(own.tokenizer, theirs.tokenizer)
        window = min(TEXT_TOKENS, own.positions, theirs.positions)
        self.packer = Packer(own.tokenizer, max_text_tokens=window, max_tokens=config.max_tokens, max_padding=1.6)
        words = theirs.tensors[WORDS][self.teacher_ids]
        tokens = [own.tokenizer.id_to_token(number) or "" for number in range(len(words))]
        self.replacement = WordReplacement(tokens, words, rate=config.replace_rate)
        same_width = own.dim == theirs.dim
        self.matching = LayerMatching(own, theirs) if same_width else None
        modules = nn.ModuleDict({"encoder": own.module, "scorer": student.scorer})
        if quantization is not None:
            modules["quantization"] = quantization
        else:
            keep_words(own)
        # A scorer that came from the teacher is right for vectors like the teacher's: it moves with the encoder.
        scorer_rate = config.learning_rate if same_width else config.scorer_learning_rate
        scales = list(quantization.parameters()) if quantization is not None else []
        groups = [
            ([p for p in own.module.parameters() if p.requires_grad], config.learning_rate),
            (scales, SCALE_SHARE * config.learning_rate),
            (list(student.scorer.parameters()), scorer_rate),
        ]
        super().__init__(
            modules,
            [(parameters, rate) for parameters, rate in groups if parameters],
            config,
            folder=folder,
            dev=dev,
            dev_relations=dev_relations,
            origin=origin,
            observer=observer,
        )

    def step_loss(self, step: int) -> Tensor:
        """The losses on an episode and unlabelled sentences, the texts of its relations and others near to pairs."""
        episode = self.sampler.episode(step)
        items = [*episode.items, *(self.text.items(step) if self.text is not None else [])]
        kinds: list[Mapping[str, str]] = [relation_phrases(relation) for relation in episode.relations]
        with self.student.encoder.autocast():
            pairs = self._compare_pairs(items, np.random.default_rng([self.config.seed, step, 3]))
            phrases = unique_phrases(kinds)
            texts = self._compare_phrases(phrases)
            near, *vectors = self._near(step, pairs.wanted)
        phrases += near
        kinds += [{"text": text} for text in near]
        found = _scores(self.student.scorer, pairs.found, kinds, phrases, torch.cat([texts.found, vectors[0]]))
        with torch.no_grad():
            wanted = _scores(self.teacher.scorer, pairs.wanted, kinds, phrases, torch.cat([texts.wanted, vectors[1]]))
        of_texts = score_divergence(found[:, 1:].T, wanted[:, 1:].T)
        loss = self.config.score_weight * (score_divergence(found, wanted) + TEXT_SHARE * of_texts)
        return loss if self.matching is None else loss + self._layer_loss(pairs, texts)

    def _layer_loss(self, *compared: Compared) -> Tensor:
        """By how much vectors and layers of the same width differ, weighted."""
        config = self.config
        return torch.stack(
            [
                config.vector_weight * direction_loss(some.found, some.wanted)
                + config.hidden_weight * some.hidden
                + config.attention_weight * some.attention
                for some in compared
            ]
        ).sum()

    def _near(self, step: int, pairs: Tensor) -> tuple[list[str], Tensor, Tensor]:
        """Texts near to the teacher's vectors of pairs, and the student's and the teacher's vectors of these."""
        if self.nearby is None:
            return [], torch.zeros(0, self.student.encoder.dim), torch.zeros(0, self.teacher.encoder.dim)
        drawn = self.nearby.drawn(step, pairs.numpy())
        texts = [self.nearby.texts[number] for number in drawn]
        return texts, phrase_vectors(self.student.encoder, texts), torch.from_numpy(self.nearby.vectors[drawn])

    def zero_shot_score(self, sentences: Sequence[AnnotatedSentence], relations: RelationSet) -> float:
        with self.rounded():
            return zero_shot_macro_f1(self.student.encoder, self.student.scorer, self.packer, sentences, relations)

    def _gradients(self, step: int) -> float:
        with self.rounded():
            loss = super()._gradients(step)
        if self.quantization is not None:
            self.quantization.share_gradients()
        return loss

    def rounded(self) -> AbstractContextManager[None]:
        return self.quantization.weights() if self.quantization is not None else nullcontext()

    def _compare_pairs(self, items: Sequence[Item], rng: np.random.Generator) -> Compared:
        passes, numbers = [], []
        for batch, index in self.packer.pack(items):
            batch = replace(batch, text_ids=self.replacement.replace(batch.text_ids, batch.text_mask, rng))
            markers = np.repeat(batch.pair_mask, MARKERS_PER_PAIR, axis=1)
            real = torch.from_numpy(np.concatenate([batch.text_mask, markers], axis=1))
            found = self.student.encoder.pair_tensor(batch)
            with torch.no_grad():
                wanted = self.teacher.encoder.pair_tensor(replace(batch, text_ids=self.teacher_ids[batch.text_ids]))
            # With its markers in the text the teacher's tokens are not the student's: there layers are not compared.
            alike = not self.teacher.encoder.module.in_text
            passes.append(self._compared(found, wanted, real) if alike else _vectors_alone(found, wanted))
            numbers.append(index)
        order = np.argsort(np.concatenate(numbers))
        return _joined(passes, order)

    def _compare_phrases(self, phrases: Sequence[str]) -> Compared:
        passes = []
        for first in range(0, len(phrases), PHRASES_A_PASS):
            ids, mask = pack_phrases(self.student.encoder.tokenizer, phrases[first : first + PHRASES_A_PASS])
            real = torch.from_numpy(mask)
            found = self.student.encoder.module.forward_phrases(torch.from_numpy(ids), real)
            with torch.no_grad():  # not inference mode, whose tensors cannot serve in a loss
                wanted = self.teacher.encoder.module.forward_phrases(torch.from_numpy(self.teacher_ids[ids]), real)
            passes.append(self._compared(found, wanted, real))
        return _joined(passes, np.arange(len(phrases)))

    def _compared(self, found: Tensor, wanted: Tensor, real: Tensor) -> Compared:
        if self.matching is None:
            return _vectors_alone(found, wanted)
        return Compared(found.float(), wanted.float(), *self.matching(real))


def _vectors_alone(found: Tensor, wanted: Tensor) -> Compared:
    none = torch.zeros((), device=found.device)
    return Compared(found.float(), wanted.float(), none, none)


def _joined(passes: Sequence[Compared], order: IntArray) -> Compared:
    """Vectors of all passes in order; losses are means over passes."""
    return Compared(
        torch.cat([some.found for some in passes])[torch.from_numpy(order)],
        torch.cat([some.wanted for some in passes])[torch.from_numpy(order)],
        torch.stack([some.hidden for some in passes]).mean(),
        torch.stack([some.attention for some in passes]).mean(),
    )


def _scores(
    scorer: TorchScorer,
    pairs: Tensor,
    kinds: Sequence[Mapping[str, str]],
    phrases: Sequence[str],
    vectors: Tensor,
) -> Tensor:
    """The scores of none-of-the-above and of each relation, (P, 1 + R)."""
    similarities = scorer.similarities(pairs, *scorer.prototypes_of(kinds, phrases, vectors))
    return torch.cat([scorer.none_scores(pairs)[:, None], similarities], dim=1)


def translation(own: Tokenizer, theirs: Tokenizer) -> IntArray:
    """Token id of one tokenizer → id of the same token for another.

    MPNet's vocabulary is BERT's, with other numbers and other names of what surrounds a text. Raises InputError when
    the other one lacks a token: texts would be cut differently then.
    """
    known, vocabulary = theirs.get_vocab(), own.get_vocab()
    ids = np.zeros(max(vocabulary.values()) + 1, dtype=np.int64)
    for token, number in vocabulary.items():
        found = known.get(SAME_TOKENS.get(token, token), known.get(token))  # MPNet knows [CLS] too, as a plain word
        if found is None:
            raise InputError(
                f"the teacher's tokenizer lacks {token!r}, which the student's has: distil between models of the same "
                "vocabulary, such as MPNet's and BERT's"
            )
        ids[number] = found
    return ids
