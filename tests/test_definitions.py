"""Definitions: what the first sentence of an article says, on the table of real ones and on made-up hard ones."""

from __future__ import annotations

import pytest
from definitions import JUDGED, WORKED

from zslre.sideinfo.crawler.reader import Text, read_here
from zslre.sideinfo.mining.definitions import opening
from zslre.sideinfo.mining.hearst import DEFINITION, PatternMatcher

MATCHER = PatternMatcher()


def heads(title: str, text: str) -> str:
    """The general noun of each kind that a definition names."""
    return ", ".join(match.hypernyms[-1][0] for match in MATCHER.definition(title.partition(" (")[0], text))


@pytest.mark.parametrize(("title", "sentence", "kinds"), WORKED)
def test_the_sentences_that_it_was_made_with(title: str, sentence: str, kinds: str) -> None:
    assert heads(title, f"{sentence} It is not a bank.") == kinds


def test_on_sentences_that_it_was_not_made_with_nine_of_ten_are_right() -> None:
    right = [heads(title, sentence) == kinds for title, sentence, kinds in JUDGED]
    assert (sum(right), len(right)) == (18, 20)  # not: a family of Unix-like systems, a bear species


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Pluto", "Pluto is not a planet."),
        ("BMW", "BMW is no longer a company."),
        ("BMW", "BMW is hardly a company."),
        ("BMW", "Neither BMW nor Audi is a bank."),
        ("BMW", "It is not true that BMW is a bank."),
        ("BMW", "If BMW is a bank, all is lost."),
        ("BMW", "BMW would be a bank; it is a firm."),
        ("Everest", "Everest is considered a mountain."),
        ("Waterloo", "The Battle of Waterloo was fought on Sunday."),
        ("Rome", "The castle stands on a hill, and its owner is a man of means."),
        ("Mercury", "Mercury may refer to:"),
        ("Nobody", ""),
    ],
)
def test_what_is_no_definition(name: str, sentence: str) -> None:
    assert heads(name, sentence) == ""


@pytest.mark.parametrize(
    ("name", "sentence", "kinds"),
    [
        ("Life Is Beautiful", "Life Is Beautiful is a film.", "film"),
        ("The Who", "The Who are a band.", "band"),
        ("Who", "The Who are a band.", "band"),
        ("Homer", "In Greek legend, Homer, who is said to have been blind, was a poet.", "poet"),
        ("Alps", "The Alps are one of the highest and most extensive mountain ranges in Europe.", "range"),
        ("SAP", "SAP SE is, along with Oracle, a maker of software.", "maker"),
        ("Linux", "Linux is a family of operating systems.", "system"),
        ("GQ", "GQ is a men's magazine.", "magazine"),
        ("Vogue", "Vogue is a women's magazine and newspaper.", "magazine, newspaper"),
        ("Vogue", "Vogue is the largest women's magazine.", "magazine"),
        ("Rome", "Rome is both the capital and the most populous city of Italy.", "capital, city"),
    ],
)
def test_subjects_and_kinds_of_many_forms(name: str, sentence: str, kinds: str) -> None:
    assert heads(name, sentence) == kinds


def test_a_full_stop_in_brackets_does_not_end_the_sentence() -> None:
    text = 'Kraftwerk (German: [kraft], lit. "power plant") is a band. It is old.'
    assert opening(text) == text[: -len(" It is old.")]
    assert opening("Kraftwerk (lit. ever open. It is old.").startswith("Kraftwerk")


def test_a_text_about_a_name_begins_with_its_definition() -> None:
    text = "Bayerische Motoren Werke AG, trading as BMW Group, is a company. It owns Mini, a car maker."
    first, *others = read_here(Text(text.encode(), about="BMW")).matches
    assert (first.hyponym, first.hypernyms[0][0], first.pattern) == ("BMW", "company", DEFINITION)
    assert ("Mini", "car maker") in [(m.hyponym, m.hypernyms[0][0]) for m in others if m.hypernyms]
    assert DEFINITION not in {m.pattern for m in read_here(Text(text.encode())).matches}
