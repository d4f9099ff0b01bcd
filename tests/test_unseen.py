"""Training for a test: what it must not have seen is left out."""

from __future__ import annotations

import pytest
import tiny

from zslre.evaluation.tasks import Dataset, Task
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet

unseen = pytest.importorskip("zslre.training.unseen", reason="training needs torch")

RELATIONS = RelationSet(
    [Relation("child", id="P40"), Relation("progenitor", id="P22"), Relation("residence"), Relation("employer")]
)
CHILD = tiny.example("Ann, mother of Bob, works for Acme", "Ann", "Bob", "child")
WORK = tiny.example("Ann, mother of Bob, works for Acme", "Ann", "Acme", "employer")
FATHER = tiny.example("Bob is the father of Dora", "Dora", "Bob", "progenitor")
HOME = tiny.example("Carl lives in Rome", "Carl", "Rome", "residence")
NONE = tiny.example("Carl met Ann", "Carl", "Ann", None)
DATA = Dataset("train", (CHILD, WORK, FATHER, HOME, NONE), RELATIONS)


def test_unseen_relations_and_their_inverses_are_left_out() -> None:
    task = Task("zero-shot", (), RELATIONS.select(["child"]), (RELATIONS["child"],))
    # P22 is the inverse of P40 in the catalogue, whatever its name here. Other pairs of the sentence stay.
    assert [e.relation for e in unseen.fit_for_training(DATA, task)] == ["employer", "residence", None]


def test_tested_sentences_are_left_out_however_they_are_written() -> None:
    again = tiny.example("carl  lives in ROME .", "carl", "ROME", "residence")
    task = Task("supervised", (again,), RELATIONS, ())
    assert [e.relation for e in unseen.fit_for_training(DATA, task)] == ["child", "employer", "progenitor", None]


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing is left"):
        unseen.fit_for_training(DATA, Task("zero-shot", (), RELATIONS, tuple(RELATIONS)))
