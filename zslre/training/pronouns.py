"""Sentences about somebody who was named before: "Ann Ruiz studied in Oslo under Bo Lee" → "She studied in …".

What is said of *she* is not said of the name that stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from zslre.candidates import beside
from zslre.mentions import MentionDetector
from zslre.packing import Pair
from zslre.training.augmentation import Edit
from zslre.training.drawn import Drawn, mentions_of
from zslre.training.lists import listed_with
from zslre.training.written import word_set
from zslre.types import Mention, Sentence

Kinds = Callable[[frozenset[str]], tuple[str, str]]  # what head and tail of these relations are

MOST_OTHERS = 2
# Kinds of the catalogue that persons are of.
PERSONS = word_set(
    "person man woman actor architect artist athlete businessperson cinematographer coach composer designer editor "
    "illustrator investor lyricist musician politician presenter producer professor scientist screenwriter singer "
    "soldier student teacher translator writer"
)
FIRST = re.compile(r"(?:[A-Z][a-z]+ [^A-Z]*, )?")  # "In 1931 , she": no name stands before it
PREDICATE = re.compile(r" (?!(?:and|or|of|from|in|at|the|with|who) )[a-z]{2,} ")
POSSESSIVE = re.compile(r" ?['\u2019]s?(?= )")
HERS, HIS = re.compile(r"\b(?:she|her|herself)\b"), re.compile(r"\b(?:he|him|his|himself)\b")


def pronoun_sentences(sentences: Iterable[Drawn], kinds: Kinds, detector: MentionDetector, seed: int) -> list[Drawn]:
    """Those of the sentences in which a pronoun can take a person's place beside another person's name.

    That one has no part in what is said of the pronoun: as its head or tail it makes up to two pairs without relation.
    """
    rng = np.random.default_rng(seed)
    made = [new for known in sentences if (new := with_pronoun(known, kinds, rng)) is not None]
    found = detector.detect([Sentence(known.sentence.text) for known, _ in made])
    return [
        beside_others
        for (known, pronoun), detected in zip(made, found, strict=True)
        if (beside_others := _beside_others(known, pronoun, detected.mentions)) is not None
    ]


def _beside_others(known: Drawn, pronoun: Mention, detected: Iterable[Mention]) -> Drawn | None:
    given, text = mentions_of(known.pairs), known.sentence.text
    persons = [m for m in beside(detected, given) if m.type == "PERSON"]
    about = [(pair, names) for pair, names in zip(known.pairs, known.labels, strict=True) if names and pronoun in pair]
    new: dict[Pair, frozenset[str]] = {}
    for (head, tail), names in about:
        other = tail if head == pronoun else head
        listed = listed_with(other, [*given, *persons], text)
        for person in persons:
            if person not in listed:
                new.setdefault((person, tail) if head == pronoun else (head, person), names)
    if not new:
        return None
    kept = list(new.items())[:MOST_OTHERS]
    pairs, asked = (*known.pairs, *(pair for pair, _ in kept)), (*known.asked, *(names for _, names in kept))
    return Drawn(known.sentence, pairs, (*known.labels, *[frozenset[str]()] * len(kept)), asked)


def with_pronoun(known: Drawn, kinds: Kinds, rng: np.random.Generator) -> tuple[Drawn, Mention] | None:
    """The sentence with "she" or "he", "her" or "his" for the person with whose name it begins, and this pronoun.

    None where it does not begin with a person who has a relation.
    """
    text, mentions = known.sentence.text, mentions_of(known.pairs)
    first = min(mentions, key=lambda m: m.start)
    of_first = (
        kinds(names)[pair.index(first)]
        for pair, names in zip(known.pairs, known.labels, strict=True)
        if names and first in pair
    )
    if PERSONS.isdisjoint(of_first) or len(beside(mentions, [first])) < len(mentions) - 1:
        return None
    owned = POSSESSIVE.match(text, first.end)
    if not FIRST.fullmatch(text[: first.start]) or not (owned or PREDICATE.match(text, first.end)):
        return None
    hers, his = HERS.search(text), HIS.search(text)
    she = hers is not None if hers or his else rng.random() < 0.5
    pronoun = ("her" if she else "his") if owned else ("she" if she else "he")
    pronoun = pronoun if first.start else pronoun.capitalize()
    edit = Edit(first.start, owned.end() if owned else first.end, pronoun)
    new = Mention(pronoun, first.start, first.start + len(pronoun), first.type)
    moved = {m: new if m == first else edit.mention(m) for m in mentions}
    pairs = tuple((moved[head], moved[tail]) for head, tail in known.pairs)
    return Drawn(Sentence(edit.edited(text), mentions_of(pairs)), pairs, known.labels, known.asked), new
