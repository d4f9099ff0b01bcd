"""The parts that `zslre side-info build` is made of: words, synonyms, properties, types, keywords, merging."""

from __future__ import annotations

import gzip
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordbag import BagOfWords

from zslre.exceptions import InputError
from zslre.labels import _PLAIN
from zslre.paths import keep_array
from zslre.relations import Relation, SideInformation, Source
from zslre.sideinfo.descriptions import described_types, named_kinds
from zslre.sideinfo.entity_types import PLACES, compatible, gazetteer, type_words, words_of_label, words_of_type
from zslre.sideinfo.generalise import common_types
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.sideinfo.keywords import keywords, marginal_relevance, phrases_of
from zslre.sideinfo.merging import merged
from zslre.sideinfo.synonyms import synonyms
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wikidata import Property, PropertyIndex, properties
from zslre.sideinfo.wordnet import wordnet
from zslre.sideinfo.words import Form, form_of, inflect, plural, words_of
from zslre.types import Mention

W = wordnet()


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def vectors() -> PhraseVectors:
    return PhraseVectors(BagOfWords())


# words


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("bankroll", "bankrolls bankrolling bankrolled bankrolled"),
        ("write", "writes writing wrote written"),
        ("begin", "begins beginning began begun"),
        ("sit", "sits sitting sat sat"),
        ("run", "runs running ran run"),
        ("put", "puts putting put put"),
        ("carry", "carries carrying carried carried"),
        ("play", "plays playing played played"),
        ("free", "frees freeing freed freed"),
        ("star", "stars starring starred starred"),
        ("teach", "teaches teaching taught taught"),
        ("have", "has having had had"),
        ("work", "works working worked worked"),
    ],
)
def test_verb_forms(lemma: str, forms: str) -> None:
    asked: tuple[Form, ...] = ("third", "gerund", "past", "participle")
    assert " ".join(inflect(lemma, form, W) for form in asked) == forms
    assert inflect(lemma, "base", W) == lemma


def test_the_first_word_of_a_verb_and_the_last_of_a_noun_are_inflected() -> None:
    assert inflect("take over", "past", W) == "took over"
    assert [plural(noun, W) for noun in ("board member", "city", "man", "boss")] == [
        "board members", "cities", "men", "bosses",
    ]  # fmt: skip


def test_form_of() -> None:
    words = [("sit", "base"), ("sits", "third"), ("sitting", "gerund"), ("sat", "participle")]
    assert [form_of(word, "sit") for word, _ in words] == [form for _, form in words]


@given(st.text())
def test_words_are_of_the_text(text: str) -> None:
    assert all(word in text.lower() for word in words_of(text) if text.isascii())


# vectors


def test_vectors_are_of_unit_length_and_encoded_once() -> None:
    encoder = BagOfWords()
    vectors = PhraseVectors(encoder)
    first = vectors(["board member", "board"])
    again = vectors(["board", "other", "board member"])
    assert np.allclose(np.linalg.norm(first, axis=1), 1.0)
    assert np.array_equal(again[[2, 0]], first)
    assert encoder.calls == [["board member", "board"], ["other"]]
    assert vectors([]).shape == (0, BagOfWords.dim)


def test_long_lists_are_kept_on_disk_for_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, other = BagOfWords(), BagOfWords(), BagOfWords()
    other.tensors = {"seed": np.ones(1)}
    rows = PhraseVectors(first).kept_on_disk(["a board", "a team"])
    assert np.array_equal(PhraseVectors(second).kept_on_disk(["a board", "a team"]), rows)
    assert PhraseVectors(other).kept_on_disk(["a board", "a team"]).shape == rows.shape
    assert (len(first.calls), len(second.calls), len(other.calls)) == (1, 0, 1)
    second.variant = "bfloat16"  # the same weights give other vectors
    PhraseVectors(second).kept_on_disk(["a board", "a team"])
    monkeypatch.setattr("zslre.encoder.ARITHMETIC", "another")
    PhraseVectors(second).kept_on_disk(["a board", "a team"])
    assert len(second.calls) == 2


def test_a_cut_cache_file_is_made_again_and_an_unwritable_one_does_no_harm(tmp_path: Path) -> None:
    rows = PhraseVectors(BagOfWords()).kept_on_disk(["a board"])
    (file,) = (tmp_path / "cache" / "phrases").iterdir()
    for kept in (40, 0):
        file.write_bytes(file.read_bytes()[:kept])
        assert np.array_equal(PhraseVectors(BagOfWords()).kept_on_disk(["a board"]), rows)
    keep_array(np.zeros(3), tmp_path / "cache" / "phrases" / file.name / "below a file" / "x.npy")


