"""Splits: published ones, random ones, and the fifth of rows that is kept for tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets.splits import (
    Split,
    is_test_row,
    normal_text,
    published_split,
    published_splits,
    random_split,
)
from zslre.exceptions import InputError
from zslre.relations import catalogue

LABELS = [f"relation {number}" for number in range(10)]


@pytest.mark.parametrize("name", sorted(published_splits()))
def test_a_published_split_has_as_many_relations_as_its_name_says(name: str) -> None:
    split = published_split(name)
    sizes = [int(part[1:]) for part in name.split("/") if part[0] == "m" and part[1:].isdigit()]
    assert len(split.test) == (sizes[0] if sizes else {"fewrel/val": 16, "zslrc/nyt": 41}[name])
    assert split.name == name
    if "wiki" not in name and "nyt" not in name:  # one of Wiki-ZSL's was deleted from Wikidata; NYT's are Freebase's
        assert all(catalogue().get(key) is not None for key in (*split.test, *split.dev))


def test_published_splits_are_those_of_the_authors(shared: Path) -> None:
    source = json.loads((shared / "data/fewrel/splits.json").read_text(encoding="utf-8"))
    assert published_split("re_matching/m15/40").test == tuple(source["re_matching"]["fewrel_rel2id_15_40"])
    assert published_split("re_matching/wiki/m5/44").test == tuple(source["re_matching"]["wikizsl_rel2id_5_44"])
    theirs = source["relation_prompt"]["fewrel/unseen_10_seed_0"]
    assert published_split("relation_prompt/m10/0") == Split(
        "relation_prompt/m10/0", tuple(theirs["test"]), tuple(theirs["dev"])
    )
    assert published_split("fewrel/val").test == tuple(source["fewrel_official"]["val"])


def test_an_unknown_split_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 're_matching/m15/40'"):
        published_split("re-matching/m15/40")


@pytest.mark.parametrize(("test", "dev"), [((), ()), (("a", "a"), ()), (("a",), ("a",))])
def test_a_split_must_be_one(test: tuple[str, ...], dev: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="'mine'"):
        Split("mine", test, dev)


def test_a_random_split_depends_on_the_seed_alone() -> None:
    split = random_split(LABELS, 4, 0)
    assert split.name == "random/m4/0"
    assert len(set(split.test)) == 4
    assert set(split.test) <= set(LABELS)
    assert random_split(reversed(LABELS), 4, 0) == split
    assert random_split(LABELS, 4, 1).test != split.test


@pytest.mark.parametrize("m", [1, 9])
def test_one_relation_or_all_but_one_may_be_unseen(m: int) -> None:
    assert len(random_split(LABELS, m, 0).test) == m


@pytest.mark.parametrize("m", [0, 10, 11])
def test_some_relations_must_be_left(m: int) -> None:
    with pytest.raises(InputError, match="from 1 to 9"):
        random_split(LABELS, m, 0)


def test_about_a_fifth_of_rows_is_for_tests() -> None:
    assert 0.17 < sum(is_test_row(f"sentence number {number}") for number in range(5000)) / 5000 < 0.23


@given(st.text())
def test_another_tokenisation_is_on_the_same_side(text: str) -> None:
    assert is_test_row(text) == is_test_row("  ".join(text)) == is_test_row(text + " . ")


def test_normal_text_by_hand() -> None:
    assert normal_text("Ann's  NEW-York , 1999 Éva.") == "annsnewyork1999eva"


def test_the_unseen_relations_of_nyt_are_those_of_the_file(shared: Path) -> None:
    lines = (shared / "data/nyt/zslrc_unseen.txt").read_text(encoding="utf-8").splitlines()
    assert set(published_split("zslrc/nyt").test) == {json.loads(line)["relation"] for line in lines}
