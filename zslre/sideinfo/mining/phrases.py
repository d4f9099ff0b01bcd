"""Noun phrases of tagged words: where they are, what heads them, and the ever more general nouns inside them.

Found by rule over Penn Treebank tags. Only the tagger of the spaCy pipeline runs for this; its parser would halve the
speed and is wrong most often in just the long lists and appositions that matter here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from zslre.sideinfo.mining.lexicon import PARTICIPLES, VAGUE

COMMON = frozenset({"NN", "NNS"})
PROPER = frozenset({"NNP", "NNPS"})
_NOUNS = COMMON | PROPER
_OPENERS = frozenset({"DT", "PDT", "PRP$", "WP$"})
_MODIFIERS = frozenset({"JJ", "JJR", "JJS", "CD", "AFX"})
# Part of a phrase only inside one: "a publicly listed company", "a record-breaking run".
_INNER = frozenset({"VBN", "VBG", "RB", "RBR", "RBS", "HYPH"})
# Modifiers that say how many or how much.
_DEGREE = frozenset({"JJS", "JJR", "CD", "RBR", "RBS"})
_QUOTES = frozenset('"“”')
# Behind a noun these go on with the sentence: "a company called Nordvik", "a language emphasizing speed".
_NAMING = frozenset({"called", "named", "titled", "entitled", "dubbed", "known"})
_ENDING = _NAMING | PARTICIPLES
_JOINTS = (",", "and")
_MAX_QUOTED = 10  # words of a quoted title

# How surely "car company" says "company": much less for a prime minister than for a car company, and nobody can tell.
IMPLIED = 0.5


@dataclass(frozen=True, slots=True)
class Word:
    """A token: its text, Penn tag, and place in the sentence (characters, end exclusive)."""

    text: str
    tag: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words `first … end-1` of a sentence. `opener`: a, the, other, such, superlative, possessive … or none.

    `proper`: a name; `plural`: the head is. `text` leaves articles and the like out; it begins at character `start`.
    """

    first: int
    end: int
    text: str
    start: int
    opener: str
    proper: bool
    plural: bool
    modifiers: tuple[Word, ...]
    head: Word


def find_phrases(words: Sequence[Word], sentence: str) -> list[Phrase]:
    """The noun phrases of a sentence, left to right, without overlap.

    A name behind a common noun is a phrase of its own: "the car company | BMW". "Bank of America" is one phrase, and so
    is a title in quotation marks.
    """
    phrases: list[Phrase] = []
    at = 0
    while at < len(words):
        quoted = _quoted(words, at)
        if quoted is not None:
            phrases.append(_phrase(words, at + 1, at + 1, quoted, sentence, proper=True))
            at = quoted + 1
            continue
        found = None if _introduces_example(words, at) else _span(words, at)
        if found is None:
            at += 1
            continue
        content, end = found
        split = next((i for i in range(content + 1, end) if _starts_name(words, content, i)), None)
        if split is not None:
            phrases.append(_phrase(words, at, content, split, sentence))
            phrases.append(_phrase(words, split, split, end, sentence))
        else:
            phrases.append(_phrase(words, at, content, end, sentence))
        at = end
    return _with_of(phrases, words, sentence)


def generalisations(phrase: Phrase, singular: Callable[[Word], str]) -> tuple[tuple[str, float], ...]:
    """The nouns that a phrase names, from the most special to its head, and how surely it does; `singular` gives a
    noun's singular.

    Without its adjectives a phrase says the same, without a noun of a compound only half as surely: "German car
    companies" → ("German car company", 1), ("car company", 1), ("company", 0.5).
    """
    parts: list[tuple[str, str]] = []
    for word in phrase.modifiers:
        text = word.text if word.tag in PROPER or (word.tag == "JJ" and word.text[:1].isupper()) else word.text.lower()
        if parts and (parts[-1][0].endswith("-") or word.tag == "HYPH"):
            parts[-1] = (parts[-1][0] + text, "JJ" if parts[-1][1] == "JJ" else word.tag)
        elif parts and parts[-1][1] in PROPER and word.tag in PROPER:
            parts[-1] = (f"{parts[-1][0]} {text}", word.tag)  # "a New York bank" is no York bank
        else:
            parts.append((text, word.tag))
    head = singular(phrase.head)
    if parts and parts[-1][0].endswith("-"):
        head = parts.pop()[0] + head
    while parts and _is_vague(parts[0][0]):
        parts.pop(0)
    names: list[tuple[str, float]] = []
    weight = 1.0
    for at, (text, tag) in enumerate(parts):
        if not _is_vague(text):  # as in "Swedish former footballer"
            names.append((" ".join([*(part for part, _ in parts[at:]), head]), weight))
        if tag in COMMON | PROPER | {"HYPH"}:
            weight *= IMPLIED
    return (*names, (head, weight))


def _is_vague(text: str) -> bool:
    return text.lower() in VAGUE or not text[0].isalpha()


def _quoted(words: Sequence[Word], at: int) -> int | None:
    """Where the title that opens with the quotation mark at `at` ends (its closing mark); None if there is no such."""
    if words[at].text not in _QUOTES and words[at].tag != "``":
        return None
    for end in range(at + 1, min(at + 2 + _MAX_QUOTED, len(words))):
        if words[end].text in _QUOTES or words[end].tag == "''":
            return end if end > at + 1 and words[at + 1].text[:1].isupper() and words[end - 1].tag != "," else None
    return None


