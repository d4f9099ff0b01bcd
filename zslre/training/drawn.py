"""A sentence that was drawn into an episode, and what is known of its pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.packing import Pair
from zslre.types import Mention, Sentence


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence of an episode.

    `asked`: for each pair, the only relations of which it is known whether the pair has them; None: all are known.
    """

    sentence: Sentence
    pairs: tuple[Pair, ...]
    labels: tuple[frozenset[str], ...]
    asked: tuple[frozenset[str] | None, ...]


def mentions_of(pairs: Iterable[Pair]) -> tuple[Mention, ...]:
    """The heads and tails, each once, in the order of the pairs."""
    return tuple(dict.fromkeys(mention for pair in pairs for mention in pair))


def all_known(annotated: AnnotatedSentence, asked: frozenset[str] | None = None) -> Drawn:
    """Of each of its pairs it is known which of the relations `asked` it has; None: which of all."""
    return Drawn(annotated.sentence, annotated.pairs, annotated.labels, (asked,) * len(annotated.pairs))


def one_of(pool: Sequence[Drawn], rng: np.random.Generator) -> Drawn:
    return pool[int(rng.integers(len(pool)))]


def first_labelled(drawn: Drawn) -> tuple[Pair, frozenset[str]]:
    """The first pair with relations, and these."""
    return next((pair, names) for pair, names in zip(drawn.pairs, drawn.labels, strict=True) if names)


def labelled_only(drawn: Drawn) -> Drawn:
    """Without the pairs that have no relation."""
    kept = [i for i, names in enumerate(drawn.labels) if names]
    pairs, labels = tuple(drawn.pairs[i] for i in kept), tuple(drawn.labels[i] for i in kept)
    return Drawn(drawn.sentence, pairs, labels, tuple(drawn.asked[i] for i in kept))


def shuffled(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    """With its pairs in another order."""
    order = rng.permutation(len(drawn.pairs))
    pairs, labels = tuple(drawn.pairs[i] for i in order), tuple(drawn.labels[i] for i in order)
    return Drawn(drawn.sentence, pairs, labels, tuple(drawn.asked[i] for i in order))


def thinned(annotated: AnnotatedSentence, most: int, rng: np.random.Generator) -> AnnotatedSentence:
    """At most so many pairs, those with relations first, then others at random."""
    if len(annotated.pairs) <= most:
        return annotated
    keys = rng.random(len(annotated.pairs)) + [0.0 if labels else 1.0 for labels in annotated.labels]
    kept = sorted(np.argsort(keys)[:most])
    return replace(
        annotated, pairs=tuple(annotated.pairs[i] for i in kept), labels=tuple(annotated.labels[i] for i in kept)
    )