# Wikidata

KNOWN = (
    Property("P1", ("employer", "works for", "employed by"), "person or organization that employs the subject"),
    Property("P2", ("owned by", "owner"), "owner of the subject"),
    Property("P3", ("mother tongue",), "language that a person learned first"),
)


def test_the_nearest_property_by_its_names_and_its_text(vectors: PhraseVectors) -> None:
    index = PropertyIndex(vectors, known=KNOWN)
    match = index.nearest(Relation("is employed by", "organization that employs the person"))
    assert match is not None
    assert match.property.id == "P1"
    assert 0.7 <= match.similarity < 1.0
    similarities = index._similarities(Relation("works for", "an employer"))
    rows = vectors(["works for", "works for: an employer", f"{', '.join(KNOWN[0].names)}: {KNOWN[0].description}"])
    assert similarities[0] == pytest.approx((1.0 + rows[1] @ rows[2]) / 2, abs=2e-3)  # halved on disk


def test_no_property_is_taken_where_none_stands_out(vectors: PhraseVectors) -> None:
    twice = (*KNOWN, Property("P9", ("works for", "employer", "employed by"), KNOWN[0].description))
    assert PropertyIndex(vectors, known=KNOWN).nearest(Relation("grew up in")) is None
    assert PropertyIndex(vectors, known=twice).nearest(Relation("is employed by", KNOWN[0].description)) is None
    assert PropertyIndex(vectors, known=KNOWN).nearest(Relation("Owned By")) is not None


def test_a_relation_with_the_propertys_name_or_id_is_that_property(vectors: PhraseVectors) -> None:
    index = PropertyIndex(vectors, known=KNOWN)
    for relation in (Relation("OWNED BY", "something else"), Relation("holds", id="P2")):
        match = index.nearest(relation)
        assert match is not None
        assert (match.property.id, match.similarity) == ("P2", 1.0)


def test_excluded_properties_are_not_known(vectors: PhraseVectors) -> None:
    assert PropertyIndex(vectors, known=KNOWN, exclude=["p2"]).nearest(Relation("owned by")) is None
    assert PropertyIndex(vectors, known=KNOWN, exclude=["Owned by"]).nearest(Relation("owned by")) is None
    assert PropertyIndex(vectors, known=KNOWN[:1], exclude=["P1"]).nearest(Relation("employer")) is None
    with pytest.raises(InputError, match="no property 'P77' to exclude"):
        PropertyIndex(vectors, known=KNOWN, exclude=["P77"])


def test_the_shipped_properties_have_nothing_written_by_hand(shared: Path) -> None:
    listed = {e["id"]: e for e in json.loads((shared / "data/wikidata/properties.json").read_text("utf-8"))}
    for known in properties():
        assert known.label == listed[known.id]["label"]
        assert set(known.names[1:]) <= set(listed[known.id]["aliases"])


def test_the_script_builds_the_properties(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        {"id": "P10", "label": "clip", "aliases": ["film", "✨"], "description": "film (use P1)", "datatype": "string"},
        {"id": "P9", "label": "part of", "aliases": [], "description": {}, "datatype": "wikibase-item"},
        {"id": "P8", "label": "category for films", "aliases": [], "description": "", "datatype": "wikibase-item"},
        {"id": "P7", "label": "ISBN", "aliases": [], "description": "", "datatype": "external-id"},
    ]  # fmt: skip
    (tmp_path / "list.json").write_text(json.dumps(entries))
    monkeypatch.syspath_prepend(project / "scripts")
    import build_properties  # type: ignore[import-not-found]

    out = tmp_path / "made.json.gz"
    monkeypatch.setattr(sys, "argv", ["build_properties", str(tmp_path / "list.json"), "--out", str(out)])
    build_properties.main()
    assert json.loads(gzip.decompress(out.read_bytes())) == [
        {"id": "P9", "label": "part of", "aliases": [], "description": ""},
        {"id": "P10", "label": "clip", "aliases": ["film"], "description": "film"},
    ]


# synonyms


def found(relation: Relation, vectors: PhraseVectors) -> dict[str, str]:
    return {other.phrase: other.source for other in synonyms(relation, W, vectors)}


class Alike:
    """Finds everything alike, so that only WordNet and the rules of grammar decide."""

    dim = 1
    tensors: ClassVar[dict[str, np.ndarray]] = {}

    def encode_phrases(self, phrases: Sequence[str]) -> np.ndarray:
        return np.ones((len(phrases), 1), np.float32)


