"""Training episodes: some relations, sentences that express them, and pairs that express none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.candidates import LITERAL_KINDS
from zslre.datasets.annotated import AnnotatedSentence
from zslre.exceptions import InputError
from zslre.mentions import MentionDetector
from zslre.packing import Pair
from zslre.relations import Relation, RelationSet
from zslre.training.builtin.augmentation import Doubter
from zslre.training.builtin.doubted import doubted, some_assured
from zslre.training.builtin.joined import some_joined
from zslre.training.builtin.lists import with_list
from zslre.training.builtin.owners import full_names, with_owner
from zslre.training.builtin.pronouns import with_pronoun
from zslre.training.builtin.rewording import names_by_type, renamed_mentions
from zslre.training.builtin.written import Writer
from zslre.training.confusable import with_confusable_pairs
from zslre.training.drawn import Drawn, all_known, first_labelled, labelled_only, one_of, shuffled, thinned
from zslre.training.reversal import drawn_with_reverses, reverse_labels, with_reversed
from zslre.training.variation import vary
from zslre.types import Sentence

NEAR = 4  # relations that are drawn for being like another
LISTS = 0.2  # share of partial sentences that get one
LACKING = 0.6  # share of the stated phrases with which a sentence that lacks it comes, if there is one
SAME = 0.3  # share of written sentences that tell one relation of two pairs


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
    `detector` finds other mentions in the partial sentences: with one of them in place of the head or the tail, the
    sentence's relation does not hold, though another might. That teaches whose relation it is.
    `doubter` denies some of the partial sentences, and `rename` gives the mentions of these types other names in half
    of the complete ones. That teaches to read what the sentence says.
    `writer` writes plain sentences: for `n_written` relations of its own in each episode, and for half of the others.
    `names`: hypernym → names of such things; a list of them takes the place of the head or tail of some partial
    sentences whose relation is between things of these kinds. That teaches whose relation it is as well.
    `stated`: sentences by the phrase that they state, or the relation if no dataset has it; `lacking`: by the one that
    might be thought to hold, and does not. Of these an episode has `n_stated`; `alike` says which of them, and which
    relations, are not to meet, for one may hold where another does. That teaches relations that nobody labelled.
    `texts`: sentences in which every pair is labelled with the relations `read_for`, and nothing is said of others.
    `variants`: the same relations with other side information, which takes the place of theirs in half of the draws.
    `near`: name → names of other relations, the most alike first: half of an episode's relations are drawn for being
    among the first few of another one's. That teaches to tell them apart.
    `join_rate`: share of the partial sentences to which another one is joined.
    `pronoun_rate`: share of the complete sentences and the texts in which a pronoun has the place of a name.
    `owner_rate`: share of them in which a name's brother or the like has its place.
    `reverse_rate`: share of the partial sentences whose reversed pair is asked where it has no relation.
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
        doubter: Doubter | None = None,
        rename: Sequence[str] = (),
        writer: Writer | None = None,
        n_written: int = 8,
        names: Mapping[str, Sequence[str]] | None = None,
        stated: Mapping[str, Sequence[Drawn]] | None = None,
        lacking: Mapping[str, Sequence[Drawn]] | None = None,
        n_stated: int = 6,
        alike: Mapping[str, Collection[str]] | None = None,
        variants: RelationSet | None = None,
        near: Mapping[str, Sequence[str]] | None = None,
        reverse_rate: float = 1.0,
        join_rate: float = 0.0,
        pronoun_rate: float = 0.0,
        owner_rate: float = 0.0,
        texts: Sequence[AnnotatedSentence] = (),
        n_texts: int = 0,
        read_for: frozenset[str] = frozenset(),
        seed: int = 0,
    ) -> None:
        self.relations = {relation.name: relation for relation in relations}
        self.reverse = reverse_labels(relations)
        self.partial = [
            drawn_with_reverses(with_reversed(sentence, self.reverse), self.relations) for sentence in partial
        ]
        self.complete = [sentence for sentence in complete if sentence.pairs]
        self.names_by_type = names_by_type(self.complete, rename)
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
        self.near = {
            name: [other for other in others if other in self.by_relation][:NEAR]
            for name, others in (near or {}).items()
        }
        self.n_relations, self.n_sentences, self.n_complete = n_relations, n_sentences, n_complete
        self.max_pairs, self.detector, self.doubter, self.seed = max_pairs, detector, doubter, seed
        self.writer, self.n_written = writer, n_written
        self.reverse_rate, self.join_rate = reverse_rate, join_rate
        self.pronoun_rate, self.owner_rate = pronoun_rate, owner_rate
        self.names_by_hypernym = names or {}
        self.stated, self.lacking, self.n_stated, self.alike = stated or {}, lacking or {}, n_stated, alike or {}
        self.texts, self.n_texts, self.read_for = texts, n_texts, read_for
        self.people = full_names(texts) if owner_rate else []
        self.variants = {relation.name: relation for relation in variants or ()}
        if writer is not None:
            self.relations = {relation.name: relation for relation in writer.relations} | self.relations
            self.reverse = reverse_labels(RelationSet(self.relations.values()))
        self.relations |= {phrase: Relation(phrase) for phrase in self.stated if phrase not in self.relations}

    def episode(self, step: int) -> TrainingEpisode:
        rng = np.random.default_rng([self.seed, step])
        chosen = self._chosen(rng)
        sentences = []
        for name in chosen:
            pool = self.by_relation[name]
            for number in rng.choice(len(pool), size=min(self.n_sentences, len(pool)), replace=False):
                known = self.partial[pool[number]]
                # No number is drawn where nothing hangs on it: episodes stay what they were for a seed.
                asked_back = self.reverse_rate == 1.0 or rng.random() < self.reverse_rate
                sentences.append(known if asked_back else labelled_only(known))
        phrases = self._stated_beside(chosen, rng)
        sentences += [one_of(self.stated[phrase], rng) for phrase in phrases]
        chosen += phrases
        drawn = self._with_lists(sentences, rng)
        if self.detector is not None:
            drawn = with_confusable_pairs(drawn, self.detector, rng)
        drawn = some_joined(drawn, self.join_rate, rng, self._kind)
        if self.doubter is not None:
            doubts = doubted(drawn, self.doubter, rng)
            drawn = some_assured(drawn, rng) + doubts
        drawn += [one_of(self.lacking[p], rng) for p in phrases if p in self.lacking and rng.random() < LACKING]
        for annotated in self._some(self.complete, self.n_complete, rng):
            renamed = self.names_by_type and rng.random() < 0.5
            drawn.append(all_known(renamed_mentions(annotated, self.names_by_type, rng) if renamed else annotated))
        texts = [all_known(annotated, self.read_for) for annotated in self._some(self.texts, self.n_texts, rng)]
        drawn += texts
        if self.doubter is not None:
            drawn += doubted([shuffled(text, rng) for text in texts if any(text.labels)], self.doubter, rng)
        if self.writer is not None:
            drawn += self._written(self.writer, chosen, rng)
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

    def _some(
        self, pool: Sequence[AnnotatedSentence], count: int, rng: np.random.Generator
    ) -> Iterator[AnnotatedSentence]:
        if pool and count:
            for number in rng.choice(len(pool), size=min(count, len(pool)), replace=False):
                anaphoric = self.pronoun_rate > 0 and rng.random() < self.pronoun_rate
                annotated = with_pronoun(pool[number], rng) if anaphoric else pool[number]
                if self.owner_rate > 0 and rng.random() < self.owner_rate:
                    annotated = with_owner(annotated, self.people, rng)
                yield thinned(annotated, self.max_pairs, rng)

    def _chosen(self, rng: np.random.Generator) -> list[str]:
        size = min(self.n_relations, len(self.names))
        drawn = [str(name) for name in rng.choice(self.names, size=size, replace=False)]
        chosen: dict[str, None] = {}
        for name in drawn:
            chosen[name] = None
            if others := [other for other in self.near.get(name, ()) if other not in chosen]:
                chosen[str(rng.choice(others))] = None
        return list(chosen)[:size]

    def _stated_beside(self, chosen: Sequence[str], rng: np.random.Generator) -> list[str]:
        """Phrases that say the same as none of the relations `chosen`, nor as each other."""
        phrases = list(self.stated)
        taken, found = set(chosen), list[str]()
        for number in rng.permutation(len(phrases)):
            if len(found) == self.n_stated:
                break
            close = self.alike.get(phrases[number], ())
            if taken.isdisjoint(close) and phrases[number] not in taken:
                found.append(phrases[number])
                taken.add(phrases[number])
        return found

    def _with_lists(self, drawn: list[Drawn], rng: np.random.Generator) -> list[Drawn]:
        """The partial sentences, with a list for the head or tail of some."""
        return [self._with_list(known, rng) if rng.random() < LISTS else known for known in drawn]

    def _with_list(self, known: Drawn, rng: np.random.Generator) -> Drawn:
        pair, labels = first_labelled(known)
        kinds = self._kinds(labels)
        place = int(rng.integers(2))
        names = self.names_by_hypernym.get(kinds[place], ())
        # Two children of one father are siblings: where both are of a kind the list may say more than it tells.
        if not names or kinds[0] == kinds[1] or kinds[place] in LITERAL_KINDS:
            return known
        return with_list(known, pair, place, names, rng) or known

    def _kinds(self, labels: frozenset[str]) -> tuple[str, str]:
        """Of which kinds head and tail are, by their relation."""
        side = self.relations[min(labels)].side
        return next(iter(side.head_hypernyms), ""), next(iter(side.tail_hypernyms), "")

    def _kind(self, clause: Drawn) -> str:
        return self._kinds(first_labelled(clause)[1])[0]

    def _written(self, writer: Writer, chosen: list[str], rng: np.random.Generator) -> list[Drawn]:
        """Sentences of one or two facts; the writer's own relations join the `chosen`."""
        own = [name for name in writer.relations.names if name not in chosen]
        new = [str(name) for name in rng.choice(own, size=min(self.n_written, len(own)), replace=False)]
        told = [name for name in chosen if name in writer.phrases and rng.random() < 0.5]
        chosen += new
        told = [str(name) for name in rng.permutation([*told, *new])]
        drawn = []
        while told:
            names = [told.pop() for _ in range(min(len(told), int(rng.integers(1, 3))))]
            if len(names) == 1 and rng.random() < SAME:
                names *= 2  # whose is which?
            annotated, in_clauses = writer.write([self.relations[name] for name in names], rng)
            thin = thinned(annotated, self.max_pairs, rng)
            back = {(tail, head): found for (head, tail), found in zip(thin.pairs, thin.labels, strict=True)}
            labels = tuple(
                found.union(*(self.reverse.get(name, ()) for name in back.get(pair, ())))
                for pair, found in zip(thin.pairs, thin.labels, strict=True)
            )
            # Of two names in the same clause more may be true than its words; of others nothing is said.
            asked = tuple(frozenset(names) if pair in in_clauses else None for pair in thin.pairs)
            drawn.append(Drawn(thin.sentence, thin.pairs, labels, asked))
        return drawn

    def _version(self, name: str, rng: np.random.Generator) -> Relation:
        own = self.relations[name]
        return self.variants.get(name, own) if rng.random() < 0.5 else own
