"""Whose facts are those of a sentence that names somebody's relative."""

from __future__ import annotations

import pytest
import tiny

from zslre.relatives import is_of_a_relative
from zslre.types import Mention


def mention(text: str, name: str, type: str | None) -> Mention:
    return Mention(name, text.index(name), text.index(name) + len(name), type)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Reed's brother works for Acme.", True),
        ("Ann Reed\u2019s late second husband founded Acme.", True),
        ("Acme has hired Ann Reed's step-son.", True),
        ("Ann Reed works for Acme.", False),
        ("Ann Reed's firm, Acme, grew.", False),
        ("Ann Reed's colleagues at Acme sang.", False),  # she works there too
        ("Ann Reed's sonata was played at Acme.", False),
        ("Ann Reed, whose sister works at Acme, slept.", True),
        ("Ann Reed, whose sister slept, works at Acme.", False),
        ("The chief of Acme, Ann Reed, whose sister slept, left.", False),
        ("Ann Reed's children's book came out at Acme.", False),  # a thing of hers
        ("Ann Reed's rival company Acme grew.", False),
        ("Ann Reed's twin-engine plane was made by Acme.", False),
        ("Ann Reed's twin works at Acme.", True),
        ("Ann Reed's wife-to-be works at Acme.", True),
        ("The widow of Ann Reed works at Acme.", True),
        ("A rival of the explorer Ann Reed works at Acme.", True),
        ("Acme was founded by the grandfather of Ann Reed.", True),
        ("He is the son of Ann Reed, who works at Acme.", False),
        ("He is the son of Ann Reed (Acme).", False),
        ("He is the son of Ann Reed of Acme.", False),
        ("The head of Ann Reed works at Acme.", False),
        ("He is the son of Acme chief Ann Reed.", False),  # no word of small letters: said of her
    ],
)
def test_what_is_said_of_a_relative(text: str, expected: bool) -> None:
    person, firm = mention(text, "Ann Reed", "PERSON"), mention(text, "Acme", "ORG")
    assert is_of_a_relative(text, (person, firm)) is is_of_a_relative(text, (firm, person)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Her brother works for Acme.", True), ("Acme hired her first husband.", True), ("Her firm, Acme, grew.", False)],
)
def test_what_is_said_of_the_relative_of_her(text: str, expected: bool) -> None:
    her = mention(text, "Her" if text.startswith("Her") else "her", "PERSON")
    assert is_of_a_relative(text, (her, mention(text, "Acme", "ORG"))) is expected


def test_what_stands_before_the_name_is_said_of_it() -> None:
    text = "He is the son of the painter Ann Reed."
    assert not is_of_a_relative(text, (mention(text, "Ann Reed", "PERSON"), mention(text, "painter", "MISC")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Reed was born in Ulm, where her father ran Acme.", True),
        ("Ann Reed was born in Ulm, where her late father, a Swiss count, worked for Acme.", True),
        ("Ann Reed sang and her mother was at Acme.", True),
        ("Ann Reed left when her first husband was hired by the chief of Acme.", True),
        ("Ann Reed and her mother worked for Acme.", False),
        ("Ann Reed, her mother and her son run Acme.", False),
        ("Ann Reed, her mother says, works for Acme.", False),
        ("Ann Reed left when her mother died and she joined Acme.", False),
        ("Ann Reed left, for her mother died; she joined Acme.", False),
        ("When her mother joined Acme, Ann Reed left.", False),
        ("Ann Reed, his sister born at Acme, sang.", False),
    ],
)
def test_what_a_relative_does_is_not_said_of_the_name_before(text: str, expected: bool) -> None:
    person, firm = mention(text, "Ann Reed", "PERSON"), mention(text, "Acme", "ORG")
    assert is_of_a_relative(text, (person, firm)) is is_of_a_relative(text, (firm, person)) is expected


@pytest.mark.parametrize(
    ("person", "other"), [("PERSON", "PERSON"), ("ORG", "ORG"), ("PERSON", None), (None, "ORG"), ("PERSON", "NORP")]
)
def test_only_a_person_and_a_thing_are_parted(person: str | None, other: str | None) -> None:
    text = "Ann Reed's brother works for Acme."
    assert not is_of_a_relative(text, (mention(text, "Ann Reed", person), mention(text, "Acme", other)))


@pytest.mark.parametrize("type", ["PERSON", "person", "human", "woman"])
def test_a_person_may_be_typed_in_plain_words(type: str) -> None:
    text = "Ann Reed's brother works for Acme."
    assert is_of_a_relative(text, (mention(text, "Ann Reed", type), mention(text, "Acme", "company")))


def test_an_extractor_prints_nothing_of_a_relative() -> None:
    extractor = tiny.extractor()
    found = {}
    for text in ("Ann works for Acme", "Ann 's brother works for Acme"):
        mentions = [mention(text, "Ann", "PERSON"), mention(text, "Acme", "ORG")]
        found[text] = extractor.predict(text, mentions=mentions, threshold=0.0)
    assert [bool(triples) for triples in found.values()] == [True, False]
