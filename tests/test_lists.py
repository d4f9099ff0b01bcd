"""Lists in place of heads and tails."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import group_examples
from zslre.packing import Pair
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.lists import with_list
from zslre.training.confusable import listed_with
from zslre.training.drawn import Drawn
from zslre.training.episodes import LISTS
from zslre.types import Sentence

BOOK = tiny.example("It Grows was written by Ann Ruiz in Rome .", "It Grows", "Ann Ruiz", "author")
PAIR = (BOOK.head, BOOK.tail)
PEOPLE = ("Bo Lee", "Cy Moss", "Di Fox")


def drawn(sentence: Sentence, *pairs: Pair) -> Drawn:
    return Drawn(sentence, pairs, (frozenset[str](),) * len(pairs), (None,) * len(pairs))


@given(st.integers(0, 10**6), st.sampled_from([0, 1]))
def test_each_name_of_a_list_has_the_relation_and_no_two_of_them_have(seed: int, place: int) -> None:
    labels, asked = (frozenset(["author"]), frozenset[str]()), (None, frozenset(["author"]))
    known = Drawn(BOOK.sentence, (PAIR, PAIR[::-1]), labels, asked)
    made = with_list(known, PAIR, place, PEOPLE, np.random.default_rng(seed))
    assert made is not None
    kept = PAIR[1 - place].text
    members = {m.text for m in made.sentence.mentions} - {kept}
    assert PAIR[place].text in members
    assert members <= {PAIR[place].text, *PEOPLE}
    assert 2 <= len(members) <= 4
    both = lambda one, other: (one, other) if place else (other, one)  # noqa: E731
    expected = {both(kept, m): (labels[0], asked[0]) for m in members}
    expected |= {both(kept, m)[::-1]: (labels[1], asked[1]) for m in members}
    expected |= {(one, other): (frozenset(), None) for one in members for other in members if one != other}
    found = zip(made.pairs, made.labels, made.asked, strict=True)
    assert {(head.text, tail.text): tuple(fact) for (head, tail), *fact in found} == expected
    plain = made.sentence.text
    for name in sorted(members):
        plain = plain.replace(name, "*")
    assert plain.replace(" , *", "").replace("* and *", "*").replace("* , and *", "*").replace(
        "* as well as *", "*"
    ) == BOOK.sentence.text.replace(PAIR[place].text, "*")


@pytest.mark.parametrize(
    "text",
    [
        "By its capital , Rome , Italy rests",  # an apposition
        "Rome , which Italy holds",
        "Rome Open in Italy",  # a compound
        "Rome-based in Italy",
        "Alba in Italy",  # all names are there
    ],
)
def test_where_a_list_would_say_something_else_there_is_none(text: str) -> None:
    asked = tiny.example(text, text.partition(" ")[0] if "Alba" in text else "Rome", "Italy", None)
    names = ["Alba"] if "Alba" in text else PEOPLE
    pair = asked.head, asked.tail
    assert with_list(drawn(asked.sentence, pair), pair, 0, names, np.random.default_rng(0)) is None


def test_overlapping_mentions_keep_a_name_as_it_is() -> None:
    long = tiny.example("Ann Ruiz ran for Rome", "Ann Ruiz", "Rome", None)
    short = tiny.example("Ann Ruiz ran for Rome", "Ann", "Rome", None)
    pair = long.head, long.tail
    known = drawn(long.sentence, pair, (short.head, short.tail))
    assert with_list(known, pair, 0, PEOPLE, np.random.default_rng(0)) is None
    assert with_list(known, pair, 1, PEOPLE, np.random.default_rng(0)) is not None


def test_lists_come_into_episodes_with_what_is_known_of_them() -> None:
    author = Relation("author", side=SideInformation((), ("book",), ("person",)))
    friend = Relation("friend", side=SideInformation((), ("person",), ("person",)), symmetric=True)
    met = tiny.example("Ann Ruiz met Bo Lee in Rome .", "Ann Ruiz", "Bo Lee", "friend")
    sampler = BuiltinEpisodes(
        group_examples([BOOK, met]),
        [],
        RelationSet([author, friend]),
        n_relations=2,
        n_sentences=1,
        names={"person": PEOPLE, "book": ["Up We Go"], "date": ["1990", "May"]},
    )
    lists = 0
    for step in range(400):
        episode, row = sampler.episode(step), 0
        for sentence, pairs in episode.items:
            rows = slice(row, row + len(pairs))
            row += len(pairs)
            if "met" in sentence.text:
                assert sentence.text == met.sentence.text  # of two friends' friends more may be true than is said
                continue
            lists += len(pairs) > 2
            assert episode.known[rows].all()
            told = {
                (h.text, t.text) for (h, t), targets in zip(pairs, episode.targets[rows], strict=True) if any(targets)
            }
            books = {m.text for m in sentence.mentions} - {"Ann Ruiz", *PEOPLE}
            people = {m.text for m in sentence.mentions} - books
            assert told == {(book, person) for book in books for person in people}
    assert 0.5 * LISTS < lists / 400 < 1.2 * LISTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann met Bob", "Ann"),
        ("Ann , Bob and the Carls met Dora", "Ann Bob Carls"),
        ("Dora met Ann as well as Bob ; Carl came", "Ann Bob Carl"),
        ("Dora & Ann , who met Bob", "Dora Ann"),
        ("Ann", "Ann"),
    ],
)
def test_names_of_one_list(text: str, expected: str) -> None:
    mentions = tiny.capitals(text)
    ann = next(m for m in mentions if m.text == "Ann")
    assert " ".join(m.text for m in listed_with(ann, [*mentions[::-1], ann], text)) == expected
