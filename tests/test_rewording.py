"""Sentences with other names, or other words in the place of names."""

from __future__ import annotations

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.training.builtin.rewording import Rewording, names_by_type, renamed_mentions, reworded
from zslre.types import Mention, Sentence


def typed(text: str, *spans: tuple[str, str]) -> Sentence:
    found = tuple(Mention(name, text.index(name), text.index(name) + len(name), kind) for name, kind in spans)
    return Sentence(text, found)


def test_new_names_by_hand() -> None:
    sentence = typed("Ann met Bo in Rome in 1990", ("Ann", "PER"), ("Bo", "PER"), ("Rome", "LOC"), ("1990", "TIME"))
    ann, bo, rome, year = sentence.mentions
    annotated = AnnotatedSentence(sentence, ((ann, rome), (bo, year)), (frozenset({"residence"}), frozenset()))
    new = renamed_mentions(annotated, {"PER": ["Caroline"], "TIME": ["May"]}, np.random.default_rng(0))
    assert new.sentence.text == "Caroline met Caroline in Rome in May"
    assert [(h.text, t.text) for h, t in new.pairs] == [("Caroline", "Rome"), ("Caroline", "May")]
    assert new.labels == annotated.labels
    assert [m.type for m in new.sentence.mentions] == ["PER", "PER", "LOC", "TIME"]


def test_one_name_stays_one_name_and_overlaps_stay_as_they_are() -> None:
    text = "Ann and Ann"
    twice = Sentence(text, (Mention("Ann", 0, 3, "PER"), Mention("Ann", 8, 11, "PER")))
    annotated = AnnotatedSentence(twice, ((twice.mentions[0], twice.mentions[1]),), (frozenset(),))
    pool = {"PER": [f"name{i}" for i in range(50)]}
    new = renamed_mentions(annotated, pool, np.random.default_rng(3))
    assert new.sentence.mentions[0].text == new.sentence.mentions[1].text != "Ann"
    nested = Sentence("New York", (Mention("New York", 0, 8, "PER"), Mention("York", 4, 8, "PER")))
    overlapping = AnnotatedSentence(nested, (), ())
    assert renamed_mentions(overlapping, pool, np.random.default_rng(3)) is overlapping


def test_names_are_collected_by_type() -> None:
    sentence = typed("Ann met Bo in Rome", ("Ann", "PER"), ("Bo", "PER"), ("Rome", "LOC"))
    collected = names_by_type([AnnotatedSentence(sentence, (), ())], ["PER", "ORG"])
    assert collected == {"PER": ["Ann", "Bo"]}


def test_rewording_moves_the_other_mentions() -> None:
    sentence = typed("Acme's head is Bo.", ("Acme", "ORG"), ("Bo", "PERSON"))
    acme, bo = sentence.mentions
    before = AnnotatedSentence(sentence, ((acme, bo),), (frozenset({"head"}),))
    after = reworded(before, {acme: Rewording("firm", "The ", dropped=2)})
    assert after.sentence.text == "The firm head is Bo."
    assert [(m.text, m.start) for m in after.sentence.mentions] == [("firm", 4), ("Bo", 17)]
    assert after.pairs == (after.sentence.mentions,)
    assert after.labels == before.labels
