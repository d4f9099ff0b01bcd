"""Text → sentences, by the rules of sentencex; every offset counts characters of the text as given.

Blank lines, form feeds and paragraph separators end a sentence too, so a heading without a full stop stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sentencex import get_sentence_boundaries

from zslre.types import Sentence

# Characters that are read before sentences are given out, and the most that are read together of one paragraph.
BLOCK = 65_536
WINDOW = 10_000

_WIDE_WHITE = re.compile(r"[^\S\x00-\x7f]")  # of several bytes, at which sentencex fails behind an initial
_WHITE = re.compile(r"\s+")
_LINE_END = re.compile("\r\n|[\n\r\x0b\x85\u2028]")
_PARAGRAPH_END = re.compile("[\f\u2029]")
# Ends that sentencex takes for a middle initial ("John I. Smith") and for abbreviations ("m. 1902": married).
_MISSED_END = re.compile(r"(?:\bWar I|\d\s*mm?)\.(?=\s+[A-Z])")
SURROGATE = re.compile("[\ud800-\udfff]")


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
        spans, rest = _spans(pending, more=True)
        yield from (Sentence(pending[start:end], start=base + start) for start, end in spans)
        pending, base = pending[rest:], base + rest
    spans, _ = _spans(pending, more=False)
    yield from (Sentence(pending[start:end], start=base + start) for start, end in spans)


def _spans(text: str, *, more: bool) -> tuple[list[tuple[int, int]], int]:
    """The sentences that `more` text cannot change, and where the rest begins, which it can.

    A quotation mark that is opened somewhere can be closed anywhere behind, and keeps together what stands between. So
    a paragraph is split when its end is known, or when it fills a window.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _paragraphs(text):
        while end - start > WINDOW:
            found, length = _of_window(text[start : start + WINDOW])
            spans += [(start + left, start + right) for left, right in found]
            start += length
        if more and end == len(text):
            return spans, start
        spans += [(start + left, start + right) for left, right in _sentences(text[start:end])]
    return spans, len(text)


def _of_window(window: str) -> tuple[list[tuple[int, int]], int]:
    """The sentences of a window but the last, which may go on behind it, and where that begins.

    If one sentence fills it, that is cut behind the last white space, or at the window's end.
    """
    spans = list(_sentences(window))
    if len(spans) > 1:
        return spans[:-1], spans[-1][0]
    cut = max((white.end() for white in _WHITE.finditer(window)), default=len(window))
    return list(_sentences(window[:cut])), cut


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for white in _WHITE.finditer(text):
        if _PARAGRAPH_END.search(white[0]) or len(_LINE_END.findall(white[0])) > 1:
            yield start, white.start()
            start = white.end()
    yield start, len(text)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a paragraph, in characters of `text`."""
    plain = _WIDE_WHITE.sub(" ", SURROGATE.sub("\ufffd", text))
    for found in get_sentence_boundaries("en", plain):
        start, last = found["start_index"], found["end_index"]
        for end in (*(missed.end() for missed in _MISSED_END.finditer(text, start, last)), last):
            part = text[start:end]
            left, right = start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
            if left < right:
                yield left, right
            start = end
