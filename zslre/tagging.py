"""The mention tagger's NumPy side: words and their shapes, and from scores of tags to spans.

A tagger is a small head on the encoder's states of a text (`zslre.encoder.tagger` runs it). Each word gets a tag: O
(outside), B-TYPE (a mention begins) or I-TYPE (it goes on). The types are those of OntoNotes, as spaCy's English
pipelines have them, and MISC: arguments of relations that are no named entities, such as occupations and genres.

Dimension letters: B rows, L tokens, W words, K types, so 1 + 2K tags: O, all B, all I.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import combining

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from zslre.candidates import LITERALS
from zslre.encoder import FloatArray
from zslre.packing import IntArray

Span = tuple[int, int, int]  # first word, one past the last, type (an index)
_NUMBER = r"\b(?!(?:1[5-9]|20)\d\d[.:])\d+(?:[.:]\d+|,\d{3}(?!\d))+"  # not a year with a footnote's number
_FORM = r"(?:(?:,? (?:Inc|Ltd|LLC|LLP|Corp|plc|GmbH)| Co)(?![\w-])\.?)+| A/S\b"  # of a firm, behind a capital's word
_WHOLE = re.compile(rf"{_NUMBER}|\b(?:[a-z]\.){{2,}}|(?<![\w&.'\u2019-])(?=\w*[A-Z])[\w&.'\u2019-]+(?:{_FORM})")
_TITLES = frozenset(["Ms", "Mr", "Mrs", "Mx", "Dr", "Messrs", "Hon", "Rev", "Revd", "Prof"])  # spans that lack a name
_PAIRS = (("(", ")"), ('"', '"'), ("\u201c", "\u201d"))
_ASKING = frozenset(["of", "for", "in", "and", "the"])  # a name that ends with one of these lacks its end

# Not among them is ORDINAL: on Re-DocRED's training part no mention is one, of 174 that spaCy finds.
TYPES = (
    *("PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"),
    *("DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "CARDINAL", "MISC"),
)

# The shapes of words. The encoder's tokens are of lower case, so that a head sees capitals by these alone.
OTHER, LOWER, TITLE, UPPER, INITIAL, MIXED, DIGITS, ALPHANUMERIC = range(8)
SHAPES = 8
NO_WORD = -1  # the shape of what is no word: [CLS], [SEP], padding


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of a text: stretches of tokens that no blank or punctuation mark parts."""

    tokens: IntArray  # (W,): the first token of each
    starts: IntArray  # (W,): characters
    ends: IntArray  # (W,): characters, exclusive
    shapes: IntArray  # (L,): of each token's word


def words_of(encoding: Encoding, text: str) -> Words:
    """The words of an encoding without special tokens."""
    numbers = np.array([-1 if n is None else n for n in encoding.word_ids], dtype=np.int64)
    offsets = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    first = np.flatnonzero(np.diff(numbers, prepend=-2))
    last = np.append(first[1:], len(numbers))[: len(first)] - 1
    starts, ends = offsets[first, 0], offsets[last, 1]
    shapes = np.array([shape(text[a:b]) for a, b in zip(starts, ends, strict=True)], dtype=np.int64)
    if not text.isascii():  # a tokenizer that strips accents leaves a word's last combining mark out
        limits = [*starts[1:].tolist(), len(text)]
        ends = np.array([_behind_marks(text, *room) for room in zip(ends.tolist(), limits, strict=False)], np.int64)
    return Words(first, starts, ends, np.repeat(shapes, last - first + 1))


def _behind_marks(text: str, end: int, limit: int) -> int:
    """The first place from `end` on where no combining mark stands, at most `limit`."""
    return next((place for place in range(end, limit) if not combining(text[place])), max(end, limit))


def shape(word: str) -> int:
    """How a word is written.

    >>> [shape(word) for word in ("city", "Rome", "USA", "J", "iPhone", "1998", "9mm", "-")] == [
    ...     LOWER, TITLE, UPPER, INITIAL, MIXED, DIGITS, ALPHANUMERIC, OTHER]
    True
    """
    if any(c.isdigit() for c in word):
        return DIGITS if word.isdigit() else ALPHANUMERIC
    if not any(c.isalpha() for c in word):
        return OTHER
    if word.islower():
        return LOWER
    if word.isupper():
        return UPPER if len(word) > 1 else INITIAL
    if word[0].isupper():
        return TITLE if word[1:].islower() else MIXED
    return MIXED if any(c.isupper() for c in word) else LOWER  # scripts without case count as lower


def best_tags(scores: FloatArray) -> IntArray:
    """The best sequence of tags that begins every mention with its B: scores (B, W, 1 + 2K) → tags (B, W).

    What stands behind a row's end changes nothing before it if all its scores are those of O, 0.
    """
    rows, length, tags = scores.shape
    types = (tags - 1) // 2
    total = scores[:, 0].copy() if length else np.zeros((rows, tags), dtype=np.float32)  # (B, 1 + 2K)
    total[:, 1 + types :] = -np.inf  # no mention begins with I
    before = np.zeros((rows, length, tags), dtype=np.int64)  # the best tag of the word before
    row = np.arange(rows)
    for word in range(1, length):
        best = total.argmax(axis=1)
        before[:, word] = best[:, None]
        begun, inside = total[:, 1 : 1 + types], total[:, 1 + types :]
        goes_on = inside > begun
        before[:, word, 1 + types :] = np.arange(1, 1 + types) + types * goes_on
        continued = np.where(goes_on, inside, begun)
        total[:, : 1 + types] = total[row, best][:, None]
        total[:, 1 + types :] = continued
        total += scores[:, word]
    found = np.zeros((rows, length), dtype=np.int64)
    if length:
        found[:, -1] = total.argmax(axis=1)
    for word in range(length - 1, 0, -1):
        found[:, word - 1] = before[row, word, found[:, word]]
    return found


