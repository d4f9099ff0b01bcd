"""What gives a tested relation away: itself under any name, and its inverses."""

from __future__ import annotations

import pytest

from zslre.meanings import spelling, training_leaks
from zslre.relations import Relation, RelationSet, SideInformation, Source, catalogue


@pytest.mark.parametrize(
    ("unseen", "leaks"),
    [
        (["P156"], {"followed by", "follows"}),
        (["Followed By"], {"followed by", "follows"}),
        (["mother"], {"mother", "child"}),
        (["P40"], {"mother", "father", "child"}),
        (["P26"], {"spouse"}),
        ([catalogue()["P127"]], {"owned by", "owner of"}),
        (["supplies"], set()),
        ([], set()),
    ],
)
def test_leaks_are_the_relation_itself_and_its_inverse(unseen: list[str | Relation], leaks: set[str]) -> None:
    assert training_leaks(unseen, catalogue()) == leaks


def test_leaks_are_found_where_only_names_or_only_one_side_is_given() -> None:
    plain = RelationSet([Relation("follows"), Relation("Spouse"), Relation("bears", inverse=("borne by",))])
    assert training_leaks(["P156"], plain) == {"follows"}
    assert training_leaks(["P26"], plain) == {"Spouse"}
    assert training_leaks(["borne by"], plain) == {"bears"}
    assert training_leaks([Relation("borne", inverse=("BEARS",))], plain) == {"bears"}
    assert training_leaks([Relation("comes next", id="P156")], plain) == {"follows"}
    assert training_leaks(["supplies"], plain) == set()


def test_leaks_keep_the_catalogue_relations_that_share_no_meaning() -> None:
    clean = catalogue().without(training_leaks(["P25", "P361"], catalogue()))
    assert {"mother", "child", "part of", "has part"} & set(clean.names) == set()
    assert "father" in clean


@pytest.mark.parametrize(
    "name",
    [
        "place_of_birth",
        "placeOfBirth",
        "Place-of-Birth",
        "wd:P19",
        "wdt:p19",
        "P 19",
        "http://www.wikidata.org/entity/P19",
    ],
)
def test_leaks_are_found_however_a_name_or_id_is_written(name: str) -> None:
    assert training_leaks([name], catalogue()) == {"place of birth"}
    assert training_leaks([Relation("origin", id=name)], catalogue()) == {"place of birth"}
    assert training_leaks(["P19"], RelationSet([Relation(name), Relation("resembles")])) == {name}


def test_names_without_letters_are_told_apart() -> None:
    assert [spelling(name) for name in ("->", "<-", "P", "Pop 19", "_P19 x")] == ["->", "<-", "p", "pop 19", "p19 x"]


@pytest.mark.parametrize(
    ("unseen", "trained", "leaks"),
    [
        (Relation("birthplace"), Relation("place of birth"), True),  # the catalogue's synonym, which is its alone
        (Relation("place of birth"), Relation("birthplace"), True),
        (Relation("birth_place", side=SideInformation(("originates from",))), Relation("originates_from"), True),
        (Relation("bought"), Relation("snapped up", side=SideInformation(("Bought",))), True),
        (
            Relation("bought", side=SideInformation(("got",))),
            Relation("snapped up", side=SideInformation(("got",))),
            False,
        ),
        (Relation("bought"), Relation("snapped up"), False),
        # The catalogue's relation is what the catalogue says, whatever else it is called.
        (
            catalogue()["P25"],
            Relation("parent", side=SideInformation(("mother of", "parent of"))),
            False,
        ),
    ],
)
def test_synonyms_give_away_what_the_catalogue_does_not_have(unseen: Relation, trained: Relation, leaks: bool) -> None:
    assert training_leaks([unseen], RelationSet([trained, Relation("resembles")])) == (
        {trained.name} if leaks else set()
    )


def test_synonyms_that_were_found_give_nothing_away() -> None:
    found = Source("synonyms", "bought", "wordnet", "2026-05-01", 0.65)
    trained = Relation("snapped up", side=SideInformation(("bought",)), sources=(found,))
    assert training_leaks(["bought"], RelationSet([trained])) == set()
