"""English words: which carry meaning, and the forms of verbs and nouns."""

from __future__ import annotations

import re
from typing import Literal

from zslre.sideinfo.wordnet import WordNet

Form = Literal["base", "third", "gerund", "past", "participle"]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_FUNCTION_WORDS = """
a about above after again against all also am among an and another any are around as at back be became because
become been before being below between both but by can could did do does doing down during e each either etc
every few for from further g had has have having he her here his how i if in into is it its itself least less
like made make may me might more most much must my neither no nor not of off often on one only onto or other
others our out over own per quite rather s same she should since so some such t than that the their them then
there these they this those through thus to too toward towards two under until up upon us use used uses using
usually very via was we were what when where whether which while who whom whose why will with within without
would you your eg ie
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
# What descriptions call the arguments of a relation: says nothing of them.
ARGUMENT_WORDS = frozenset(["head", "tail", "subject", "object", "item", "entity", "topic"])
# What WordNet's list of irregular forms cannot tell, since it holds only forms that differ from the lemma.
_SAME_PARTICIPLE = ("come", "become", "overcome", "run", "outrun")
_SAME_PAST = ("beat", "bet", "broadcast", "burst", "cast", "cost", "cut", "forecast", "hit", "hurt", "let", "put",
              "quit", "read", "set", "shut", "split", "spread", "upset")  # fmt: skip
# Verbs whose irregular forms there are archaic, or adjectives by now: wrought, molten, laden.
_REGULAR = ("climb", "help", "load", "melt", "prove", "shave", "work")
_VOWELS = "aeiou"


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case.

    >>> words_of("Who'll bankroll the 2nd start-up?")
    ["who'll", 'bankroll', 'the', 'nd', 'start-up']
    """
    return [word.lower() for word in _WORD.findall(text)]


def is_content(word: str) -> bool:
    return len(word) > 1 and word not in FUNCTION_WORDS


def form_of(word: str, lemma: str) -> Form:
    """Which form of the verb `lemma` the word is; a past that may be a participle is taken for one.

    >>> form_of("sits", "sit"), form_of("bankrolled", "bankroll")
    ('third', 'participle')
    """
    if word == lemma:
        return "base"
    if word.endswith("ing"):
        return "gerund"
    return "third" if word.endswith("s") else "participle"


def inflect(lemma: str, form: Form, wordnet: WordNet) -> str:
    """The form of a verb; of several words the first is inflected: take over → took over."""
    verb, _, rest = lemma.partition(" ")
    irregular = wordnet.irregular_forms(verb, "v")
    return " ".join(filter(None, (_inflected(verb, form, irregular), rest)))


def plural(lemma: str, wordnet: WordNet) -> str:
    """The plural of a noun; of several words the last is inflected."""
    rest, _, noun = lemma.rpartition(" ")
    irregular = wordnet.irregular_forms(noun, "n")
    return " ".join(filter(None, (rest, irregular[0] if irregular else _with_s(noun))))


def _inflected(verb: str, form: Form, irregular: tuple[str, ...]) -> str:
    if form == "base":
        return verb
    if form == "third":
        return "has" if verb == "have" else _with_s(verb)
    listed = [other for other in irregular if other.endswith("ing") == (form == "gerund")]
    if form == "gerund":
        return listed[0] if listed else _stem(verb, "ing") + "ing"
    past = [other for other in listed if not other.endswith("s")]
    own_participle = form == "participle" and any(other.endswith("en") for other in past)  # beaten
    if (form == "participle" and verb in _SAME_PARTICIPLE) or (verb in _SAME_PAST and not own_participle):
        return verb
    if not past or verb in _REGULAR:
        return _stem(verb, "ed") + "ed"
    # sung and not sang; written and not wrote
    participles = [p for p in past if p.replace("u", "a") in past and "u" in p]
    participles = participles or [p for p in past if p.endswith(("n", "ne"))] or past
    return participles[0] if form == "participle" else next((p for p in past if p not in participles), past[0])


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def _stem(verb: str, ending: str) -> str:
    """What the ending is put to: mak-ing, plann-ed, cri-ed."""
    if verb.endswith("e") and (ending == "ed" or not verb.endswith(("ee", "oe", "ye"))):
        return verb[:-1]
    if ending == "ed" and verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return f"{verb[:-1]}i"
    vowels = sum(letter in _VOWELS for letter in verb)
    closed = re.search(r"[^aeiou][aeiou][^aeiouwxy]$", verb)
    return verb + verb[-1] if vowels == 1 and closed else verb
