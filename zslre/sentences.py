"""Text → sentences, by the rules of sentencex; every offset counts characters of the text as given.

Blank lines, form feeds, paragraph separators and HTML's tags of blocks end a sentence too, so a heading without a full
stop stands alone. So does a line that is shorter than it needed to be, as in lists and under headings (`zslre.lines`).
Each cell of a table stands alone, and so does each part of a long text that is strung together with semicolons, pipes
or tabs; code, scripts and comments (`zslre.unread`) are in no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sentencex import get_sentence_boundaries

from zslre.lines import LINE_END, VERB, stretches
from zslre.types import Sentence
from zslre.unread import LONGEST_INDENT, with_ended_blocks, without_unread

# Characters that are read before sentences are given out, and the most that are read together of one paragraph.
BLOCK = 65_536
WINDOW = 10_000

_WIDE_WHITE = re.compile(r"[^\S\x00-\x7f]")  # of several bytes, at which sentencex fails behind an initial
_WHITE = re.compile(r"\s+")
_INDENT = re.compile(r"\n[ \t]*\Z")
_PARAGRAPH_END = re.compile("[\f\u2029]")
# Ends that sentencex takes for a middle initial ("John I. Smith") and for abbreviations ("m. 1902": married).
_MISSED_END = re.compile(r"(?:\bWar I|\d\s*mm?)\.(?=\s+[A-Z])")
_GOES_ON = "Chair|Co-|Founder|President|Chief|C[A-Z]O|Director|Managing|Senior|Executive|Vice|Spokes|Ltd|Inc|Corp|LLC"
# Abbreviations behind which sentencex sees no end before a name, which they seldom are in the midst of: not "U.S.".
_FORM = re.compile(
    rf"\b(?:Inc|Ltd|Corp|Co|S\.A|N\.V|D\.C|[ap]\.m)\.(?=\s+(?!(?:{_GOES_ON})\w*)(?:[A-Z][\w'\u2019-]*\.?\s+){{1,4}}"
    rf"{VERB.pattern})"
)
# "Louis XIV. was born", "Orlen Sp. z o.o. was sold"; "Jeopardy! is hosted by", but of "Is it Rome? no" two sentences.
_NUMBER = re.compile(r"\b(?:[IVX]{1,5}|Sp|o\.o|Bhd)\.$")
_TITLE = re.compile(r"\b[A-Z]\w*[!?]$")
# "Ft. Worth", "Ms. Berg", "Wm. Berg", "Acme Pty. Ltd.", which sentencex takes for an end.
_SHORT = re.compile(
    r"\b(?:Ft|Ste|Pt|[Vv]ol|eds?|Sdn|Pty|M[sx]|Avv|Sra|Dipl|Atty|Amb|Treas|Assoc|A?[Bb]p|Cdr|Wm|Chas|Jas|Thos|Benj|Robt|"
    r"Figs?|Refs|approx|incl|Intl|Natl)\.$"
)
# "LONDON, March 3 (Reuters) - ", a place that is told apart from what the report says.
_AGENCY = (
    r"AP|Reuters|AFP|UPI|dpa|ANSA|PTI|TASS|Xinhua|Interfax|Kyodo|Bloomberg|CNN|BUSINESS WIRE|Business Wire|PRNewswire|"
    r"PR Newswire|GLOBE NEWSWIRE"
)
_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z.'\u2019-]+(?:[ /][A-Z.'\u2019-]{2,})*(?:, [A-Z][\w.]+(?: [A-Z][\w.]+)?)?)"
    rf"(?:(?:, [A-Z][a-z]{{2,8}}\.? \d\d?)?\s?(?:--|/)?[(/](?:{_AGENCY})[)/]|, [A-Z][a-z]{{2,8}}\.? \d\d?)"
    r"\s?(?:--|\u2014|[-\u2013])\s?(?=[^\s\d])"
)
_FINITE = re.compile(r"\s+(?:is|was|are|were|has|had|won|stars|starred|premiered|aired|features|tells|follows)\b")
LONGEST_SENTENCE = 600  # characters that stay together, whatever parts them
_PARTING = re.compile(r"(?:(?<=\S);\s+|(?<=\S)\s+\|\s+|(?<=\S)[ ]*\t\s*)(?=[\"'(\u2018\u201c]?[A-Z])")
_LONGEST_END = 20  # characters of a sentence in which such an end is looked for
SURROGATE = re.compile("[\ud800-\udfff]")


def split_sentences(text: str) -> Iterator[Sentence]:
    """The sentences of `text` in order, without mentions; `text[s.start:s.start + len(s.text)] == s.text` always.

    White space around a sentence belongs to none, nor does what is not read. A sentence of more than `WINDOW`
    characters comes in pieces.

    >>> [(s.start, s.text) for s in split_sentences("A heading\\n\\nApple Inc. grew. It hired.")]
    [(0, 'A heading'), (11, 'Apple Inc. grew.'), (28, 'It hired.')]
    """
    return split_blocks((at, text[at : at + BLOCK]) for at in range(0, len(text), BLOCK))


def split_blocks(blocks: Iterable[tuple[int, str]]) -> Iterator[Sentence]:
    """The same sentences from a text that comes in adjoining pieces `(offset, text)`, cut anywhere; constant memory."""
    pending, base, enough, begins = "", 0, BLOCK, True
    for offset, block in blocks:
        if not pending:
            pending, base = "\n", offset - 1  # a text begins at a line's start
        pending += block
        if len(pending) < enough:
            continue
        spans, rest, rest_begins = _spans(pending, begins, more=True)
        enough = len(pending) - rest + BLOCK  # what is left may wait for the end of what is not read
        yield from (Sentence(pending[a:b], start=base + a, paragraph=first) for a, b, first in spans)
        pending, base, begins = pending[rest:], base + rest, rest_begins
    spans, _, _ = _spans(pending, begins, more=False)
    yield from (Sentence(pending[a:b], start=base + a, paragraph=first) for a, b, first in spans)


def _spans(text: str, begins: bool, *, more: bool) -> tuple[list[tuple[int, int, bool]], int, bool]:
    """The sentences that `more` text cannot change, and where the rest begins, which it can; which begin a paragraph.

    The text's first one does where it `begins` one.

    A quotation mark that is opened somewhere can be closed anywhere behind, and keeps together what stands between. So
    a paragraph is split when its end is known, or when it fills a window.
    """
    spans: list[tuple[int, int]] = []
    firsts = {0} if begins else set[int]()  # the numbers of those that begin a paragraph
    text = with_ended_blocks(without_unread(text, more=more))
    for start, end in _paragraphs(text):
        while end - start > WINDOW:
            found, length = _of_window(text[start : start + WINDOW])
            spans += [(start + left, start + right) for left, right in found]
            start += length
            start = white.end() if (white := _WHITE.match(text, start, end)) else start
        if more and end == len(text):
            rest = _line_start(text, start)
            break
        spans += [(start + left, start + right) for left, right in _sentences(text[start:end])]
        firsts.add(len(spans))
        rest = end
    return [(*span, number in firsts) for number, span in enumerate(spans)], rest, len(spans) in firsts


def _line_start(text: str, place: int) -> int:
    """Where the line end stands that only blanks part from the place: what begins a line is known by it."""
    blank = _INDENT.search(text, max(0, place - LONGEST_INDENT - 1), place)
    return blank.start() if blank else place


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
    start = len(text) - len(text.lstrip())
    for white in _WHITE.finditer(text, start):
        if _PARAGRAPH_END.search(white[0]) or len(LINE_END.findall(white[0])) > 1:
            yield start, white.start()
            start = white.end()
    yield start, len(text)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a paragraph, in characters of `text`."""
    for start, end in stretches(text):
        if dateline := _DATELINE.match(text, start, end):
            yield dateline.span("place")
            start = dateline.end()
        for left, right in _of_stretch(text[start:end]):
            yield from _parts(text, start + left, start + right)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, or what semicolons, pipes and tabs part in a long one: a text that is strung together with them, in
    which every name would be asked about with dozens of others."""
    if end - start > LONGEST_SENTENCE:
        for sign in _PARTING.finditer(text, start, end):
            yield start, sign.start()
            start = sign.end()
    yield start, end


def _of_stretch(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of such a part: sentencex's, but that a title or a king's number goes on in a small letter, and an
    abbreviation that it does not know with what follows."""
    start = None
    for left, right in _by_sentencex(text):
        start = left if start is None else start
        end = text[max(start, right - _LONGEST_END) : right]
        titled = _TITLE.search(end) and _FINITE.match(text, right)
        numbered = _NUMBER.search(end) and text[right : right + 2].strip().islower()
        short = right < len(text) and _SHORT.search(end)
        if not (titled or numbered or short):
            yield start, right
            start = None


