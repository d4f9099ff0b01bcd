"""Riedel's NYT bags as Lin's release has them: tab-separated lines `m1 m2 head tail relation sentence ###END###`.

m1 and m2 are Freebase ids, which are left alone; the relation "NA" is none. Names of several words are joined by "_"
in all columns, and come back with blanks. Where head and tail stand is found by `surfaces.nearest_pair`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from zslre.datasets.checks import NO_RELATION, relation_name
from zslre.datasets.rows import OnBad, numbered_lines, read_rows
from zslre.datasets.surfaces import nearest_pair
from zslre.exceptions import InputError
from zslre.types import Example, Sentence

END = "###END###"
COLUMNS = ("m1", "m2", "head", "tail", "relation", "sentence")
SHAPE = f"a line has the columns {', '.join(COLUMNS)}, separated by tabs, and ends in {END}"


def read_riedel(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """One example a line, streamed. A bad line raises InputError naming it, or goes to `on_bad`."""
    return read_rows(path, numbered_lines(path), _examples, shape=SHAPE, on_bad=on_bad)


def _examples(line: bytes) -> Iterator[Example]:
    content, end, behind = line.decode("utf-8").rpartition(END)
    if not end or behind.strip():
        raise InputError(f"does not end in {END}: it is cut off, or not such a line")
    columns = content.rstrip().split("\t", len(COLUMNS) - 1)
    if len(columns) != len(COLUMNS):
        raise InputError(f"has {len(columns)} columns")
    _, _, head, tail, relation, joined = columns
    # Names are looked for while "_" still tells new_york from the beginning of new_york_city.
    first, second = (replace(mention, text=_unjoined(mention.text)) for mention in nearest_pair(joined, head, tail))
    sentence = Sentence(_unjoined(joined), (first, second))
    yield Example(sentence, first, second, relation_name(relation, none=NO_RELATION))


def _unjoined(text: str) -> str:
    return text.replace("_", " ")
