"""What the grammar of a relation's name tells: the verb and its voice, or the noun that its head is."""

from __future__ import annotations

import re
from typing import Literal

from zslre.sideinfo.wordnet import WordNet
from zslre.sideinfo.words import FUNCTION_WORDS, inflect

PASSIVE = ("is", "was", "been")
AUXILIARIES = ("be", "have", "do")
_NOUN = re.compile(r"(?:is|was) the (\S.*) of", re.IGNORECASE)
_ANY_NOUN = re.compile(r"(?:(?:is|was) )?(?:the |an? )?(\S.*) of", re.IGNORECASE)
_PREPOSITIONS = frozenset(["about", "at", "by", "from", "in", "into", "on", "to", "under", "with"])

# What a name says of whom: its noun of the head ("owner of") or the tail ("owner"), its verb of the head, in the active
# ("owns") or the passive ("owned by").
Reading = Literal["noun of head", "noun of tail", "active", "passive"]


def noun_of(name: str) -> str | None:
    """What the head is by the relation's name.

    >>> [noun_of(name) for name in ("is the birthplace of", "was the CEO of", "is a member of", "birthplace")]
    ['birthplace', 'CEO', None, None]
    """
    found = _NOUN.fullmatch(name)
    return found[1] if found is not None else None


def reading(name: str, words: WordNet, *, sentence: bool = False) -> tuple[Reading, str] | None:
    """How a name is read, and its noun or verb; None where its grammar does not tell.

    A past tense alone may be a participle: "created" is who created it, or what was. If "head name tail" is a
    `sentence`, it is the former.

    >>> from zslre.sideinfo.wordnet import wordnet
    >>> [reading(name, wordnet()) for name in ("is the owner of", "has owner", "owned by", "owns")]
    [('noun of head', 'owner'), ('noun of tail', 'owner'), ('passive', 'own'), ('active', 'own')]
    >>> reading("created", wordnet()), reading("created", wordnet(), sentence=True), reading("born in", wordnet())
    (None, ('active', 'create'), None)
    """
    if (verb := verb_of(name, words)) is not None:
        lemma, passive = verb
        certain = sentence or passive or in_the_present(name.casefold().split()[0], lemma.split(" ")[0], words)
        return ("passive" if passive else "active", lemma) if certain else None
    if (noun := _ANY_NOUN.fullmatch(name)) is not None:
        return "noun of head", noun[1].casefold()
    said = name.casefold().removeprefix("has ").split()
    if in_the_past(name, words) is not None:
        return "active", words.base_forms(said[0], "v")[0]
    if _PREPOSITIONS.isdisjoint(said) and words.base_forms(said[-1], "n"):
        return "noun of tail", " ".join(said)
    return None


def read_alike(name: str, listed: str, words: WordNet) -> bool | None:
    """Whether a relation's name and a name of a property ask for the same head; None where grammar does not tell.

    >>> from zslre.sideinfo.wordnet import wordnet
    >>> pairs = ("is the owner of", "owner"), ("owns", "makes"), ("owned", "owner"), ("owned", "date owned")
    >>> [read_alike(name, listed, wordnet()) for name, listed in pairs]
    [False, True, False, None]
    """
    own, other = reading(name, words, sentence=True), reading(listed, words)
    if name.casefold() == listed.casefold() and (other is not None or own is None):
        return True
    if own is None or other is None:
        return None
    nouns = own[0].startswith("noun"), other[0].startswith("noun")
    if not any(nouns) and own[1] != other[1] and verb_of(name, words) is None:
        return True if own[0] == other[0] else None  # works for, employed by
    if nouns[0] == nouns[1]:
        return own[0] == other[0]
    noun, verb = (own[1], other[1]) if nouns[0] else (other[1], own[1])
    does = ("noun of head", "active")
    return (own[0] in does) == (other[0] in does) if _does(noun, verb, words) else None


def _does(noun: str, verb: str, words: WordNet) -> bool:
    """Whether the noun is who does what the verb says: owner, own."""
    derived = (name for number in words.senses(noun, "n") for _, name in words.derived(number, noun))
    return noun.endswith(("er", "or")) and any(name.casefold() == verb for name in derived)


def verb_of(name: str, words: WordNet) -> tuple[str, bool] | None:
    """The verb that a relation is named by, and whether in the passive voice; None for another name.

    >>> from zslre.sideinfo.wordnet import wordnet
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


def is_a_verb(name: str, words: WordNet) -> bool:
    """Whether a relation is named by a verb alone or in the passive; in the third person by one that is hardly a noun.

    >>> from zslre.sideinfo.wordnet import wordnet
    >>> [is_a_verb(name, wordnet()) for name in ("employs", "acquired", "led by", "founders", "stars", "works at")]
    [True, True, True, False, False, False]
    """
    verb = verb_of(name, words)
    if verb is None or (" " in name and not verb[1]):
        return False
    lemma, passive = verb
    past = passive or name.casefold() == inflect(lemma, "past", words)
    return past or len(words.senses(lemma, "v")) >= 2 * len(words.senses(lemma, "n"))


def passive_of(verb: str, words: WordNet) -> str:
    return f"{inflect(verb, 'participle', words)} by"


def in_the_past(name: str, words: WordNet) -> str | None:
    """The name with its first word in the past tense; None unless that is a verb in the present.

    >>> from zslre.sideinfo.wordnet import wordnet
    >>> [in_the_past(name, wordnet()) for name in ("sits on the board of", "hails from", "parts of", "lyrics by")]
    ['sat on the board of', 'hailed from', None, None]
    """
    verb, *others = name.casefold().split() or [""]
    if not others or others[0] in ("of", "by"):
        return None
    for base in words.base_forms(verb, "v"):
        noun = bool(words.senses(base, "n")) and others[0] not in FUNCTION_WORDS  # "sports discipline"
        if base not in AUXILIARIES and not noun and in_the_present(verb, base, words):
            return " ".join([inflect(base, "past", words), *others])
    return None


def in_the_present(word: str, base: str, words: WordNet) -> bool:
    """Whether the word is the third person of a verb, or the verb itself and no noun, as "author" is."""
    return word == inflect(base, "third", words) or (word == base and not words.senses(base, "n"))