def spans(tags: Sequence[int] | NDArray[np.int64], types: int) -> list[Span]:
    """The mentions that a row of tags marks.

    >>> spans([0, 1, 3, 2, 0], types=2)
    [(1, 3, 0), (3, 4, 1)]
    """
    found: list[Span] = []
    for word, tag in enumerate(tags):
        if 1 <= tag <= types:
            found.append((word, word + 1, int(tag) - 1))
        elif tag > types:
            first, _, type = found[-1]
            found[-1] = (first, word + 1, type)
    return found


def closed(spans: Sequence[Span], words: Sequence[str], types: Sequence[str]) -> list[Span]:
    """The spans of so written words, none of which ends with a word that asks for another ("of", "for the", "Ms.").

    If the next span follows, the two are one, unless the first is a date or a number; else it ends before the word.

    >>> words = "the Bank of the Far Isles , end of 1950 in Ms . Lee".split()
    >>> given = [(1, 3, 0), (4, 6, 1), (7, 9, 2), (9, 11, 2), (11, 12, 1), (13, 14, 1)]
    >>> [" ".join(words[a:b]) for a, b, _ in closed(given, words, ["ORG", "LOC", "DATE"])]
    ['Bank of the Far Isles', 'end', '1950', 'Ms . Lee']
    >>> words = "Mary ( Holm ) Lee and Messrs . Bo".split()
    >>> [" ".join(words[a:b]) for a, b, _ in closed([(0, 1, 0), (2, 5, 0), (6, 8, 0), (8, 9, 0)], words, ["PERSON"])]
    ['Mary ( Holm ) Lee', 'Messrs . Bo']
    """
    found: list[Span] = []
    for first, end, type in spans:
        if found and (_asks_for(found[-1], first, words, types) or _in_brackets(found[-1], first, end, words)):
            before, stop, kind = found[-1]
            found[-1] = (before, end, type if _is_title(before, stop, words) else kind)
        else:
            found.append((first, end, type))
    ended = [(first, _own_end(first, end, words), type) for first, end, type in found]
    return [(first, end, type) for first, end, type in ended if first < end]


def _own_end(first: int, end: int, words: Sequence[str]) -> int:
    """Where a span ends without the words that ask for another."""
    while end > first and words[end - 1] in _ASKING:
        end -= 1
    return first if _is_title(first, end, words) else end


def _is_title(first: int, end: int, words: Sequence[str]) -> bool:
    return words[first] in _TITLES and all(word == "." for word in words[first + 1 : end])


def _in_brackets(span: Span, first: int, end: int, words: Sequence[str]) -> bool:
    """Whether a bracket or quotation that the next span closes begins right behind the span: "Mary (Holm) Lee"."""
    between, inside = [word for word in words[span[1] : first] if word != "."], words[first:end]
    return any(
        between == [opening] and closing in inside[:-1] and (opening == closing or opening not in inside)
        for opening, closing in _PAIRS
    )


def _asks_for(span: Span, next_word: int, words: Sequence[str], types: Sequence[str]) -> bool:
    """Whether the span lacks its end, and what begins with that word may be it."""
    first, end, type = span
    title = _is_title(first, end, words)
    asking = (title or words[end - 1] in _ASKING) and types[type] not in LITERALS
    return asking and all(word == ("." if title else "the") for word in words[end:next_word])


def without_titles(spans: Sequence[Span], types: Sequence[str]) -> list[Span]:
    """The spans, a person of one word right before another one of type MISC: it is a title ("Professor" "Ada Holm").

    Of 34,591 persons that were marked by hand 12 stand right before another.

    >>> without_titles([(0, 1, 0), (1, 3, 0), (4, 5, 0)], ["PERSON", "MISC"])
    [(0, 1, 1), (1, 3, 0), (4, 5, 0)]
    """
    if "MISC" not in types:
        return list(spans)
    persons = {first for first, _, type in spans if types[type] == "PERSON"}
    titles = {first for first, end, _ in spans if end == first + 1 and {first, end} <= persons}
    return [(first, end, types.index("MISC") if first in titles else type) for first, end, type in spans]


def uncut(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans, of characters here, none of which ends or begins within a number ("12.5 km", "10:30"), an abbreviation
    ("s.r.o.") or between a firm's name and its legal form ("Acme, Inc.").

    >>> uncut("some 12.5 km, $2.1 bln in 1990.7", [(5, 8, 0), (8, 12, 0), (14, 17, 1), (26, 30, 2)])
    [(5, 12, 0), (14, 18, 1), (26, 30, 2)]
    >>> uncut("May 5,1990", [(0, 5, 0), (6, 10, 0)])
    [(0, 5, 0), (6, 10, 0)]
    >>> uncut("Polar s.r.o. of Brno", [(0, 8, 0), (8, 11, 0)]), uncut("by Acme, Inc. of Rome", [(3, 7, 0), (9, 12, 0)])
    ([(0, 12, 0)], [(3, 13, 0)])
    >>> uncut("Ann, Co-founder of Bo in 2019 Inc. magazine", [(0, 3, 0), (5, 15, 1), (25, 29, 2)])
    [(0, 3, 0), (5, 15, 1), (25, 29, 2)]
    """
    wholes = [whole.span() for whole in _WHOLE.finditer(text)]
    found: list[Span] = []
    for start, end, type in spans:
        cut = [(first, last) for first, last in wholes if first < start < last or first < end < last]
        start, end = min([start, *(first for first, _ in cut)]), max([end, *(last for _, last in cut)])
        if found and start < found[-1][1]:
            start, _, type = found.pop()
        found.append((int(start), int(end), type))
    return found
