"""Scores of extraction, against a hand-worked case."""

from __future__ import annotations

from typing import Any

from zslre.datasets.annotated import AnnotatedSentence
from zslre.evaluation.extraction import ExtractionScores, extraction_scores
from zslre.relations import Relation, RelationSet
from zslre.types import Mention, Sentence, Triple

ANN, BOB, ROME = Mention("Ann", 0, 3), Mention("Bob", 8, 11), Mention("Rome", 15, 19)
SENTENCE = Sentence("Ann and Bob in Rome", (ANN, BOB, ROME))
GOLD = AnnotatedSentence(
    SENTENCE,
    ((ANN, BOB), (BOB, ANN), (ANN, ROME), (BOB, ROME)),
    (frozenset({"spouse"}), frozenset({"spouse"}), frozenset({"residence"}), frozenset({"residence", "unknown"})),
)


class Fixed:
    """Finds what it is told to."""

    relations = RelationSet([Relation("spouse", symmetric=True), Relation("residence")])

    def __init__(self, *triples: Triple) -> None:
        self.triples = list(triples)

    def extract_sentences(self, sentences: list[Sentence], **_: Any) -> list[list[Triple]]:
        return [self.triples for _ in sentences]


def test_symmetric_relations_count_once_and_either_way_round() -> None:
    right = Triple(BOB, "spouse", ANN, 0.9), Triple(ANN, "residence", ROME, 0.8)
    found = Fixed(*right, Triple(ROME, "residence", ANN, 0.7))
    # Gold: spouse once, residence twice; "unknown" is not asked for. Two of the three found are right.
    expected = ExtractionScores(2 / 3, 2 / 3, 2 / 3, hits=2, predicted=3, gold=3)
    assert extraction_scores(found, [GOLD]) == expected  # type: ignore[arg-type]


def test_detected_mentions_replace_the_gold_ones() -> None:
    seen: list[Sentence] = []

    def detect(sentences: list[Sentence]) -> list[Sentence]:
        seen.extend(sentences)
        return sentences

    extraction_scores(Fixed(), [GOLD], detect=detect)  # type: ignore[arg-type]
    assert seen == [Sentence(SENTENCE.text)]  # the detector is not shown the gold mentions


def test_nothing_found_scores_zero() -> None:
    assert extraction_scores(Fixed(), [GOLD]).f1 == 0.0  # type: ignore[arg-type]
