"""Training for a test: what it must not have seen is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny

from zslre.datasets import relations_of
from zslre.evaluation.tasks import Dataset, Task
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet
from zslre.training.observer import Observer

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


def test_freebase_relations_are_left_out_for_wikidatas_and_back() -> None:
    labels = ("/people/person/children", "/business/person/company", "/people/person/place_lived")
    relations = RelationSet(relations_of(labels).values())
    rows = tuple(tiny.example(f"Ann and Bob {n}", "Ann", "Bob", name) for n, name in enumerate(relations.names))
    nyt = Dataset("nyt", rows, relations)
    for tested in ("P22", "P40"):
        task = Task("zero-shot", (), RelationSet.of([tested]), tuple(RelationSet.of([tested])))
        assert [e.relation for e in unseen.fit_for_training(nyt, task)] == ["person company", "person place lived"]
    task = Task("zero-shot", (), relations, tuple(relations.select(["/people/person/children"])))
    assert [e.relation for e in unseen.fit_for_training(DATA, task)] == ["employer", "residence", None]


def test_seen_relations_of_the_test_are_trained_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model is chosen by others, those of the split or drawn ones."""
    held: list[list[str]] = []
    monkeypatch.setattr(unseen, "train_model", lambda *args, hold_out, **options: held.append(hold_out))
    others = RelationSet([Relation(f"r{number}") for number in range(12)])
    rows = tuple(tiny.example(f"Ann met Bob {r.name}", "Ann", "Bob", r.name) for r in others)
    data = Dataset("many", rows, others)

    def chosen(tested: list[str], dev: tuple[str, ...] = ()) -> list[str]:
        task = Task("supervised", (), others.select(tested), ())
        rest: dict[str, Any] = {
            "base": None,
            "in_text": False,
            "resume": False,
            "facts": {},
            "observer": Observer(),
        }
        config = unseen.TrainingConfig(steps=1)
        unseen.train_for(data, task, tmp_path / "model", config, dev=dev, **rest)
        return held[-1]

    assert chosen(list(others.names)) == []
    assert len(chosen(["r0"])) == 2
    assert chosen(["r0", "r1"]) != []
    assert set(chosen(["r0", "r1"])) <= {f"r{number}" for number in range(2, 12)}
    assert chosen([f"r{number}" for number in range(5)]) == []  # one in five would be one, which judges nothing
    assert chosen(["r0", "r1"], dev=("r1", "r2", "elsewhere")) == ["r2"]


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing is left"):
        unseen.fit_for_training(DATA, Task("zero-shot", (), RELATIONS, tuple(RELATIONS)))
