"""Pronouns and nouns are mentions that stand for a name, and triples have that name in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import tiny

from zslre.anaphora import AnaphorResolver
from zslre.candidates import candidate_pairs
from zslre.documents import Document
from zslre.mentions import resolve_overlaps
from zslre.pipeline import extract_documents
from zslre.sentences import split_sentences
from zslre.types import Mention, Sentence


def document(text: str, *names: str, type: str = "PERSON") -> list[Sentence]:
    """Its sentences, with a mention of the type wherever one of the names stands."""

    def mentions(sentence: str) -> tuple[Mention, ...]:
        found = [(sentence.index(name), name) for name in names if name in sentence]
        return resolve_overlaps(Mention(name, start, start + len(name), type) for start, name in found)

    return [replace(sentence, mentions=mentions(sentence.text)) for sentence in split_sentences(text)]


def meant(sentences: Sequence[Sentence]) -> list[tuple[str, str]]:
    """Each anaphor of the document, and the name it stands for."""
    resolver = AnaphorResolver()
    resolved = [resolver.resolve(sentence) for sentence in sentences]
    return [(m.text, m.name) for s in resolved for m in s.mentions if m.antecedent is not None]


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Kim Lund left. She joined Acme.", ["Kim Lund"], [("She", "Kim Lund")]),
        ("Kim Lund left. Then her sister, who was ill, left.", ["Kim Lund"], [("her", "Kim Lund")]),
        # The gender tells which of two, by given name, title, or what another pronoun said of somebody before.
        ("Laura Kemp met James Arden. He was born in Dover.", ["Laura Kemp", "James Arden"], [("He", "James Arden")]),
        ("Mr Qin met Mrs Xu. She smiled.", ["Qin", "Xu"], [("She", "Xu")]),
        ("Qin Bo ate. She left. Qin Bo met Xu Li. He sat.", ["Qin Bo", "Xu Li"], [("She", "Qin Bo"), ("He", "Xu Li")]),
        # A surname that is a given name as well says nothing of her whose it is; a title does.
        ("Anna Scott left. Scott ate. She slept.", ["Anna Scott", "Scott"], [("She", "Scott")]),
        ("Scott left. Mrs Scott ate. She slept.", ["Scott"], [("She", "Scott")]),
        # A part of a name is the same person.
        ("Anna Qin met Xu. Qin spoke. He left.", ["Anna Qin", "Qin", "Xu"], [("He", "Xu")]),
        # A longer name beside a shorter one is another person's.
        ("Xu met Anna Xu. He left.", ["Anna Xu", "Xu"], [("He", "Xu")]),
        ("Xu ate. Anna Xu met Xu. He left.", ["Anna Xu", "Xu"], []),
        # Three sentences are remembered.
        ("Kim Lund left. It was late. Rain fell. She slept.", ["Kim Lund"], [("She", "Kim Lund")]),
        ("Kim Lund left. It was late. Rain fell. Snow fell. She slept.", ["Kim Lund"], []),
        # A name in the same sentence says it better, and there may be nobody.
        ("Kim Lund left. Kim Lund says she slept.", ["Kim Lund"], []),
        ("Kim Lund left. She slept, says Kim Lund.", ["Kim Lund"], []),
        ("Kim Lund left. She said that Lund slept.", ["Kim Lund", "Lund"], []),
        ("She slept. The shed burned.", [], []),
        ("James Arden left. She slept.", ["James Arden"], []),
        ("Kim Lund left. HE, the bureau, shut. The cathedral is theirs.", ["Kim Lund"], []),
    ],
)
def test_whom_a_pronoun_means(text: str, names: list[str], expected: list[tuple[str, str]]) -> None:
    assert meant(document(text, *names)) == expected


@pytest.mark.parametrize(
    ("type", "expected"), [("PERSON", 1), ("PER", 1), ("person", 1), ("ORG", 0), ("Politician", 0), (None, 0)]
)
def test_only_a_person_has_a_pronoun(type: str | None, expected: int) -> None:
    sentences = [Sentence("Qin left.", (Mention("Qin", 0, 3, type),)), Sentence("She slept.", start=10)]
    assert meant(sentences) == [("She", "Qin")] * expected


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Acme grew. The company hired Bo.", ["Acme"], [("company", "Acme")]),
        ("Acme grew. In May this firm's owner left.", ["Acme"], [("firm", "Acme")]),
        ("Acme grew. It won.", ["Acme"], [("It", "Acme")]),
        # A noun in the name must agree.
        ("Leeds University beat Zeta Bank. The bank won.", ["Leeds University", "Zeta Bank"], [("bank", "Zeta Bank")]),
        ("Leeds University grew. The company grew.", ["Leeds University"], []),
        ("Leeds College Choir won. The choir grew.", ["Leeds College Choir"], [("choir", "Leeds College Choir")]),
        ("Acme grew. The film won.", ["Acme"], []),
        # Another name, and the first word of a compound, is meant by the noun itself.
        ("Acme grew. The band Zeta won.", ["Acme", "Zeta"], []),
        ("Acme grew. The band Wings won.", ["Acme", "Wings"], []),  # not as in "the band wings it"
        ("Acme grew. The company car is red. The team-mate left.", ["Acme"], []),
        ("Acme grew. The company that won is old. The club of Oslo won.", ["Acme"], []),
    ],
)
def test_what_a_noun_means(text: str, names: list[str], expected: list[tuple[str, str]]) -> None:
    assert meant(document(text, *names, type="ORG")) == expected


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("ORG", ["company"]),
        ("company", ["company"]),
        ("WORK_OF_ART", ["film"]),
        ("PERSON", []),
        ("DATE", []),
        (None, []),
    ],
)
def test_a_noun_wants_a_name_of_its_kind(type: str | None, expected: list[str]) -> None:
    sentences = document("Qin grew. The company grew. The film won.", "Qin")
    sentences[0] = replace(sentences[0], mentions=(Mention("Qin", 0, 3, type),))
    assert [text for text, _ in meant(sentences)] == expected


@pytest.mark.parametrize(("second", "of"), [("Zeta grew. It won.", "Zeta"), ("It won.", "Acme")])
def test_a_paragraph_that_begins_with_a_name_is_about_it(second: str, of: str) -> None:
    sentences = document(f"Acme hired Bo. Bo left.\n\n{second}", "Acme", "Zeta", type="ORG")
    resolver = AnaphorResolver({"it: topic": 3.0})
    resolved = [resolver.resolve(sentence) for sentence in sentences]
    assert [m.name for s in resolved for m in s.mentions if m.antecedent is not None] == [of]


def test_an_empty_line_is_as_far_as_a_sentence() -> None:
    for gap, expected in ((" ", 1), ("  ", 1), ("\r\n", 1), ("\n\n", 0)):
        text = f"Kim Lund left. It rained. It rained.{gap}She slept."
        resolver = AnaphorResolver({"person: at 3": 9.0})
        resolved = [resolver.resolve(sentence) for sentence in document(text, "Kim Lund")]
        assert sum(m.antecedent is not None for s in resolved for m in s.mentions) == expected


def test_a_pronoun_that_is_a_mention_stays_one() -> None:
    first, second = document("Kim Lund left. She slept.", "Kim Lund")
    own = Sentence(second.text, (Mention("She", 0, 3, "PERSON"),), second.start)
    resolver = AnaphorResolver()
    resolver.resolve(first)
    assert resolver.resolve(own) == own


def test_a_pronoun_is_not_related_to_its_own_name() -> None:
    name = Mention("Kim", 0, 3, "PERSON")
    she, her = Mention("She", 0, 3, "PERSON", name), Mention("her", 8, 11, "PERSON", name)
    acme = Mention("Acme", 15, 19, "ORG")
    pairs = candidate_pairs(Sentence("She and her of Acme", (she, her, acme)))
    assert [(head.text, tail.text) for head, tail in pairs] == [
        ("She", "Acme"),
        ("her", "Acme"),
        ("Acme", "She"),
        ("Acme", "her"),
    ]
    assert she.shifted(5).antecedent == name
    assert she != Mention("She", 0, 3, "PERSON")


TEXT = "Kim Lund left Rome. She and her dog came to Oslo."
MENTIONS = (Mention("Kim Lund", 0, 8, "PERSON"), Mention("Rome", 14, 18, "GPE"), Mention("Oslo", 44, 48, "GPE"))


def test_triples_have_the_name_for_the_pronoun() -> None:
    triples = tiny.extractor().predict(TEXT, mentions=MENTIONS, threshold=0.0, top_k=9)
    assert {m for t in triples for m in (t.head, t.tail)} == set(MENTIONS)
    assert all(TEXT[m.start : m.end] == m.text for t in triples for m in (t.head, t.tail))
    across = [(t.head.text, t.relation, t.tail.text) for t in triples if {t.head, t.tail} == {MENTIONS[0], MENTIONS[2]}]
    assert across  # one sentence does not name both
    assert len(set(across)) == len(across)  # "She" and "her" are one


@pytest.mark.parametrize("batch_size", [1, 2, 256])
def test_documents_do_not_share_whom_they_name(batch_size: int) -> None:
    texts = {"a": (TEXT, MENTIONS), "b": (TEXT[20:], (MENTIONS[2].shifted(-20),)), "c": (TEXT, MENTIONS)}
    documents = [Document.from_text(name, *text) for name, text in texts.items()]
    found = extract_documents(tiny.extractor(), documents, threshold=0.0, batch_size=batch_size)
    counts = [len(list(triples)) for _, triples in found]
    assert counts[1] == 0
    assert counts[0] == counts[2] > 0
