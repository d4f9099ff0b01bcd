"""Sentences written from side information; tags come from the pinned English pipeline."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import tiny

from zslre.datasets import group_examples
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.written import BE_SOMETIME, UNCERTAIN, Phrase, Writer, clause, names_by_hypernym, shape_of

PEOPLE, FIRMS = ("Ann", "Bob", "Carl", "Dora", "Eve"), ("Acme", "Zeta")
EMPLOYER = Relation("employer", side=SideInformation(("works for", "employed by"), ("person",), ("company",)))
FOUNDER = Relation(
    "founder", side=SideInformation(("founded by",), ("company",), ("person",)), inverse=("founder of",)
)  # fmt: skip
FOUNDER_OF = Relation("founder of", side=SideInformation((), ("person",), ("company",)), inverse=("founder",))
SPOUSE = Relation("spouse", side=SideInformation(("married to",), ("person",), ("person",)), symmetric=True)
RELATIONS = RelationSet([EMPLOYER, FOUNDER, FOUNDER_OF, SPOUSE])
EXAMPLES = group_examples([tiny.example(f"{a} works for {b}", a, b, "employer") for a in PEOPLE for b in FIRMS])


@cache
def writer() -> Writer:
    return Writer(RELATIONS, EXAMPLES)


@pytest.mark.parametrize(
    ("words", "tag", "shape"),
    [
        ("lives in", "VBZ", "active"), ("owns", "NNS", "active"), ("owners", "VBZ", "noun"),
        ("founded by", "VBN", "passive"), ("died in", "VBD", "active"), ("married", "VBD", "active"),
        ("has mayor", "VB", "active"), ("user", "VBD", "noun"), ("starring", "VBG", "is"),
        ("in the language", "IN", "is"), ("part of", "NN", "is a"),
        ("its capital is", "PRP$", "whose"), ("place of birth", "NN", "noun"), ("sports league", "VBZ", "noun"),
    ],
)  # fmt: skip
def test_shapes(words: str, tag: str, shape: str) -> None:
    assert shape_of(words, tag) == shape


def clauses(words: str, shape: str, *, denied: bool = False) -> set[str]:
    return {" ".join(clause(Phrase(words, shape), denied, np.random.default_rng(seed))) for seed in range(1000)}


def is_denied(text: str) -> bool:
    return any(words in f" {text} ".lower() for words in (" not ", " never ", *BE_SOMETIME, *UNCERTAIN))


def test_clauses_by_hand() -> None:
    assert clauses("works for", "active") == {
        "HEAD works for TAIL", "HEAD , which works for TAIL , grew quickly",
        "TAIL , which HEAD works for , grew quickly", "it is HEAD that works for TAIL",
    }  # fmt: skip
    assert "HEAD never works for TAIL" in clauses("works for", "active", denied=True)
    assert clauses("is married to", "active", denied=True) == {
        "HEAD is not married to TAIL", "HEAD is never married to TAIL",
        *(f"{words} {text}" for words in UNCERTAIN for text in clauses("is married to", "active")),
    }  # fmt: skip
    assert clauses("in the language", "is", denied=True) == {
        "HEAD is not in the language TAIL", "HEAD is never in the language TAIL",
        *(f"HEAD {words} in the language TAIL" for words in BE_SOMETIME),
        *(f"{words} HEAD is in the language TAIL" for words in UNCERTAIN),
    }  # fmt: skip
    assert clauses("founded by", "passive") == {
        "HEAD was founded by TAIL", "HEAD , founded by TAIL , grew quickly", "it was HEAD that was founded by TAIL"
    }  # fmt: skip
    assert clauses("alumna of", "is a") == {"HEAD is an alumna of TAIL", "HEAD was an alumna of TAIL"}
    assert clauses("its capital is", "whose") == {"HEAD 's capital is TAIL"}
    assert "TAIL is the founder of HEAD" in clauses("founder", "noun")
    for words, shape in (("founder", "noun"), ("works for", "active"), ("founded by", "passive")):
        assert all(map(is_denied, clauses(words, shape, denied=True)))
    assert clauses("in the language", "is") == {"HEAD is in the language TAIL"}


def test_names_come_from_relations_with_that_hypernym() -> None:
    names = names_by_hypernym(RELATIONS, EXAMPLES)
    assert {kind: set(found) for kind, found in names.items()} == {"person": set(PEOPLE), "company": set(FIRMS)}
    with pytest.raises(
        InputError, match="name 2 heads and tails of the relations; writing about them needs at least 7"
    ):
        Writer(RELATIONS, EXAMPLES[:1])


def test_a_sentence_says_what_its_labels_say() -> None:
    plain = denied = 0
    for seed in range(80):
        made, in_clauses = writer().write([EMPLOYER], np.random.default_rng(seed))
        text = made.sentence.text
        assert (
            len(made.pairs) == len(set(made.pairs)) == len(made.sentence.mentions) * (len(made.sentence.mentions) - 1)
        )
        labelled = [(pair, labels) for pair, labels in zip(made.pairs, made.labels, strict=True) if labels]
        assert bool(labelled) != is_denied(text)
        assert {m.text for pair in in_clauses for m in pair} <= {*PEOPLE, *FIRMS}
        assert len(in_clauses) == 2
        assert {pair for pair, _ in labelled} <= in_clauses
        for (head, tail), labels in labelled:
            assert labels == {"employer"}
            assert head.text in PEOPLE
            assert tail.text in FIRMS
            assert any(word in text for word in ("works for", "employed by", "employer"))
        plain += bool(labelled)
        denied += not labelled
    assert plain > 1.5 * denied > 0


def test_two_clauses_speak_of_different_names() -> None:
    for seed in range(20):
        made, in_clauses = writer().write([EMPLOYER, FOUNDER], np.random.default_rng(seed))
        assert len(in_clauses) == 4
        assert len({m.text for m in made.sentence.mentions}) == len(made.sentence.mentions) >= 4


def test_written_sentences_join_an_episode() -> None:
    made = BuiltinEpisodes(
        EXAMPLES, [], RELATIONS.select(["employer"]), n_relations=1, n_sentences=2, writer=writer(), n_written=3
    )
    seen = set()
    for step in range(30):
        episode = made.episode(step)
        rows = [(sentence, pair) for sentence, pairs in episode.items for pair in pairs]
        assert len(episode.relations) == 4
        for row, (_, (head, tail)) in enumerate(rows):
            names = frozenset(np.flatnonzero(episode.targets[row]).tolist())
            back = next((i for i, (s, p) in enumerate(rows) if p == (tail, head) and s is rows[row][0]), None)
            if back is None or not names:
                continue
            reverse = frozenset(np.flatnonzero(episode.targets[back]).tolist())
            seen.add((len(names), len(reverse), names == reverse))
            assert episode.known[row][list(names)].all()
    assert (1, 1, True) in seen  # a symmetric relation
    assert (1, 1, False) in seen  # a relation and its inverse
    assert (1, 0, False) in seen


def test_some_sentences_tell_one_relation_of_two_pairs_which_are_not_to_be_crossed() -> None:
    alone = RelationSet([EMPLOYER])
    made = BuiltinEpisodes(EXAMPLES, [], alone, n_relations=1, writer=Writer(alone, EXAMPLES), max_pairs=99)
    twice = 0
    for step in range(60):
        episode, row = made.episode(step), 0
        for _, pairs in episode.items:
            found = np.flatnonzero(episode.targets[row : row + len(pairs), 0])
            if len(found) == 2 and len({pairs[i][1] for i in found}) == 2:
                twice += 1
                assert episode.known[row : row + len(pairs), 0].all()  # that the crossed pairs lack it too
            row += len(pairs)
    assert twice
