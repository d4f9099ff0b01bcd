"""Sentences joined to longer ones."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import group_examples
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.joined import MOST_ACROSS, MOST_CHARACTERS, joined
from zslre.training.drawn import Drawn
from zslre.types import Example

BORN = tiny.example("Ann Ruiz was born in Oslo .", "Ann Ruiz", "Oslo", "born in")
FOUNDER = tiny.example("Bo Lee founded Acme .", "Bo Lee", "Acme", "founder of")
AUTHOR = tiny.example("In 1999 It Grows was written by Cy Moss", "It Grows", "Cy Moss", "author")
Names = tuple[str, str]


def drawn(example: Example) -> Drawn:
    """The pair and its reverse."""
    pair, relation = (example.head, example.tail), frozenset([example.relation or ""])
    return Drawn(example.sentence, (pair, pair[::-1]), (relation, frozenset()), (None, relation))


def facts(made: Drawn) -> dict[Names, tuple[frozenset[str], frozenset[str] | None]]:
    found = zip(made.pairs, made.labels, made.asked, strict=True)
    return {(head.text, tail.text): (labels, asked) for (head, tail), labels, asked in found}


@given(st.integers(0, 10**6))
def test_each_clause_keeps_its_pairs_and_those_across_have_no_relation(seed: int) -> None:
    made = joined(drawn(BORN), drawn(AUTHOR), np.random.default_rng(seed))
    assert made is not None
    assert made.sentence.text.startswith("Ann Ruiz was born in Oslo ")
    assert made.sentence.text.endswith(" In 1999 It Grows was written by Cy Moss")
    own = facts(drawn(BORN)) | facts(drawn(AUTHOR))
    found = facts(made)
    assert {names: found[names] for names in own} == own
    across = {names: fact for names, fact in found.items() if names not in own}
    assert len(across) == MOST_ACROSS
    for names, fact in across.items():
        assert fact == (frozenset(), None)
        assert len({"Ann Ruiz", "Oslo"}.intersection(names)) == 1
    assert set(made.sentence.mentions) == {mention for pair in made.pairs for mention in pair}


def test_pairs_across_are_asked_in_both_directions() -> None:
    made = [joined(drawn(BORN), drawn(AUTHOR), np.random.default_rng(seed)) for seed in range(40)]
    across = {names for one in made if one is not None for names in facts(one)}
    assert len(across) == 4 * 3  # all ordered pairs of the four names


def test_of_two_sentences_about_the_same_kind_one_subject_is_left() -> None:
    made = joined(drawn(BORN), drawn(FOUNDER), np.random.default_rng(0), subjects=(BORN.head, FOUNDER.head))
    assert made is not None
    assert made.sentence.text.removeprefix("Ann Ruiz was born in Oslo").removesuffix(" founded Acme .") in (
        " and",
        " , and",
        " , but",
    )
    found = facts(made)
    assert found["Ann Ruiz", "Oslo"] == (frozenset(["born in"]), None)
    assert found["Ann Ruiz", "Acme"] == (frozenset(["founder of"]), None)
    assert found["Acme", "Ann Ruiz"] == (frozenset(), frozenset(["founder of"]))
    others = found.keys() - {("Ann Ruiz", "Oslo"), ("Oslo", "Ann Ruiz"), ("Ann Ruiz", "Acme"), ("Acme", "Ann Ruiz")}
    assert others in ({("Oslo", "Acme")}, {("Acme", "Oslo")})


def test_a_subject_stays_before_an_apposition() -> None:
    second = tiny.example("Bo Lee , a founder of Acme , died .", "Bo Lee", "Acme", "founder of")
    made = joined(drawn(BORN), drawn(second), np.random.default_rng(0), subjects=(BORN.head, second.head))
    assert made is not None
    assert made.sentence.text.endswith(second.sentence.text)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (BORN, tiny.example("Bo Lee died in Oslo .", "Bo Lee", "Oslo", "died in")),
        (tiny.example("Ann Ruiz met Bo .", "Ann Ruiz", "Bo", "met"), FOUNDER),
        (FOUNDER, tiny.example("Ann Ruiz met Bo .", "Ann Ruiz", "Bo", "met")),
        (BORN, tiny.example(f"Bo Lee {'really ' * (MOST_CHARACTERS // 7)}founded Acme .", "Bo Lee", "Acme", "founder")),
        (tiny.example("Ann Ruiz works for Acme Inc .", "Ann Ruiz", "Acme Inc .", "works for"), AUTHOR),
    ],
)
def test_not_joined_where_names_recur_or_the_sentence_grows_too_long_or_the_end_is_a_name_s(
    first: Example, second: Example
) -> None:
    assert joined(drawn(first), drawn(second), np.random.default_rng(0)) is None


def test_the_sampler_joins_sentences_that_the_rate_tells_it_to() -> None:
    person = SideInformation(head_hypernyms=("person",))
    work = SideInformation(head_hypernyms=("work",))
    sides = {"born in": person, "founder of": person, "author": work}
    relations = RelationSet(Relation(name, side=side) for name, side in sides.items())
    examples = group_examples([BORN, FOUNDER, AUTHOR])

    def texts(rate: float, step: int) -> list[str]:
        sampler = BuiltinEpisodes(examples, [], relations, n_relations=3, n_sentences=1, join_rate=rate)
        return [sentence.text for sentence, _ in sampler.episode(step).items]

    assert sorted(texts(0.0, 0)) == sorted(e.sentence.text for e in (BORN, FOUNDER, AUTHOR))
    all_joined = {text for step in range(30) for text in texts(1.0, step)}
    assert all("born" in text and "founded" in text and "written" in text for text in all_joined)
    some = [texts(0.5, step) for step in range(60)]
    assert {len(found) for found in some} == {1, 2, 3}
    assert any("Oslo and founded" in text for found in some for text in found)  # both are said of a person
