from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from zslre.datasets import read_dataset, relations_of
from zslre.freebase import meaning, readable_name
from zslre.meanings import training_leaks
from zslre.relations import RelationSet, catalogue
from zslre.sideinfo.wikidata import properties


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


def test_what_a_path_means_is_known_by_path_and_name() -> None:
    founders = meaning("/business/company/founders")
    assert founders is not None
    assert founders.same == ("P112",)
    assert meaning("Company Founders") == founders
    assert meaning("/business/company/pets") is None


def test_the_table_is_in_order() -> None:
    table = json.loads((resources.files("zslre") / "assets/freebase.json").read_text(encoding="utf-8"))
    known = set(table) | {found.id for found in properties()}
    for path, entry in table.items():
        assert readable_name(path) != path
        assert set(entry) <= {"same", "inverse"}
        meant = [key for keys in entry.values() for key in keys]
        assert meant
        assert set(meant) <= known - {path}
        assert len(set(meant)) == len(meant)
        for other in entry.get("inverse", ()):
            assert other not in table or path in table[other]["inverse"]
    assert len({readable_name(path).casefold() for path in table}) == len(table)


@pytest.mark.parametrize(
    ("unseen", "candidates", "leaks"),
    [
        ("/business/company/founders", ["P112", "P127"], ["P112"]),
        ("P112", ["/business/company/founders", "/business/company/advisors"], ["/business/company/founders"]),
        ("/people/person/children", ["P40", "P22", "P25", "P26"], ["P40", "P22", "P25"]),
        ("P22", ["/people/person/children"], ["/people/person/children"]),
        ("/location/us_state/capital", ["/location/country/capital", "P1376"], ["/location/country/capital", "P1376"]),
        # Wikidata has no relation for these two.
        (
            "/business/company/advisors",
            ["/business/company_advisor/companies_advised"],
            ["/business/company_advisor/companies_advised"],
        ),
        (
            "/business/company_advisor/companies_advised",
            ["/business/company/advisors", "P3320"],
            ["/business/company/advisors"],
        ),
        ("/people/place_of_interment/interred_here", ["P119", "P20"], ["P119"]),
        ("P119", ["/people/place_of_interment/interred_here"], ["/people/place_of_interment/interred_here"]),
        ("P19", ["/people/deceased_person/place_of_death"], []),
    ],
)
def test_leaks_are_found_both_ways(unseen: str, candidates: list[str], leaks: list[str]) -> None:
    found = relations_of([unseen, *candidates])
    others = RelationSet(found[label] for label in candidates)
    assert training_leaks([found[unseen]], others) == {found[label].name for label in leaks}
    # Also where training called it something else, and only the id tells.
    renamed = RelationSet(replace(relation, name=f"my {relation.name}", id=label) for label, relation in
                          ((label, found[label]) for label in candidates))  # fmt: skip
    assert len(training_leaks([unseen], renamed)) == len(leaks)


def test_the_relations_of_nyt_are_all_known(shared: Path) -> None:
    files = ("nyt/zslrc_unseen.txt", "nyt/nyt24_29.jsonl", "nyt/casrel_val.json", "fewrel/val_nyt.json")
    labels = {
        str(example.relation)
        for file in files
        for example in read_dataset(shared / "data" / file, on_bad=lambda error: None)
    }
    found = relations_of(sorted(labels))
    nyt = [label for label in labels if label not in catalogue()]
    assert len(nyt) >= 55
    assert all(meaning(label) is not None for label in nyt)  # val_nyt has Wikidata's ids
    names = [found[label].name for label in nyt]
    assert names == [readable_name(label) for label in nyt]  # nothing had to be told apart
    assert all(re.fullmatch(r"[A-Za-z ]+", name) for name in names)
