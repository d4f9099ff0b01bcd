"""Text → sentences, by spaCy's rule-based sentencizer; every offset counts characters of the text as given.

Blank lines, form feeds and paragraph separators end a sentence too, so a heading without a full stop stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from zslre.types import Sentence

if TYPE_CHECKING:
    from spacy.language import Language

# Characters that are read before sentences are given out, and the most that one sentence can have.
BLOCK = 65_536
WINDOW = 10_000

# spaCy keeps every string it has seen; a fresh vocabulary after so many keeps memory constant (about 100 MB).
MAX_STRINGS = 300_000

_WHITE = re.compile(r"\s+")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x85\u2028]")
_PARAGRAPH_END = re.compile("[\f\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG_RUN = re.compile(r"\S{400,}")


def split_sentences(text: str) -> Iterator[Sentence]:
    """The sentences of `text` in order, without mentions; `text[s.start:s.start + len(s.text)] == s.text` always.

    White space around a sentence belongs to none. A sentence of more than `WINDOW` characters comes in pieces.

    >>> [(s.start, s.text) for s in split_sentences("A heading\\n\\nApple Inc. grew. It hired.")]
    [(0, 'A heading'), (11, 'Apple Inc. grew.'), (28, 'It hired.')]
    """
    return split_blocks((at, text[at : at + BLOCK]) for at in range(0, len(text), BLOCK))


def split_blocks(blocks: Iterable[tuple[int, str]]) -> Iterator[Sentence]:
    """The same sentences from a text that comes in adjoining pieces `(offset, text)`, cut anywhere; constant memory."""
    pending, base = "", 0
    for offset, block in blocks:
        if not pending:
            base = offset
        pending += block
        if len(pending) < BLOCK:
            continue
        spans, rest = _finished(pending)
        yield from (Sentence(pending[start:end], start=base + start) for start, end in spans)
        pending, base = pending[rest:], base + rest
    for start, end in _spans(pending):
        yield Sentence(pending[start:end], start=base + start)


def for_spacy(text: str) -> str:
    """A text of the same length and offsets that spaCy can take, whatever `text` holds.

    spaCy refuses unpaired surrogates, and its tokenizer takes quadratic time on brackets and the like without a space:
    so a surrogate becomes U+FFFD and the inside of a very long run becomes letters.
    """
    text = _SURROGATE.sub("\ufffd", text)
    return _LONG_RUN.sub(lambda run: "x" * (len(run[0]) - 1) + run[0][-1], text)


def _finished(text: str) -> tuple[list[tuple[int, int]], int]:
    """The spans that more text behind `text` cannot change, and where the rest begins, which it can."""
    cut = _last_space(text)
    spans = list(_spans(text[:cut]))
    return (spans[:-1], spans[-1][0]) if spans else ([], cut)


def _last_space(text: str) -> int:
    """Where the last white space of `text` begins, so that no token is cut; the end if it is too far away to matter.

    0 if a text shorter than that has none: what follows may belong to its token.
    """
    for at in range(len(text) - 1, max(len(text) - WINDOW, 0), -1):
        if text[at].isspace():
            return at
    return len(text) if len(text) >= WINDOW else 0


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, in characters of `text`."""
    for start, end in _paragraphs(text):
        while end - start > WINDOW:
            window = text[start : start + WINDOW]
            spans, rest = _finished(window)
            # One sentence that fills the window cannot wait for its end: it is cut at a space, if it has one.
            if not rest:
                rest = _last_space(window)
                spans = list(_sentencize(window[:rest]))
            yield from ((start + left, start + right) for left, right in spans)
            start += rest
        yield from ((start + left, start + right) for left, right in _sentencize(text[start:end]))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for white in _WHITE.finditer(text):
        if _PARAGRAPH_END.search(white[0]) or len(_LINE_END.findall(white[0])) > 1:
            yield start, white.start()
            start = white.end()
    yield start, len(text)


def _sentencize(text: str) -> Iterator[tuple[int, int]]:
    for sentence in _sentencizer()(for_spacy(text)).sents:
        start, end = sentence.start_char, sentence.end_char
        part = text[start:end]
        start += len(part) - len(part.lstrip())
        end -= len(part) - len(part.rstrip())
        if start < end:
            yield start, end


def _sentencizer() -> Language:
    nlp = _new_sentencizer()
    if len(nlp.vocab.strings) > MAX_STRINGS:
        _new_sentencizer.cache_clear()
        nlp = _new_sentencizer()
    return nlp


@lru_cache(maxsize=1)
def _new_sentencizer() -> Language:
    import spacy  # here, because it takes most of a second

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp
