"""Which way round `side-info build` takes a relation's description and Wikidata's properties."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from wordbag import BagOfWords

from zslre.relations import Relation, RelationSet, SideInformation
from zslre.sideinfo.builder import build_side_information
from zslre.sideinfo.direction import oriented, types_told
from zslre.sideinfo.grammar import read_alike, reading
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import Match, Property, PropertyIndex
from zslre.sideinfo.wordnet import wordnet

# Numbers as Wikidata has them where the catalogue's inverse or symmetry plays a part.
BIRTH = Property("P19", ("place of birth", "birthplace", "born in"), "location where this person was born")
SPOUSE = Property("P26", ("spouse", "married to"), "person who is married to this person")
COACH = Property("P286", ("head coach", "coached by"), "person who trains this sports team")
COACH_OF = Property("P6087", ("coach of sports team", "trainer of sports team"), "sports team for which a person works")
FOUNDED = Property("P571", ("inception", "date founded", "founded"), "date when something began")
PRODUCT = Property("P1056", ("product", "produces", "makes"), "product of a company")
TEACHER = Property("P1066", ("student of", "teacher"), "person who has taught this person")
EMPLOYER = Property("P108", ("employer", "works for", "employed by"), "organization that employs this person")
KNOWN = (BIRTH, SPOUSE, COACH, COACH_OF, FOUNDED, PRODUCT, TEACHER, EMPLOYER)


@pytest.fixture(autouse=True)
def _few_properties(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path))
    monkeypatch.setattr("zslre.sideinfo.wikidata.properties", lambda: KNOWN)
    monkeypatch.setattr("zslre.sideinfo.builder.properties", lambda: KNOWN)


def way(relation: Relation, known: Property, head: tuple[str, ...] = (), tail: tuple[str, ...] = ()) -> str | None:
    """The id of the property that is taken instead, "turned" for the other way round, None for none."""
    vectors = PhraseVectors(BagOfWords())
    index = PropertyIndex(vectors, known=KNOWN)
    found = oriented(Match(known, 0.9), relation, {"head": head, "tail": tail}, index, vectors)
    return None if found is None else f"turned {found.property.id}" if found.turned else found.property.id


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("birthplace", BIRTH, "P19"),
        ("was born in", BIRTH, "P19"),
        ("is the birthplace of", BIRTH, "turned P19"),
        ("is the employer of", EMPLOYER, "turned P108"),
        ("employs", EMPLOYER, "turned P108"),
        ("employed", EMPLOYER, "turned P108"),
        ("works for", EMPLOYER, "P108"),
        ("is employed by", EMPLOYER, "P108"),
        ("is the spouse of", SPOUSE, "P26"),
        ("coaches", COACH, "P6087"),  # its inverse
        ("founded", FOUNDED, None),  # somebody founded something: no date
        ("manufactures", PRODUCT, "P1056"),
        ("is a student of", TEACHER, "P1066"),
        ("is the teacher of", TEACHER, "turned P1066"),
        ("is the mother of", BIRTH, None),  # another noun, which may be the opposite
    ],
)
def test_the_way_by_the_names_alone(name: str, known: Property, expected: str | None) -> None:
    assert way(Relation(name), known) == expected


def test_types_that_fit_one_way_only_decide() -> None:
    odd = Relation("birth")
    assert way(odd, BIRTH, head=("person",), tail=("city",)) == "P19"
    assert way(odd, BIRTH, head=("city",), tail=("person",)) == "turned P19"
    assert way(Relation("is the birthplace of"), BIRTH, head=("person",), tail=("city",)) == "P19"
    assert way(odd, BIRTH, head=("company",), tail=("date",)) is None
    assert way(Relation("place of birth"), BIRTH, head=("company",), tail=("date",)) == "P19"  # Wikidata's own label
    assert way(Relation("place of birth"), BIRTH, head=("city",), tail=("person",)) == "turned P19"
    assert way(Relation("student of"), TEACHER, head=("person",), tail=("person",)) == "P1066"  # fits both ways
    assert way(Relation("debut"), FOUNDED, head=("company",)) == "P571"  # no date begins: not the other way
    assert way(Relation("is the inception of"), FOUNDED, tail=("person",)) == "turned P571"  # no person is a date
    assert way(Relation("x", id="P19"), BIRTH, head=("city",), tail=("person",)) == "P19"
    assert way(Relation("employs", symmetric=True), EMPLOYER) == "P108"


def test_a_turned_property_gives_its_types_turned_and_no_synonyms() -> None:
    (built,) = build_side_information(
        RelationSet([Relation("is the birthplace of", "place where the worker was born")]),
        BagOfWords(),
        today=datetime.date(2026, 5, 1),
    )
    types = {(s.field, s.item): s.source for s in built.sources if s.field != "keywords"}
    assert types == {
        ("head_hypernyms", "place"): "description",
        ("head_hypernyms", "location"): "wikidata",
        ("tail_hypernyms", "person"): "wikidata",
    }
    assert not {"born in", "birthplace"} & set(built.side.synonyms)


def test_types_of_examples_tell_the_way() -> None:
    relation = Relation("birthplace of", "", SideInformation(synonyms=("place of birth",)))
    example = tiny.example("Rome is where Ann was born, and Bob was not.", "Rome", "Ann", "birthplace of")
    place, person = replace(example.head, type="GPE"), replace(example.tail, type="PERSON")
    more = tiny.example("Bern is where Bob was born.", "Bern", "Bob", "birthplace of")
    examples = [
        replace(example, head=place, tail=person),
        replace(more, head=replace(more.head, type="GPE"), tail=replace(more.tail, type="PERSON")),
    ]
    (built,) = build_side_information(RelationSet([relation]), BagOfWords(), examples=examples)
    assert built.side.tail_hypernyms == ("person",)
    assert "born in" not in built.side.synonyms


@pytest.mark.parametrize(
    ("name", "description", "head", "tail"),
    [
        ("coaches", "person who trains this sports team or athlete", ["person"], ["team", "athlete"]),
        ("manufactures", "a company that makes a product", ["company"], []),
        ("wrote", "writer of a book", ["writer"], []),
        ("author", "writer of a book", [], ["writer"]),
        ("written by", "writer of a book", [], ["writer"]),
        ("author of", "writer of a book", ["writer"], []),
        ("capital of", "country of which this city is the capital", ["city"], ["country"]),
        ("is the birthplace of", "city where someone was born", ["city"], []),
        ("works for", "organization that employs this person", [], []),  # or person who works for an organization
        ("lyrics by", "author of song lyrics", [], ["author"]),
    ],
)
def test_what_a_description_begins_with_depends_on_the_name(
    name: str, description: str, head: list[str], tail: list[str]
) -> None:
    told = types_told(Relation(name, description), PhraseVectors(BagOfWords()))
    assert [type_ for role, type_, _ in told if role == "head"] == head
    assert [type_ for role, type_, _ in told if role == "tail"] == tail


def test_readings_that_grammar_does_not_tell() -> None:
    assert [reading(name, wordnet()) for name in ("created", "born in", "is married to")] == [None, None, None]
    assert read_alike("founded", "founded", wordnet()) is None
    assert read_alike("works for", "employed by", wordnet()) is None
    assert read_alike("is married to", "is married to", wordnet()) is True
