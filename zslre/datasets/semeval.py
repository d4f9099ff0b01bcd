"""The text format of SemEval-2010 task 8.

    8001<tab>"The <e1>fire</e1> was caused by <e2>lightning</e2>."
    Cause-Effect(e2,e1)
    Comment: any number of lines, left alone

The direction decides: of (e2,e1) the head is e2. `Other` is no relation. Blocks begin with a number and a tab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from zslre.datasets.checks import mention_at
from zslre.datasets.rows import OnBad, numbered_lines, read_rows
from zslre.exceptions import InputError
from zslre.types import Example, Sentence

NO_RELATION = "Other"
SHAPE = 'a block is a line like 7<tab>"The <e1>fire</e1> caused <e2>damage</e2>.", then one like Cause-Effect(e1,e2)'
_START = re.compile(rb"\d+\t")
_TAG = re.compile(r"<(/?)(e[12])>")
_LABEL = re.compile(r"([^()\s]+)\((e1,e2|e2,e1)\)")


def read_semeval(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """One example a block, streamed. A bad block raises InputError naming its first line, or goes to `on_bad`."""
    return read_rows(path, _blocks(path), _examples, shape=SHAPE, on_bad=on_bad)


def _blocks(path: str | Path) -> Iterator[tuple[str, list[bytes]]]:
    where, block = "", list[bytes]()
    for place, line in numbered_lines(path):
        if _START.match(line) or not block:
            if block:
                yield where, block
            where, block = place, []
        block.append(line)
    if block:
        yield where, block


def _examples(block: list[bytes]) -> Iterator[Example]:
    number, tab, quoted = block[0].decode("utf-8").strip().partition("\t")
    if not number.isdecimal() or not tab:
        raise InputError("does not begin with a number and a tab")
    label = block[1].decode("utf-8").strip() if len(block) > 1 else ""
    directed = _LABEL.fullmatch(label)
    if directed is None and label != NO_RELATION:
        raise InputError(f"the label must be a relation with its direction, or {NO_RELATION}; it is {label!r:.60}")
    is_quoted = len(quoted) > 1 and quoted[0] == quoted[-1] == '"'
    text, spans = _untagged(quoted[1:-1] if is_quoted else quoted)
    first, second = (mention_at(text, name, *spans[name]) for name in ("e1", "e2"))
    head, tail = (second, first) if directed is not None and directed[2] == "e2,e1" else (first, second)
    yield Example(Sentence(text, (head, tail)), head, tail, directed[1] if directed is not None else None)


def _untagged(tagged: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text without its tags, and where e1 and e2 stand in it (start, end)."""
    places: dict[tuple[str, str], int] = {}
    removed = 0
    for tag in _TAG.finditer(tagged):
        if (tag[1], tag[2]) in places:
            raise InputError(f"{tag[0]} stands there twice")
        places[tag[1], tag[2]] = tag.start() - removed
        removed += len(tag[0])
    if len(places) != 4:
        raise InputError("needs <e1>…</e1> and <e2>…</e2>")
    return _TAG.sub("", tagged), {name: (places["", name], places["/", name]) for name in ("e1", "e2")}
