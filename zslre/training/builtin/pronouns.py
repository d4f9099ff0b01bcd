"""Sentences in which a pronoun or a noun has the place of a name, as in running text: "She was born in Rome"."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from zslre.antecedents import NOUNS
from zslre.datasets.annotated import AnnotatedSentence
from zslre.gender import is_female
from zslre.sideinfo.entity_types import words_of_label
from zslre.surroundings import CLAUSES, at_start
from zslre.training.builtin.rewording import Rewording, reworded
from zslre.types import Mention, Sentence

GENITIVE = re.compile(r"['\u2019]s\b")
OF_WOMAN, OF_MAN = (re.compile(rf"\b(?:{forms})\b", re.IGNORECASE) for forms in ("she|her|hers", "he|his|him"))
BEFORE = re.compile(r"(\w+) $")
OF_COMPANIES = ("company", "firm", "group")


def with_pronoun(annotated: AnnotatedSentence, rng: np.random.Generator) -> AnnotatedSentence:
    """The sentence with a pronoun, or a noun such as "the company", for one of its names; its pairs are the same.

    For a name that stands once: at the beginning, behind "when" and the like, or in the genitive. Left as it is where
    there is none.
    """
    sentence = annotated.sentence
    words = Counter(word for mention in sentence.mentions for word in set(mention.text.split()))
    found = [
        mention
        for mention in sentence.mentions
        if mention.text[0].isupper() and all(words[word] == 1 for word in mention.text.split())
        if _stands_well(mention, sentence.text)
    ]
    if not found:
        return annotated
    mention = found[int(rng.integers(len(found)))]
    new = _instead(mention, sentence, rng)
    return annotated if new is None else reworded(annotated, {mention: new})


def _stands_well(mention: Mention, text: str) -> bool:
    before = BEFORE.search(text[: mention.start])
    behind_clause = before is not None and before[1] in CLAUSES and not text.startswith(",", mention.end)
    return at_start(mention, text) or behind_clause or GENITIVE.match(text, mention.end) is not None


def _instead(mention: Mention, sentence: Sentence, rng: np.random.Generator) -> Rewording | None:
    kinds = words_of_label(mention.type)
    genitive = GENITIVE.match(sentence.text, mention.end)
    if "person" in kinds:
        form = ("her" if genitive else "she") if _of_woman(mention, sentence, rng) else ("his" if genitive else "he")
    elif any(kind in NOUNS for kind in kinds):
        known = {noun for kind in kinds for nouns in NOUNS.get(kind, ()) for noun in nouns}
        nouns = [word for word in mention.text.lower().split() if word in known]
        nouns += OF_COMPANIES if "organization" in kinds and not nouns else ()
        if nouns and rng.random() < 0.5:
            article = "The " if at_start(mention, sentence.text) else "the "
            return Rewording(str(rng.choice(nouns)), article)
        form = "its" if genitive else "it"
    else:
        return None
    form = form.capitalize() if at_start(mention, sentence.text) else form
    return Rewording(form, dropped=len(genitive[0]) if genitive else 0)


def _of_woman(mention: Mention, sentence: Sentence, rng: np.random.Generator) -> bool:
    """As the sentence's own pronouns have it, or else the name; or else by chance."""
    if OF_WOMAN.search(sentence.text):
        return True
    if OF_MAN.search(sentence.text):
        return False
    female = is_female(sentence.text, mention)
    return bool(rng.random() < 0.5) if female is None else female
