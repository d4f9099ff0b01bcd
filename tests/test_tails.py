"""Which mentions may be the tail of which relations."""

from __future__ import annotations

import numpy as np
import pytest

from zslre.relations import Relation, RelationSet, SideInformation, catalogue
from zslre.tails import Tails, takes_times_only, tells_when
from zslre.types import Mention

HEAD = Mention("Ann", 90, 93, "PERSON")
NAMES = ["employer", "date of birth", "part of", "country", "continent"]
RELATIONS = RelationSet([*(catalogue()[name] for name in NAMES), Relation("supplies")])


def mention(text: str, kind: str | None) -> Mention:
    return Mention(text, 0, len(text), kind)


def allowed(text: str, kind: str | None) -> list[str]:
    margins = np.zeros((1, len(RELATIONS)), dtype=np.float32)
    Tails(RELATIONS).forbid([(HEAD, mention(text, kind))], margins)
    return [name for name, margin in zip(RELATIONS.names, margins[0], strict=True) if margin == 0]


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ("Acme", "ORG", ["employer", "part of", "country", "continent", "supplies"]),
        ("4 May 1971", "DATE", ["date of birth", "part of", "supplies"]),
        ("4 May 1971", "date", ["date of birth", "part of", "supplies"]),
        ("1971", "CARDINAL", ["date of birth", "part of", "supplies"]),
        ("91", "DATE", ["part of", "supplies"]),
        ("14:02", "DATE", ["part of", "supplies"]),
        ("10 a.m.", "TIME", ["part of", "supplies"]),
        ("14:02 GMT", "TIME", ["part of", "supplies"]),
        ("(0:15)", None, [name for name in NAMES if name != "date of birth"] + ["supplies"]),
        ("10:30 on 4 May 1971", "DATE", ["date of birth", "part of", "supplies"]),
        ("ten minutes", "TIME", ["part of", "supplies"]),
        ("ten minutes", None, [*NAMES, "supplies"]),
        ("Acme", "gadget", [*NAMES, "supplies"]),
        ("Europe", "GPE", ["employer", "part of", "continent", "supplies"]),
        ("South American", None, ["employer", "date of birth", "part of", "continent", "supplies"]),
        ("South Africa", "GPE", ["employer", "part of", "country", "continent", "supplies"]),
        ("America", "GPE", ["employer", "part of", "country", "continent", "supplies"]),
    ],
)
def test_dates_are_no_names_and_continents_no_countries(text: str, kind: str | None, names: list[str]) -> None:
    assert allowed(text, kind) == names


@pytest.mark.parametrize(
    "text",
    [
        "1909",
        "the 1920s",
        "44 BC 120",
        "44 BC",
        "AD 79",
        "the late 80s",
        "10:30",
        "5 p.m.",
        "4 May",
        "12/11",
        "the 3rd",
        "Sept. 3",
        "last week",
        "the 19th century",
        "two years ago",
    ],
)
def test_points_in_time(text: str) -> None:
    assert tells_when(text)


@pytest.mark.parametrize(
    "text",
    ["91", "her 60s", "ten minutes", "three decades", "100 years", "a week", "hundredth year", "Maya"],
)
def test_no_points_in_time(text: str) -> None:
    assert not tells_when(text)


def test_only_what_the_author_wants_of_tails_counts() -> None:
    side = SideInformation(tail_hypernyms=("date", "price"))
    assert not takes_times_only(Relation("costs since", side=side))
    assert not takes_times_only(Relation("begins"))
