"""Sentences in which a pronoun has taken a person's place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import tiny

from zslre.datasets import group_examples
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.training.drawn import Drawn
from zslre.training.episodes import EpisodeSampler
from zslre.training.pronouns import pronoun_sentences, with_pronoun
from zslre.types import Example, Mention, Sentence

STUDIED = tiny.example("Ann Ruiz studied in Oslo under Bo Lee .", "Ann Ruiz", "Oslo", "studied in")
FOUNDED = tiny.example("In 1990 , Cy Moss founded Acme , and his wife left Bo Lee .", "Acme", "Cy Moss", "founded by")


class Persons:
    """Finds these names."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        return [replace(s, mentions=tuple(self._found(s.text))) for s in sentences]

    def _found(self, text: str) -> Iterator[Mention]:
        for name in self.names:
            if (start := text.find(name)) >= 0:
                yield Mention(name, start, start + len(name), "PERSON")


def drawn(example: Example) -> Drawn:
    return Drawn(example.sentence, ((example.head, example.tail),), (frozenset([example.relation or ""]),), (None,))


def kinds(names: frozenset[str]) -> tuple[str, str]:
    return {"studied in": ("person", "city"), "founded by": ("company", "businessperson")}[min(names)]


def test_a_pronoun_takes_the_place_of_the_person_in_front() -> None:
    made = [with_pronoun(drawn(STUDIED), kinds, np.random.default_rng(seed)) for seed in range(20)]
    texts = {known.sentence.text for known, _ in filter(None, made)}
    assert texts == {"She studied in Oslo under Bo Lee .", "He studied in Oslo under Bo Lee ."}
    for known, pronoun in filter(None, made):
        ((head, tail),) = known.pairs
        assert (head, tail.text) == (pronoun, "Oslo")
        assert pronoun.text in ("She", "He")


def test_it_may_be_the_tail_and_agrees_with_other_pronouns() -> None:
    made = with_pronoun(drawn(FOUNDED), kinds, np.random.default_rng(0))
    assert made is not None
    known, pronoun = made
    assert known.sentence.text == "In 1990 , he founded Acme , and his wife left Bo Lee ."
    assert [(head.text, tail.text) for head, tail in known.pairs] == [("Acme", "he")]
    assert pronoun == Mention("he", 10, 12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Ruiz 's school is in Oslo near her", "Her school is in Oslo near her"),
        ("Ann Ruiz's school is in her Oslo", "Her school is in her Oslo"),
        ("Ann Ruiz , a cook , lives in Oslo", None),  # an apposition
        ("Ann Ruiz and Bo Lee live in Oslo", None),
        ("The cook Ann Ruiz lives in Oslo", None),
        ("When Bo Lee came , Ann Ruiz lived in Oslo", None),  # "she" might be Bo Lee
        ("In Oslo , Ann Ruiz lives", None),  # a name comes before
    ],
)
def test_only_where_a_sentence_begins_with_the_person(text: str, expected: str | None) -> None:
    made = with_pronoun(drawn(tiny.example(text, "Ann Ruiz", "Oslo", "studied in")), kinds, np.random.default_rng(0))
    assert (made[0].sentence.text if made else None) == expected


def test_another_persons_name_has_no_part_in_what_is_said() -> None:
    examples = [drawn(STUDIED), drawn(FOUNDED)]
    studied, founded = pronoun_sentences(examples, kinds, Persons("Bo Lee"), seed=0)
    for made, others in ((studied, ("Bo Lee", "Oslo")), (founded, ("Acme", "Bo Lee"))):
        assert [(h.text, t.text) for h, t in made.pairs[1:]] == [others]
        assert made.labels[1] == frozenset()
        assert made.asked[1] == made.labels[0]  # of this relation it is known, of others not
    assert pronoun_sentences(examples, kinds, Persons(), seed=0) == []


def test_a_name_in_a_list_with_the_tail_may_have_one() -> None:
    text = "Ann Ruiz founded Acme and Bo Lee ."
    assert (
        pronoun_sentences([drawn(tiny.example(text, "Ann Ruiz", "Acme", "studied in"))], kinds, Persons("Bo Lee"), 0)
        == []
    )


def test_they_join_episodes() -> None:
    relations = RelationSet([Relation("studied in", side=SideInformation((), ("person",), ("city",)))])
    sentences = group_examples([STUDIED])
    size = {"n_relations": 1, "n_sentences": 1, "detector": Persons("Bo Lee")}
    with_them = EpisodeSampler(sentences, [], relations, n_pronouns=2, **size).episode(0)
    without = EpisodeSampler(sentences, [], relations, **size).episode(0)
    texts = [sentence.text for sentence, _ in with_them.items]
    assert texts[0] == without.items[0][0].text == STUDIED.sentence.text
    assert [text.split()[0] in ("He", "She") for text in texts] == [False, True, True]
    told = zip((pair for _, pairs in with_them.items for pair in pairs), with_them.targets, strict=True)
    assert {(h.text in ("He", "She", "Ann Ruiz"), t.text, bool(row.any())) for (h, t), row in told} >= {
        (True, "Oslo", True),
        (False, "Oslo", False),
    }
