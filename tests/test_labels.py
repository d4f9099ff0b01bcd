from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets.labels import read_known, readable_relation, relations_of
from zslre.relations import Relation, RelationSet, SideInformation


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (
            "/people/person/place_of_birth",
            Relation(
                "person place of birth",
                "",
                SideInformation(("place of birth",), ("person",)),
                id="/people/person/place_of_birth",
            ),
        ),
        ("is_normal_tissue_of", Relation("is normal tissue of", id="is_normal_tissue_of")),
        ("works for", Relation("works for")),
        ("/people/person/_", Relation("/people/person/", id="/people/person/_")),
        ("/people/person", Relation("/people/person")),
        ("and/or", Relation("and/or")),
        ("Cause-Effect(e1,e2)", Relation("Cause-Effect(e1,e2)")),
    ],
)
def test_labels_become_readable(label: str, expected: Relation) -> None:
    assert readable_relation(label) == expected


def test_a_label_is_looked_up_before_it_is_read() -> None:
    mine = RelationSet([Relation("wed to", id="P26")])
    found = relations_of(["P26", "p127", "no_such_thing", "P26"], mine)
    assert {label: relation.name for label, relation in found.items()} == {
        "P26": "wed to",
        "p127": "owned by",
        "no_such_thing": "no such thing",
    }
    assert relations_of(["P26"])["P26"].name == "spouse"


def test_names_that_clash_stay_apart() -> None:
    labels = ["/film/film/film", "/tv/film/film", "/people/person/children", "foundedBy", "P112", "Film"]
    found = relations_of(labels)
    assert [relation.name for relation in found.values()] == [
        "/film/film/film",
        "/tv/film/film",
        "person children",
        "foundedBy",
        "founded by",
        "Film",
    ]
    RelationSet(found.values())


paths = st.lists(st.sampled_from(["a", "A", "b", "a_b", "_", "us_a"]), min_size=1, max_size=4)


@given(st.lists(paths.map(lambda parts: "/" + "/".join(parts)), max_size=8, unique_by=str.casefold))
def test_no_two_names_are_alike(labels: list[str]) -> None:
    found = relations_of(labels)
    assert list(found) == labels
    assert len({relation.name.casefold() for relation in found.values()}) == len(labels)
    assert all(label in (relation.id, relation.name) for label, relation in found.items())


def test_rows_may_be_labelled_with_an_id_or_what_the_catalogue_calls_it(tmp_path: Path) -> None:
    relations = RelationSet([Relation("employed at", id="P108"), Relation("residence")])
    row = '{"text": "Ann works for Acme", "head": [0, 3], "tail": [14, 18], "relation": "%s"}\n'
    labels = ("P108", "employer", "works for", "Employed at", "Residence")
    path = tmp_path / "data.jsonl"
    path.write_text("".join(row % label for label in labels), encoding="utf-8")
    found = [example.relation for example in read_known(path, relations, None)]
    assert found == [*["employed at"] * 4, "residence"]
