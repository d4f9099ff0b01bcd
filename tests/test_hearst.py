"""Patterns: what sentences say is a kind of what, and what they do not say."""

from __future__ import annotations

import sys
import time

import pytest

from zslre.exceptions import MissingDependencyError
from zslre.sideinfo.mining.hearst import LIST, SHORT, PatternMatcher
from zslre.sideinfo.mining.patterns import NOISY_PATTERNS, PATTERNS

MATCHER = PatternMatcher()
NOISY = PatternMatcher(noisy=True)

SAY = {
    "such as": [("Car companies such as BMW, Fiat and Bank of Rome grew.", "BMW|Fiat|Bank of Rome", "car company")],
    "such … as": [("She read such authors as Homer and Dante.", "Homer|Dante", "author")],
    "and other": [
        ("He visited Paris, London and other European cities.", "Paris|London", "European city"),
        ("In Germany, Volvo and other firms were sold.", "Volvo", "firm"),
    ],
    "like other": [("Volvo, like other companies, was sold.", "Volvo", "company")],
    "including": [("She owns several paintings, including Guernica and Olympia.", "Guernica|Olympia", "painting")],
    "especially": [
        ("Some countries, especially Germany and France, were late.", "Germany|France", "country"),
        ("Some rivers, for example the Danube, are long.", "Danube", "river"),
    ],
    "is a": [
        ("BMW is a German car company.", "BMW", "German car company"),
        ("Catiuscia Marini (born in 1967) is an Italian politician.", "Catiuscia Marini", "Italian politician"),
        ("The Thames, which is a river, flows.", "Thames", "river"),
        ("PlayStation 2 is a home video game console.", "PlayStation 2", "home video game console"),
        ("A soprano is a type of singing voice.", "soprano", "singing voice"),
        ("BMW, founded in 1916, was also a maker of engines.", "BMW", "maker"),
        ("In May 1999, London was a city.", "London", "city"),
        ("Queen were an English rock band.", "Queen", "English rock band"),
        ("Python is a high-level, general-purpose language.", "Python", "general-purpose language"),
        ("Rust is a language emphasizing speed.", "Rust", "language"),
        ("Deutsche Bank AG is a German investment bank.", "Deutsche Bank AG", "German investment bank"),
        ("BMW is a women's magazine.", "BMW", "magazine"),
        ("Nordvik is a non-profit organization.", "Nordvik", "non-profit organization"),
        ("McAfee is an anti-virus program.", "McAfee", "anti-virus program"),
        ("Chase is a New York-based bank.", "Chase", "New York-based bank"),
        ("Ann is a New Zealand rugby player.", "Ann", "New Zealand rugby player"),
    ],
    "one of the": [
        ("The Danube is one of the longest rivers in Europe.", "Danube", "river"),
        ("BMW is one of the world's oldest companies.", "BMW", "company"),
    ],
    "is the most": [("Vienna is the largest city in Austria.", "Vienna", "city")],
    "are": [("Lions are large cats that live in Africa.", "Lions", "cat")],
    "and … are": [
        ("BMW, Fiat and Audi are car companies.", "BMW|Fiat|Audi", "car company"),
        ("Goethe and Schiller were German poets.", "Goethe|Schiller", "German poet"),
        ("In Germany, BMW and Fiat are both companies.", "BMW|Fiat", "company"),
    ],
    "apposition": [("Critics praised Siemens, a German company based in Munich.", "Siemens", "German company")],
    "in brackets": [("He met Kafka (a writer) there.", "Kafka", "writer")],
    "before the name": [
        ("The car maker BMW fell.", "BMW", "car maker"),
        ('The album "Abbey Road" was good.', "Abbey Road", "album"),
    ],
    "called": [("They founded a company called Nordvik.", "Nordvik", "company")],
    "the … of": [
        ("The city of London is old.", "London", "city"),
        ("It lies in the U.S. state of Ohio.", "Ohio", "U.S. state"),
    ],
    "the …s of": [("It connects the cities of Leeds and York.", "Leeds|York", "city")],
    "include": [("Major rivers include the Danube.", "Danube", "river")],
    "like": [("They tour with bands like Queen and Metallica.", "Queen|Metallica", "band")],
    "is the": [("Vienna is the capital of Austria.", "Vienna", "capital")],
    "known as": [("They live in a district known as Soho.", "Soho", "district")],
    "as a": [("They treat Berlin as a city.", "Berlin", "city")],
}
EXAMPLES = [(pattern, *example) for pattern, examples in SAY.items() for example in examples]


