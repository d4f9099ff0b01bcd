"""A model is refused for relations that it has seen, under any name, and for their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny

from zslre.evaluation.leaks import check_unseen, seen_in_training
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
    ],
)
def test_what_gives_a_relation_away(unseen: Relation, found: list[str]) -> None:
    trained = model({"name": "mine", "trained_relations": ["supplies", "father"]})
    assert seen_in_training(trained, [unseen]) == found
    if found:
        with pytest.raises(InputError, match=rf"'mine'.*{found[0]}.*--allow-seen"):
            check_unseen(trained, [unseen])
    else:
        check_unseen(trained, [unseen])


def test_relations_that_chose_the_model_are_not_unseen() -> None:
    chosen = model({"trained_relations": ["father"], "held_out": {"checkpoint": ["likes"]}})
    assert seen_in_training(chosen, [Relation("likes")]) == ["likes"]


def test_relations_with_support_examples_are_not_unseen() -> None:
    fitted = model({}, {"likes": np.ones((1, tiny.H), dtype=np.float32)})
    assert seen_in_training(fitted, [Relation("likes")]) == ["likes"]
    assert seen_in_training(fitted, [Relation("supplies")]) == []


def test_a_model_that_was_not_trained_has_seen_nothing() -> None:
    assert seen_in_training(model({}), [Relation("likes")]) == []


def test_the_builtin_model_has_not_seen_what_it_says() -> None:
    builtin = RelationExtractor.from_pretrained()
    held_out = builtin.config["held_out"]["zero_shot_test"]
    assert held_out
    check_unseen(builtin, catalogue().select(held_out))
    with pytest.raises(InputError, match="author"):
        check_unseen(builtin, [catalogue()["author"]])
