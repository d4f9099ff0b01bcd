"""A model is refused for relations that it has seen, under any name, and for their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny

from zslre.datasets.labels import readable_relation
from zslre.evaluation.leaks import check_unseen, dev_relations, seen_in_training
from zslre.exceptions import InputError
from zslre.extractor import RelationExtractor
from zslre.relations import Relation, RelationSet, catalogue

KNOWN = RelationSet([Relation("supplies", id="X1", inverse=("supplied by",)), Relation("likes", id="X2")])

ENCODER, SCORER = tiny.runtime_encoder(), tiny.scorer()


def model(config: dict[str, Any], support: dict[str, np.ndarray] | None = None) -> RelationExtractor:
    whole = {"encoder": tiny.encoder_settings(), **config}
    return RelationExtractor(ENCODER, SCORER, KNOWN, config=whole, support=support)


@pytest.mark.parametrize(
    ("unseen", "found"),
    [
        (Relation("supplies"), ["supplies"]),
        (Relation("delivers to", id="x1"), ["supplies"]),
        (Relation("supplied by"), ["supplies"]),
        (Relation("anything", inverse=("X1",)), ["supplies"]),
        (Relation("likes"), []),
        (catalogue()["P40"], ["father"]),  # child, the inverse of father
        (Relation("progenitor", id="P22"), ["father"]),
        (catalogue()["P26"], []),
        # Freebase's: the inverse of father; nothing like it.
        (readable_relation("/people/person/children"), ["father"]),
        (Relation("person children"), ["father"]),
        (readable_relation("/people/person/religion"), []),
    ],
)
def test_what_gives_a_relation_away(unseen: Relation, found: list[str]) -> None:
    trained = model({"name": "mine", "trained_relations": ["supplies", "father"]})
    assert seen_in_training(trained, [unseen]) == ({unseen.name: found} if found else {})
    if found:
        with pytest.raises(InputError, match=rf"'mine'.*{found[0]}.*--drop-seen.*--allow-seen"):
            check_unseen(trained, [unseen])
    else:
        check_unseen(trained, [unseen])


def test_relations_that_chose_the_model_are_not_unseen() -> None:
    chosen = model({"trained_relations": ["father"], "held_out": {"checkpoint": ["likes"]}})
    assert seen_in_training(chosen, [Relation("likes")]) == {"likes": ["likes"]}


def test_a_relation_may_have_been_trained_on_under_two_names() -> None:
    known = RelationSet([Relation("dad", id="P22")])
    trained = RelationExtractor(
        ENCODER, SCORER, known, config={"encoder": tiny.encoder_settings(), "trained_relations": ["dad", "father"]}
    )
    assert list(seen_in_training(trained, catalogue().select(["P22", "P40", "P26"]))) == ["father", "child"]


def test_each_of_several_names_for_one_relation_gives_it_away() -> None:
    trained = model({"trained_relations": ["employed by", "works for", "worked for"]})
    for name in ("employed by", "works for", "worked for"):
        assert name in seen_in_training(trained, [Relation(name)])
    assert "employer" in seen_in_training(trained, [catalogue()["employer"]])
    assert seen_in_training(trained, [Relation("fired by")]) == {}
    by_id = model({"trained_relations": ["P22", "father", "p22"]})
    assert seen_in_training(by_id, catalogue().select(["P22"])) == {"father": ["father"]}


def test_relations_with_support_examples_are_not_unseen() -> None:
    fitted = model({}, {"likes": np.ones((1, tiny.H), dtype=np.float32)})
    assert seen_in_training(fitted, [Relation("likes")]) == {"likes": ["likes"]}
    assert seen_in_training(fitted, [Relation("supplies")]) == {}


def test_a_model_that_was_not_trained_has_seen_nothing() -> None:
    assert seen_in_training(model({}), [Relation("likes")]) == {}


def test_a_model_of_freebase_relations_is_refused_for_wikidatas() -> None:
    children = readable_relation("/people/person/children")
    files = {"encoder": tiny.encoder_settings(), "trained_relations": [children.name]}
    trained = RelationExtractor(ENCODER, SCORER, RelationSet([children]), config=files)
    seen = seen_in_training(trained, catalogue().select(["P40", "P22", "P26"]))
    assert seen == {"child": ["person children"], "father": ["person children"]}
    with pytest.raises(InputError, match=r"father \(as person children\), child \(as"):
        check_unseen(trained, catalogue().select(["P40", "P22"]))


def test_dev_relations_give_nothing_of_the_test_away() -> None:
    candidates = catalogue().select(["P22", "P25", "P26", "P50", "P161"])  # father, mother, spouse, author, cast member
    tested = [catalogue()["P40"]]
    assert set(dev_relations(model({}), candidates, tested)) == {"spouse", "author", "cast member"}
    some = model({"trained_relations": ["author"]})
    assert set(dev_relations(some, candidates, tested)) == {"spouse", "cast member"}
    most = model({"trained_relations": ["author", "cast member"]})
    assert set(dev_relations(most, candidates, tested)) == {"spouse", "author", "cast member"}  # one alone is too few


def test_an_id_counts_that_the_model_knows_no_more() -> None:
    config = {"trained_relations": ["verheiratet mit"], "trained_ids": {"verheiratet mit": "P26"}}
    assert seen_in_training(model(config), [catalogue()["spouse"]]) == {"spouse": ["verheiratet mit"]}


def test_inverses_count_that_the_model_knows_no_more() -> None:
    config = {"trained_relations": ["furnishes"], "trained_inverses": {"furnishes": ["is furnished by"]}}
    assert seen_in_training(model(config), [Relation("is_furnished_by")]) == {"is_furnished_by": ["furnishes"]}


def test_a_name_may_have_become_that_of_the_inverse() -> None:
    config = {"trained_relations": ["parent"], "trained_ids": {"parent": "P22"}}
    known = RelationSet([Relation("parent", inverse=("P22",)), Relation("employer")])
    begun = RelationExtractor(ENCODER, SCORER, known, config={"encoder": tiny.encoder_settings(), **config})
    assert seen_in_training(begun, [catalogue()["father"]]) == {"father": ["parent"]}


def test_an_id_counts_that_the_models_relation_of_this_name_lacks() -> None:
    config = {"trained_relations": ["partner"], "trained_ids": {"partner": "P26"}}
    known = RelationSet([Relation("partner"), Relation("employer")])
    begun = RelationExtractor(ENCODER, SCORER, known, config={"encoder": tiny.encoder_settings(), **config})
    assert seen_in_training(begun, [catalogue()["spouse"]]) == {"spouse": ["partner"]}


def test_the_builtin_model_has_not_seen_what_it_says() -> None:
    builtin = RelationExtractor.from_pretrained()
    check_unseen(builtin, [Relation("is suing")])
    with pytest.raises(InputError, match="author"):
        check_unseen(builtin, [catalogue()["author"]])
    fitted_by = catalogue().select(builtin.config["held_out"]["kind_weights"])
    assert set(seen_in_training(builtin, fitted_by)) == set(fitted_by.names)
