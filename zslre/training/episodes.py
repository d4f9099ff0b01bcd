"""Training episodes: some relations, sentences that express them, and pairs that express none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.exceptions import InputError
from zslre.mentions import MentionDetector
from zslre.packing import Pair
from zslre.relations import Relation, RelationSet
from zslre.training.confusable import with_confusable_pairs
from zslre.training.drawn import Drawn, all_known, labelled_only, thinned
from zslre.training.reversal import drawn_with_reverses, reverse_labels, with_reversed
from zslre.training.variation import vary
from zslre.types import Sentence

LISTS = 0.2  # share of partial sentences that get one, where there are names for it


@dataclass(frozen=True, slots=True, eq=False)
class TrainingEpisode:
    """P pairs of some sentences, R relations, and which pair expresses which: `targets` (P, R) bool.

    `known` (P, R) is False where the data does not say.
    """

    items: list[tuple[Sentence, tuple[Pair, ...]]]
    relations: list[Relation]
    targets: np.ndarray
    known: np.ndarray


class EpisodeSampler:
    """Draws episodes; what is drawn depends on `seed` and the step alone, so that a resumed run goes on alike.

    `partial`: sentences in which only the listed pairs are known (FewRel); the reversed pair is added to them, with
    the inverse relation or none. `complete`: sentences in which every pair is labelled (DocRED): real negatives.
    An episode has `n_relations`, with `n_sentences` partial ones of each, and `n_complete` complete ones, of each of
    which it has `max_pairs` at most.
    `detector` finds other mentions in the partial sentences: with one of them in place of the head or the tail, the
    sentence's relation does not hold, though another might. That teaches whose relation it is.
    `reverse_rate`: share of the partial sentences whose reversed pair is asked where it has no relation.

    The built-in model's recipe (`zslre.training.builtin.episodes`) draws more and has its own `_with_list`, `_reworded`
    and `_variant`. Here these change nothing; the numbers that decide about lists and variants are drawn all the same,
    so that a seed goes on giving the episodes that it always gave.
    """

    def __init__(
        self,
        partial: Sequence[AnnotatedSentence],
        complete: Sequence[AnnotatedSentence],
        relations: RelationSet,
        *,
        n_relations: int = 24,
        n_sentences: int = 3,
        n_complete: int = 0,
        max_pairs: int = 24,
        detector: MentionDetector | None = None,
        reverse_rate: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.relations = {relation.name: relation for relation in relations}
        self.reverse = reverse_labels(relations)
        self.partial = [
            drawn_with_reverses(with_reversed(sentence, self.reverse), self.relations) for sentence in partial
        ]
        self.complete = [sentence for sentence in complete if sentence.pairs]
        self.by_relation: dict[str, list[int]] = {}
        for number, sentence in enumerate(partial):
            for name in set().union(*sentence.labels):
                self.by_relation.setdefault(name, []).append(number)
        unknown = sorted(set(self.by_relation) - set(self.relations))
        if unknown:
            raise InputError(f"examples name relations that the relation set lacks: {unknown[:5]}; add them to it")
        if not self.by_relation and not self.complete:
            raise InputError("there is nothing to train on: no example names a relation")
        self.names = sorted(self.by_relation)
        self.n_relations, self.n_sentences, self.n_complete = n_relations, n_sentences, n_complete
        self.max_pairs, self.detector, self.reverse_rate, self.seed = max_pairs, detector, reverse_rate, seed

    def episode(self, step: int) -> TrainingEpisode:
        rng = np.random.default_rng([self.seed, step])
        chosen = self._chosen(rng)
        drawn = self._drawn(chosen, rng)
        # Half of the complete sentences' own relations join the episode; pairs of the others must be rejected.
        extra = {n for d in drawn for labels in d.labels for n in labels if n in self.relations} - set(chosen)
        chosen += [name for name in sorted(extra) if rng.random() < 0.5]
        chosen = chosen or sorted(extra)[:1] or sorted(self.relations)[:1]  # an episode asks about one at least
        column = {name: i for i, name in enumerate(chosen)}
        labels = [pair_labels for d in drawn for pair_labels in d.labels]
        targets = np.zeros((len(labels), len(chosen)), dtype=np.bool_)
        for row, names in enumerate(labels):
            targets[row, [column[name] for name in names if name in column]] = True
        sure = np.ones_like(targets)
        for row, asked in enumerate(names for d in drawn for names in d.asked):
            if asked is not None:
                sure[row] = targets[row]
                sure[row, [column[name] for name in asked if name in column]] = True
        relations = [vary(self._version(name, rng), rng) for name in chosen]
        return TrainingEpisode([(d.sentence, d.pairs) for d in drawn], relations, targets, sure)

    def _chosen(self, rng: np.random.Generator) -> list[str]:
        """Relations of the partial sentences."""
        size = min(self.n_relations, len(self.names))
        return [str(name) for name in rng.choice(self.names, size=size, replace=False)]

    def _drawn(self, chosen: list[str], rng: np.random.Generator) -> list[Drawn]:
        """The sentences of an episode about the relations `chosen`, to which it may add others."""
        partial = self._with_others(self._stating(chosen, rng), rng)
        return partial + [all_known(sentence) for sentence in self._some(self.complete, self.n_complete, rng)]

    def _stating(self, chosen: Sequence[str], rng: np.random.Generator) -> list[Drawn]:
        """Some partial sentences of each of the relations."""
        sentences = []
        for name in chosen:
            pool = self.by_relation[name]
            for number in rng.choice(len(pool), size=min(self.n_sentences, len(pool)), replace=False):
                known = self.partial[pool[number]]
                # No number is drawn where nothing hangs on it: episodes stay what they were for a seed.
                asked_back = self.reverse_rate == 1.0 or rng.random() < self.reverse_rate
                sentences.append(known if asked_back else labelled_only(known))
        return sentences

    def _with_others(self, sentences: Sequence[Drawn], rng: np.random.Generator) -> list[Drawn]:
        """The partial sentences with other names: in a list with the head or tail of some, and in place of others'."""
        drawn = [self._with_list(d, int(rng.integers(2)), rng) if rng.random() < LISTS else d for d in sentences]
        return drawn if self.detector is None else with_confusable_pairs(drawn, self.detector, rng)

    def _some(
        self, pool: Sequence[AnnotatedSentence], count: int, rng: np.random.Generator
    ) -> Iterator[AnnotatedSentence]:
        """So many of the sentences, with `max_pairs` pairs at most."""
        if pool and count:
            for number in rng.choice(len(pool), size=min(count, len(pool)), replace=False):
                yield thinned(self._reworded(pool[number], rng), self.max_pairs, rng)

    def _version(self, name: str, rng: np.random.Generator) -> Relation:
        return self._variant(name) if rng.random() < 0.5 else self.relations[name]

    def _with_list(self, known: Drawn, place: int, rng: np.random.Generator) -> Drawn:
        """The sentence with a list for its head or tail (`place` 0, 1)."""
        return known

    def _reworded(self, annotated: AnnotatedSentence, rng: np.random.Generator) -> AnnotatedSentence:
        """A complete sentence as it is to be told."""
        return annotated

    def _variant(self, name: str) -> Relation:
        """The relation with other side information, if there is any."""
        return self.relations[name]
