"""Extraction from sentences in which every pair is labelled: micro precision, recall, F1 of triples, and the curve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from zslre.datasets.annotated import AnnotatedSentence
from zslre.evaluation.metrics import precision_recall, precision_recall_f1
from zslre.evaluation.outcome import Outcome
from zslre.pipeline import TOP_K
from zslre.relations import Relation, RelationSet
from zslre.types import Sentence, Triple

if TYPE_CHECKING:
    from zslre.extractor import RelationExtractor

Key = tuple[int, str, str, str]  # sentence number, head, relation, tail
Entry = tuple[str | None, str | None, float]  # gold relation, found relation, its probability
Detect = Callable[[list[Sentence]], list[Sentence]]


@dataclass(frozen=True, slots=True)
class ExtractionScores:
    """Micro scores in [0, 1] over `gold` triples, of which `hits` were among the `predicted`."""

    precision: float
    recall: float
    f1: float
    hits: int
    predicted: int
    gold: int

    @classmethod
    def of(cls, gold: set[Key], predicted: set[Key]) -> ExtractionScores:
        """The scores of the triples that were found, given those that there are."""
        hits, n_predicted, n_gold = len(gold & predicted), len(predicted), len(gold)
        return cls(*precision_recall_f1(hits, n_predicted, n_gold), hits=hits, predicted=n_predicted, gold=n_gold)


def extraction_scores(
    extractor: RelationExtractor,
    sentences: Sequence[AnnotatedSentence],
    *,
    threshold: float | None = None,
    top_k: int = TOP_K,
    detect: Detect | None = None,
) -> ExtractionScores:
    """Triples found, compared with the labels by their exact mentions (or, with `detect`, by those it finds).

    A triple counts once a sentence, by the texts of head and tail, a symmetric one whichever way round it comes; a
    relation that the extractor does not know is not asked for.
    """
    gold = gold_keys(sentences, extractor.relations)
    found = extractor.extract_sentences(_asked(sentences, detect), threshold=threshold, top_k=top_k)
    return ExtractionScores.of(gold, triple_keys(found, extractor.relations))


def extraction_outcome(
    extractor: RelationExtractor,
    sentences: Sequence[AnnotatedSentence],
    *,
    threshold: float,
    detect: Detect | None = None,
    on_sentence: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Every pair's best relations, up to `TOP_K`, against the labels; triples count as in `extraction_scores`.

    An entry is a pair of texts in a sentence, or each further label or relation of it. A label whose pair no one asked
    about, because a mention was not detected, is an entry with probability 0.0. Below `threshold` None is predicted.
    The details hold the micro scores, precision and recall at other thresholds (`points`, and the `area` below), and
    of these the one with the best F1 (`best`; None where nothing that was found is right).
    """
    gold = gold_keys(sentences, extractor.relations)
    best: dict[Key, float] = {}
    found = extractor.extract_sentences(_asked(sentences, detect), threshold=0.0)
    for number, triples in enumerate(found):
        for triple in triples:
            key = _key(number, triple.head.text, extractor.relations[triple.relation], triple.tail.text)
            best[key] = max(best.get(key, 0.0), triple.score)
        on_sentence(number + 1)
    entries = list(_entries(gold, best))
    kept = [name if p >= threshold else None for _, name, p in entries]
    hits = sum(truth is not None and truth == name for (truth, _, _), name in zip(entries, kept, strict=True))
    counts = hits, sum(name is not None for name in kept), len(gold)
    curve = precision_recall(list(best.values()), [key in gold for key in best], len(gold))
    details = dict(zip(("precision", "recall", "f1"), precision_recall_f1(*counts), strict=True))
    return Outcome(
        "extraction",
        tuple(truth for truth, _, _ in entries),
        tuple(kept),
        tuple(probability for _, _, probability in entries),
        {**details, "area": curve.area, "points": curve.points(), "best": curve.best(), "threshold": threshold},
    )


def with_pair_mentions(annotated: AnnotatedSentence) -> AnnotatedSentence:
    """The sentence with every mention that a pair of it has, so that every labelled pair is asked about."""
    found = {*annotated.sentence.mentions, *(mention for pair in annotated.pairs for mention in pair)}
    mentions = tuple(sorted(found, key=lambda mention: (mention.start, mention.end, mention.type or "")))
    return replace(annotated, sentence=replace(annotated.sentence, mentions=mentions))


def _entries(gold: set[Key], best: dict[Key, float]) -> Iterator[Entry]:
    """Of each pair first the relations that are right, then the other labels beside the other relations."""
    labels: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    answers: dict[tuple[int, str, str], dict[str, float]] = defaultdict(dict)
    for number, head, relation, tail in gold:
        labels[number, head, tail].add(relation)
    for (number, head, relation, tail), probability in best.items():
        answers[number, head, tail][relation] = probability
    for pair in sorted(labels.keys() | answers.keys()):
        wanted, given = labels[pair], answers[pair]
        for relation in sorted(wanted & given.keys()):
            yield relation, relation, given[relation]
        missed = sorted(wanted - given.keys())
        wrong = sorted(given.keys() - wanted, key=lambda relation: -given[relation])
        for truth, relation in zip_longest(missed, wrong):
            yield truth, relation, given[relation] if relation is not None else 0.0


def _asked(sentences: Sequence[AnnotatedSentence], detect: Detect | None) -> list[Sentence]:
    """The sentences with their own mentions, or with those that `detect` finds without having seen them."""
    plain = [annotated.sentence for annotated in sentences]
    return plain if detect is None else detect([Sentence(sentence.text) for sentence in plain])


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
