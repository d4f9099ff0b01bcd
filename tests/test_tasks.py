"""What is asked in each setting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny

from zslre.datasets.splits import Split, is_test_row
from zslre.evaluation.tasks import Dataset, check_not_tested, make_task, read_labelled, without_unseen
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, catalogue

EXAMPLES = tuple(
    tiny.example(f"{person} lives in {place} with {other}", person, place, relation)
    for person in ("Ann", "Bob", "Carl", "Dora")
    for other in ("Eve", "Fay", "Gus", "Hal", "Ida")
    for place, relation in (("Rome", "residence"), ("Oslo", "employer"), ("Lima", "spouse"), ("Paris", None))
)
DATA = Dataset("mine", EXAMPLES, tiny.RELATIONS.select(["residence", "employer", "spouse"]))
SPLIT = Split("s", ("spouse",))
TWO = Split("s", ("spouse", "employer"))


def labels(setting: str, split: Split | None, *, row_split: bool = False) -> list[str | None]:
    return [example.relation for example in make_task(setting, DATA, split, row_split=row_split).examples]


@pytest.mark.parametrize("setting", ["zero-shot", "few-shot"])
def test_unseen_relations_are_asked_among_themselves(setting: str) -> None:
    assert labels(setting, None) == [e.relation for e in EXAMPLES if e.relation is not None]
    assert set(labels(setting, TWO)) == {"spouse", "employer"}
    task = make_task(setting, DATA, TWO, row_split=True)
    assert task.relations.names == ("employer", "spouse")
    assert [relation.name for relation in task.unseen] == ["employer", "spouse"]
    assert len(task.examples) == 40  # a split of rows is for seen relations


def test_one_relation_is_no_choice() -> None:
    with pytest.raises(InputError, match="'spouse' is the only relation left to choose in the zero-shot setting"):
        make_task("zero-shot", DATA, SPLIT, row_split=False)
    with pytest.raises(InputError, match="'spouse' is the only relation"):
        without_unseen(make_task("zero-shot", DATA, TWO, row_split=False), DATA, {"employer"}, row_split=False)
    one = DATA.relations.select(["spouse"])
    rows = tuple(e for e in EXAMPLES if e.relation == "spouse")
    with pytest.raises(InputError, match="'spouse' is the only relation left to choose in the supervised setting"):
        make_task("supervised", Dataset("mine", rows, one), None, row_split=False)
    # Rows without a relation can be rejected, and in extraction most pairs have none.
    none = tuple(e for e in EXAMPLES if e.relation is None)
    assert make_task("supervised", Dataset("mine", rows + none, one), None, row_split=False).relations == one
    assert make_task("extraction", DATA, SPLIT, row_split=False).relations == one


def test_supervised_asks_all_rows_and_calls_nothing_unseen() -> None:
    task = make_task("supervised", DATA, None, row_split=False)
    assert task.examples == EXAMPLES
    assert task.relations == DATA.relations
    assert task.unseen == ()
    kept = make_task("supervised", DATA, None, row_split=True).examples
    assert kept == tuple(e for e in EXAMPLES if is_test_row(e.sentence.text))
    assert 0 < len(kept) < len(EXAMPLES)


def test_combined_asks_all_unseen_rows_and_those_of_seen_relations_that_are_kept() -> None:
    task = make_task("combined", DATA, SPLIT, row_split=True)
    assert task.relations == DATA.relations
    assert [relation.name for relation in task.unseen] == ["spouse"]
    assert [e for e in task.examples if e.relation == "spouse"] == [e for e in EXAMPLES if e.relation == "spouse"]
    seen = [e for e in task.examples if e.relation != "spouse"]
    assert seen == [e for e in EXAMPLES if e.relation in ("residence", "employer") and is_test_row(e.sentence.text)]
    assert len(make_task("combined", DATA, SPLIT, row_split=False).examples) == 60


def test_combined_leaves_out_what_is_neither_seen_nor_unseen() -> None:
    relations = RelationSet([catalogue()["P22"], catalogue()["P40"], catalogue()["P26"]])  # father, child, spouse
    rows = tuple(
        tiny.example(f"{person} and Eve", person, "Eve", relation.name)
        for person in ("Ann", "Bob")
        for relation in relations
    )
    task = make_task("combined", Dataset("kin", rows, relations), Split("s", ("P40",)), row_split=False)
    assert task.relations.names == ("child", "spouse")
    assert [e.relation for e in task.examples] == ["child", "spouse"] * 2
    few = Dataset("kin", rows, relations.select(["P22", "P40"]))
    with pytest.raises(InputError, match="none is seen"):
        make_task("combined", few, Split("s", ("P40",)), row_split=False)


@pytest.mark.parametrize(
    ("setting", "labels"), [("zero-shot", {"spouse", "residence"}), ("extraction", {"spouse", "residence", "employer"})]
)
def test_unseen_relations_can_be_taken_out(setting: str, labels: set[str]) -> None:
    task = make_task(setting, DATA, None, row_split=False)
    left = without_unseen(task, DATA, {"employer", "founder"}, row_split=False)
    assert left.relations.names == ("residence", "spouse")
    assert {e.relation for e in left.examples} >= {"residence", "spouse"}
    assert ("employer" in {e.relation for e in left.examples}) == ("employer" in labels)
    with pytest.raises(InputError, match="nothing is left"):
        without_unseen(task, DATA, {"employer", "residence", "spouse"}, row_split=False)


def test_what_a_model_has_seen_is_no_seen_relation_of_the_combined_setting() -> None:
    task = make_task("combined", DATA, Split("s", ("spouse", "employer")), row_split=False)
    left = without_unseen(task, DATA, {"employer"}, row_split=False)
    assert left.relations.names == ("residence", "spouse")
    assert {e.relation for e in left.examples} == {"residence", "spouse"}


def test_extraction_asks_every_row_for_the_chosen_relations() -> None:
    task = make_task("extraction", DATA, SPLIT, row_split=False)
    assert task.examples == EXAMPLES
    assert task.relations.names == ("spouse",)


@pytest.mark.parametrize(
    ("setting", "split", "said"),
    [
        ("zero-shot", Split("s", ("P26", "P127")), "P26, P127"),
        ("combined", None, "seen relations"),
        ("combined", Split("s", ("residence", "employer", "spouse")), "seen relations"),
    ],
)
def test_what_cannot_be_asked_is_refused(setting: str, split: Split | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_task(setting, DATA, split, row_split=False)


def test_no_row_left_is_refused() -> None:
    row = next(e for e in EXAMPLES if e.relation is not None and not is_test_row(e.sentence.text))
    with pytest.raises(InputError, match="no row is left"):
        make_task("supervised", Dataset("mine", (row,), DATA.relations), None, row_split=True)


def write(path: Path, *labels: str | None) -> Path:
    rows = [{"text": "Ann Rome", "head": [0, 3], "tail": [4, 8], "relation": label} for label in labels]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_labels_become_relations(tmp_path: Path) -> None:
    mine = RelationSet([Relation("home", id="P551")])
    files = [write(tmp_path / "a.jsonl", "P551", "P26", None), write(tmp_path / "b.jsonl", "spouse", "lives_at")]
    data = read_labelled(files, mine)
    assert data.name == "a.jsonl + b.jsonl"
    assert [e.relation for e in data.examples] == ["home", "spouse", None, "spouse", "lives at"]
    assert data.relations.names == ("home", "spouse", "lives at")
    assert data.relations["spouse"].symmetric


def test_nothing_labelled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row has a relation"):
        read_labelled([write(tmp_path / "a.jsonl", None)], None)


def test_what_is_shown_is_not_tested() -> None:
    new = tiny.example("Ann has a house in Rome", "Ann", "Rome", "residence")
    check_not_tested(Dataset("written", (new,), tiny.RELATIONS), DATA)
    again = tiny.example("Ann  Lives in Rome with Eve", "Ann", "Rome", "residence")
    with pytest.raises(
        InputError, match=r"written: 1 of 2 examples have a text that mine has as well .*leave them out"
    ):
        check_not_tested(Dataset("written", (new, again), tiny.RELATIONS), DATA)
