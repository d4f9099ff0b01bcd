"""Further wordings of relations that are named by a verb: which they are, and what they do to a score."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import tiny

import zslre.matching
from zslre.candidates import candidate_pairs
from zslre.encoder import pair_vectors
from zslre.packing import Item
from zslre.prototypes import build_prototypes
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.scoring import sigmoid
from zslre.sideinfo.grammar import verb_of
from zslre.sideinfo.wordnet import wordnet
from zslre.types import Sentence
from zslre.wordings import Wordings, is_misread, other_wordings

EXTRACTOR = tiny.extractor()
TEXTS = ("Ann met Bob", "Dora married Carl in Rome", "Acme hired Ann", "Oslo")


def items(texts: tuple[str, ...] = TEXTS) -> list[Item]:
    sentences = [Sentence(text, tiny.capitals(text)) for text in texts]
    return [(sentence, candidate_pairs(sentence)) for sentence in sentences]


# Which they are


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sued by", ("sue", True)),
        ("is sued by", ("sue", True)),
        ("has been led by", ("lead", True)),
        ("Was Taken Over By", ("take over", True)),
        ("took over", ("take over", False)),
        ("sued", ("sue", False)),
        ("sues", ("sue", False)),
        ("has bought", ("buy", False)),
        ("acquire", ("acquire", False)),
        ("author", None),  # a noun, though it can be a verb
        ("is employed", None),  # by whom?
        ("written", None),
        ("beaten by", ("beat", True)),
        ("works for", None),
        ("sits on the board of", None),
        ("by", None),
        ("has", None),
        ("is married to", None),
        ("mother of", None),
        ("CEO", None),
    ],
)
def test_which_names_are_verbs(name: str, expected: tuple[str, bool] | None) -> None:
    assert verb_of(name, wordnet()) == expected


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (Relation("sued by"), [(True, "sued"), (True, "sues")]),
        (Relation("suedBy"), [(True, "sued"), (True, "sues")]),
        (Relation("wrote"), [(False, "writes"), (True, "written by")]),
        (Relation("beat"), [(False, "beats"), (True, "beaten by")]),
        (Relation("supplies"), [(False, "supplied"), (True, "supplied by")]),
        (Relation("supplies", "the head sells goods to the tail"),
         [(False, "supplies"), (False, "supplied"), (True, "supplied by")]),
        (Relation("led by", side=SideInformation(synonyms=("run by",))),
         [(False, "led by"), (True, "led"), (True, "leads")]),
        (Relation("sits on the board of"), [(False, "sat on the board of")]),
        (Relation("recruited from"), []),  # it may be that the head was recruited
        (Relation("parts of"), []),
        (Relation("sports discipline competed in"), []),
        (Relation("is based in"), []),
        (Relation("is the birthplace of"), [(True, "has birthplace")]),
        (Relation("Was the parent company of", "the head owns the tail"), [(True, "has parent company")]),
        (Relation("is a member of"), []),
        (Relation("works for"), [(False, "worked for")]),
        (Relation("author"), []),
        (Relation("sued by", id="P1"), []),
        (Relation("met", symmetric=True), []),
    ],
)  # fmt: skip
def test_wordings_by_hand(relation: Relation, expected: list[tuple[bool, str]]) -> None:
    assert [(converse, wording.name) for converse, wording in other_wordings(relation)] == expected


def test_the_converse_has_the_types_changed_about() -> None:
    side = SideInformation(("bought by",), ("company",), ("firm", "investor"), ("takeover",))
    *_, (_, forward), (_, back) = other_wordings(Relation("bought", side=side))
    assert (forward.side.head_hypernyms, forward.side.tail_hypernyms) == (("company",), ("firm", "investor"))
    assert (back.side.head_hypernyms, back.side.tail_hypernyms) == (("firm", "investor"), ("company",))
    assert forward.side.keywords == back.side.keywords == ("takeover",)
    assert forward.side.synonyms == back.side.synonyms == ()


def test_types_that_were_only_found_are_left_out() -> None:
    found = Source("head_hypernyms", "company", "wikidata", "2026-01-01", 0.9)
    side = SideInformation(head_hypernyms=("company",), tail_hypernyms=("firm",))
    for converse, wording in other_wordings(Relation("sued", side=side, sources=(found,))):
        written = (wording.side.head_hypernyms, wording.side.tail_hypernyms)
        assert written == ((("firm",), ()) if converse else ((), ("firm",)))


# What they do


def test_margins_against_one_at_a_time() -> None:
    rng = np.random.default_rng(0)
    columns, converse = np.array([2, 0, 2, 2]), np.array([False, True, True, False])
    wordings = Wordings(columns, converse, rng.normal(size=(4, 5)), np.array([], dtype=np.int64))
    features, none = rng.normal(size=(6, 5)), rng.normal(size=6)
    back = np.array([1, 0, -1, 5, -1, 3])
    before = rng.normal(size=(6, 3))
    expected = before.copy()
    for pair, number in product(range(6), range(4)):
        said_of = back[pair] if wordings.converse[number] else pair
        if said_of >= 0:
            margin = features[said_of] @ wordings.rows[number] - none[said_of]
            column = wordings.columns[number]
            expected[pair, column] = max(expected[pair, column], margin)
    found = before.copy()
    wordings.raise_margins(found, features, none, back)
    np.testing.assert_allclose(found, expected)
    assert (expected != before)[:, [0, 2]].any()
    np.testing.assert_array_equal(expected[:, 1], before[:, 1])


def slow_scores(forward: list[str], converse: list[str]) -> dict[tuple[int, str, str], float]:
    """The probability of each pair by the best of its wordings, and the converse ones of the reversed pair."""
    rows = build_prototypes(EXTRACTOR.encoder, EXTRACTOR.scorer, [Relation(name) for name in [*forward, *converse]])
    margins = {}
    for number, (sentence, pairs) in enumerate(items()):
        for pair in pairs:
            vector = pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, [(sentence, [pair])])
            similarity = EXTRACTOR.scorer.features(vector) @ rows.weighted(EXTRACTOR.scorer).T
            margins[number, pair[0].text, pair[1].text] = (similarity - EXTRACTOR.scorer.none_scores(vector))[0]
    n = len(forward)
    better = {key: max([*margin[:n], *margins[key[0], key[2], key[1]][n:]]) for key, margin in margins.items()}
    return {key: float(EXTRACTOR.scorer.probabilities(np.float32([margin]))[0]) for key, margin in better.items()}


@pytest.mark.parametrize("at_once", [1_000_000, 1])
def test_scores_against_the_better_wording(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zslre.matching, "SCORES_AT_ONCE", at_once)
    asked = EXTRACTOR.with_relations(RelationSet([Relation("married")]))
    vectors = pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, items())
    found = asked.matcher.candidates(vectors, items(), 0.0, 1)
    keys = [(number, h.text, t.text) for number, (_, pairs) in enumerate(items()) for h, t in pairs]
    expected = slow_scores(["married", "marries"], ["married by"])
    assert {key: p for key, [(_, p)] in zip(keys, found, strict=True)} == pytest.approx(expected, abs=1e-4)
    named = EXTRACTOR.with_relations(RelationSet([Relation("married", id="P1")]))  # as if it were the catalogue's
    alone = named.matcher.candidates(vectors, items(), 0.0, 1)
    assert all(p <= q + 1e-6 for [(_, p)], [(_, q)] in zip(alone, found, strict=True))
    assert any(p < q - 1e-3 for [(_, p)], [(_, q)] in zip(alone, found, strict=True))


def test_a_noun_of_the_head_is_looked_for_in_the_reversed_pair_alone() -> None:
    asked = EXTRACTOR.with_relations(RelationSet([Relation("is the teacher of"), Relation("married")]))
    vectors = pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, items())
    found = asked.matcher.candidates(vectors, items(), 0.0, 2)
    keys = [(number, h.text, t.text) for number, (_, pairs) in enumerate(items()) for h, t in pairs]
    expected = slow_scores([], ["has teacher"])
    assert {key: dict(best)[0] for key, best in zip(keys, found, strict=True)} == pytest.approx(expected, abs=1e-4)


def test_where_its_author_gave_synonyms_or_the_reverse_is_not_asked_the_name_itself_counts() -> None:
    given = Relation("is the teacher of", side=SideInformation(synonyms=("taught",)))
    assert [is_misread(r) for r in (given, Relation("is the teacher of"), Relation("taught"))] == [False, True, False]
    found = Source("synonyms", "taught", "wikidata", "2026-01-01", 0.9)
    assert is_misread(replace(given, sources=(found,)))
    asked = EXTRACTOR.with_relations(RelationSet([Relation("is the teacher of")]))
    (sentence, pairs), expected = items()[1], slow_scores(["is the teacher of"], [])
    one: list[Item] = [(sentence, [pairs[0]])]
    [[(_, score)]] = asked.matcher.candidates(pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, one), one, 0.0, 1)
    assert score == pytest.approx(expected[1, pairs[0][0].text, pairs[0][1].text], abs=1e-4)


def test_a_pair_whose_reverse_is_not_asked_has_its_own_wordings_only() -> None:
    asked = EXTRACTOR.with_relations(RelationSet([Relation("married")]))
    (sentence, pairs), expected = items()[1], slow_scores(["married", "marries"], [])
    for pair in pairs:
        one: list[Item] = [(sentence, [pair])]
        vector = pair_vectors(EXTRACTOR.encoder, EXTRACTOR.packer, one)
        [[(_, found)]] = asked.matcher.candidates(vector, one, 0.0, 1)
        assert found == pytest.approx(expected[1, pair[0].text, pair[1].text], abs=1e-4)


def test_an_explanation_names_them_and_adds_up() -> None:
    asked = EXTRACTOR.with_relations(RelationSet([Relation("married"), Relation("mother of")]))
    triples = asked.predict(TEXTS[1], threshold=0.0, explain=True, top_k=2)
    assert {triple.relation for triple in triples} == {"married", "mother of"}
    for triple in triples:
        assert triple.explanation is not None
        assert ("other wording" in triple.explanation) == (triple.relation == "married")
        total = np.float32([sum(triple.explanation.values())])
        assert sigmoid(total)[0] == pytest.approx(triple.score, abs=1e-4)


def test_strict_types_rule_other_wordings_out_as_well() -> None:
    sentence = Sentence("Ann met Bob", tuple(replace(m, type="PERSON") for m in tiny.capitals("Ann met Bob")))
    side = SideInformation(head_hypernyms=("company",))
    for strict, expected in ((True, 0), (False, 1)):
        asked = EXTRACTOR.with_relations(RelationSet([Relation("married", side=side, strict_types=strict)]))
        (triples,) = asked.extract_sentences([sentence], threshold=0.0)
        assert len(triples) == expected


def test_a_name_of_no_word_has_no_other_wording() -> None:
    assert other_wordings(Relation("_")) == []


def test_a_relation_with_examples_has_no_other_wording() -> None:
    relations = [Relation("sues"), Relation("supplies")]
    asked = EXTRACTOR.with_relations(RelationSet(relations))
    some = Wordings.of(asked.encoder, asked.scorer, asked.relations, {"sues"})
    assert some is not None
    assert set(some.columns.tolist()) == {1}
    assert Wordings.of(asked.encoder, asked.scorer, asked.relations, {None}) is None
