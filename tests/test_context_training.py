from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import tiny

pytest.importorskip("torch", reason="training needs torch")

from zslre.context import FEATURES, FLOOR, context_features
from zslre.datasets.annotated import AnnotatedSentence
from zslre.datasets.marked import ToldRelation, marked
from zslre.encoder import pair_vectors
from zslre.exceptions import InputError
from zslre.matching import LOOKED_AT
from zslre.relations import Relation, RelationSet
from zslre.scoring import sigmoid
from zslre.training.builtin.context import (
    FEWEST,
    LEAST_PRECISION,
    Candidates,
    ContextSettings,
    _some,
    best_candidates,
    calibrated_context,
    fit_context,
    told_candidates,
    typed_by,
)
from zslre.training.calibration import calibrated
from zslre.types import Sentence

EXTRACTOR = tiny.extractor()
SETTINGS = ContextSettings(views=4, relation_views=2, hidden=16, dropout=0.0, epochs=40, batch_size=16)


def annotated(text: str, **labels: str) -> AnnotatedSentence:
    """Labels by the names of head and tail: `Ann_Rome="residence"`."""
    sentence = Sentence(text, tiny.capitals(text))
    pairs = list(permutations(sentence.mentions, 2))
    names = (labels.get(f"{head.text}_{tail.text}") for head, tail in pairs)
    return AnnotatedSentence(sentence, tuple(pairs), tuple(frozenset([n] if n else []) for n in names))


SENTENCES = [
    annotated("Ann lives in Rome and Bob in Oslo.", Ann_Rome="residence", Bob_Oslo="residence"),
    annotated("Carl works for Acme in Lima.", Carl_Acme="employer"),
    annotated("Dora married Bob in Paris.", Dora_Bob="spouse", Bob_Dora="spouse"),
    annotated("Zeta was founded by Ann, and Acme by Dora.", Zeta_Ann="founder", Acme_Dora="founder"),
    annotated("Bob lives in Lima and works for Zeta.", Bob_Lima="residence", Bob_Zeta="employer"),
    annotated("Ann and Carl and Dora and Bob.", Ann_Carl="a relation that nobody asks about"),
]


def test_candidates_one_sentence_at_a_time() -> None:
    [*others, last] = SENTENCES
    known = replace(last, pairs=last.pairs[:5], labels=last.labels[:5])  # of the others nobody knows
    found = best_candidates(EXTRACTOR, [*others, known])
    features, columns, correct = [], [], []
    for one in [*others, known]:
        items = [(one.sentence, list(permutations(one.sentence.mentions, 2)))]
        odds = EXTRACTOR.scorer.log_odds(EXTRACTOR.matcher.margins(
            pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, items), items))  # fmt: skip
        for row, values in enumerate(odds[: len(one.pairs)]):
            for column in np.argsort(-values)[:LOOKED_AT]:
                back = items[0][1].index(one.pairs[row][::-1])
                if values[column] >= max(FLOOR, odds[back, column]):  # no matter how it is the other way round
                    features.append(context_features(items, odds, np.array([row]), np.array([column]))[0])
                    columns.append(column)
                    correct.append(EXTRACTOR.relations.names[column] in one.labels[row])
    assert found.n_labels == 9  # and one of a relation that is not asked for
    assert sum(correct) < found.n_labels
    order, expected = np.lexsort(found.features.T), np.lexsort(np.array(features).T)
    np.testing.assert_allclose(found.features[order], np.array(features)[expected], atol=1e-4)
    np.testing.assert_array_equal(found.columns[order], np.array(columns)[expected])
    np.testing.assert_array_equal(found.correct[order], np.array(correct)[expected])
    np.testing.assert_array_equal(found.texts, EXTRACTOR.prototypes.texts(EXTRACTOR.scorer))


def test_a_sentence_is_asked_for_the_same_few_relations_throughout() -> None:
    items = [(one.sentence, one.pairs) for one in SENTENCES]
    asked = _some(np.random.default_rng(0), items, 12, [[7], *[[]] * (len(items) - 1)])
    first = 0
    for _, pairs in items:
        rows = asked[first : (first := first + len(pairs))]
        assert FEWEST <= rows[0].sum() <= 12 + 1
        assert (rows == rows[0]).all()
    assert len({row.tobytes() for row in asked}) > 1
    assert asked[0, 7]  # of the first sentence, always
    few = best_candidates(EXTRACTOR, SENTENCES, some_of=np.random.default_rng(0))
    assert len(few.correct) < len(best_candidates(EXTRACTOR, SENTENCES).correct)


TOLD = [
    ToldRelation(Relation("sued by", "whom somebody took to court"), [marked("{2:PERSON|Ann} sued {1:ORG|Acme}.")]),
    ToldRelation(
        Relation("feeds on"), [marked("{1:LOC|Bob} eats {2:LOC|Lima} beans.")], [marked("{1:LOC|Ann}, {2:LOC|Oslo}.")]
    ),
]


def test_told_relations_are_asked_of_their_own_sentences() -> None:
    """With relations as few as these, no sentence is asked for less than its own and another one."""
    found = told_candidates(EXTRACTOR, TOLD, replace(SETTINGS, drawings=3), np.random.default_rng(0))
    once = told_candidates(EXTRACTOR, TOLD, replace(SETTINGS, drawings=1), np.random.default_rng(0))
    assert len(found.correct) == 3 * len(once.correct) > 0
    asked = EXTRACTOR.with_relations(RelationSet(of.relation for of in TOLD))
    np.testing.assert_array_equal(found.texts, asked.prototypes.texts(asked.scorer))


