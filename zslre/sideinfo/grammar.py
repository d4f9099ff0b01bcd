"""What the grammar of a relation's name tells: the verb and its voice, or the noun that its head is."""

from __future__ import annotations

import re

from zslre.sideinfo.wordnet import WordNet
from zslre.sideinfo.words import FUNCTION_WORDS, inflect

PASSIVE = ("is", "was", "been")
AUXILIARIES = ("be", "have", "do")
_NOUN = re.compile(r"(?:is|was) the (\S.*) of", re.IGNORECASE)


def noun_of(name: str) -> str | None:
    """What the head is by the relation's name.

    >>> [noun_of(name) for name in ("is the birthplace of", "was the CEO of", "is a member of", "birthplace")]
    ['birthplace', 'CEO', None, None]
    """
    found = _NOUN.fullmatch(name)
    return found[1] if found is not None else None


def verb_of(name: str, words: WordNet) -> tuple[str, bool] | None:
    """The verb that a relation is named by, and whether in the passive voice; None for another name.

    >>> [verb_of(name, wordnet()) for name in ("was written by", "took over", "mentors", "author", "works for")]
    [('write', True), ('take over', False), ('mentor', False), None, None]
    """
    said = name.casefold().split()
    passive = len(said) > 1 and said[-1] == "by"
    said = said[:-1] if passive else said
    while said and (said[0] == "has" or (passive and said[0] in PASSIVE)):
        said = said[1:]
    if not 1 <= len(said) <= 2:
        return None
    for base in words.base_forms(said[0], "v"):
        lemma = " ".join([base, *said[1:]])
        forms = {inflect(base, "participle", words)} if passive else {inflect(base, "past", words)}
        if words.senses(lemma, "v") and (said[0] in forms or (not passive and in_the_present(said[0], base, words))):
            return lemma, passive
    return None


def passive_of(verb: str, words: WordNet) -> str:
    return f"{inflect(verb, 'participle', words)} by"


def in_the_past(name: str, words: WordNet) -> str | None:
    """The name with its first word in the past tense; None unless that is a verb in the present.

    >>> [in_the_past(name, wordnet()) for name in ("sits on the board of", "hails from", "sat on", "parts of")]
    ['sat on the board of', 'hailed from', None, None]
    """
    verb, *others = name.casefold().split()
    if not others or others[0] == "of":
        return None
    for base in words.base_forms(verb, "v"):
        noun = bool(words.senses(base, "n")) and others[0] not in FUNCTION_WORDS  # "sports discipline"
        if base not in AUXILIARIES and not noun and in_the_present(verb, base, words):
            return " ".join([inflect(base, "past", words), *others])
    return None


def in_the_present(word: str, base: str, words: WordNet) -> bool:
    """Whether the word is the third person of a verb, or the verb itself and no noun, as "author" is."""
    return word == inflect(base, "third", words) or (word == base and not words.senses(base, "n"))
