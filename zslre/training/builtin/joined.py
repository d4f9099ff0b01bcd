"""Long sentences made of short ones: "Ann Ruiz was born in Oslo , while Acme was founded by Bo Lee".

Labelled sentences are short and tell one thing, what people write is long and tells several. What one clause says is
not said of a name in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product

import numpy as np

from zslre.packing import Pair
from zslre.training.drawn import Drawn, first_labelled, mentions_of
from zslre.types import Mention, Sentence

JOINTS = (" and ", " , and ", " , while ", " ; ", " , but ", " , whereas ", " . ")
AND = (" and", " , and", " , but")  # before what is said of the same subject
MOST_ACROSS = 3  # pairs of a name of one clause and a name of another
MOST_CHARACTERS = 500
CLOSE = re.compile(r"[\s.;,!?]*$")
PREDICATE = re.compile(r" [a-z]+ ")  # what goes on otherwise is an apposition or a bracket


def some_joined(
    drawn: Sequence[Drawn], rate: float, rng: np.random.Generator, kind: Callable[[Drawn], str]
) -> list[Drawn]:
    """The sentences, another one joined to the given share of them, first one whose head is of the same `kind`."""
    if not rate:
        return list(drawn)
    waiting, longer = sorted((drawn[i] for i in rng.permutation(len(drawn))), key=kind), list[Drawn]()
    while waiting:
        one = waiting.pop()
        while waiting and rng.random() < rate:
            two = joined(one, waiting[-1], rng, subjects=_subjects(one, waiting[-1], kind))
            if two is None:
                break
            one = two
            waiting.pop()
        longer.append(one)
    return longer


def _subjects(one: Drawn, other: Drawn, kind: Callable[[Drawn], str]) -> Pair | None:
    """The heads of two sentences, if these begin with them, and say something of the same kind of thing."""
    heads = first_labelled(one)[0][0], first_labelled(other)[0][0]
    alike = kind(one) == kind(other) != ""
    return heads if alike and heads[0].start == heads[1].start == 0 else None


def joined(first: Drawn, second: Drawn, rng: np.random.Generator, *, subjects: Pair | None = None) -> Drawn | None:
    """Both sentences in one, with the pairs of both and some pairs across, which have no relation.

    `subjects`: mentions of the same kind with which the two begin; the second is left out where a predicate follows,
    and what is said of it is said of the first. None where the two would be too long, or have a name in common.
    """
    ours, theirs = mentions_of(first.pairs), mentions_of(second.pairs)
    text, added = CLOSE.sub("", first.sentence.text), second.sentence.text
    if len(text) + len(added) > MOST_CHARACTERS or any(m.end > len(text) for m in ours):  # "Warner Bros ."
        return None
    if _named(ours, added) or _named(theirs, text):
        return None
    moved: dict[Mention, Mention] = {}
    left_out, joint = 0, str(rng.choice(JOINTS))
    if subjects is not None and PREDICATE.match(added, subjects[1].end):
        left_out, joint = subjects[1].end, str(rng.choice(AND))
        moved[subjects[1]] = subjects[0]
    by = len(text) + len(joint) - left_out
    moved = {m: m.shifted(by) for m in theirs if m not in moved} | moved
    apart = [(m, moved[n]) for m, n in product(ours, theirs) if moved[n] not in ours and m not in moved.values()]
    chosen = rng.permutation(len(apart))[:MOST_ACROSS]
    across = [apart[i] if rng.random() < 0.5 else apart[i][::-1] for i in chosen]
    pairs = (*first.pairs, *((moved[head], moved[tail]) for head, tail in second.pairs), *across)
    return Drawn(
        Sentence(text + joint + added[left_out:], mentions_of(pairs)),
        pairs,
        (*first.labels, *second.labels, *[frozenset[str]()] * len(across)),
        (*first.asked, *second.asked, *[None] * len(across)),
    )


def _named(mentions: Iterable[Mention], text: str) -> bool:
    return any(mention.text.lower() in text.lower() for mention in mentions)
