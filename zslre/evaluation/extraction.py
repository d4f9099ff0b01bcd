"""Extraction from sentences in which every pair is labelled: micro precision, recall and F1 of triples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zslre.datasets.annotated import AnnotatedSentence
from zslre.evaluation.metrics import precision_recall_f1
from zslre.relations import Relation, RelationSet
from zslre.types import Sentence, Triple

if TYPE_CHECKING:
    from zslre.extractor import RelationExtractor

Key = tuple[int, str, str, str]  # sentence number, head, relation, tail


@dataclass(frozen=True, slots=True)
class ExtractionScores:
    """Micro scores in [0, 1] over `gold` triples, of which `hits` were among the `predicted`."""

    precision: float
    recall: float
    f1: float
    hits: int
    predicted: int
    gold: int


def extraction_scores(
    extractor: RelationExtractor,
    sentences: Sequence[AnnotatedSentence],
    *,
    threshold: float | None = None,
    top_k: int = 1,
    detect: Callable[[list[Sentence]], list[Sentence]] | None = None,
) -> ExtractionScores:
    """Triples found, compared with the labels by their exact mentions (or, with `detect`, by those it finds).

    A triple counts once a sentence, by the texts of head and tail, a symmetric one whichever way round it comes; a
    relation that the extractor does not know is not asked for.
    """
    plain = [annotated.sentence for annotated in sentences]
    if detect is not None:
        plain = detect([Sentence(sentence.text) for sentence in plain])
    gold = gold_keys(sentences, extractor.relations)
    found = extractor.extract_sentences(plain, threshold=threshold, top_k=top_k)
    predicted = triple_keys(found, extractor.relations)
    hits = len(gold & predicted)
    return ExtractionScores(
        *precision_recall_f1(hits, len(predicted), len(gold)), hits=hits, predicted=len(predicted), gold=len(gold)
    )


def gold_keys(sentences: Sequence[AnnotatedSentence], relations: RelationSet) -> set[Key]:
    """Labels of `relations`, by sentence number and texts."""
    names = set(relations.names)
    return {
        _key(number, head.text, relations[name], tail.text)
        for number, annotated in enumerate(sentences)
        for (head, tail), labels in zip(annotated.pairs, annotated.labels, strict=True)
        for name in labels & names
    }


def triple_keys(found: Iterable[list[Triple]], relations: RelationSet) -> set[Key]:
    """Triples of each sentence, by sentence number and texts."""
    return {
        _key(number, triple.head.text, relations[triple.relation], triple.tail.text)
        for number, triples in enumerate(found)
        for triple in triples
    }


def _key(number: int, head: str, relation: Relation, tail: str) -> Key:
    if relation.symmetric:
        head, tail = sorted((head, tail))
    return number, head, relation.name, tail