def test_another_verb_takes_the_form_of_the_first() -> None:
    alike = PhraseVectors(Alike())
    bankrolled = found(Relation("bankrolled by"), alike)
    assert bankrolled["funded by"] == "wordnet"
    assert bankrolled["was bankrolled by"] == "inflection"
    assert {"purchases from", "bought from", "buying from"} <= set(found(Relation("buys from"), alike))
    assert "was works for" not in found(Relation("works for"), alike)
    assert {"worked for", "working for"} <= set(found(Relation("works for"), alike))


def test_a_person_noun_becomes_a_verb_that_reads_from_head_to_tail() -> None:
    alike = PhraseVectors(Alike())
    composer = found(Relation("composer", "person who wrote the music"), alike)
    assert composer["composed by"] == "wordnet"
    assert "inflection" not in composer.values()


def test_a_modifier_is_not_swapped_and_a_function_word_neither() -> None:
    phrases = found(Relation("record label"), PhraseVectors(Alike()))
    assert all("label" in phrase or "record" not in phrase for phrase in phrases)
    assert found(Relation("of the"), PhraseVectors(Alike())) == {}


def test_a_phrase_that_is_not_alike_is_left_out(vectors: PhraseVectors) -> None:
    # Sharing no telling word, "purchases" is unlike "buys" to this encoder; inflections need no likeness.
    assert set(found(Relation("buys"), vectors).values()) <= {"inflection"}


# types


@pytest.mark.parametrize(
    ("description", "types"),
    [
        ("the head is a firm that the tail, another company, has bought", {"head": ["firm"], "tail": ["company"]}),
        ("the head is a person whom the tail, a club, employs", {"head": ["person"], "tail": ["club"]}),
        ("person or organization that founded this band", {"head": ["band"], "tail": ["person", "organization"]}),
        ("a German car company, where the person works", {"tail": ["car company"]}),
        ("a Norwegian shoe company, where the person works", {"tail": ["company"]}),
        ("whether it is good", {}),
        ("the tail, a person, was born in the head", {"tail": ["person"]}),
        ("the tail, a brewery, brews the head", {"tail": ["brewery"]}),
        ("the head, a river, flows into the tail, a river, lake or sea",
         {"head": ["river"], "tail": ["river", "lake", "sea"]}),
        ("the head pays the tail, a person, firm or town, for work", {"tail": ["person", "firm", "town"]}),
        ("the head is married to the tail", {}),
        ("the head, a brewery, brews and sells the tail, a beer", {"head": ["brewery"], "tail": ["beer"]}),
        ("the head is a person whom the tail, a person, taught and drove", {"head": ["person"], "tail": ["person"]}),
        ("city, town or village where it is", {"tail": ["city", "town", "village"]}),
        ("", {}),
    ],
)  # fmt: skip
def test_types_that_a_description_names(description: str, types: dict[str, list[str]], vectors: PhraseVectors) -> None:
    named: dict[str, list[str]] = {}
    for role, name, confidence in described_types(description, W, vectors):
        named.setdefault(role, []).append(name)
        assert 0.5 <= confidence <= 0.9
    assert named == types


def test_named_kinds_are_no_verbs() -> None:
    assert named_kinds("the head, a brewery, brews and sells the tail, a beer", W) == {"brewery", "beer"}
    assert named_kinds("the head is a person whom the tail, a person, taught and advised", W) == {"person"}
    assert named_kinds("the head is married to the tail, a person, company, or town", W) == {
        "person",
        "company",
        "town",
    }


def test_labels_of_taggers_are_words() -> None:
    assert words_of_label("per") == words_of_label("PERSON") == ("person",)
    assert words_of_label("MISC") == ()
    assert words_of_label("Chemical_Compound") == ("chemical compound",)


def test_each_plain_word_is_a_kind_of_its_label() -> None:
    for label, listed in _PLAIN.items():
        for word in listed.split(", "):
            found, wanted = words_of_type(word), words_of_label(label)
            assert found == tuple(dict.fromkeys([word, *wanted] if wanted else []))
            assert not wanted or any(compatible(a, b) for a in found for b in wanted), word
    assert words_of_type("Work_of  Art") == words_of_type("WORK_OF_ART") == ("work",)


def test_the_gazetteer_knows_names_and_no_common_nouns() -> None:
    assert "country" in gazetteer("France")
    assert "city" in gazetteer("berlin")
    assert gazetteer("city") == ()
    assert gazetteer("Kestrel Foods") == ()


