"""The definition that an encyclopedia's article begins with: "BMW AG, trading as BMW Group, is a German manufacturer".

The sentence is known to be about the article's name, so its subject may be called otherwise, and what would be a guess
in running text counts: "is the capital and largest city of France" names two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from zslre.sentences import split_sentences
from zslre.sideinfo.mining.lexicon import DENIALS, HYPOTHETICAL
from zslre.sideinfo.mining.phrases import Word

# What is read of a text to find its first sentence, and how many pieces of it, where full stops are in brackets.
_MAX_OPENING = 3000  # characters
_MAX_PIECES = 6
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_COPULAS = frozenset({"is", "was", "are", "were"})
_RELATIVE = frozenset({"which", "who", "that", "whose", "where"})
_FINITE = frozenset({"VBZ", "VBP", "MD"})
# What a collection is of, rather than that it is one: "a family of operating systems".
COLLECTIONS = frozenset({"family", "group", "series", "set"})

_NEXT = r"(?: ,| and| , and) "
_NO_OWNER = r"(?!\d| POS)"
# Behind the copula, on the line of symbols of `zslre.sideinfo.mining.hearst`.
KINDS = re.compile(
    r"(?:(?:ADV|both|, [^,;]{1,80} ,) )*(?:(?:one|among|some|any) of )?(?:[PCS][a-z]\d+ POS )?(?:P[ao]\d+ and )?"
    rf"(?P<y>[CS][anotupx]\d+{_NO_OWNER}(?:{_NEXT}[CS][antu]\d+{_NO_OWNER})*)"
)


def opening(text: str) -> str:
    """The first sentence of a text; a full stop in brackets does not end it.

    >>> opening("Kraftwerk (lit. 'power plant') is a band. It is German.")
    "Kraftwerk (lit. 'power plant') is a band."
    """
    start = text[:_MAX_OPENING]
    pieces = list(split_sentences(start))[:_MAX_PIECES]
    for piece in pieces:
        first = start[pieces[0].start : piece.start + len(piece.text)]
        if first.count("(") <= first.count(")") and first.count("[") <= first.count("]"):
            return first
    return pieces[0].text if pieces else ""


def without_asides(sentence: str) -> str:
    """The sentence without what stands in brackets, which a tagger stumbles over.

    >>> without_asides("The Danube (Danish: Donau (listen)) is a river.")
    'The Danube is a river.'
    """
    while (shorter := _ASIDE.sub("", sentence)) != sentence:
        sentence = shorter
    return sentence


def behind_copula(words: Sequence[Word], named: int) -> int | None:
    """Where the sentence begins to say what its subject is; None if it does not say, or denies it, or only supposes it.

    `named`: how many words the sentence opens with are the article's name, and say nothing ("No Country for Old Men").
    """
    lower = [word.text if place < named else word.text.lower() for place, word in enumerate(words)]
    clause = 0  # where the last comma is
    for at in range(named, len(words)):
        if lower[at] in DENIALS or lower[at] in HYPOTHETICAL:
            return None
        if words[at].text in _COPULAS:
            if not _RELATIVE.intersection(lower[clause:at]):
                denied = any(word in DENIALS or word in HYPOTHETICAL for word in lower[at + 1 : at + 3])
                return None if denied or at == 0 else at + 1
        elif words[at].text == ",":
            clause = at
        elif words[at].tag in _FINITE and words[at].text.islower() and not _RELATIVE.intersection(lower[clause:at]):
            return None
    return None
