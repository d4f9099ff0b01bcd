"""Which sense of a word is meant: the one whose definition lies nearest to the context, never just the first."""

from __future__ import annotations

from collections.abc import Sequence

from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wordnet import WordNet

# A rarer sense must fit better by so much for each place that it stands behind: similarities are noisy by about this.
RANK_COST = 0.01


def choose_sense(
    wordnet: WordNet, senses: Sequence[int], context: str, vectors: PhraseVectors
) -> tuple[int, float] | None:
    """The sense nearest to the context and the cosine of their texts; None where there are no senses.

    A sense's text is its words and its definition.
    """
    unique = list(dict.fromkeys(senses))
    if not unique:
        return None
    texts = [sense_text(wordnet, number) for number in unique]
    rows = vectors([*texts, context])
    similarities = rows[:-1] @ rows[-1]
    best = max(range(len(unique)), key=lambda i: similarities[i] - RANK_COST * i)
    return unique[best], float(similarities[best])


def sense_text(wordnet: WordNet, number: int) -> str:
    synset = wordnet.synset(number)
    return f"{', '.join(synset.words)}: {synset.gloss}"
