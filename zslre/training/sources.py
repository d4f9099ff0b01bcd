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
    known = _names(relations)

    def with_name(example: Example) -> Example:
        if example.relation is None:
            return example
        if example.relation not in known:
            raise InputError(
                f"the data is labelled {example.relation!r}, which the relation set lacks: add it, by name or by id"
            )
        return replace(example, relation=known[example.relation])

    return group_examples(map(with_name, examples))


def renamed(sentences: Iterable[AnnotatedSentence], relations: RelationSet) -> list[AnnotatedSentence]:
    """The same for sentences; a label that `relations` lacks is dropped, and so is its pair (it is no negative)."""
    known = _names(relations)
    kept = []
    for annotated in sentences:
        clean = [i for i, labels in enumerate(annotated.labels) if labels <= known.keys()]
        labels = tuple(frozenset(known[label] for label in annotated.labels[i]) for i in clean)
        kept.append(replace(annotated, pairs=tuple(annotated.pairs[i] for i in clean), labels=labels))
    return kept


def _names(relations: RelationSet) -> dict[str, str]:
    """The name that each id or name stands for."""
    return {key: relation.name for relation in relations for key in (relation.id, relation.name) if key}


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
