"""Relations read off sentences; the parse is the pinned English pipeline's."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import spacy
import tiny
from spacy.language import Language
from wordbag import BagOfWords

from zslre.datasets import AnnotatedSentence, group_examples
from zslre.mentions import DEFAULT_PIPELINE
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.stated import alike, phrase_between, plain, read_stated, stated_by_phrase
from zslre.types import Sentence


@cache
def pipeline() -> Language:
    return spacy.load(DEFAULT_PIPELINE)


@pytest.mark.parametrize(
    ("text", "head", "tail", "phrase"),
    [
        ("Siemens acquired Nokia in 2010 .", "Siemens", "Nokia", "acquired"),
        ("Nokia , which was later acquired by Siemens , grew .", "Nokia", "Siemens", "acquired by"),
        ("Mary Smith sits on the board of Nokia .", "Mary Smith", "Nokia", "sits on the board of"),
        ("Mary Smith , president of Nokia , resigned .", "Mary Smith", "Nokia", "president of"),
        ("Mary Smith is a board member of Nokia .", "Mary Smith", "Nokia", "is a board member of"),
        ("Mary Smith took over Nokia .", "Mary Smith", "Nokia", "took over"),
        # the other way round, and of others
        ("Siemens acquired Nokia in 2010 .", "Nokia", "Siemens", None),
        ("The rival of Siemens acquired Nokia .", "Siemens", "Nokia", None),
        ("Mary Smith and Tom Jones met Bill Gates .", "Tom Jones", "Bill Gates", None),
        # doubted, denied, said of something else
        ("Siemens did not acquire Nokia .", "Siemens", "Nokia", None),
        ("Siemens may acquire Nokia .", "Siemens", "Nokia", None),
        ("If Siemens acquired Nokia , it would grow .", "Siemens", "Nokia", None),
        ("Mary Smith won the cup in London .", "Mary Smith", "London", None),
        ("Mary Smith was in London .", "Mary Smith", "London", None),
        ("In London , Mary Smith lived .", "Mary Smith", "London", None),
    ],
)
def test_phrases_by_hand(text: str, head: str, tail: str, phrase: str | None) -> None:
    doc = pipeline()(text)
    spans = [doc.char_span(text.index(name), text.index(name) + len(name)) for name in (head, tail)]
    assert spans[0] is not None
    assert spans[1] is not None
    assert phrase_between(spans[0], spans[1]) == phrase


def test_what_only_one_pair_shares_or_is_known_is_left_out() -> None:
    texts = [
        "Mary Smith joined Microsoft in 1990 .",
        "Tom Jones joined Siemens in 1991 .",
        "Mary Smith joined Microsoft in 1992 .",
        "Tom Jones praised Microsoft in 1993 .",
    ]
    found = read_stated([Sentence(text) for text in texts])
    assert {min(s.labels[0]) for s in found} == {"joined"}
    pairs = {(s.pairs[0][0].text, s.pairs[0][1].text) for s in found}
    assert pairs == {("Mary Smith", "Microsoft"), ("Tom Jones", "Siemens")}
    assert len(found) == 2  # the same pair twice says nothing new
    assert read_stated([Sentence(text) for text in texts], known=["Has joined"]) == []


def test_plain_phrases() -> None:
    assert plain("was a Member of the board of") == "member of board of"


def stated(text: str, head: str, tail: str, phrase: str) -> AnnotatedSentence:
    return group_examples([tiny.example(text, head, tail, phrase)])[0]


STATED = [
    stated("Ann bankrolled Acme", "Ann", "Acme", "bankrolled"),
    stated("Bob praised Zeta", "Bob", "Zeta", "praised"),
    stated("Ann married Bob", "Ann", "Bob", "married"),
]
RELATIONS = RelationSet([Relation("employer", side=SideInformation(("works for",)))])
PARTIAL = group_examples([tiny.example("Carl works for Acme", "Carl", "Acme", "employer")])


def test_of_a_stated_pair_the_phrases_are_known_and_nothing_else() -> None:
    sampler = BuiltinEpisodes(PARTIAL, [], RELATIONS, stated=stated_by_phrase(STATED), n_stated=3)
    episode = sampler.episode(0)
    assert {r.name for r in episode.relations} == {"employer", "bankrolled", "praised", "married"}
    column = {r.name: i for i, r in enumerate(episode.relations)}
    rows = iter(zip(episode.targets, episode.known, strict=True))
    for sentence, pairs in episode.items:
        (targets, known), (back, known_back) = (next(rows) for _ in pairs)
        if "works" in sentence.text:
            assert known.all()
            continue
        phrase = sentence.text.split()[1]
        assert np.flatnonzero(targets).tolist() == [column[phrase]]
        assert np.flatnonzero(~known).tolist() == [column["employer"]]
        assert not back.any()
        # Who married whom holds both ways, so that the reverse is no counterexample.
        assert np.flatnonzero(known_back).tolist() == ([] if phrase == "married" else [column[phrase]])


def met(**settings: Any) -> set[frozenset[str]]:
    """The phrases that episodes draw together beside a trained relation, which one of its synonyms may name."""
    sampler = BuiltinEpisodes(PARTIAL, [], RELATIONS, stated=stated_by_phrase(STATED), **settings)
    names = {min(s.labels[0]) for s in STATED}
    return {frozenset(r.name for r in sampler.episode(step).relations) & names for step in range(30)}


def test_phrases_that_may_say_the_same_do_not_meet() -> None:
    close = {"bankrolled": {"praised"}, "praised": {"bankrolled"}, "married": {"employer"}}
    assert met(n_stated=2, alike=close) == {frozenset({"praised"}), frozenset({"bankrolled"})}
    assert met(n_stated=1) == {frozenset({"bankrolled"}), frozenset({"praised"}), frozenset({"married"})}


def test_phrases_alike_have_near_vectors() -> None:
    found = alike(["works for", "praised"], RELATIONS, BagOfWords())
    assert found == {"works for": {"works for", "employer"}, "praised": {"praised"}}


def test_relations_told_have_a_share_of_their_own() -> None:
    told = {name: stated_by_phrase(STATED)[name] for name in ("married", "praised")}
    sampler = BuiltinEpisodes(
        PARTIAL,
        [],
        RelationSet([*RELATIONS, *map(Relation, told)]),
        stated=stated_by_phrase(STATED[:1]),
        n_stated=1,
        told=told,
        lacking={"married": told["married"]},
        n_told=1,
    )
    seen = set()
    for step in range(20):
        episode = sampler.episode(step)
        names = [relation.name for relation in episode.relations]
        assert names[2:] == ["bankrolled"]
        # What lacks a relation comes with what states it.
        assert len(episode.items) == (4 if names[1] == "married" else 3)
        seen.add(names[1])
    assert seen == set(told)