def _introduces_example(words: Sequence[Word], at: int) -> bool:
    """The noun of "for example", which names nothing."""
    return at > 0 and words[at - 1].text.lower() == "for" and words[at].text in ("example", "instance")


def _span(words: Sequence[Word], at: int) -> tuple[int, int] | None:
    """Where the content and the end of the phrase at `at` are; None if no phrase begins there."""
    content = at
    while content < len(words) and words[content].tag in _OPENERS:
        content += 1
    end = None
    for i in range(content, len(words)):
        tag = words[i].tag
        if end == i and words[i].text in _ENDING:
            break
        if tag in _NOUNS:
            end = i + 1
        elif tag == "CD" and end == i and words[i - 1].tag in PROPER:
            end = i + 1  # Windows 7
        elif not (tag in _MODIFIERS or _joins(words, content, i) or (tag in _INNER and (i > at or tag == "RBS"))):
            break
    return (content, end) if end is not None else None


def _joins(words: Sequence[Word], content: int, at: int) -> bool:
    """Whether the comma or "and" at `at` stands between modifiers: "a high-level, general-purpose language"."""
    if words[at].text not in _JOINTS or not content < at < len(words) - 1:
        return False
    before, after = words[at - 1], words[at + 1]
    compound = at - 2 > content and words[at - 2].tag == "HYPH" and words[at - 3].tag in _MODIFIERS
    goes_on = after.tag in _MODIFIERS | {"RBS"} or (at + 2 < len(words) and words[at + 2].tag == "HYPH")
    return (before.tag in ("JJ", "JJS") or compound) and goes_on


def _starts_name(words: Sequence[Word], content: int, at: int) -> bool:
    common = words[at - 1].tag in COMMON and words[at - 1].text.islower()  # not "VfB", whatever the tagger says
    return common and words[at].tag in PROPER and words[at].text[:1].isupper()


def _phrase(
    words: Sequence[Word], first: int, content: int, end: int, sentence: str, *, proper: bool | None = None
) -> Phrase:
    head = words[end - 1]
    # "An investment bank", whatever the tagger says.
    named = head.tag in PROPER and not (head.text.islower() and words[first].text.lower() in ("a", "an"))
    is_name = proper if proper is not None else named or (head.tag == "CD" and end - content > 1)
    inside = words[content : end - 1]
    if first > 0 and words[first - 1].tag == "POS":
        opener = "possessive"
    elif any(word.tag in ("JJS", "RBS") for word in inside):
        opener = "superlative"
    elif inside and inside[0].text.lower() == "other":
        opener = "other"
    elif content == first and inside and inside[0].text.lower() == "such":
        opener = "such"
    else:
        opener = _OPENER_NAMES.get(words[content - 1].text.lower(), "determiner") if content > first else "none"
        if content > first and any(word.tag in ("PRP$", "WP$") for word in words[first:content]):
            opener = "possessive"
    kept = _kept(_behind_joint(inside, plural=head.tag in ("NNS", "NNPS")))
    start = words[content].start
    text = sentence[start : head.end]
    return Phrase(first, end, text, start, opener, is_name, head.tag in ("NNS", "NNPS"), kept, head)


def _behind_joint(modifiers: Sequence[Word], *, plural: bool) -> Sequence[Word]:
    """Of modifiers that a comma or "and" joins the last ones, true by themselves: "Polish and French chemist".

    Not of several things, some of which may be Polish and others French.
    """
    joints = [place for place, word in enumerate(modifiers) if word.text in _JOINTS]
    behind = modifiers[joints[-1] + 1 :] if joints else modifiers
    return [word for word in behind if word.tag in COMMON] if joints and plural else behind


def _kept(modifiers: Sequence[Word]) -> tuple[Word, ...]:
    """The modifiers that may say a kind; what hyphens join goes or stays as one, and so does "most populous":
    "third-largest", "well-known"."""
    groups: list[list[Word]] = []
    for word in modifiers:
        if groups and ("HYPH" in (word.tag, groups[-1][-1].tag) or groups[-1][-1].tag in ("RBS", "RBR")):
            groups[-1].append(word)
        else:
            groups.append([word])
    return tuple(
        word
        for group in groups
        if not any(part.tag in _DEGREE for part in group) and (len(group) > 1 or group[0].tag != "RB")
        for word in group
    )


_OPENER_NAMES = {"a": "a", "an": "a", "the": "the", "another": "other", "no": "no", "neither": "no"}


def _with_of(phrases: list[Phrase], words: Sequence[Word], sentence: str) -> list[Phrase]:
    """Names that "of" joins become one: National Register of Historic Places."""
    joined: list[Phrase] = []
    for phrase in phrases:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.proper
            and phrase.proper
            and phrase.first == before.end + 1
            and words[before.end].text == "of"
            and phrase.opener in ("none", "the")
            and all(word.tag in PROPER for word in (*before.modifiers, before.head))
        ):
            text = sentence[before.start : words[phrase.end - 1].end]
            joined[-1] = replace(before, end=phrase.end, text=text, plural=False, modifiers=())
        else:
            joined.append(phrase)
    return joined