@pytest.mark.parametrize(("pattern", "sentence", "hyponyms", "hypernym"), EXAMPLES)
def test_each_pattern_finds_what_a_sentence_says(pattern: str, sentence: str, hyponyms: str, hypernym: str) -> None:
    matcher = NOISY if pattern in NOISY_PATTERNS else MATCHER
    (matches,) = matcher.matches([sentence])
    found = [match for match in matches if match.pattern == pattern]
    assert [match.hyponym for match in found] == hyponyms.split("|")
    assert {match.hypernyms[0][0] for match in found} == {hypernym}
    assert {match.sentence for match in found} == {sentence}


def test_every_pattern_has_an_example() -> None:
    assert set(SAY) == set(PATTERNS) | set(NOISY_PATTERNS)


def test_noisy_patterns_are_off_by_default() -> None:
    sentences = [example[0] for pattern in NOISY_PATTERNS for example in SAY[pattern]]
    assert not [match for found in MATCHER.matches(sentences) for match in found if match.hypernyms]


@pytest.mark.parametrize(
    "sentence",
    [
        "BMW is not a bank.",
        "BMW isn't a bank.",
        "BMW is no longer a company.",
        "BMW was never a bank.",
        "It is not true that BMW is a bank.",
        "He denied that BMW is a bank.",
        "There are no banks such as BMW.",
        "If BMW is a bank, then all is lost.",
        "They asked whether BMW is a bank.",
        "BMW would be a bank.",
        "BMW could become a bank.",
        "BMW may be a bank.",
        "BMW, who sell cars, and Fiat are not banks.",
        "BMW is possibly a bank.",
        "BMW is almost a bank.",
        "Is BMW a bank?",
        "BMW is a bank?",
        "Unlike banks such as BMW, it was sold.",
        "Neither BMW nor other banks were sold.",
    ],
)
def test_denied_and_supposed_sentences_do_not_count(sentence: str) -> None:
    assert list(MATCHER.matches([sentence])) == [[]]


@pytest.mark.parametrize(
    ("sentence", "not_said"),
    [
        ("The capital of France is a city.", "France"),
        ("Elgin, Illinois, is a village.", "Illinois"),
        ("The Umbria region of Italy is green.", "Italy"),
        ("It is in the northern region of Italy.", "Italy"),
        ("He came from downtown Montreal.", "Montreal"),
        ("The film is a remake.", "film"),
        ("He liked writers such as Homer's son.", "Homer"),
        ("She is a member of BMW.", "BMW"),
        ("BMW is a member of the board.", "BMW"),
        ("After the loss to Poland, a coach was fired.", "Poland"),
        ("It crosses the boroughs of New York City.", "New York City"),
        ("Animals other than dogs such as cats are popular.", "cats"),
        ("Oslo is a bit of a mess.", "Oslo"),
    ],
)
def test_what_sentences_do_not_say(sentence: str, not_said: str) -> None:
    (matches,) = MATCHER.matches([sentence])
    assert not_said not in {match.hyponym for match in matches}


