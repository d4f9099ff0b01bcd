"""What is known of mentions in a query: soft evidence from a table of hypernyms, strict types, explanations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.scoring import unit
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.sideinfo.query import TYPE_SHARE, StrictTypes, TypeEvidence, fits
from zslre.types import Mention

TABLE = HypernymTable(
    {"Ann": (Hypernym("person", 3, 0.9),), "Zeta": (Hypernym("company", 3, 0.9), Hypernym("city", 1, 0.4))}
)
ANN, ZETA, BOB = Mention("Ann", 0, 3), Mention("Zeta", 14, 18), Mention("Bob", 20, 23)
TEXT = "Ann works for Zeta. Bob lives in Acme."


@pytest.fixture(scope="module")
def plain() -> RelationExtractor:
    return tiny.extractor()


def test_a_view_moves_towards_the_phrase_of_the_mentions_types(plain: RelationExtractor) -> None:
    scorer, encoder = plain.scorer, plain.encoder
    keep, add = TypeEvidence(encoder, scorer, TABLE).shift([(ANN, ZETA), (BOB, ANN)])
    D, T = tiny.H, 8
    phrase = unit(encoder.encode_phrases(["company, city"]))[0]
    tail = slice(D + T, D + 2 * T)
    assert np.allclose(add[0, tail], TYPE_SHARE * unit(scorer.phrase_views[1] @ phrase), atol=1e-5)
    assert np.allclose(keep[0, tail], 1 - TYPE_SHARE)
    # Nothing is known of Bob, and neither the pair itself nor the keywords have a type.
    assert np.all(keep[1, : D + T] == 1.0)
    assert not add[1, : D + T].any()
    assert np.all(keep[:, D + 2 * T :] == 1.0)
    assert not add[:, D + 2 * T :].any()


def test_each_list_of_types_is_encoded_once(plain: RelationExtractor, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    real = plain.encoder.encode_phrases
    monkeypatch.setattr(plain.encoder, "encode_phrases", lambda p: calls.append(list(p)) or real(p))
    evidence = TypeEvidence(plain.encoder, plain.scorer, TABLE)
    for _ in range(3):
        evidence.shift([(ANN, ZETA), (ZETA, ANN)])
    assert sorted(phrase for call in calls for phrase in call) == ["company, city", "person"]


def test_a_table_changes_scores_of_the_names_that_it_has_alone(plain: RelationExtractor) -> None:
    with_table = plain.with_hypernyms(TABLE)
    before = {(t.head.text, t.relation, t.tail.text): t.score for t in plain.predict(TEXT, threshold=0.0, top_k=4)}
    after = {(t.head.text, t.relation, t.tail.text): t.score for t in with_table.predict(TEXT, threshold=0.0, top_k=4)}
    changed = {key for key in before if abs(before[key] - after.get(key, 2.0)) > 1e-4}
    assert any("Ann" in (h, t) for h, _, t in changed)
    assert not any("Bob" in (h, t) for h, _, t in changed)
    assert any("Bob" in (h, t) for h, _, t in before)
    assert with_table.with_hypernyms(None).predict(TEXT) == plain.predict(TEXT)


def test_fit_and_with_relations_keep_the_table(plain: RelationExtractor) -> None:
    extractor = plain.with_hypernyms(TABLE)
    assert extractor.with_relations(["spouse"]).hypernyms is TABLE
    assert extractor.fit([tiny.example("Ann married Carl", "Ann", "Carl", "spouse")]).hypernyms is TABLE
    fitted = plain.fit([tiny.example("Ann married Carl", "Ann", "Carl", "spouse")])
    assert fitted.with_hypernyms(TABLE).support.keys() == {"spouse"}


def test_the_parts_of_an_explanation_add_up_to_the_score(plain: RelationExtractor) -> None:
    extractor = plain.with_hypernyms(TABLE)
    triples = extractor.predict(TEXT, threshold=0.0, top_k=4, explain=True)
    for triple in triples:
        assert triple.explanation is not None
        assert triple.score == pytest.approx(1 / (1 + np.exp(-sum(triple.explanation.values()))), abs=1e-4)
    known = {t.relation: t.explanation for t in triples if (t.head.text, t.tail.text) == ("Ann", "Zeta")}
    assert {"head types", "tail types"} <= set(known.get("residence") or known["employer"])
    assert all(
        "head types" not in (t.explanation or {}) for t in plain.predict(TEXT, threshold=0.0, top_k=4, explain=True)
    )


def strict(relation: Relation) -> RelationSet:
    return RelationSet([replace(relation, strict_types=True), *tiny.RELATIONS.without([relation.name])])


def test_strict_types_rule_pairs_out_even_at_threshold_0(plain: RelationExtractor) -> None:
    text = "Ann works for Zeta and Bob"
    extractor = plain.with_relations(strict(tiny.RELATIONS["employer"]))

    def pairs(ann: str, zeta: str, table: HypernymTable | None = None) -> set[tuple[str, str]]:
        mentions = [Mention("Ann", 0, 3, ann), Mention("Zeta", 14, 18, zeta), Mention("Bob", 23, 26)]
        found = extractor.with_hypernyms(table).predict(text, mentions=mentions, threshold=0.0, top_k=4)
        return {(t.head.text, t.tail.text) for t in found if t.relation == "employer"}

    # An organization has no employer, nor is a person one; Bob may be either.
    assert ("Ann", "Zeta") in pairs("PERSON", "ORG") <= {("Ann", "Zeta"), ("Bob", "Zeta"), ("Ann", "Bob")}
    assert ("Zeta", "Ann") in pairs("ORG", "PERSON") <= {("Zeta", "Ann"), ("Bob", "Ann"), ("Zeta", "Bob")}
    assert pairs("PERSON", "ORG", HypernymTable({"Bob": (Hypernym("river", 1, 1.0),)})) == {("Ann", "Zeta")}


def test_types_that_were_found_rule_nothing_out() -> None:
    side = SideInformation(head_hypernyms=("river",), tail_hypernyms=("company",))
    guess = Source("head_hypernyms", "river", "description", "2026-01-01", 0.6)
    pair = (replace(ANN, type="PERSON"), replace(ZETA, type="ORG"))
    pronoun = (replace(ANN, type="PERSON", antecedent=BOB), ZETA)
    for sources, forbidden in (((), True), ((guess,), False)):
        relations = RelationSet([Relation("employs", side=side, strict_types=True, sources=sources)])
        margins = np.zeros((2, 1), dtype=np.float32)
        StrictTypes(relations, None).forbid([pair, pronoun], margins)
        assert np.isinf(margins).tolist() == [[forbidden], [forbidden]]
    margins = np.zeros((1, 1), dtype=np.float32)
    StrictTypes(relations, None).forbid([(pair[0], replace(ZETA, type="DATE"))], margins)
    assert np.isinf(margins).all()  # its author's own type of the tail does


def fitting(head: str | None, tail: str | None, tails: str = "company", table: HypernymTable | None = None) -> bool:
    side = SideInformation(head_hypernyms=("person",), tail_hypernyms=(tails,))
    margins = np.zeros((1, 1), dtype=np.float32)
    strict_types = StrictTypes(RelationSet([Relation("employer", side=side, strict_types=True)]), table)
    strict_types.forbid([(replace(BOB, type=head), replace(ZETA, type=tail))], margins)
    return not np.isinf(margins).any()


def test_a_strict_relation_takes_types_in_plain_words_as_their_labels() -> None:
    for person in ("human", "people", "pers", "Man", "PERSON"):
        for firm in ("university", "Company", "ORG"):
            assert fitting(person, firm, "organization"), (person, firm)
            assert not fitting(firm, person, "organization"), (person, firm)


def test_a_pronoun_for_a_human_is_a_person() -> None:
    relations = RelationSet([Relation("r", side=SideInformation(head_hypernyms=("person",)))])
    margins = np.zeros((1, 1), dtype=np.float32)
    StrictTypes(relations, None).forbid([(replace(BOB, type="human", antecedent=ANN), ZETA)], margins)
    assert not margins.any()


def test_a_type_without_a_label_rules_nothing_out_but_speaks_for_the_relation_that_wants_it() -> None:
    assert fitting("PERSON", "gadget")
    assert fitting("wotsit", "gadget")
    assert fitting(None, "gadget", "gadget")
    # The table says that Zeta is a company.
    assert not fitting(None, None, "gadget", TABLE)
    assert not fitting(None, "wotsit", "gadget", TABLE)
    assert fitting(None, "gadget", "gadget", TABLE)
    assert not fitting(None, "gadget", "river", TABLE)


def test_a_relation_that_is_ruled_out_leaves_its_place_to_the_next(plain: RelationExtractor) -> None:
    place = SideInformation(head_hypernyms=("river",))
    only = RelationSet([Relation("residence", strict_types=True, side=place), Relation("employer")])
    mentions = [Mention("Ann", 0, 3, "PERSON"), Mention("Zeta", 14, 18, "ORG")]
    found = plain.with_relations(only).predict(TEXT, mentions=mentions, threshold=0.0)
    assert {t.relation for t in found} == {"employer"}


def test_what_fits() -> None:
    relation = Relation("r", side=SideInformation(head_hypernyms=("person",), tail_hypernyms=("company", "city")))
    assert fits(relation, ["politician"], ["organization"])
    assert fits(relation, [], ["town"])
    assert not fits(relation, ["organization"], ["company"])
    assert not fits(relation, ["person"], ["date"])
    assert fits(Relation("bare"), ["person"], ["date"])


def test_without_strict_relations_nothing_is_looked_up(
    plain: RelationExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Mention] = []
    monkeypatch.setattr("zslre.sideinfo.query.type_words", lambda mention, table: asked.append(mention) or ())
    assert plain.matcher.evidence is None
    plain.predict(TEXT, threshold=0.0)
    assert asked == []
    plain.with_relations(strict(tiny.RELATIONS["employer"])).predict(TEXT, threshold=0.0)
    assert asked


@pytest.mark.parametrize(
    ("head", "tail", "forbidden"),
    [(False, False, []), (True, False, ["capital", "author"]), (False, True, ["capital", "employer"])],
)
def test_a_pronoun_is_a_person_in_every_relation(head: bool, tail: bool, forbidden: list[str]) -> None:
    kinds = {"capital": ("country", "city"), "employer": ("politician", "company"), "author": ("book", "writer")}
    relations = [Relation(name, side=SideInformation((), (a,), (b,))) for name, (a, b) in kinds.items()]
    name = Mention("Ann", 0, 3, "PERSON")
    pair = [Mention("her", 10, 13, "PERSON", name if stands else None) for stands in (head, tail)]
    margins = np.zeros((2, 4), dtype=np.float32)
    StrictTypes(RelationSet([*relations, Relation("bare")]), None).forbid([(pair[0], pair[1])] * 2, margins)
    expected = [-np.inf if name in forbidden else 0.0 for name in kinds]
    assert margins.tolist() == [[*expected, 0.0]] * 2
