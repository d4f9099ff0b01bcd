"""What a relation's description says of its head and tail, by its wording alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zslre.sideinfo.senses import choose_sense
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wordnet import LEAST_INFORMATION, WordNet
from zslre.sideinfo.words import ARGUMENT_WORDS, FUNCTION_WORDS

# "the head is a company that the tail, another company, has bought"
_NAMED = re.compile(
    r"\b(?P<role>head|subject|tail|object)\b(?:\s+(?:entity|item))?"
    r"(?:,|\s+(?:is|are|being|was|must\s+be|should\s+be))\s+(?:(?:an?|another|some|the)\s+)?(?=(?P<rest>[^.;:]+))",
    re.IGNORECASE,
)
# "person who established this organization": the tail first, and of the head "this …", as Wikidata writes.
_THIS = re.compile(r"\b(?:this|these)\s+(?=(?P<rest>[^.;:]+))", re.IGNORECASE)
_ROLES = {"head": "head", "subject": "head", "tail": "tail", "object": "tail"}
_END_OF_PHRASE = re.compile(r"[^\w' -]|\b(?:that|who|whom|whose|which|where|when)\b", re.IGNORECASE)
# WordNet's files of nouns that entities are: tops (person itself), artifact, communication, event, group, location,
# object, person, plant, time, …
_ENTITY_FILES = frozenset((3, 5, 6, 10, 11, 13, 14, 15, 17, 18, 20, 27, 28))
_ENDS = FUNCTION_WORDS | ARGUMENT_WORDS
MAX_WORDS = 4
COMMON_SENSES = 2

# How sure each wording is.
NAMED, THIS, FIRST = 0.9, 0.7, 0.6


def described_types(description: str, wordnet: WordNet, vectors: PhraseVectors) -> Iterator[tuple[str, str, float]]:
    """(role, type, confidence) for each type that the description names; role: "head" or "tail"."""
    found: dict[tuple[str, str], float] = {}
    for match in _NAMED.finditer(description):
        for name in _types(match["rest"], description, wordnet, vectors):
            found.setdefault((_ROLES[match["role"].lower()], name), NAMED)
    for match in _THIS.finditer(description):
        for name in _types(match["rest"], description, wordnet, vectors):
            found.setdefault(("head", name), THIS)
    if not re.search(r"\b(?:head|tail|subject|object)\b", description, re.IGNORECASE):
        for name in _types(description, description, wordnet, vectors):
            found.setdefault(("tail", name), FIRST)
    yield from ((role, name, confidence) for (role, name), confidence in found.items())


def named_kinds(description: str) -> set[str]:
    """The words that stand where the description says what its head or tail is, whether WordNet knows them or not.

    >>> sorted(named_kinds("the head is a venture or campaign for which the tail, a person, pays"))
    ['campaign', 'person', 'venture']
    """
    found: set[str] = set()
    for match in _NAMED.finditer(description):
        # In "the tail, a person or firm, pays" the last comma ends what it is.
        rest = match["rest"].rpartition(",")[0] or match["rest"] if "," in match[0] else match["rest"]
        found |= {words[-1] for words in _phrases(rest) if words}
    return found


def _types(text: str, context: str, wordnet: WordNet, vectors: PhraseVectors) -> Iterator[str]:
    """The entity types that a text begins with: "person or firm responsible for …" → person, firm."""
    for words in _phrases(text):
        name = _longest_noun(words, context, wordnet, vectors)
        if name is not None:
            yield name


def _phrases(text: str) -> Iterator[list[str]]:
    """The phrases that a text begins with, in words: "person or firm responsible for …" → person, firm responsible."""
    cut = _END_OF_PHRASE.search(text.replace(",", " or "))
    text = text.replace(",", " or ")[: cut.start() if cut else None]
    for part in re.split(r"\b(?:or|and)\b", text):
        words = re.findall(r"[\w'-]+", part)
        while words and words[0].lower() in FUNCTION_WORDS:
            words = words[1:]
        ended = next((i for i, word in enumerate(words) if word.lower() in _ENDS), len(words))
        yield [word.lower() for word in words[:ended][:MAX_WORDS]]
        if ended < len(words):
            return


def _longest_noun(words: list[str], context: str, wordnet: WordNet, vectors: PhraseVectors) -> str | None:
    """The longest end of a noun phrase that WordNet has as a kind of entity: German car company → company."""
    for start in range(len(words)):
        for lemma in wordnet.base_forms(" ".join(words[start:]), "n") or _last_inflected(words[start:], wordnet):
            senses = wordnet.senses(lemma, "n")
            chosen = choose_sense(wordnet, senses, context, vectors)
            likely = [*senses[:COMMON_SENSES], *([chosen[0]] if chosen is not None else [])]
            if any(_is_entity(wordnet, number) for number in likely):
                return lemma
    return None


def _is_entity(wordnet: WordNet, number: int) -> bool:
    return wordnet.category(number) in _ENTITY_FILES and wordnet.information(number) >= LEAST_INFORMATION


def _last_inflected(words: list[str], wordnet: WordNet) -> tuple[str, ...]:
    *start, last = words
    return tuple(
        lemma for base in wordnet.base_forms(last, "n") if wordnet.senses(lemma := " ".join([*start, base]), "n")
    )
