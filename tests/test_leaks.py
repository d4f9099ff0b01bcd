"""A model is refused for relations that it has seen, under any name, and for their inverses."""

from __future__ import annotations

import pytest

from zslre.evaluation.leaks import check_unseen, seen_in_training
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, catalogue
from zslre.serialization import BUILTIN, load_model

KNOWN = RelationSet([Relation("supplies", id="X1", inverse=("supplied by",)), Relation("likes", id="X2")])


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
    config = {"name": "mine", "trained_relations": ["supplies", "father"]}
    assert seen_in_training(config, KNOWN, [unseen]) == found
    if found:
        with pytest.raises(InputError, match=rf"'mine'.*{found[0]}.*--allow-seen"):
            check_unseen(config, KNOWN, [unseen])
    else:
        check_unseen(config, KNOWN, [unseen])


def test_relations_that_chose_the_model_are_not_unseen() -> None:
    config = {"trained_relations": ["father"], "held_out": {"checkpoint": ["likes"]}}
    assert seen_in_training(config, KNOWN, [Relation("likes")]) == ["likes"]


def test_a_model_that_was_not_trained_has_seen_nothing() -> None:
    assert seen_in_training({}, KNOWN, [Relation("likes")]) == []


def test_the_builtin_model_has_not_seen_what_it_says() -> None:
    files = load_model(BUILTIN)
    held_out = files.config["held_out"]["zero_shot_test"]
    assert held_out
    check_unseen(files.config, files.relations, catalogue().select(held_out))
    with pytest.raises(InputError, match="author"):
        check_unseen(files.config, files.relations, [catalogue()["author"]])
