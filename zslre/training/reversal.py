"""The other way round: what a pair's relations say of the same pair with head and tail swapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zslre.datasets.annotated import AnnotatedSentence
from zslre.relations import Relation, RelationSet
from zslre.training.drawn import Drawn


def reverse_labels(relations: RelationSet) -> Mapping[str, tuple[str, ...]]:
    """Name → names that hold for the swapped pair: itself where symmetric, else its only inverse in the set.

    A relation with two inverses (child: father, mother) says nothing certain about the swapped pair.
    """
    by_key = {key: r.name for r in relations for key in (r.name, r.id) if key}
    reverse = {r.name: (r.name,) for r in relations if r.symmetric}
    for relation in relations:
        if len(relation.inverse) == 1 and relation.inverse[0] in by_key:
            reverse[relation.name] = (by_key[relation.inverse[0]],)
    return reverse


def with_reversed(annotated: AnnotatedSentence, reverse: Mapping[str, tuple[str, ...]]) -> AnnotatedSentence:
    """The sentence with the reverse of every pair, labelled with the inverse relations or none."""
    pairs, labels = list(annotated.pairs), list(annotated.labels)
    for (head, tail), names in zip(annotated.pairs, annotated.labels, strict=True):
        if (tail, head) not in pairs:
            pairs.append((tail, head))
            labels.append(frozenset(back for name in names for back in reverse.get(name, ())))
    return replace(annotated, pairs=tuple(pairs), labels=tuple(labels))


def with_inverses(annotated: AnnotatedSentence, reverse: Mapping[str, tuple[str, ...]]) -> AnnotatedSentence:
    """The same pairs, each with what the relations of its reverse say of it as well."""
    labels = dict(zip(annotated.pairs, annotated.labels, strict=True))
    closed = [
        names.union(*(reverse.get(name, ()) for name in labels.get((tail, head), ())))
        for (head, tail), names in labels.items()
    ]
    return replace(annotated, labels=tuple(closed))


def drawn_with_reverses(annotated: AnnotatedSentence, relations: Mapping[str, Relation]) -> Drawn:
    """The reverse of a relation with several inverses (child: father, mother) lacks that one; more is not known."""
    labels = dict(zip(annotated.pairs, annotated.labels, strict=True))
    asked = []
    for (head, tail), names in labels.items():
        back = labels.get((tail, head), frozenset())
        unsure = not names and any(len(relations[name].inverse) > 1 for name in back if name in relations)
        asked.append(back if unsure else None)
    return Drawn(annotated.sentence, annotated.pairs, annotated.labels, tuple(asked))
