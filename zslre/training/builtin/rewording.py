"""Sentences that training data lacks: the same facts about other names, or what stands for a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from zslre.datasets.annotated import AnnotatedSentence
from zslre.types import Mention, Sentence


def names_by_type(sentences: Sequence[AnnotatedSentence], types: Sequence[str]) -> dict[str, list[str]]:
    """Texts of the mentions of the given types, each as often as it is found."""
    names: dict[str, list[str]] = {kind: [] for kind in types}
    for annotated in sentences:
        for mention in annotated.sentence.mentions:
            if mention.type in names:
                names[mention.type].append(mention.text)
    return {kind: texts for kind, texts in names.items() if texts}


def renamed_mentions(
    annotated: AnnotatedSentence, names: Mapping[str, Sequence[str]], rng: np.random.Generator
) -> AnnotatedSentence:
    """The sentence with another name of its type for each mention of a type in `names`; a name twice stays one name.

    What is left to learn from is how the sentence puts it. Left as it is where mentions overlap.
    """
    chosen: dict[str, str] = {}
    new = {
        mention: Rewording(chosen.setdefault(mention.text, str(rng.choice(names[mention.type]))))
        for mention in sorted(annotated.sentence.mentions, key=lambda m: m.start)
        if mention.type is not None and mention.type in names
    }
    return reworded(annotated, new)


@dataclass(frozen=True, slots=True)
class Rewording:
    """A mention that takes the place of another, with a text before it; `dropped` characters behind it go."""

    text: str
    before: str = ""
    dropped: int = 0


def reworded(annotated: AnnotatedSentence, new: Mapping[Mention, Rewording]) -> AnnotatedSentence:
    """The sentence with these in place of its mentions. Left as it is where mentions overlap."""
    mentions = sorted(annotated.sentence.mentions, key=lambda m: m.start)
    if any(a.end > b.start for a, b in pairwise(mentions)):
        return annotated
    text, moved, place = "", dict[Mention, Mention](), 0
    for mention in mentions:
        instead = new.get(mention, Rewording(mention.text))
        text += annotated.sentence.text[place : mention.start] + instead.before
        moved[mention] = replace(mention, text=instead.text, start=len(text), end=len(text) + len(instead.text))
        text, place = text + instead.text, mention.end + instead.dropped
    text += annotated.sentence.text[place:]
    sentence = Sentence(text, tuple(moved[m] for m in annotated.sentence.mentions))
    return replace(annotated, sentence=sentence, pairs=tuple((moved[h], moved[t]) for h, t in annotated.pairs))
