"""Pronouns and nouns in the place of names, for training."""

from __future__ import annotations

import numpy as np
import pytest

from zslre.datasets.annotated import AnnotatedSentence
from zslre.training.builtin.pronouns import with_pronoun
from zslre.types import Mention, Sentence

BOTH = {"Bo ate when she left.", "He ate when Anna left."}
NOUN = {"It hired Bo.", "The university hired Bo."}


def annotated(text: str, **names: str) -> AnnotatedSentence:
    """The first two names are a pair; a name is given as its words, joined by "_", and its type."""
    found = {name.replace("_", " "): kind for name, kind in names.items()}
    mentions = tuple(Mention(n, text.index(n), text.index(n) + len(n), kind) for n, kind in found.items())
    return AnnotatedSentence(Sentence(text, mentions), ((mentions[0], mentions[1]),), (frozenset(["knows"]),))


def forms(text: str, **names: str) -> set[str]:
    made = [with_pronoun(annotated(text, **names), np.random.default_rng(seed)) for seed in range(30)]
    for one in made:
        assert all(one.sentence.text[m.start : m.end] == m.text for m in one.sentence.mentions)
        assert one.pairs == (one.sentence.mentions[:2],)
    return {one.sentence.text for one in made}


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Anna Ruiz met Bo.", {"Anna_Ruiz": "PERSON", "Bo": "PERSON"}, {"She met Bo."}),
        ("Kemal met Bo, his aunt.", {"Kemal": "PERSON", "Bo": "PERSON"}, {"He met Bo, his aunt."}),
        ("Qin's aunt is Bo.", {"Qin": "PERSON", "Bo": "PERSON"}, {"Her aunt is Bo.", "His aunt is Bo."}),
        ("Bo ate when Anna left.", {"Anna": "PERSON", "Bo": "PERSON"}, BOTH),
        ("Rome's mayor is Bo.", {"Rome": "GPE", "Bo": "PERSON"}, {"Its mayor is Bo."}),
        ("Leeds University hired Bo.", {"Leeds_University": "ORG", "Bo": "PERSON"}, NOUN),
        # Neither a name that stands twice, nor one in another place, nor what is no name.
        ("Bo saw Rome and Bo.", {"Bo": "PERSON", "Rome": "GPE"}, {"He saw Rome and Bo."}),
        ("He saw Bo in Rome.", {"Bo": "PERSON", "Rome": "GPE"}, {"He saw Bo in Rome."}),
        ("May pleased Bo.", {"May": "DATE", "Bo": "PERSON"}, {"May pleased Bo."}),
    ],
)  # fmt: skip
def test_a_pronoun_takes_the_place_of_a_name(text: str, names: dict[str, str], expected: set[str]) -> None:
    assert forms(text, **names) == expected


def test_a_name_that_another_mention_has_stays() -> None:
    text = "Ann Ruiz met Bob Ruiz."
    assert forms(text, Ann_Ruiz="PERSON", Bob_Ruiz="PERSON") == {text}
