"""Training sources of several files: one label space, and nothing in it of a relation or sentence kept for a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from zslre.datasets.annotated import AnnotatedSentence, group_examples
from zslre.datasets.splits import normal_text
from zslre.exceptions import InputError
from zslre.meanings import training_leaks
from zslre.relations import Relation, RelationSet
from zslre.types import Example

DEV_SENTENCES = 100  # of each held-out relation: enough to tell checkpoints apart, and quick


def without_leaks(
    sentences: Iterable[AnnotatedSentence],
    relations: RelationSet,
    unseen: Iterable[str | Relation],
    held_out_texts: set[str],
) -> list[AnnotatedSentence]:
    """Sentences fit for training when `unseen` relations (or their names or ids) are to be tested.

    Leaves out every sentence of `held_out_texts`, and every pair that is labelled with an unseen relation, under its
    name, its id or as its inverse.
    """
    leaks = training_leaks(unseen, relations)
    kept = []
    for annotated in sentences:
        if normal_text(annotated.sentence.text) in held_out_texts:
            continue
        clean = [i for i, labels in enumerate(annotated.labels) if not labels & leaks]
        if clean:
            pairs = tuple(annotated.pairs[i] for i in clean)
            kept.append(replace(annotated, pairs=pairs, labels=tuple(annotated.labels[i] for i in clean)))
    return kept


def named(examples: Iterable[Example], relations: RelationSet) -> list[AnnotatedSentence]:
    """Group examples, with the labels (ids or names) written as the relations' names; InputError for an unknown one."""
    return group_examples(
        example if example.relation is None else replace(example, relation=name_of(example.relation, relations))
        for example in examples
    )


def renamed(sentences: Iterable[AnnotatedSentence], relations: RelationSet) -> list[AnnotatedSentence]:
    """The same for sentences; a label that `relations` lacks is dropped, and so is its pair (it is no negative)."""
    known = {key: r.name for r in relations for key in (r.id, r.name) if key}
    kept = []
    for annotated in sentences:
        clean = [i for i, labels in enumerate(annotated.labels) if labels <= known.keys()]
        labels = tuple(frozenset(known[label] for label in annotated.labels[i]) for i in clean)
        kept.append(replace(annotated, pairs=tuple(annotated.pairs[i] for i in clean), labels=labels))
    return kept


def name_of(label: str, relations: RelationSet) -> str:
    for relation in relations:
        if label in (relation.id, relation.name):
            return relation.name
    raise InputError(f"the data is labelled {label!r}, which the relation set lacks: add it, by name or by id")


def sample_per_relation(
    sentences: Sequence[AnnotatedSentence], names: Iterable[str], limit: int
) -> list[AnnotatedSentence]:
    """The first `limit` sentences of each relation, each sentence once."""
    counts = dict.fromkeys(names, 0)
    kept = []
    for annotated in sentences:
        wanted = [name for labels in annotated.labels for name in labels if counts.get(name, limit) < limit]
        if wanted:
            kept.append(annotated)
            for name in wanted:
                counts[name] += 1
    return kept


def dev_sentences(sentences: Sequence[AnnotatedSentence], names: Sequence[str]) -> list[AnnotatedSentence]:
    """The first `DEV_SENTENCES` of each held-out relation, with the labels of these relations only."""
    return [
        replace(s, labels=tuple(labels & set(names) for labels in s.labels))
        for s in sample_per_relation(sentences, names, DEV_SENTENCES)
    ]
