"""A sentence with labelled pairs: what training packs into one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zslre.packing import Pair
from zslre.types import Example, Sentence


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """Pairs of a sentence and, for each, the names of its relations; an empty set: no relation."""

    sentence: Sentence
    pairs: tuple[Pair, ...]
    labels: tuple[frozenset[str], ...]


def group_examples(examples: Iterable[Example]) -> list[AnnotatedSentence]:
    """Examples of the same text become one annotated sentence; those of the same pair, one pair with several labels."""
    grouped: dict[str, tuple[Sentence, dict[Pair, set[str]]]] = {}
    for example in examples:
        _, pairs = grouped.setdefault(example.sentence.text, (example.sentence, {}))
        labels = pairs.setdefault((example.head, example.tail), set())
        if example.relation is not None:
            labels.add(example.relation)
    return [
        AnnotatedSentence(sentence, tuple(pairs), tuple(frozenset(labels) for labels in pairs.values()))
        for sentence, pairs in grouped.values()
    ]


def examples_of(sentences: Iterable[AnnotatedSentence]) -> Iterator[Example]:
    """The reverse of `group_examples`: one example a label, and one with relation None for a pair without any."""
    for annotated in sentences:
        for (head, tail), labels in zip(annotated.pairs, annotated.labels, strict=True):
            names: list[str | None] = [*sorted(labels)] if labels else [None]
            for name in names:
                yield Example(annotated.sentence, head, tail, name)