def test_the_gazetteer_knows_places_that_wordnet_lacks_and_accents() -> None:
    for name in (
        "Czechia",
        "eswatini",
        "South  Sudan",
        "North Macedonia",
        "Timor-Leste",
        "Serbia",
        "Türkiye",
        "Turkiye",
    ):
        assert "country" in gazetteer(name), name
    assert gazetteer("Kyiv") == ("national capital", "capital", "city")
    for name in ("Bengaluru", "Shenzhen", "Łódź", "São Paulo", "Xi'an"):
        assert "city" in gazetteer(name), name
    kinds, names = zip(*(line.split(": ", 1) for line in PLACES.read_text("utf-8").splitlines()), strict=True)
    assert kinds == ("country", "national capital", "city")
    listed = [name for line in names for name in line.split(", ")]
    assert len(listed) == len(set(listed))
    assert all(compatible(gazetteer(name)[0], "place") for name in listed)


def test_types_of_a_mention_come_from_the_table_else_the_gazetteer_that_the_tagger_allows() -> None:
    table = HypernymTable({"BMW": tuple(Hypernym(n, 1, 0.5) for n in ("car company", "brand", "company", "fourth"))})
    bmw, washington = Mention("bmw", 0, 3, "ORG"), Mention("Washington", 0, 10, "PERSON")
    assert type_words(bmw, table) == ("car company", "brand", "company", "organization")
    assert type_words(bmw) == ("organization",)
    assert "American state" in type_words(replace(washington, type="GPE"))
    assert "American state" not in type_words(washington)
    assert type_words(washington)[-1] == "person"
    assert type_words(washington, offline_default=False) == ("person",)
    assert type_words(Mention("Zzyx", 0, 4)) == ()
    assert type_words(replace(washington, type="gadget")) == (*type_words(replace(washington, type=None)), "gadget")


def test_types_that_a_table_is_unsure_of_do_not_count() -> None:
    table = HypernymTable({"Berlin": (Hypernym("capital", 2, 0.43), Hypernym("songwriter", 1, 0.29))})
    assert type_words(Mention("Berlin", 0, 6), table) == ("capital",)
    unsure = HypernymTable({"Zzyx": (Hypernym("songwriter", 1, 0.01),)})
    assert type_words(Mention("Zzyx", 0, 4, "ORG"), unsure) == ("organization",)
    assert "city" in type_words(Mention("Berlin", 0, 6), HypernymTable({"Berlin": (Hypernym("songwriter", 1, 0.01),)}))


@pytest.mark.parametrize(
    ("known", "wanted", "fits"),
    [
        ("organization", "company", True),
        ("car company", "organization", True),
        ("company", "person", False),
        ("place", "city", True),
        ("national capital", "place", True),
        ("date", "person", False),
        ("date", "year", True),
        ("work", "film", True),
        ("person", "film director", True),
        ("frobnicator", "frobnicator", True),
        ("frobnicator", "person", False),
    ],
)
def test_compatible_types(known: str, wanted: str, fits: bool) -> None:
    assert compatible(known, wanted) is fits
    assert compatible(wanted, known) is fits


def test_common_types_are_the_lowest_that_cover_most() -> None:
    types = {"Ann": ["poet"], "Bob": ["novelist"], "Carl": ["dramatist"], "Rome": ["city"], "Bern": ["city"]}
    chosen = common_types(types, W)
    assert {c.name: c.entities for c in chosen} == {"writer": ("Ann", "Bob", "Carl"), "city": ("Rome", "Bern")}
    assert common_types({"Ann": ["poet"]}, W) == []  # one name is no pattern
    assert common_types({"Ann": [], "Bob": []}, W) == []
    assert [c.name for c in common_types({"A": ["football club"], "B": ["football club"]}, W)] == ["football club"]


def test_the_first_common_type_is_the_best_of_all() -> None:
    """Entities covered times information, over every hypernym of every type in its two most frequent senses."""
    types = {"a": ["river"], "b": ["lake"], "c": ["poet"], "d": ["river"], "e": ["city"]}
    above = {entity: {n for s in W.senses(t, "n")[:2] for n in W.ancestors(s)} for entity, (t,) in types.items()}
    worth = {n: sum(n in found for found in above.values()) * W.information(n) for n in set().union(*above.values())}
    best = max(worth, key=lambda n: worth[n])
    assert common_types(types, W)[0].name in W.words(best)


# keywords


def test_phrases_do_not_cross_punctuation_and_leave_out_what_says_nothing() -> None:
    assert phrases_of("the head, a film director") == ["film", "director", "film director"]


