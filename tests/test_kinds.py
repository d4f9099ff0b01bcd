"""What WordNet says a noun is, and which sense its sentences choose."""

from __future__ import annotations

import pytest

from zslre.sideinfo.mining.kinds import hypernyms


def test_hypernyms_of_a_noun_are_nearest_first_and_say_something() -> None:
    assert hypernyms("Danube") == (("river", "stream", "body of water"),)
    assert hypernyms("companies")[0][0] == "institution"
    assert hypernyms("no such thing at all") == ()
    assert not {"entity", "physical entity", "object"} & {kind for sense in hypernyms("Paris") for kind in sense}


def test_each_sense_says_where_its_kinds_come_from() -> None:
    (river,) = hypernyms("Danube")
    assert river.said.startswith("Danube.n.01: the 2nd longest European river")
    assert len({sense.said for sense in hypernyms("phoenix")}) == 4


def test_hypernyms_come_sense_by_sense_and_what_bears_a_name_comes_first() -> None:
    assert [sense[0] for sense in hypernyms("phoenix")] == [
        "state capital",
        "monocot genus",
        "mythical being",
        "constellation",
    ]
    assert [sense[0] for sense in hypernyms("Phoenix")][:2] == ["state capital", "constellation"]
    assert hypernyms("organ")[0][0] == "body part"
    assert "musical instrument" in {kind for sense in hypernyms("organ")[1:] for kind in sense}


def test_hypernyms_that_are_named_themselves_are_left_out() -> None:
    assert hypernyms("Malayalam")[0][0] == "natural language"  # and not South Dravidian
    assert hypernyms("lieutenant-general") == hypernyms("lieutenant general")
    assert hypernyms("subfamily") == (("taxonomic group",),)  # says little, but nothing else is known


@pytest.mark.parametrize(
    ("noun", "context", "kind"),
    [
        ("organ", "Pipe organ music was played.", "electronic instrument"),
        ("organ", "A functional unit in an animal.", "body part"),
        ("flyweight", "He won the title as a professional boxer.", "boxer"),
        ("handball", "Two teams of seven players scored goals on the court.", "court game"),
        ("organ", "Zzz.", "body part"),
    ],
)
def test_the_sense_whose_definition_fits_comes_first(noun: str, context: str, kind: str) -> None:
    assert hypernyms(noun, context)[0][0] == kind
    assert sorted(hypernyms(noun, context)) == sorted(hypernyms(noun))


def test_what_most_sentences_say_decides() -> None:
    keyboard, body = "An electronic simulation of music for a pipe.", "A functional unit in an animal."
    assert hypernyms("organ", "\n".join([keyboard, body, keyboard, keyboard, keyboard]))[0][0] != "body part"
    assert hypernyms("organ", "\n".join([keyboard, body, body, body, body]))[0][0] == "body part"
