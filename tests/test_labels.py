from __future__ import annotations

import pytest

from zslre.datasets.labels import readable_relation, relation_of
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
        ("and/or", Relation("and/or")),
        ("Cause-Effect(e1,e2)", Relation("Cause-Effect(e1,e2)")),
    ],
)
def test_labels_become_readable(label: str, expected: Relation) -> None:
    assert readable_relation(label) == expected


def test_a_label_is_looked_up_before_it_is_read() -> None:
    mine = RelationSet([Relation("wed to", id="P26")])
    assert relation_of("P26", mine).name == "wed to"
    assert relation_of("P26").name == "spouse"
    assert relation_of("p127", mine).name == "owned by"
    assert relation_of("no_such_thing", mine).name == "no such thing"