def test_keywords_set_a_relation_apart(vectors: PhraseVectors) -> None:
    texts = {
        "marriage": [
            "| wedded | in a quiet ceremony",
            "| and | wedded in spring",
            "the ceremony of | and |, in spring",
        ],
        "work": ["| joined | as engineer in spring", "| engineer at | in spring"],
    }
    found = keywords(texts, {}, vectors)
    assert {phrase for phrase, _ in found["marriage"][:2]} == {"wedded", "ceremony"}
    assert found["work"][0] == ("engineer", 1.0)
    assert found["marriage"][0][0] != "spring"
    assert all(0.0 < weight <= 1.0 for chosen in found.values() for _, weight in chosen)
    one = keywords({"a": ["sovereign state of it"]}, {"state": 500}, vectors)
    assert one["a"][0][0] != "state"
    assert keywords({"a": ["of the"]}, {}, vectors) == {"a": []}


def test_class_based_tf_idf_by_hand(vectors: PhraseVectors) -> None:
    # a: wedded 2, spring 2 of 4; b: engineer 2, spring 2 of 4; mean 4 phrases a class.
    texts = {"a": ["wedded. spring", "wedded. spring"], "b": ["engineer. spring", "engineer. spring"]}
    found = dict(keywords(texts, {}, vectors)["a"])
    assert found["spring"] == pytest.approx(np.log(1 + 4 / 4) / np.log(1 + 4 / 2))


def test_marginal_relevance_against_a_slow_reference() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((7, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    relevance = rng.random(7)
    chosen: list[int] = []
    for _ in range(4):
        scores = {
            i: 0.6 * relevance[i] - 0.4 * max([max(float(rows[i] @ rows[j]), 0.0) for j in chosen], default=0.0)
            for i in set(range(7)) - set(chosen)
        }
        chosen.append(max(scores, key=lambda i: scores[i]))
    assert marginal_relevance(relevance, rows, 4, diversity=0.4) == chosen
    assert sorted(marginal_relevance(relevance, rows, 99, diversity=0.4)) == list(range(7))


# merging


def source(item: str, source: str = "wordnet", confidence: float = 0.5, date: str = "2026-01-01") -> Source:
    return Source("synonyms", item, source, date, confidence)


def with_items(items: Sequence[str], sources: Sequence[Source]) -> Relation:
    return Relation("r", side=SideInformation(tuple(items)), sources=tuple(sources))


def test_new_items_come_behind_the_users_and_never_replace_them() -> None:
    after = merged(with_items(["mine"], []), [source("MINE"), source("new"), source("new", "wikidata")], {"wordnet"})
    assert after.side.synonyms == ("mine", "new")
    assert after.sources == (source("new"),)


def test_what_the_user_took_out_stays_out() -> None:
    before = with_items(["kept"], [source("kept"), source("gone")])
    after = merged(before, [source("kept"), source("gone"), source("new")], {"wordnet"})
    assert after.side.synonyms == ("kept", "new")
    assert {s.item for s in after.sources} == {"kept", "gone", "new"}
    assert merged(after, [source("kept"), source("gone"), source("new")], {"wordnet"}).sources == after.sources


def test_an_item_goes_only_when_its_source_was_asked_again() -> None:
    before = with_items(["a", "b", "c"], [source("a"), source("b", "examples"), source("c")])
    after = merged(before, [source("c", confidence=0.9, date="2026-02-02")], {"wordnet"})
    assert after.side.synonyms == ("b", "c")
    assert [s.date for s in after.sources] == ["2026-01-01", "2026-02-02"]


def test_the_date_stays_while_nothing_changes() -> None:
    before = with_items(["a"], [source("a")])
    assert merged(before, [source("a", confidence=0.51, date="2027-01-01")], {"wordnet"}).sources == (source("a"),)


def test_the_name_is_no_synonym_of_itself() -> None:
    assert merged(with_items([], []), [source("R")], set()).side.synonyms == ()


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
def test_merging_twice_is_merging_once(mine: list[str], old: list[str], new: list[str]) -> None:
    items = list(dict.fromkeys([*mine, *old[: len(old) // 2]]))
    before = with_items(items, [source(item) for item in old])
    found = [source(item, date="2026-03-03") for item in new]
    once = merged(before, found, {"wordnet"})
    twice = merged(once, found, {"wordnet"})
    assert twice.to_dict() == once.to_dict()
    assert set(before.own_part.side.synonyms) == set(items) - set(old)
    assert set(before.own_part.side.synonyms) <= set(once.side.synonyms)
    for item in set(old) - set(items):
        assert item not in once.side.synonyms


def test_properties_are_read_once_and_are_many() -> None:
    assert properties() is properties()
    assert len(properties()) > 2000
    pairs = itertools.islice(((p.id, p.label) for p in properties()), 1)
    assert dict(pairs) == {"P6": "head of government"}
