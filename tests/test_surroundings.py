"""How names and anaphors are placed in a sentence."""

from __future__ import annotations

import pytest

from zslre.surroundings import fronted, gap_of, is_subject, place_of, role_of
from zslre.types import Mention


def mention(text: str, name: str) -> Mention:
    return Mention(name, text.index(name), text.index(name) + len(name))


@pytest.mark.parametrize(
    ("text", "name", "role"),
    [
        ("Ann left.", "Ann", "start"),
        ("“Go.” Ann left.", "Ann", "start"),
        ("The son of Ann left.", "Ann", "of"),
        ("It was made by Ann.", "Ann", "by"),
        ("She sat with Ann.", "Ann", "preposition"),
        ("Bo and Ann left.", "Ann", "and"),
        ("He saw Ann.", "Ann", "other"),
        ("He left when Ann left.", "Ann", "clause"),
        ("He saw Ann's car.", "Ann", "genitive"),
        ("He saw Ann\u2019s car.", "Ann", "genitive"),
        ("In May, Ann left.", "Ann", "behind a comma"),
        ("His aunt, Ann, left.", "Ann", "between commas"),
    ],
)
def test_what_stands_around_a_name(text: str, name: str, role: str) -> None:
    assert role_of(text, mention(text, name)) == role


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann left.", True),
        ("In May, Ann left.", True),
        ("The son of Ann left.", False),
        ("Bo ate with Al and Ann.", False),
    ],
)
def test_what_may_be_a_subject(text: str, expected: bool) -> None:
    assert is_subject(text, text.index("Ann")) == expected


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("She left.", "She", "start"),
        ("Then she left.", "she", "other"),
        ("He saw her.", "her", "object"),
        ("He gave her the car.", "her", "object"),
        ("He told her so.", "her", "object"),
        ("He saw her car.", "her", "possessive"),
        ("Her car stood there.", "Her", "possessive at start"),
        ("Ann saw him.", "him", "object"),
        ("Ann saw its roof.", "its", "possessive"),
    ],
)
def test_where_a_pronoun_stands(text: str, word: str, place: str) -> None:
    assert place_of(mention(text, word), text) == place


@pytest.mark.parametrize(
    ("between", "gap"),
    [
        (", ", "a comma alone"),
        (" saw ", "no mark"),
        (" said that ", "no mark subordinate"),
        (" left, and ", "comma and"),
        (" left; but ", "stop and"),
        (" left when, as they say, ", "comma subordinate"),
        (' said: "', "stop quote"),
    ],
)
def test_what_stands_between(between: str, gap: str) -> None:
    assert gap_of(between) == gap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The son of Ann, he sang.", True),
        ("Born in Rome to Ann, he sang.", True),
        ("Ann sang, he did not.", False),
        ("The son of Ann sang, but he left.", False),
        ("The son of Ann sang. Like Bo, he left.", False),  # as one sentence; the stop ends what is fronted
    ],
)
def test_what_goes_before_as_an_attribute(text: str, expected: bool) -> None:
    start = text.index(" he ") + 1
    assert fronted(text, Mention("he", start, start + 2)) is expected
