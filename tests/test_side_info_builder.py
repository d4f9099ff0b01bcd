"""`build_side_information`: all parts together."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from wordbag import BagOfWords

from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, SideInformation
from zslre.sideinfo import builder
from zslre.sideinfo.builder import build_side_information, entity_contexts
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.sideinfo.wikidata import Property
from zslre.types import Example, Mention, Sentence

KNOWN = (
    Property("P1", ("employer", "works for", "employed by"), "organization that employs this person"),
    Property("P2", ("owned by", "owner"), "owner of the subject"),
)
RELATIONS = RelationSet(
    [
        Relation("is employed by", "organization that employs the worker"),
        Relation("bankrolled by", "", SideInformation(("paid for by",), tail_hypernyms=("sponsor",))),
    ]
)
EXAMPLES = [
    tiny.example("Ann Lee draws her salary from Acme Works.", "Ann Lee", "Acme Works", "is employed by"),
    tiny.example("Bob Ray draws a salary from Paris Water.", "Bob Ray", "Paris Water", "is employed by"),
    tiny.example("Acme Works pays nothing to Ann Lee.", "Acme Works", "Ann Lee", None),
]
DAY = datetime.date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _few_properties(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path))
    monkeypatch.setattr("zslre.sideinfo.wikidata.properties", lambda: KNOWN)
    monkeypatch.setattr(builder, "properties", lambda: KNOWN)


def build(relations: RelationSet = RELATIONS, **options: object) -> RelationSet:
    return build_side_information(relations, BagOfWords(), today=DAY, **options)  # type: ignore[arg-type]


def items(relation: Relation, field: str) -> dict[str, str]:
    return {s.item: s.source for s in relation.sources if s.field == field}


def test_each_item_has_its_source_and_the_users_have_none() -> None:
    employed, bankrolled = build()
    assert items(employed, "synonyms")["works for"] == "wikidata"
    assert items(employed, "tail_hypernyms") == {"organization": "description"}
    assert items(employed, "head_hypernyms") == {"person": "wikidata"}
    assert set(items(employed, "keywords").values()) == {"description"}
    assert bankrolled.side.synonyms[0] == "paid for by"
    assert "paid for by" not in items(bankrolled, "synonyms")
    assert items(bankrolled, "synonyms")["was bankrolled by"] == "inflection"
    for relation in (employed, bankrolled):
        for source in relation.sources:
            assert source.item in getattr(relation.side, source.field)
            assert source.date == "2026-05-01"


def test_types_that_the_user_gave_are_not_added_to() -> None:
    relations = RelationSet([replace(RELATIONS[0], side=SideInformation(tail_hypernyms=("start-up",)))])
    assert build(relations)[0].side.tail_hypernyms == ("start-up",)
    assert build(relations)[0].side.head_hypernyms == ("person",)


def test_a_type_that_the_user_adds_leaves_the_found_ones() -> None:
    once = build(examples=EXAMPLES, detector=Tagger())[0]
    assert once.side.tail_hypernyms == ("organization",)
    added = replace(once, side=replace(once.side, tail_hypernyms=("organization", "club")))
    again = build(RelationSet([added]), examples=EXAMPLES, detector=Tagger())[0]
    assert again.side.tail_hypernyms == ("organization", "club")
    assert items(again, "tail_hypernyms") == {"organization": items(once, "tail_hypernyms")["organization"]}
    assert build(RelationSet([again]), examples=EXAMPLES, detector=Tagger())[0].sources == again.sources
    own = replace(added, side=replace(added.side, tail_hypernyms=("club",)))
    assert build(RelationSet([own]))[0].side.tail_hypernyms == ("club",)


def test_building_twice_changes_nothing(tmp_path: Path) -> None:
    once = build(examples=EXAMPLES)
    for suffix in ("toml", "json"):
        file = tmp_path / f"built.{suffix}"
        once.to_file(file)
        again = build_side_information(
            RelationSet.from_file(file), BagOfWords(), examples=EXAMPLES, today=datetime.date(2027, 1, 1)
        )
        again.to_file(tmp_path / f"again.{suffix}")
        assert file.read_bytes() == (tmp_path / f"again.{suffix}").read_bytes()


def test_a_description_leaves_wikidatas_synonyms_only() -> None:
    plain, described = build(RelationSet([Relation("owned by"), Relation("employer", "organization that employs")]))
    assert {"wikidata", "inflection"} <= set(items(plain, "synonyms").values())
    assert set(items(described, "synonyms").values()) == {"wikidata"}
    once = build()[1]
    assert len(once.side.synonyms) > 1
    again = build(RelationSet([replace(once, description="person or company that pays for it")]))[0]
    assert again.side.synonyms == ("paid for by",)  # the user's


def test_what_the_user_edits_stays() -> None:
    once = build()
    side = once[0].side
    edited = replace(once[0], side=replace(side, synonyms=("on the payroll of", *side.synonyms[1:])))
    again = build(RelationSet([edited, once[1]]))[0]
    assert again.side.synonyms == edited.side.synonyms
    assert side.synonyms[0] not in again.side.synonyms


def test_excluded_properties_tell_nothing() -> None:
    employed = build(exclude=["employer"])[0]
    assert "wikidata" not in {source.source for source in employed.sources}
    assert "works for" not in employed.side.synonyms
    with pytest.raises(InputError, match="P99"):
        build(exclude=["P99"])


class Tagger:
    """Takes mentions of people and firms for what they are."""

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        types = {"Ann Lee": "PERSON", "Bob Ray": "PERSON", "Acme Works": "ORG", "Paris Water": "ORG"}
        return [
            replace(
                s,
                mentions=tuple(
                    Mention(name, s.text.index(name), s.text.index(name) + len(name), kind)
                    for name, kind in types.items()
                    if name in s.text
                ),
            )
            for s in sentences
        ]


def test_examples_give_types_by_tagger_and_keywords_without_names() -> None:
    bare = build(examples=EXAMPLES)[0]
    typed = build(examples=EXAMPLES, detector=Tagger())[0]
    assert "person" not in [i for i, s in items(bare, "head_hypernyms").items() if s == "examples"]
    assert items(typed, "head_hypernyms")["person"] == "examples"
    assert items(typed, "tail_hypernyms")["organization"] == "examples"
    assert next(s.confidence for s in typed.sources if s.item == "organization") == 0.67  # 2 of 2, and one for doubt
    detail = next(s.detail for s in typed.sources if s.item == "person")
    assert detail == "2 of 2 names: Ann Lee, Bob Ray"
    assert items(typed, "keywords") == {"salary": "examples", "draws": "examples"}


def test_the_detectors_types_stand_in_for_those_without_a_label() -> None:
    odd = [replace(e, head=replace(e.head, type="gadget"), tail=replace(e.tail, type="gizmo")) for e in EXAMPLES]
    assert build(examples=odd, detector=Tagger()) == build(examples=EXAMPLES, detector=Tagger())


def test_where_examples_tell_no_keyword_the_description_does() -> None:
    assert set(items(build(examples=EXAMPLES[:1])[0], "keywords").values()) == {"description"}


def keywords_of(relation: Relation) -> set[str]:
    return set(build(RelationSet([relation]))[0].side.keywords)


def test_keywords_do_not_repeat_types() -> None:
    plain = Relation("bankrolled by", "the head is a venture or campaign for which the tail, a rich company, pays")
    assert keywords_of(plain) == {"pays", "rich company"}
    told = Relation("bankrolled by", "pays for what rich companies do")
    for types, kept in ((("sponsor",), "companies"), (("company",), "rich companies"), (("rich company",), "pays")):
        found = keywords_of(replace(told, side=SideInformation(tail_hypernyms=types)))
        assert kept in found
        assert ("companies" in found) == (types == ("sponsor",))
        assert ("rich companies" in found) == (types != ("rich company",))


def test_given_types_of_mentions_need_no_tagger() -> None:
    def typed(example: Example) -> Example:
        return replace(example, head=replace(example.head, type="PER"), tail=replace(example.tail, type="ORG"))

    built = build(examples=[typed(example) for example in EXAMPLES])[0]
    assert items(built, "head_hypernyms")["person"] == "examples"


def test_a_table_of_hypernyms_tells_more() -> None:
    table = HypernymTable({name: (Hypernym("water company", 3, 0.9),) for name in ("acme works", "Paris Water")})
    built = build(examples=EXAMPLES, hypernyms=table, detector=Tagger())[0]
    assert items(built, "tail_hypernyms")["water company"] == "crawl"
    assert items(built, "head_hypernyms")["person"] == "examples"


def test_what_the_crawl_did_not_find_is_not_said_to_be_from_it() -> None:
    table = HypernymTable({"Acme Works": (), "Paris Water": (Hypernym("song", 1, 0.9),)})
    built = build(examples=EXAMPLES, hypernyms=table, detector=Tagger())[0]
    assert items(built, "tail_hypernyms") == {"organization": "examples"}


def test_items_of_examples_stay_when_there_are_none_this_time() -> None:
    once = build(examples=EXAMPLES, detector=Tagger())
    again = build(once)
    assert items(again[0], "tail_hypernyms")["organization"] == "examples"
    assert "salary" in again[0].side.keywords


def test_entity_contexts_are_the_sentences_of_those_that_types_are_looked_up_for() -> None:
    more = tiny.example("Ann Lee works at\nAcme Works.", "Ann Lee", "Acme Works", "is employed by")
    first, second = (example.sentence.text for example in EXAMPLES[:2])
    both = f"{first}\nAnn Lee works at Acme Works."
    found = entity_contexts([*EXAMPLES, more, more])
    assert found == {"Ann Lee": both, "Acme Works": both, "Bob Ray": second, "Paris Water": second}
