"""Sentences of somebody who is told by a name, and not of the name."""

from __future__ import annotations

import numpy as np
import pytest

from zslre.datasets.annotated import AnnotatedSentence
from zslre.training.builtin.owners import NOUNS, full_names, with_owner
from zslre.types import Mention, Sentence

BORN = "Ann Reed was born in Rome and her firm, Acme of Oslo, grew."


def named(name: str, type: str) -> Mention:
    start = BORN.index(name)
    return Mention(name, start, start + len(name), type)


ANN, ROME, ACME, OSLO = named("Ann Reed", "PERSON"), named("Rome", "GPE"), named("Acme", "ORG"), named("Oslo", "GPE")
LABELS = {
    (ANN, ROME): frozenset(["place of birth"]),
    (ACME, ANN): frozenset(["owned by"]),
    (ACME, OSLO): frozenset(["headquarters location"]),
    (ROME, ANN): frozenset[str](),
}
ANNOTATED = AnnotatedSentence(Sentence(BORN, (ANN, ROME, ACME, OSLO)), tuple(LABELS), tuple(LABELS.values()))


def labels_of(annotated: AnnotatedSentence) -> dict[tuple[str, str], frozenset[str]]:
    return {(h.text, t.text): names for (h, t), names in zip(annotated.pairs, annotated.labels, strict=True)}


def drawn(annotated: AnnotatedSentence, names: list[str]) -> list[AnnotatedSentence]:
    return [with_owner(annotated, names, np.random.default_rng(seed)) for seed in range(60)]


def test_the_owner_loses_what_the_sentence_says_of_its_subject_and_nobody_else_does() -> None:
    for made in drawn(ANNOTATED, ["Lars Holm"]):
        assert made.sentence.text != BORN
        found = labels_of(made)
        assert found["Ann Reed", "Rome"] == found["Rome", "Ann Reed"] == frozenset()
        assert found["Acme", "Oslo"] == {"headquarters location"}
        assert ("Acme", "Ann Reed") not in found  # "her firm" may still be Ann's
        if "Lars Holm" in made.sentence.text:
            assert found["Lars Holm", "Rome"] == {"place of birth"}
        for mention in made.sentence.mentions:
            assert made.sentence.text[mention.start : mention.end] == mention.text


def test_how_the_sentences_are_put() -> None:
    texts = {made.sentence.text.split(" was born")[0] for made in drawn(ANNOTATED, ["Lars Holm"])}
    assert any(text.startswith("Ann Reed's ") and text.split()[-1] in NOUNS["person"] for text in texts)
    assert any(text.startswith("Ann Reed's ") and text.endswith(" Lars Holm") for text in texts)
    assert any(text.startswith("The ") and text.endswith(" of Ann Reed") for text in texts)
    assert any(text.startswith("The ") and text.endswith(" of Ann Reed, Lars Holm,") for text in texts)


@pytest.mark.parametrize(
    "text",
    ["Bob and Ann Reed was born", "He met Ann Reed, born", "the firm of Ann Reed was sold", "Bob's Ann Reed was here"],
)
def test_no_sentence_is_made_where_the_name_is_no_subject(text: str) -> None:
    start = text.index("Ann Reed")
    sentence = Sentence(text, (Mention("Ann Reed", start, start + 8, "PERSON"),))
    annotated = AnnotatedSentence(sentence, (), ())
    assert with_owner(annotated, [], np.random.default_rng(0)) is annotated


@pytest.mark.parametrize("names", [[], ["Ann Reed"], ["Acme", "Rome"]])
def test_the_brother_has_no_name_where_there_is_none_but_those_of_the_sentence(names: list[str]) -> None:
    for made in drawn(ANNOTATED, names):
        assert len(made.sentence.mentions) == len(ANNOTATED.sentence.mentions)
        assert len({m.text for m in made.sentence.mentions}) == len(made.sentence.mentions)


def test_a_pronoun_or_a_date_owns_nothing() -> None:
    text = "She was born in 1970"
    mentions = Mention("She", 0, 3, "PERSON"), Mention("1970", 16, 20, "DATE")
    annotated = AnnotatedSentence(Sentence(text, mentions), (mentions,), (frozenset(["date of birth"]),))
    assert with_owner(annotated, ["Lars Holm"], np.random.default_rng(0)) is annotated


def test_full_names_are_those_of_people_in_two_words() -> None:
    assert full_names([ANNOTATED, ANNOTATED]) == ["Ann Reed"]
