"""What a relation's description says of its head and tail, by its wording alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zslre.sideinfo.senses import choose_sense
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wordnet import LEAST_INFORMATION, WordNet
from zslre.sideinfo.words import ARGUMENT_WORDS, FUNCTION_WORDS, Form, inflect

# "the head is a company that the tail, another company, has bought"
_NAMED = re.compile(
    r"\b(?P<role>head|subject|tail|object)\b(?:\s+(?:entity|item))?"
    r"(?P<mark>,|\s+(?:is|are|being|was|must\s+be|should\s+be))\s+(?:(?P<article>an?|another|some|the)\s+)?"
    r"(?=(?P<rest>[^.;:]+))",
    re.IGNORECASE,
)
# "person who established this organization": the tail first, and of the head "this …", as Wikidata writes. Of a verb's
# head it is the other way round: "person who established this organization" of "founded".
_THIS = re.compile(r"\b(?:this|these)\s+(?=(?P<rest>[^.;:]+))", re.IGNORECASE)
OTHER = {"head": "tail", "tail": "head"}
_ROLES = {"head": "head", "subject": "head", "tail": "tail", "object": "tail"}
_END_OF_PHRASE = re.compile(r"[^\w' -]|\b(?:that|who|whom|whose|which|where|when)\b", re.IGNORECASE)
# WordNet's files of nouns that entities are: tops (person itself), artifact, communication, event, group, location,
# object, person, plant, time, …
_ENTITY_FILES = frozenset((3, 5, 6, 10, 11, 13, 14, 15, 17, 18, 20, 27, 28))
_ENDS = FUNCTION_WORDS | ARGUMENT_WORDS
_NO_BEGIN = FUNCTION_WORDS.difference(["a", "an", "the", "another", "some", "any", "other", "or", "and"])
MAX_WORDS = 4
COMMON_SENSES = 2

# How sure each wording is.
NAMED, THIS, FIRST = 0.9, 0.7, 0.6


def described_types(
    description: str, wordnet: WordNet, vectors: PhraseVectors, *, first: str | None = "tail"
) -> Iterator[tuple[str, str, float]]:
    """(role, type, confidence) for each type that the description names; role: "head" or "tail".

    `first`: what a description without the words head and tail begins with, the tail as Wikidata has it or the head,
    and "this …" is the other; None where that is not known.
    """
    found: dict[tuple[str, str], float] = {}
    for match in _NAMED.finditer(description):
        for name in _types(_named_phrases(match, wordnet), description, wordnet, vectors):
            found.setdefault((_ROLES[match["role"].lower()], name), NAMED)
    if first is not None:
        for match in _THIS.finditer(description):
            for name in _types(_phrases(match["rest"]), description, wordnet, vectors):
                found.setdefault((OTHER[first], name), THIS)
        if not re.search(r"\b(?:head|tail|subject|object)\b", description, re.IGNORECASE):
            for name in _types(_phrases(description), description, wordnet, vectors):
                found.setdefault((first, name), FIRST)
    yield from ((role, name, confidence) for (role, name), confidence in found.items())


def named_kinds(description: str, wordnet: WordNet) -> set[str]:
    """The words that stand where the description says what its head or tail is, whether WordNet knows them or not.

    >>> from zslre.sideinfo.wordnet import wordnet
    >>> sorted(named_kinds("the head is a venture or campaign for which the tail, a person, pays", wordnet()))
    ['campaign', 'person', 'venture']
    """
    named = (_named_phrases(match, wordnet) for match in _NAMED.finditer(description))
    return {words[-1] for phrases in named for words in phrases}


def _named_phrases(match: re.Match[str], wordnet: WordNet) -> list[list[str]]:
    """What the head or tail is said to be, in phrases; none in "the head is married to the tail"."""
    rest, closed = match["rest"], match["mark"] == ","
    phrases = _phrases(rest, closed=closed)
    if closed and any(_is_verb(words[0], wordnet) for words in phrases[1:]):  # "the tail, a person, taught and advised"
        phrases = _phrases(rest.partition(",")[0])
    bare = match["article"] is None and phrases and len(phrases[0]) == 1
    return [] if bare and _is_verb(phrases[0][0], wordnet) else phrases


def _is_verb(word: str, wordnet: WordNet) -> bool:
    """Whether it is an inflected form of a verb, though it may be one of a noun, too: brews."""
    forms: tuple[Form, ...] = ("third", "past", "participle")
    bases = (base for base in wordnet.base_forms(word, "v") if base != word)
    return any(word == inflect(base, form, wordnet) for base in bases for form in forms)


def _types(phrases: list[list[str]], context: str, wordnet: WordNet, vectors: PhraseVectors) -> Iterator[str]:
    """The entity types that the phrases end in: German car company → company."""
    for words in phrases:
        name = _longest_noun(words, context, wordnet, vectors)
        if name is not None:
            yield name


def _phrases(text: str, *, closed: bool = False) -> list[list[str]]:
    """The phrases that a text begins with, in words.

    Behind a comma there is another one only if "or" or "and" ends the list; if that must be `closed`, nothing else may
    stand before the next comma: "a person, firm or town, pays" and "a brewery, brews and sells beer".

    >>> _phrases("person or firm responsible for it"), _phrases("a person, firm or town, pays", closed=True)
    ([['person'], ['firm', 'responsible']], [['person'], ['firm'], ['town']])
    >>> _phrases("a brewery, brews and sells the tail", closed=True), _phrases("a river, in which a town lies")
    ([['brewery']], [['river']])
    """
    first: list[list[str]] = []
    found: list[list[str]] = []
    for number, part in enumerate(text.split(",")):
        begin = part.split()[:1]
        if number and begin and begin[0].lower() in _NO_BEGIN:
            break
        phrases, listed, whole = _coordinated(part)
        found += phrases
        if listed:
            return found if not number or whole or not closed else first
        first = first if number else phrases
        if not whole:
            break
    return first


def _coordinated(text: str) -> tuple[list[list[str]], bool, bool]:
    """The phrases that "or" and "and" tie, whether there are such words, and whether nothing stands behind."""
    cut = _END_OF_PHRASE.search(text)
    found: list[list[str]] = []
    for number, part in enumerate(re.split(r"\b(?:or|and)\b", text[: cut.start() if cut else None])):
        words = [word.lower() for word in re.findall(r"[\w'-]+", part)]
        begin = next((i for i, word in enumerate(words) if word not in FUNCTION_WORDS), len(words))
        end = next((i for i, word in enumerate(words) if i >= begin and word in _ENDS), len(words))
        if begin < end:
            found.append(words[begin:end][:MAX_WORDS])
        if end < len(words):
            return found, number > 0, False
    return found, number > 0, cut is None


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
