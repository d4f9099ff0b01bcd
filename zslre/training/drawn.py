"""A sentence that was drawn into an episode, and what is known of its pairs."""

from __future__ import annotations

from dataclasses import dataclass

from zslre.datasets.annotated import AnnotatedSentence
from zslre.packing import Pair
from zslre.types import Sentence


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sentence of an episode.

    `asked`: for each pair, the only relations of which it is known whether the pair has them; None: all are known.
    """

    sentence: Sentence
    pairs: tuple[Pair, ...]
    labels: tuple[frozenset[str], ...]
    asked: tuple[frozenset[str] | None, ...]


def all_known(annotated: AnnotatedSentence) -> Drawn:
    return Drawn(annotated.sentence, annotated.pairs, annotated.labels, (None,) * len(annotated.pairs))


def first_labelled(drawn: Drawn) -> tuple[Pair, frozenset[str]]:
    """The first pair with relations, and these."""
    return next((pair, names) for pair, names in zip(drawn.pairs, drawn.labels, strict=True) if names)
