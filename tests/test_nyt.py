from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import read_dataset, readable_name, readable_names
from zslre.exceptions import InputError
from zslre.relations import RelationSet


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("/business/company/founders", "company founders"),
        ("/people/person/place_of_birth", "person place of birth"),
        ("/location/in_state/judicial_capital", "Indian state judicial capital"),
        ("/location/us_county/county_seat", "US county seat"),
        ("/film/film/featured_film_locations", "featured film locations"),
        ("/business/company_advisor/companies_advised", "company advisor companies advised"),
        ("/people/profession/people_with_this_profession", "people with this profession"),
        ("/base/locations/countries/states_provinces_within", "countries states provinces within"),
        ("/people/person/education./education/education/institution", "person education institution"),
        ("P19", "P19"),
        ("acquired_by", "acquired_by"),
        ("/people", "/people"),
        ("/", "/"),
        ("/people/person/x./", "/people/person/x./"),
    ],
)
def test_names_by_hand(label: str, name: str) -> None:
    assert readable_name(label) == name


def test_names_that_clash_stay_apart() -> None:
    labels = ["/film/film/film", "/tv/film/film", "/tv_/film/film", "/people/person/children", "Film"]
    assert readable_names(labels) == {
        "/film/film/film": "film (film film film)",
        "/tv/film/film": "/tv/film/film",
        "/tv_/film/film": "/tv_/film/film",
        "/people/person/children": "person children",
        "Film": "Film (Film)",
    }
    with pytest.raises(InputError, match="'a' comes twice"):
        readable_names(["a", "b", "a"])


paths = st.lists(st.sampled_from(["a", "A", "b", "a_b", "_", "us_a"]), min_size=1, max_size=4)


@given(st.lists(paths.map(lambda parts: "/" + "/".join(parts)), max_size=8, unique=True))
def test_no_two_names_are_alike(labels: list[str]) -> None:
    names = readable_names(labels)
    assert list(names) == labels
    assert len(set(names.values())) == len(labels)
    assert all(names.values())


def test_the_relations_of_nyt_have_names(shared: Path) -> None:
    files = ("nyt/zslrc_unseen.txt", "nyt/nyt24_29.jsonl", "nyt/casrel_val.json")
    labels = {
        str(example.relation)
        for file in files
        for example in read_dataset(shared / "data" / file, on_bad=lambda error: None)
    }
    names = readable_names(sorted(labels))
    assert len(names) >= 55
    assert names == {label: readable_name(label) for label in labels}  # nothing had to be told apart
    assert all(re.fullmatch(r"[A-Za-z ]+", name) for name in names.values())
    RelationSet.of([*names.values()])  # distinct, whatever the case