def _missed_ends(text: str, start: int, last: int) -> Iterator[int]:
    """Where sentences end within what sentencex takes for one; behind the form of a firm only if it has had a verb."""
    found = [*_MISSED_END.finditer(text, start, last), *_FORM.finditer(text, start, last)]
    for missed in sorted(found, key=re.Match.end):
        if missed.re is _MISSED_END or VERB.search(text, start, missed.start()):
            yield missed.end()
            start = missed.end()


def _without_inches(text: str) -> str:
    """With a letter for `"` behind a digit, where no quotation is open: sentencex keeps together what stands between.

    >>> _without_inches('The 12" single is "No. 1". A 7" one')
    'The 12x single is "No. 1". A 7x one'
    """
    read, *parts = text.split('"')
    opened = False
    for part in parts:
        inches = not opened and read[-1:].isdigit()
        opened = opened if inches else not opened
        read += ("x" if inches else '"') + part
    return read


def _by_sentencex(text: str) -> Iterator[tuple[int, int]]:
    plain = _without_inches(_WIDE_WHITE.sub(" ", SURROGATE.sub("\ufffd", text)))
    for found in get_sentence_boundaries("en", plain):
        start, last = found["start_index"], found["end_index"]
        for end in (*_missed_ends(text, start, last), last):
            part = text[start:end]
            left, right = start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
            if left < right:
                yield left, right
            start = end