def test_candidates_of_other_relations_stand_beside() -> None:
    shown = best_candidates(EXTRACTOR, SENTENCES)
    told = told_candidates(EXTRACTOR, TOLD, SETTINGS, np.random.default_rng(0))
    both = shown.beside(told)
    np.testing.assert_array_equal(
        both.texts[both.columns], np.concatenate([shown.texts[shown.columns], told.texts[told.columns]])
    )
    np.testing.assert_array_equal(both.correct, np.concatenate([shown.correct, told.correct]))
    assert both.n_labels == shown.n_labels + told.n_labels


def test_the_network_learns_from_told_relations_too() -> None:
    plain, more = fit_context(EXTRACTOR, SENTENCES, SETTINGS), fit_context(EXTRACTOR, SENTENCES, SETTINGS, TOLD)
    told = told_candidates(EXTRACTOR, TOLD, SETTINGS, np.random.default_rng(0))
    known = told.features, told.vectors, told.texts, told.columns
    assert log_loss(more.log_odds(*known), told.correct) < 0.8 * log_loss(plain.log_odds(*known), told.correct)


def log_loss(odds: np.ndarray, correct: np.ndarray) -> float:
    p = sigmoid(odds)
    return float(-np.log(np.where(correct, p, 1 - p)).mean())


def test_what_was_fitted_tells_right_from_wrong_better_than_the_margin() -> None:
    context = fit_context(EXTRACTOR, SENTENCES, SETTINGS)
    shown = best_candidates(EXTRACTOR, SENTENCES)
    own, known = shown.features[:, 0], (shown.features, shown.vectors, shown.texts, shown.columns)
    (slope, offset), _ = calibrated(own, shown.correct, shown.n_labels)
    found = context.log_odds(*known)
    assert log_loss(found, shown.correct) < 0.5 * log_loss(slope * own + offset, shown.correct)
    again = fit_context(EXTRACTOR, SENTENCES, SETTINGS)
    np.testing.assert_allclose(again.log_odds(*known), found, atol=1e-4)
    other = fit_context(EXTRACTOR, SENTENCES, replace(SETTINGS, seed=1))
    assert np.abs(other.log_odds(*known) - found).max() > 0.1


def test_calibration_of_the_network() -> None:
    context = fit_context(EXTRACTOR, SENTENCES, replace(SETTINGS, epochs=2))
    parts = {"first": best_candidates(EXTRACTOR, SENTENCES[:3]), "second": best_candidates(EXTRACTOR, SENTENCES[3:])}
    both = Candidates.joined(list(parts.values()))
    known = both.features, both.vectors, both.texts, both.columns
    before = context.log_odds(*known)
    made, figures = calibrated_context(context, parts)
    (slope, offset), expected = calibrated(before, both.correct, both.n_labels, LEAST_PRECISION)
    assert figures["calibration"] == expected
    assert figures.keys() == {"calibration", "first", "second"}
    probabilities = made.probabilities(*known)
    np.testing.assert_allclose(probabilities, sigmoid(slope * before + offset), atol=1e-5)
    assert np.abs(slope * before + offset - before).max() > 0.1
    wrong = {name: replace(part, correct=np.zeros_like(part.correct)) for name, part in parts.items()}
    with pytest.raises(InputError, match="right ones score no higher than wrong ones"):
        calibrated_context(context, wrong)


def test_mentions_get_the_types_that_the_detector_gives() -> None:
    given = annotated("Ann lives in Rome.", Ann_Rome="residence")
    typed = replace(given.sentence, mentions=tuple(replace(m, type="EVENT") for m in given.sentence.mentions))
    [first, second] = typed.mentions
    given = replace(given, sentence=typed, pairs=((first, second), (second, first)))
    [found] = typed_by(FirstIsPerson(), [given])
    assert [m.type for m in found.sentence.mentions] == ["PERSON", "EVENT"]  # of the other it knows nothing
    assert [(head.type, tail.type) for head, tail in found.pairs] == [("PERSON", "EVENT"), ("EVENT", "PERSON")]
    assert found.labels == given.labels


def test_a_feature_that_never_differs_counts_nothing() -> None:
    """None of these mentions has a type, which a user's may have."""
    context = fit_context(EXTRACTOR, SENTENCES, SETTINGS)
    shown = best_candidates(EXTRACTOR, SENTENCES)
    features = shown.features.copy()
    features[:, FEATURES.index("tail is PLACE")] = 1.0
    known = shown.vectors, shown.texts, shown.columns
    np.testing.assert_array_equal(context.log_odds(features, *known), context.log_odds(shown.features, *known))


def test_types_are_hidden_in_the_share_asked_for() -> None:
    typed = replace(SETTINGS, epochs=1)
    sentences = typed_by(FirstIsPerson(), SENTENCES)
    made = [fit_context(EXTRACTOR, sentences, replace(typed, without_types=share)) for share in (0.0, 1.0)]
    assert not np.array_equal(made[0].hidden, made[1].hidden)


class FirstIsPerson:
    """A detector that finds the first capital word."""

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        found = [tiny.capitals(one.text)[:1] for one in sentences]
        return [
            replace(one, mentions=tuple(replace(m, type="PERSON") for m in mentions))
            for one, mentions in zip(sentences, found, strict=True)
        ]
