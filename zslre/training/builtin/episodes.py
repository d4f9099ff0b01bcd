"""Episodes of the built-in model's training: with sentences that were changed, joined, written or read by us."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from zslre.candidates import LITERAL_KINDS
from zslre.datasets.annotated import AnnotatedSentence
from zslre.relations import Relation, RelationSet
from zslre.training.builtin.augmentation import Doubter
from zslre.training.builtin.doubted import doubted, some_assured
from zslre.training.builtin.joined import some_joined
from zslre.training.builtin.lists import with_list
from zslre.training.builtin.owners import full_names, with_owner
from zslre.training.builtin.pronouns import with_pronoun
from zslre.training.builtin.rewording import names_by_type, renamed_mentions
from zslre.training.builtin.written import Writer
from zslre.training.drawn import Drawn, all_known, first_labelled, one_of, shuffled, thinned
from zslre.training.episodes import EpisodeSampler
from zslre.training.reversal import reverse_labels

NEAR = 4  # relations that are drawn for being like another
SAME = 0.3  # share of written sentences that tell one relation of two pairs


class BuiltinEpisodes(EpisodeSampler):
    """Draws episodes of the built-in model's training; `usual` are the settings of an `EpisodeSampler`.

    `doubter` denies some of the partial sentences, and `rename` gives the mentions of these types other names in half
    of the complete ones. That teaches to read what the sentence says.
    `writer` writes plain sentences: for `n_written` relations of its own in each episode, and for half of the others.
    `names`: hypernym → names of such things; a list of them takes the place of the head or tail of some partial
    sentences whose relation is between things of these kinds. That teaches whose relation it is as well.
    `stated`: sentences by the phrase that they state, `told`: by the relation, which no dataset has; `lacking`: by the
    one that might be thought to hold, and does not. An episode has `n_stated` and `n_told` of them; `alike` says which,
    and which relations, are not to meet, for one may hold where another does. That teaches relations nobody labelled.
    `texts`: sentences in which every pair is labelled with the relations `read_for`, and nothing is said of others.
    `variants`: the same relations with other side information, which takes the place of theirs in half of the draws.
    `near`: name → names of other relations, the most alike first: half of an episode's relations are drawn for being
    among the first few of another one's. That teaches to tell them apart.
    `join_rate`: share of the partial sentences to which another one is joined.
    `pronoun_rate`: share of the complete sentences and the texts in which a pronoun has the place of a name.
    `owner_rate`: share of them in which a name's brother or the like has its place.
    """

    def __init__(
        self,
        partial: Sequence[AnnotatedSentence],
        complete: Sequence[AnnotatedSentence],
        relations: RelationSet,
        *,
        doubter: Doubter | None = None,
        rename: Sequence[str] = (),
        writer: Writer | None = None,
        n_written: int = 8,
        names: Mapping[str, Sequence[str]] | None = None,
        stated: Mapping[str, Sequence[Drawn]] | None = None,
        n_stated: int = 6,
        told: Mapping[str, Sequence[Drawn]] | None = None,
        lacking: Mapping[str, Sequence[Drawn]] | None = None,
        n_told: int = 0,
        alike: Mapping[str, Collection[str]] | None = None,
        variants: RelationSet | None = None,
        near: Mapping[str, Sequence[str]] | None = None,
        join_rate: float = 0.0,
        pronoun_rate: float = 0.0,
        owner_rate: float = 0.0,
        texts: Sequence[AnnotatedSentence] = (),
        n_texts: int = 0,
        read_for: frozenset[str] = frozenset(),
        **usual: Any,
    ) -> None:
        super().__init__(partial, complete, relations, **usual)
        self.names_by_type = names_by_type(self.complete, rename)
        self.near = {
            name: [other for other in others if other in self.by_relation][:NEAR]
            for name, others in (near or {}).items()
        }
        self.doubter, self.writer, self.n_written = doubter, writer, n_written
        self.join_rate, self.pronoun_rate, self.owner_rate = join_rate, pronoun_rate, owner_rate
        self.names_by_hypernym = names or {}
        self.beside = ((told or {}, n_told), (stated or {}, n_stated))
        self.lacking, self.alike = lacking or {}, alike or {}
        self.texts, self.n_texts, self.read_for = texts, n_texts, read_for
        self.people = full_names(texts) if owner_rate else []
        self.variants = {relation.name: relation for relation in variants or ()}
        if writer is not None:
            self.relations = {relation.name: relation for relation in writer.relations} | self.relations
            self.reverse = reverse_labels(RelationSet(self.relations.values()))
        self.relations |= {phrase: Relation(phrase) for phrase in stated or () if phrase not in self.relations}

    def _chosen(self, rng: np.random.Generator) -> list[str]:
        drawn = super()._chosen(rng)
        chosen: dict[str, None] = {}
        for name in drawn:
            chosen[name] = None
            if others := [other for other in self.near.get(name, ()) if other not in chosen]:
                chosen[str(rng.choice(others))] = None
        return list(chosen)[: len(drawn)]

    def _drawn(self, chosen: list[str], rng: np.random.Generator) -> list[Drawn]:
        sentences = self._stating(chosen, rng)
        beside = self._stated_beside(chosen, rng)
        sentences += [one_of(stating, rng) for stating in beside.values()]
        chosen += beside
        drawn = some_joined(self._with_others(sentences, rng), self.join_rate, rng, self._kind)
        if self.doubter is not None:
            doubts = doubted(drawn, self.doubter, rng)
            drawn = some_assured(drawn, rng) + doubts
        drawn += [one_of(self.lacking[name], rng) for name in beside if name in self.lacking]
        drawn += [all_known(self._renamed(s, rng)) for s in self._some(self.complete, self.n_complete, rng)]
        texts = [all_known(annotated, self.read_for) for annotated in self._some(self.texts, self.n_texts, rng)]
        drawn += texts
        if self.doubter is not None:
            drawn += doubted([shuffled(text, rng) for text in texts if any(text.labels)], self.doubter, rng)
        if self.writer is not None:
            drawn += self._written(self.writer, chosen, rng)
        return drawn

    def _stated_beside(self, chosen: Sequence[str], rng: np.random.Generator) -> dict[str, Sequence[Drawn]]:
        """What states relations and phrases that say the same as none of `chosen`, nor as each other."""
        taken, found = set(chosen), dict[str, Sequence[Drawn]]()
        for sentences, wanted in self.beside:
            wanted += len(found)
            for name in map(str, rng.permutation(list(sentences))):
                if len(found) == wanted:
                    break
                if name not in taken and taken.isdisjoint(self.alike.get(name, ())):
                    found[name] = sentences[name]
                    taken.add(name)
        return found

    def _with_list(self, known: Drawn, place: int, rng: np.random.Generator) -> Drawn:
        pair, labels = first_labelled(known)
        kinds = self._kinds(labels)
        names = self.names_by_hypernym.get(kinds[place], ())
        # Two children of one father are siblings: where both are of a kind the list may say more than it tells.
        if not names or kinds[0] == kinds[1] or kinds[place] in LITERAL_KINDS:
            return known
        return with_list(known, pair, place, names, rng) or known

    def _reworded(self, annotated: AnnotatedSentence, rng: np.random.Generator) -> AnnotatedSentence:
        if self.pronoun_rate > 0 and rng.random() < self.pronoun_rate:
            annotated = with_pronoun(annotated, rng)
        if self.owner_rate > 0 and rng.random() < self.owner_rate:
            annotated = with_owner(annotated, self.people, rng)
        return annotated

    def _renamed(self, annotated: AnnotatedSentence, rng: np.random.Generator) -> AnnotatedSentence:
        if self.names_by_type and rng.random() < 0.5:
            return renamed_mentions(annotated, self.names_by_type, rng)
        return annotated

    def _variant(self, name: str) -> Relation:
        return self.variants.get(name, self.relations[name])

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
