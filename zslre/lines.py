"""A paragraph's lines → the stretches between which it ends by intention: lists, headings, cells of Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

LEAST_LIST = 3  # lines
NARROWEST = 40  # characters: text is seldom broken for less
MOST_INDENT = 8  # characters that count as a line's: what is farther in is centred

LINE_END = re.compile("\r\n|[\n\r\x0b\x85\u2028]")
# What ends so goes on in the next line, as in text that is broken by its clauses.
_GOES_ON = re.compile(r"(?:[,&]|\b(?:an?|the|of|in|at|on|by|for|from|to|with|and|or|as|is|was|are|were))$")
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)+")  # as mail and Markdown quote a line
# A row of a table has a pipe at either end, or is one of those around a rule such as "--- | :-:".
_ROW = re.compile(r"\|[^|].*\|")
# A letter or number of small letters that marks an item, as a bullet does; not "v.", as in "Brown v. Board", and "b.".
MARK = r"[ \t]*(?:o|\(?(?:[a-z]|[ivx]{2,5})\)|[ac-uw-z]\.|[ivx]{2,5}\.)[ \t]+(?=[A-Z\"'])"
_MARK = re.compile(MARK)
_BULLET = re.compile(r"(?:[-*+\u2022]|\d{1,3}[.)])\s")
_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?")

# A name that a line end cuts in two ("works for Deutsche", "Bank."): the words before, the words behind.
_NAME = re.compile(r"(?:^|\s)[^\W\d_a-z][\w'\u2019-]*$")
_NAME_GOES_ON = re.compile(
    r"[^\W\d_a-z][\w'\u2019&-]*(?: [^\W\d_a-z][\w'\u2019&-]*)* ?"
    r"(?:[.;!?)]|,(?!\s*\d)|$|\b(?:and|or|in|of|for|at|on|by|from|to|with|as|who|which|that|where|when|since|until|"
    r"after|before|while|but|because)\b)"
)
# Markdown's signs of emphasis around what a line end cuts in two.
_EMPHASIS_GOES_ON = re.compile(r"(?:^|[\s(\"])([*_]{1,3})(?![\s*_])[^*_\n]{0,60}\n[^*_\n]{0,60}(?<=[^\s*_])\1(?![\w*])")
_DATE_GOES_ON = re.compile(r"(?:\d\d?, )?\d{4}(?:[.,;)]|$)")  # "2." numbers an item
VERB = re.compile(
    r"\b(?:is|was|are|were|has|had|have|been|[a-z]{2,}ed|works?|lives?|leads?|runs?|owns?|heads|plays?|makes?|stud(?:y|ies)|"
    r"teach(?:es)?|serves?|met|left|won|led|ran|went|came|became|grew|wrote|built|sold|bought|made|held|"
    r"taught|began|born|found|took|gave|knew|saw)\b"
)
_SENTENCE_END = re.compile(r"[a-z\d)]{3}[.!?][\"')\u2019\u201d]*\s+(?=\S)")
_ENDED = re.compile(r"[.!?][\"')\u2019\u201d]*$")


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """A paragraph's parts between which a line ends by intention; pipes of tables are in none."""
    text = text.rstrip()  # a file's last line end begins no line
    ends = list(LINE_END.finditer(text))
    starts = [0, *(end.end() for end in ends), len(text)]
    lines = [text[a:b] for a, b in zip(starts, [*(end.start() for end in ends), len(text)], strict=False)]
    rows = _rows(lines) if "|" in text else [False] * len(lines)
    first = 0
    for number, (line, row) in enumerate(zip(lines, rows, strict=True)):
        if not row and not (line.startswith(">") and _QUOTED.fullmatch(line)):  # which is a blank line
            continue
        yield from _of_prose(lines[first:number], starts[first : number + 1])
        pipes = [starts[number] + at for at, character in enumerate(lines[number]) if character == "|"]
        if not _RULE.fullmatch(lines[number].strip()):
            yield from ((a + 1, b) for a, b in pairwise([starts[number] - 1, *pipes, starts[number + 1]]))
        first = number + 1
    yield from _of_prose(lines[first:], starts[first:])


