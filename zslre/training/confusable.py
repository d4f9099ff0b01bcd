"""Pairs that have another mention as head or tail, and so lack the relation: they teach whose relation it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from zslre.candidates import beside
from zslre.mentions import MentionDetector
from zslre.packing import Pair
from zslre.training.drawn import Drawn, first_labelled, mentions_of
from zslre.types import Mention, Sentence

BETWEEN = re.compile(r"\s*(?:,|;|&|,?\s*(?:and|or|as well as))\s*(?:the\s+)?", re.IGNORECASE)  # two names of a list


def with_confusable_pairs(drawn: Sequence[Drawn], detector: MentionDetector, rng: np.random.Generator) -> list[Drawn]:
    """The sentences, each with up to two pairs that have another mention as head or tail.

    A mention in a list with the one it replaces is left out: what is said of one of them is said of the other.
    """
    found = detector.detect([Sentence(d.sentence.text) for d in drawn])
    more = []
    for known, detected in zip(drawn, found, strict=True):
        given = mentions_of(known.pairs)
        others = beside(detected.mentions, given)
        (head, tail), names = first_labelled(known)
        new: list[Pair] = []
        for number in rng.permutation(len(others))[:2]:
            other, of_head = others[number], rng.random() < 0.7
            if other not in listed_with(head if of_head else tail, [*given, *others], known.sentence.text):
                new.append((other, tail) if of_head else (head, other))
        labels = (*known.labels, *[frozenset[str]()] * len(new))
        more.append(Drawn(known.sentence, (*known.pairs, *new), labels, (*known.asked, *[names] * len(new))))
    return more


def listed_with(mention: Mention, mentions: Iterable[Mention], text: str) -> list[Mention]:
    """Those of the mentions that stand in one list with a mention of them."""
    ordered = sorted(set(mentions), key=lambda m: m.start)
    runs: list[list[Mention]] = [[ordered[0]]]
    for before, after in pairwise(ordered):
        joined = BETWEEN.fullmatch(text[before.end : after.start])
        runs[-1].append(after) if joined else runs.append([after])
    return next(run for run in runs if mention in run)
