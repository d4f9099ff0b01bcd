from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import tiny

from zslre.encoder import FloatArray
from zslre.prototypes import (
    MAX_SYNONYMS,
    build_prototypes,
    kind_widths,
    relation_phrases,
)
from zslre.relations import Relation, RelationSet, SideInformation, Source
from zslre.scoring import KINDS, unit

SCORER = tiny.scorer()


class CountingEncoder:
    """A fixed random vector for each phrase; remembers what it was asked for."""

    dim = tiny.H

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_phrases(self, phrases: Sequence[str]) -> FloatArray:
        self.asked.extend(phrases)
        return np.stack([self.vector(phrase) for phrase in phrases])

    def vector(self, phrase: str) -> FloatArray:
        seed = list(phrase.encode())
        return np.random.default_rng(seed).standard_normal(tiny.H).astype(np.float32)


def test_phrases_by_hand() -> None:
    side = SideInformation(("lives in", "home"), ("person", "animal"), (), ("house",))
    assert relation_phrases(Relation("residence", "where one lives", side)) == {
        "text": "residence, lives in, home: where one lives",
        "head": "person, animal",
        "keywords": "house",
    }
    many = SideInformation(tuple(f"s{i}" for i in range(9)))
    assert relation_phrases(Relation("r", side=many))["text"] == ", ".join(["r", *many.synonyms[:MAX_SYNONYMS]])


@pytest.mark.parametrize(
    ("name", "text"),
    [("placeOfBirth", "place of birth"), ("sued_by", "sued by"), ("made by YouTube", "made by YouTube"), ("__", "__")],
)
def test_names_as_programs_write_them_are_read_as_words(name: str, text: str) -> None:
    assert relation_phrases(Relation(name)) == {"text": text}


def test_inflections_that_were_found_are_not_read_but_the_users_are() -> None:
    side = SideInformation(synonyms=("was owned by", "belongs to", "Is Owned By"))
    found = Source("synonyms", "IS owned by", "inflection", "2026-05-01", 1.0, "of owned by")
    assert relation_phrases(Relation("owned by", "", side))["text"] == "owned by, was owned by, belongs to, Is Owned By"
    assert relation_phrases(Relation("owned by", "", side, sources=(found,)))["text"] == (
        "owned by, was owned by, belongs to"
    )
    side = SideInformation(synonyms=("was owned by", "belongs to"))
    other = Source("synonyms", "belongs to", "wikidata", "2026-05-01", 1.0, "P127 owned by")
    assert relation_phrases(Relation("owned by", "", side, sources=(other,)))["text"] == (
        "owned by, was owned by, belongs to"
    )


def found(field: str, item: str) -> Source:
    return Source(field, item, "wikidata", "2026-05-01", 1.0)


BUILT = Relation(
    "residence",
    "where one lives",
    SideInformation(("home", "lives in"), ("person",), ("place", "city"), ("house",)),
    sources=(
        found("synonyms", "Lives in"),
        found("synonyms", "taken out by the user"),
        found("head_hypernyms", "person"),
        found("tail_hypernyms", "city"),
        found("keywords", "house"),
    ),
)


def test_what_was_found_is_told_from_what_was_written() -> None:
    assert relation_phrases(BUILT.own_part) == {"text": "residence, home: where one lives", "tail": "place"}
    for relation in tiny.RELATIONS:
        assert relation_phrases(relation.own_part) == relation_phrases(relation)


def test_what_was_found_counts_a_third() -> None:
    encoder = CountingEncoder()
    prototypes = build_prototypes(encoder, SCORER, RelationSet([BUILT]))  # type: ignore[arg-type]
    np.testing.assert_allclose(prototypes.shares, [[1, 1 / 3, 1, 1 / 3]])
    text, head, tail, keywords = np.split(prototypes.vectors[0], np.cumsum(kind_widths(SCORER))[:-1])
    written, every = "residence, home: where one lives", "residence, home, lives in: where one lives"
    np.testing.assert_allclose(text, unit(encoder.vector(written)) * 2 / 3 + unit(encoder.vector(every)) / 3, atol=1e-6)
    places = [unit(SCORER.phrase_views[1] @ encoder.vector(phrase)) for phrase in ("place", "place, city")]
    np.testing.assert_allclose(tail, places[0] * 2 / 3 + places[1] / 3, atol=1e-5)
    np.testing.assert_allclose(head, unit(SCORER.phrase_views[0] @ encoder.vector("person")), atol=1e-5)
    np.testing.assert_allclose(keywords, unit(SCORER.phrase_views[2] @ encoder.vector("house")), atol=1e-5)


def test_prototypes_against_the_formula() -> None:
    encoder = CountingEncoder()
    prototypes = build_prototypes(encoder, SCORER, tiny.RELATIONS)  # type: ignore[arg-type]
    np.testing.assert_array_equal(prototypes.shares, [[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0]])
    assert len(encoder.asked) == len(set(encoder.asked))  # "person" is asked for once
    for row, relation in enumerate(tiny.RELATIONS):
        expected = []
        for number, kind in enumerate(KINDS):
            phrase = relation_phrases(relation).get(kind)
            vector = None if phrase is None else encoder.vector(phrase)
            if kind != "text":
                matrix = SCORER.phrase_views[number - 1]
                vector = np.zeros(8) if vector is None else matrix @ vector
            assert vector is not None
            expected.append(vector / max(np.linalg.norm(vector), 1e-12))
        np.testing.assert_allclose(prototypes.vectors[row], np.concatenate(expected), atol=1e-5)


def test_weighted_gives_the_similarity_spelled_out() -> None:
    prototypes = build_prototypes(CountingEncoder(), SCORER, tiny.RELATIONS)  # type: ignore[arg-type]
    pair = np.random.default_rng(1).standard_normal((1, tiny.H)).astype(np.float32)
    found = (SCORER.features(pair) @ prototypes.weighted(SCORER).T)[0]
    cuts = np.cumsum(kind_widths(SCORER))[:-1]
    features = np.split(SCORER.features(pair)[0], cuts)
    weights = SCORER.kind_weights(prototypes.shares)
    for row in range(len(tiny.RELATIONS)):
        parts = np.split(prototypes.vectors[row], cuts)
        cosines = [float(a @ b) for a, b in zip(features, parts, strict=True)]
        assert found[row] == pytest.approx(float(SCORER.scale) * float(np.dot(weights[row], cosines)), abs=1e-4)
        assert all(-1.001 <= cosine <= 1.001 for cosine in cosines)


def test_a_relation_is_the_same_in_any_company() -> None:
    encoder = CountingEncoder()
    together = build_prototypes(encoder, SCORER, tiny.RELATIONS)  # type: ignore[arg-type]
    for row, relation in enumerate(tiny.RELATIONS):
        alone = build_prototypes(encoder, SCORER, RelationSet([relation]))  # type: ignore[arg-type]
        np.testing.assert_array_equal(alone.vectors[0], together.vectors[row])
        np.testing.assert_array_equal(alone.shares[0], together.shares[row])