def _rows(lines: list[str]) -> list[bool]:
    """Which lines are rows of a table."""
    lines = [line.strip() for line in lines]
    rows = [bool(_ROW.fullmatch(line)) for line in lines]
    ruled = False
    for number, line in enumerate(lines):
        if number and _RULE.fullmatch(line) and "|" in lines[number - 1]:
            rows[number - 1] = rows[number] = ruled = True
        ruled = ruled and "|" in line
        rows[number] = rows[number] or ruled
    return rows


def _of_prose(lines: list[str], starts: list[int]) -> Iterator[tuple[int, int]]:
    """Those of lines, of which the places are known and that of the end.

    A line that was broken for its width, which the longest line tells, has no room for the word that begins the next
    one. Where most have, as in a list, the longest ends by intention too.
    """
    if not lines:
        return
    if any(">" in line for line in lines):
        lines = [_QUOTED.sub("", line, count=1) if _QUOTED.match(line) else line for line in lines]
    lines = [line[mark.end() :] if (mark := _MARK.match(line)) else line for line in lines]
    indents = [min(len(line) - len(line.lstrip()), MOST_INDENT) for line in lines]
    lines = [line.strip() for line in lines]
    firsts = [(line.split(maxsplit=1) or [""])[0] for line in lines[1:]]
    lengths = [indent + len(line) for indent, line in zip(indents, lines, strict=True)]
    width = max(NARROWEST, *lengths)
    room = [length + 1 + len(first) <= width for length, first in zip(lengths, firsts, strict=False)]
    listed = 2 * sum(room) >= len(room) and len(lines) >= LEAST_LIST
    # A list's lines begin alike; some line of prose begins within a sentence.
    prose = len(lines) < LEAST_LIST or any(first[:1].islower() for first in firsts)
    start = 0
    for number, (first, roomy) in enumerate(zip(firsts, room, strict=True), 1):
        line = lines[number - 1]
        last = (line.split() or [""])[-1]
        whole = not _GOES_ON.search(line) and (listed or not (last.isalpha() and last.islower()))
        ends = (roomy or listed) and whole and first and not first[0].islower() and first != "&"
        if not (ends or f" {line}".endswith(" wrote:")):  # as a reply begins
            continue
        if indents[number] > indents[start] and _BULLET.match(lines[start]) and not _BULLET.match(lines[number]):
            continue  # an item goes on where its text began
        if _EMPHASIS_GOES_ON.search(f"{line}\n{lines[number]}"):
            continue
        if prose and _ENDED.search(lines[-1]) and _cuts_a_name(lines[start:number], lines[number]):
            continue
        yield starts[start], starts[number]
        start = number
    yield starts[start], starts[-1]


def _cuts_a_name(lines: list[str], following: str) -> bool:
    """Whether the last of a stretch's lines ends in a name that goes on in the following.

    What ends so has a verb, as a heading seldom has, and what follows the name's rest is none; or it has none yet, and
    began within a line, which a heading does not.

    >>> _cuts_a_name(["Ann works for Deutsche"], "Bank."), _cuts_a_name(["It grew. Its head Ann"], "Lee left.")
    (True, True)
    >>> _cuts_a_name(["About Cordelle"], "Cordelle grew."), _cuts_a_name(["Ann has left Acme"], "Bob joined Zeta.")
    (False, False)
    """
    line = lines[-1]
    if not _NAME.search(line):
        return False
    text = " ".join(lines)
    begun = max((end.end() for end in _SENTENCE_END.finditer(text)), default=0)
    if VERB.search(text, begun):
        return bool(_NAME_GOES_ON.match(following) or _DATE_GOES_ON.match(following))
    return begun > len(text) - len(line) and following[:1].isupper()
