"""Scores of extraction, against a hand-worked case."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
import tiny

from zslre.datasets.annotated import AnnotatedSentence
from zslre.evaluation.extraction import (
    ExtractionScores,
    extraction_outcome,
    extraction_scores,
    with_pair_mentions,
)
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet
from zslre.types import Mention, Sentence, Triple

ANN, BOB, ROME = Mention("Ann", 0, 3), Mention("Bob", 8, 11), Mention("Rome", 15, 19)
SENTENCE = Sentence("Ann and Bob in Rome", (ANN, BOB, ROME))
GOLD = AnnotatedSentence(
    SENTENCE,
    ((ANN, BOB), (BOB, ANN), (ANN, ROME), (BOB, ROME)),
    (frozenset({"spouse"}), frozenset({"spouse"}), frozenset({"residence"}), frozenset({"residence", "unknown"})),
)


@pytest.fixture(scope="module")
def model() -> RelationExtractor:
    return tiny.extractor()


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


def test_outcome_by_hand() -> None:
    """Gold: spouse once, residence of Ann and of Bob. Found: spouse 0.9, Ann's residence 0.4, a wrong one 0.7 where a
    label is, and a wrong one 0.6 where none is; Bob's residence is not asked about."""
    found = Fixed(
        Triple(BOB, "spouse", ANN, 0.9),
        Triple(ANN, "spouse", BOB, 0.8),  # the same triple, less sure
        Triple(ANN, "residence", ROME, 0.4),
        Triple(ANN, "spouse", ROME, 0.7),
        Triple(ROME, "residence", ANN, 0.6),
    )
    outcome = extraction_outcome(found, [GOLD], threshold=0.5)  # type: ignore[arg-type]
    entries = set(zip(outcome.gold, outcome.predicted, outcome.probabilities, strict=True))
    assert entries == {
        ("spouse", "spouse", 0.9),
        ("residence", None, 0.4),
        (None, "spouse", 0.7),
        (None, "residence", 0.6),
        ("residence", None, 0.0),
    }
    assert outcome.details["precision"] == pytest.approx(1 / 3)
    assert outcome.details["recall"] == pytest.approx(1 / 3)
    points = outcome.details["points"]
    assert [point["threshold"] for point in points] == [0.9, 0.7, 0.6, 0.4]
    assert [point["precision"] for point in points] == pytest.approx([1, 1 / 2, 1 / 3, 2 / 4])
    assert [point["recall"] for point in points] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3])
    assert outcome.details["area"] == pytest.approx(1 / 3 + 2 / 4 / 3)
    best = {"threshold": 0.4, "precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7}
    assert outcome.details["best"] == pytest.approx(best)
    again = extraction_outcome(found, [GOLD], threshold=best["threshold"])  # type: ignore[arg-type]
    assert again.details["f1"] == pytest.approx(best["f1"])


def test_another_relation_of_a_labelled_pair_is_one_entry() -> None:
    outcome = extraction_outcome(Fixed(Triple(ANN, "spouse", ROME, 0.7)), [GOLD], threshold=0.5)  # type: ignore[arg-type]
    entries = sorted(map(str, zip(outcome.gold, outcome.predicted, outcome.probabilities, strict=True)))
    assert entries == ["('residence', 'spouse', 0.7)", "('residence', None, 0.0)", "('spouse', None, 0.0)"]


def test_a_label_is_set_against_the_surest_of_the_wrong_relations() -> None:
    found = Fixed(Triple(ANN, "employer", ROME, 0.6), Triple(ANN, "spouse", ROME, 0.7))
    found.relations = RelationSet([*Fixed.relations, Relation("employer")])
    outcome = extraction_outcome(found, [GOLD], threshold=0.6)  # type: ignore[arg-type]
    entries = list(zip(outcome.gold, outcome.predicted, outcome.probabilities, strict=True))
    assert entries[1:3] == [("residence", "spouse", 0.7), (None, "employer", 0.6)]  # the threshold itself is enough


def test_where_nothing_is_right_no_threshold_is_best() -> None:
    outcome = extraction_outcome(Fixed(Triple(ANN, "spouse", ROME, 0.7)), [GOLD], threshold=0.5)  # type: ignore[arg-type]
    assert outcome.details["best"] is None


def test_entries_come_in_the_order_of_the_sentences_and_names() -> None:
    outcome = extraction_outcome(Fixed(), [GOLD] * 8, threshold=0.5)  # type: ignore[arg-type]
    assert outcome.gold == ("spouse", "residence", "residence") * 8


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("detect", [None, tiny.CapitalDetector().detect])
def test_outcome_agrees_with_the_scores_of_a_real_model(
    model: RelationExtractor, threshold: float, detect: Any
) -> None:
    texts = "Ann lives in Rome and works for Acme", "Bob married Dora in Oslo", "Zeta was founded by Ann and Carl"
    sentences = []
    for text in texts:
        mentions = tiny.capitals(text)
        pairs = tuple(permutations(mentions, 2))
        names = [sorted(tiny.RELATIONS.names)[number % 4] for number in range(len(pairs))]
        labels = tuple(frozenset({name} if number % 2 else ()) for number, name in enumerate(names))
        sentences.append(AnnotatedSentence(Sentence(text, mentions), pairs, labels))
    scores = extraction_scores(model, sentences, threshold=threshold, detect=detect)
    outcome = extraction_outcome(model, sentences, threshold=threshold, detect=detect)
    assert (scores.precision, scores.recall, scores.f1) == tuple(
        outcome.details[key] for key in ("precision", "recall", "f1")
    )
    pairs_of = list(zip(outcome.gold, outcome.predicted, strict=True))
    assert scores.hits == sum(gold is not None and gold == name for gold, name in pairs_of)
    assert scores.predicted == sum(name is not None for _, name in pairs_of)
    assert scores.gold == sum(gold is not None for gold, _ in pairs_of)


def test_every_labelled_pair_is_asked_about() -> None:
    bare = AnnotatedSentence(Sentence(SENTENCE.text, (ANN, BOB)), GOLD.pairs, GOLD.labels)
    assert with_pair_mentions(bare).sentence.mentions == (ANN, BOB, ROME)
    few = AnnotatedSentence(SENTENCE, ((ANN, ROME),), (frozenset(),))
    assert with_pair_mentions(few).sentence.mentions == (ANN, BOB, ROME)
    typed = Mention("Ann", 0, 3, "PERSON")
    two = AnnotatedSentence(SENTENCE, ((typed, ROME),), (frozenset(),))
    assert with_pair_mentions(two).sentence.mentions == (ANN, typed, BOB, ROME)


def test_progress_counts_sentences() -> None:
    done: list[int] = []
    extraction_outcome(Fixed(), [GOLD, GOLD], threshold=0.5, on_sentence=done.append)  # type: ignore[arg-type]
    assert done == [1, 2]