def test_a_denial_in_another_clause_does_not_count() -> None:
    (matches,) = MATCHER.matches(["It was not sold, but BMW is a company."])
    assert [match.hyponym for match in matches] == ["BMW"]


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("It runs on Xbox, Wii and PlayStation 3.", ["Xbox", "Wii", "PlayStation 3"]),
        ("She played the flute, a small organ or violins.", ["flute", "organ", "violin"]),
        ("The Norwegian film director and famous writer came.", ["film director", "writer"]),
        ("She met Ann Lee and a writer.", []),
        ("He saw Rome and Rome.", []),
        ("She lives in Tampico, Illinois.", []),
    ],
)
def test_names_in_one_list_are_alike(sentence: str, names: list[str]) -> None:
    (matches,) = MATCHER.matches([sentence])
    lists = [(match.hyponym, *match.alike) for match in matches if match.pattern == LIST]
    assert lists == [tuple(names)] * bool(names)
    assert not any(match.hypernyms for match in matches if match.pattern == LIST)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("He joined the National Hockey League (NHL) early.", [("NHL", "league")]),
        ("He joined the National Hockey League (Boston) early.", []),
        ("He came from Rome (R) early.", []),
    ],
)
def test_an_abbreviation_is_what_the_long_name_says(sentence: str, said: list[tuple[str, str]]) -> None:
    (matches,) = MATCHER.matches([sentence])
    assert [(match.hyponym, match.hypernyms[0][0]) for match in matches if match.pattern == SHORT] == said


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("Marie Curie was a Polish and naturalised-French physicist and chemist who died.", ["physicist", "chemist"]),
        (
            "Ann Lee is an actor, businessman, former politician, and singer.",
            ["actor", "businessman", "politician", "singer"],
        ),
        ("Vienna is the largest city and capital of Austria.", ["city", "capital"]),
        ("Critics praised Kafka, a writer and lawyer from Prague.", ["writer", "lawyer"]),
        ("Ann Lee was a teacher and Fiat grew.", ["teacher"]),
    ],
)
def test_a_list_of_kinds_names_them_all(sentence: str, kinds: list[str]) -> None:
    (matches,) = MATCHER.matches([sentence])
    assert [match.hypernyms[-1][0] for match in matches if match.hypernyms] == kinds


def test_which_of_two_kinds_is_not_told() -> None:
    (matches,) = MATCHER.matches(["Companies and universities such as Siemens and MIT grew."])
    found = [(match.hyponym, *match.hypernyms) for match in matches if match.hypernyms]
    expected = [(name, (kind, 0.5)) for name in ("Siemens", "MIT") for kind in ("company", "university")]
    assert sorted(found) == sorted(expected)


def test_several_things_need_not_have_all_adjectives() -> None:
    (matches,) = MATCHER.matches(["French and German car companies such as Renault grew."])
    assert [match.hypernyms for match in matches if match.hypernyms] == [(("car company", 1.0), ("company", 0.5))]


def test_an_owner_is_no_kind_however_many_phrases_stand_before_it() -> None:
    others = "".join(f"Ann met Bob {number} times; " for number in range(12))
    for sentence in ("BMW is one of the women's magazines.", "BMW is the largest women's magazine."):
        (matches,) = NOISY.matches([f"{others}{sentence}"])
        assert not {"woman", "time"} & {name for match in matches for name, _ in match.hypernyms}


def test_a_spaced_dash_joins_nothing() -> None:
    (matches,) = MATCHER.matches(["Car companies such as BMW - a firm - grew."])
    assert [match.hyponym for match in matches if match.hypernyms] == ["BMW"]


def test_what_a_name_is_in_two_words_stays_one() -> None:
    (matches,) = MATCHER.matches(["Chase is a New York bank."])
    assert matches[0].hypernyms == (("New York bank", 1.0), ("bank", 0.5))


def test_hypernyms_become_more_general_and_less_sure() -> None:
    (matches,) = MATCHER.matches(["German car companies such as BMW grew."])
    assert matches[0].hypernyms == (("German car company", 1.0), ("car company", 1.0), ("company", 0.5))


@pytest.mark.parametrize(
    ("sentence", "hypernym"),
    [
        ("Many other well-known cities such as Rome grew.", "city"),
        ("State-owned companies such as Gazprom grew.", "state-owned company"),
        ("Wolves such as Rex are animals.", "wolf"),
        ("She wrote about women such as Eve.", "woman"),
        ("The three largest cities such as Rome grew.", "city"),
    ],
)
def test_hypernyms_are_singular_and_without_empty_words(sentence: str, hypernym: str) -> None:
    (matches,) = MATCHER.matches([sentence])
    assert matches[0].hypernyms[0][0] == hypernym


def test_long_and_strange_sentences_take_no_time() -> None:
    strange = [
        "BMW , " * 300 + "and other companies.",
        "(" * 5000,
        "a " * 40 + "is " * 40 + ", " * 40,
        "BMW ( " * 30 + ") is a company.",
        "\ud800 \x00 \u2028",
        "",
    ]
    list(MATCHER.matches(["It is warm."]))
    started = time.process_time()
    assert len(list(MATCHER.matches(strange))) == len(strange)
    assert time.process_time() - started < 5


def test_without_spacy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'zslre\[crawl\]'"):
        list(PatternMatcher().matches(["BMW is a company."]))
