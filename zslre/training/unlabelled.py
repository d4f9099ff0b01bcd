"""Text without labels, for distillation: a student can imitate its teacher on any pair of any sentence, any phrase."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from zslre.candidates import candidate_pairs
from zslre.documents import Document
from zslre.exceptions import InputError
from zslre.matching import highest
from zslre.mentions import MentionDetector
from zslre.packing import BoolArray, IntArray, Pair
from zslre.pipeline import sentences_of
from zslre.scoring import unit
from zslre.sideinfo.senses import sense_text
from zslre.sideinfo.wordnet import wordnet
from zslre.types import Mention, Sentence

SENTENCES_A_DRAW, PAIRS_A_SENTENCE = 16, 8  # at most
NEIGHBOURS = 8  # words that may stand in for a word
_WORD = re.compile(r"\w+")


class TextPool:
    """Draws sentences of some documents with pairs of their mentions, or of two of their words where mentions lack.

    What is drawn depends on `seed` and the step alone. Raises InputError if no sentence has two words.
    """

    def __init__(self, documents: Iterable[Document], detector: MentionDetector, *, seed: int = 0) -> None:
        self.sentences = [
            sentence
            for document in documents
            for sentence in sentences_of(document)
            if len(set(_WORD.findall(sentence.text))) > 1
        ]
        if not self.sentences:
            raise InputError("the unlabelled text has no sentence of two words: give more of it")
        self.detector, self.seed = detector, seed

    def items(self, step: int) -> list[tuple[Sentence, tuple[Pair, ...]]]:
        rng = np.random.default_rng([self.seed, step, 2])
        chosen = rng.choice(len(self.sentences), size=min(SENTENCES_A_DRAW, len(self.sentences)), replace=False)
        detected = self.detector.detect([Sentence(self.sentences[number].text) for number in chosen])
        items = []
        for sentence in detected:
            pairs = candidate_pairs(sentence)
            if not pairs:
                pairs = candidate_pairs(Sentence(sentence.text, two_words(sentence.text, rng)))
            kept = sorted(rng.choice(len(pairs), size=min(PAIRS_A_SENTENCE, len(pairs)), replace=False))
            items.append((sentence, tuple(pairs[place] for place in kept)))
        return items


def two_words(text: str, rng: np.random.Generator) -> tuple[Mention, ...]:
    """Two different words of a text that has them, as mentions, in text order."""
    words = {found[0]: found for found in _WORD.finditer(text)}
    chosen = [words[str(word)] for word in rng.choice(sorted(words), size=2, replace=False)]
    return tuple(sorted((Mention(w[0], w.start(), w.end()) for w in chosen), key=lambda m: m.start))


class Glosses:
    """Draws entries of WordNet that read as a relation's text does, "words: definition", or the words alone.

    A training set names some dozens of relations; a student that learns only their texts encodes others badly. What is
    drawn depends on `seed` and the step alone.
    """

    def __init__(self, *, size: int, seed: int = 0) -> None:
        self.wordnet, self.size, self.seed = wordnet(), size, seed

    def phrases(self, step: int) -> list[str]:
        rng = np.random.default_rng([self.seed, step, 4])
        numbers = rng.choice(len(self.wordnet), size=self.size, replace=False).tolist()
        found = []
        for number, alone in zip(numbers, rng.random(self.size) < 0.3, strict=True):
            found.append(", ".join(self.wordnet.words(number)) if alone else sense_text(self.wordnet, number))
        return found


class WordReplacement:
    """Puts words of a like meaning in place of some (as TinyBERT's augmentation, Jiao et al. 2020, does).

    A word's like ones are those whose embedding points most nearly the same way. Only whole words of one token are
    replaced, so that spans keep their places. Besides new sentences this gives the student rare words to imitate,
    whose embeddings would else stay as rounding left them. `embeddings` (n_tokens, H); `rate` of the words of half of
    the rows.
    """

    def __init__(self, tokens: Sequence[str], embeddings: np.ndarray, *, rate: float) -> None:
        self.rate = rate
        whole = [number for number, token in enumerate(tokens) if token.isalpha() and number < len(embeddings)]
        self.words = np.array(whole, dtype=np.int64)  # (W,) token ids
        self.place = np.full(max(len(tokens), len(embeddings)), -1, dtype=np.int64)  # token id → place in words
        self.place[self.words] = np.arange(len(self.words))
        self.unit = unit(embeddings[self.words].astype(np.float32))
        self.like = np.full((len(self.words), min(NEIGHBOURS, len(self.words) - 1)), -1, dtype=np.int64)

    def replace(self, ids: IntArray, mask: BoolArray, rng: np.random.Generator) -> IntArray:
        """(B, L) token ids and which of them are real → (B, L)."""
        if not self.like.size:
            return ids
        chosen = mask & (self.place[ids] >= 0) & (rng.random(ids.shape) < self.rate)
        chosen &= rng.random((len(ids), 1)) < 0.5
        places = self.place[ids[chosen]]
        self._look_up(np.unique(places))
        new = ids.copy()
        new[chosen] = self.words[self.like[places, rng.integers(self.like.shape[1], size=len(places))]]
        return new

    def _look_up(self, places: IntArray) -> None:
        new = places[self.like[places, 0] < 0]
        near = self.unit[new] @ self.unit.T
        near[np.arange(len(new)), new] = -np.inf
        self.like[new] = highest(near, self.like.shape[1])
