"""Drawn sentences once more, with what they state denied, or assured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zslre.training.builtin.augmentation import Doubter, assurance
from zslre.training.drawn import Drawn, first_labelled, mentions_of

ASSURED = 0.2  # share of partial sentences: with all of the doubts, words in front or behind must mean little


def doubted(drawn: Sequence[Drawn], doubter: Doubter, rng: np.random.Generator) -> list[Drawn]:
    """The sentences with the first of their pairs that has a relation denied it, where they can be doubted."""
    pairs = [first_labelled(d) for d in drawn]
    made = doubter.doubt([(d.sentence, pair) for d, (pair, _) in zip(drawn, pairs, strict=True)], rng)
    return [
        Drawn(found[0], (found[1],), (frozenset(),), (names,))
        for found, (_, names) in zip(made, pairs, strict=True)
        if found is not None
    ]


def some_assured(drawn: Sequence[Drawn], rng: np.random.Generator) -> list[Drawn]:
    """The sentences, a fifth of them behind words that say that it is so."""
    found = []
    for known in drawn:
        if rng.random() < ASSURED:
            edit = assurance(known.sentence.text, mentions_of(known.pairs), rng)
            sentence, moved = edit.apply(known.sentence, known.pairs)
            known = replace(known, sentence=sentence, pairs=moved)
        found.append(known)
    return found
