from __future__ import annotations

from dataclasses import replace

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import group_examples
from zslre.datasets.splits import normal_text
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, catalogue

sources = pytest.importorskip("zslre.training.sources")

RELATIONS = RelationSet(
    [Relation("residence", id="X1"), Relation("child", id="X2", inverse=("parent",)), Relation("parent", id="X3"),
     Relation("spouse", id="X4", symmetric=True)]
)  # fmt: skip
SENTENCES = group_examples(
    [
        tiny.example("Ann lives in Rome", "Ann", "Rome", "residence"),
        tiny.example("Bob is the son of Ann", "Ann", "Bob", "child"),
        tiny.example("Bob, son of Dora, lives in Oslo", "Bob", "Dora", "parent"),
        tiny.example("Bob, son of Dora, lives in Oslo", "Bob", "Oslo", "residence"),
        tiny.example("Carl met Ann", "Carl", "Ann", None),
    ]
)


def kept(unseen: list[str], held_out: tuple[str, ...] = ()) -> list[tuple[str, set[str]]]:
    texts = {normal_text(text) for text in held_out}
    found = sources.without_leaks(SENTENCES, RELATIONS, unseen, texts)
    return [(s.sentence.text, {name for labels in s.labels for name in labels}) for s in found]


def test_nothing_unseen_keeps_everything() -> None:
    assert sources.without_leaks(SENTENCES, RELATIONS, [], set()) == SENTENCES


@pytest.mark.parametrize("unseen", ["child", "X2", "parent", "X3"])
def test_an_unseen_relation_goes_by_name_by_id_and_as_its_inverse(unseen: str) -> None:
    assert kept([unseen]) == [
        ("Ann lives in Rome", {"residence"}),
        ("Bob, son of Dora, lives in Oslo", {"residence"}),  # its other pair stays
        ("Carl met Ann", set()),
    ]


def test_a_held_out_sentence_goes_under_any_tokenisation() -> None:
    found = kept([], ("BOB , son of Dora , lives in Oslo .", "Ann lives in Rome!"))
    assert [text for text, _ in found] == ["Bob is the son of Ann", "Carl met Ann"]


@given(st.lists(st.sampled_from(RELATIONS.names), max_size=3), st.data())
def test_no_unseen_label_and_no_held_out_text_is_left(unseen: list[str], data: st.DataObject) -> None:
    held_out = data.draw(st.lists(st.sampled_from([s.sentence.text for s in SENTENCES]), max_size=2))
    for annotated in sources.without_leaks(SENTENCES, RELATIONS, unseen, {normal_text(t) for t in held_out}):
        assert annotated.pairs
        assert len(annotated.pairs) == len(annotated.labels)
        assert annotated.sentence.text not in held_out
        assert not {name for labels in annotated.labels for name in labels} & set(unseen)


def test_named_writes_names_for_ids() -> None:
    rows = [tiny.example("Ann lives in Rome", "Ann", "Rome", label) for label in ("X1", "spouse", None)]
    (sentence,) = sources.named(rows, RELATIONS)
    assert sentence.labels == ({"residence", "spouse"},)
    with pytest.raises(InputError, match="'P999', which the relation set lacks"):
        sources.named([replace(rows[0], relation="P999")], RELATIONS)


def test_renamed_drops_pairs_with_unknown_labels() -> None:
    text = "Ann Bob Carl Dora"
    (sentence,) = group_examples(
        [
            tiny.example(text, "Ann", "Bob", "X1"),
            tiny.example(text, "Ann", "Bob", "spouse"),
            tiny.example(text, "Ann", "Carl", "P999"),
            tiny.example(text, "Ann", "Dora", "X1"),
            tiny.example(text, "Ann", "Dora", "P999"),
            tiny.example(text, "Bob", "Ann", None),
        ]
    )
    (found,) = sources.renamed([sentence], RELATIONS)
    assert [(a.text, b.text) for a, b in found.pairs] == [("Ann", "Bob"), ("Bob", "Ann")]
    assert found.labels == ({"residence", "spouse"}, frozenset())


def test_sample_per_relation_by_hand() -> None:
    names = ["residence", "child", "parent"]
    assert sources.sample_per_relation(SENTENCES, names, 1) == SENTENCES[:3]  # the third for its "parent"
    assert sources.sample_per_relation(SENTENCES, ["residence"], 1) == SENTENCES[:1]
    assert sources.sample_per_relation(SENTENCES, ["residence"], 9) == [SENTENCES[0], SENTENCES[2]]
    assert sources.sample_per_relation(SENTENCES, [], 9) == []


def test_catalogue_ids_are_known_to_leak() -> None:
    """Labels may come as names while the unseen relation is given by its Wikidata id."""
    child = catalogue()["P40"]
    sentences = group_examples([tiny.example("Ann Bob", "Ann", "Bob", child.name)])
    assert sources.without_leaks(sentences, catalogue(), ["P40"], set()) == []
    assert sources.without_leaks(sentences, catalogue(), ["P22"], set()) == []  # father, an inverse of child
    assert sources.without_leaks(sentences, catalogue(), ["P19"], set()) == sentences
