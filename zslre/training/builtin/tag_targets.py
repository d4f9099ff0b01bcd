"""What a sentence teaches a mention tagger: which tags each of its words may have.

Nothing says it all. A teacher's named entities (spaCy's) are complete but for its errors, and know no occupations,
genres or species; the arguments of labelled pairs include those, but are only two a sentence; Re-DocRED's mentions are
complete, with coarser types. So a word's target is a set of tags, and the loss is that of the set: -log of the sum of
their probabilities.

Dimension letters: W words, K types, 1 + 2K tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zslre.mentions import resolve_overlaps, trim
from zslre.packing import BoolArray
from zslre.tagging import LOWER, TYPES, Words
from zslre.types import Mention

OTHER_TYPE = "MISC"  # of arguments that are no named entity
NAMED = ("PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE", OTHER_TYPE)
# Types of DocRED → what its annotators gave them to, by the types that spaCy finds there.
OF_DOCRED: Mapping[str, tuple[str, ...]] = {
    "PER": ("PERSON",),
    "ORG": ("ORG", "NORP"),
    "LOC": ("GPE", "LOC", "FAC", "NORP"),
    "TIME": ("DATE", "TIME"),
    "NUM": ("CARDINAL", "MONEY", "PERCENT", "QUANTITY"),
    "MISC": ("NORP", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE", OTHER_TYPE, "FAC", "ORG"),
}
_DOUBT = 0.01  # a word that is part of an argument this often, where it stands, may be one anywhere
_NUMBER = {name: number for number, name in enumerate(TYPES)}
_SOME = (1 + _NUMBER[OTHER_TYPE], 1 + len(TYPES) + _NUMBER[OTHER_TYPE])


@dataclass(frozen=True, slots=True)
class Taught:
    """A sentence with what is known of its mentions.

    `found`: a teacher's. `given`: of a `complete` sentence all, with DocRED's types; else some, without types.
    """

    text: str
    found: tuple[Mention, ...]
    given: tuple[Mention, ...]
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """`allowed`: tags that a word may have, (W, 1 + 2K); `doubtful`: outside, or of an unmarked argument, (W,)."""

    allowed: BoolArray
    doubtful: BoolArray


def noun_like(sentences: Iterable[Taught]) -> frozenset[str]:
    """Words of lower case that arguments are made of: those which may be an unmarked argument elsewhere."""
    inside, anywhere = Counter[str](), Counter[str]()
    for sentence in sentences:
        if not sentence.complete:
            anywhere.update(sentence.text.split())
            inside.update(w for m in sentence.given if _is_lower(m.text) for w in m.text.split())
    return frozenset(word for word, count in inside.items() if count >= _DOUBT * anywhere[word])


def targets(sentence: Taught, words: Words, nouns: frozenset[str]) -> Targets:
    """The tags that the words of a sentence may have; `nouns` as `noun_like` finds them."""
    known = _Known(words)
    if sentence.complete:
        for mention in resolve_overlaps(sentence.given):
            types = OF_DOCRED[mention.type or ""]
            finer = [m.type for m in sentence.found if _overlap(m, mention) and m.type in types]
            known.put(mention, [str(finer[0])] if finer else types)
        return known.targets
    text = sentence.text
    for word, (start, end) in enumerate(zip(words.starts, words.ends, strict=True)):
        if words.shapes[words.tokens[word]] == LOWER and text[start:end] in nouns:
            known.doubt(word)
    found = [mention for mention in sentence.found if mention.type in _NUMBER]
    for mention in found:
        known.put(mention, [str(mention.type)])
    for mention in resolve_overlaps(_trimmed(text, mention) for mention in sentence.given):
        _put_argument(known, mention, [other for other in found if _overlap(other, mention)])
    return known.targets


def _put_argument(known: _Known, argument: Mention, found: Sequence[Mention]) -> None:
    """An argument, where the teacher found the given entities, or none, in its place."""
    if any((m.start, m.end) == (argument.start, argument.end) for m in found):
        return
    if not found:
        known.put(argument, [OTHER_TYPE] if _is_lower(argument.text) else NAMED)
    elif len(found) == 1 and found[0].start <= argument.start and argument.end <= found[0].end:
        # "Missouri" of "Missouri Highway Department" and "2016" of "2016 to 2018": one is right as often as the other.
        known.leave_open(found[0])
    elif ", " not in argument.text:  # "Graham , North Carolina" is two mentions elsewhere
        for mention in found:
            known.leave_open(mention)
        types = {str(mention.type) for mention in found}
        known.put(argument, sorted({*NAMED, *(types if len(found) == 1 else ())} - {"CARDINAL", "DATE"}))


class _Known:
    """Fills `Targets`; at first every word is outside."""

    def __init__(self, words: Words) -> None:
        self.words = words
        allowed = np.zeros((len(words.tokens), 1 + 2 * len(TYPES)), dtype=np.bool_)
        allowed[:, 0] = True
        self.targets = Targets(allowed, np.zeros(len(words.tokens), dtype=np.bool_))

    def put(self, mention: Mention, types: Sequence[str]) -> None:
        """The mention is one of these types."""
        part = self._part(mention)
        numbers = [_NUMBER[name] for name in types]
        self.targets.allowed[part] = False
        self.targets.doubtful[part] = False
        for place, word in enumerate(range(part.start, part.stop)):
            self.targets.allowed[word, [1 + n + (len(TYPES) if place else 0) for n in numbers]] = True

    def leave_open(self, mention: Mention) -> None:
        """Nothing is known about its words."""
        self.targets.allowed[self._part(mention)] = True
        self.targets.doubtful[self._part(mention)] = False

    def doubt(self, word: int) -> None:
        self.targets.allowed[word, _SOME] = True
        self.targets.doubtful[word] = True

    def _part(self, mention: Mention) -> slice:
        """The words that share a character with the mention."""
        first = int(np.searchsorted(self.words.ends, mention.start, side="right"))
        return slice(first, max(first, int(np.searchsorted(self.words.starts, mention.end, side="left"))))


def _trimmed(text: str, mention: Mention) -> Mention:
    start, end = trim(text, mention.start, mention.end)
    return Mention(text[start:end], start, end) if start < end else mention


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _is_lower(text: str) -> bool:
    return not any(c.isupper() for c in text)
