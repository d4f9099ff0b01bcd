"""Sentences with a list of triples of surface strings, the shape in which CasRel and others give NYT and WebNLG.

A row: {"text", "triple_list": [[head, relation, tail], …]}, as a JSON list or one a line. The relation "NA" is none.
Where head and tail stand is not said: `surfaces.nearest_pair` finds them, and says how it chooses where a name stands
several times. A triple whose names do not stand in the text is bad; the row's other triples are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zslre.datasets.checks import NO_RELATION, relation_name, string
from zslre.datasets.rows import OnBad, json_rows, json_value, read_rows
from zslre.datasets.surfaces import nearest_pair
from zslre.exceptions import InputError
from zslre.types import Example, Sentence

SHAPE = 'a row looks like {"text": "Ann lives in Rome", "triple_list": [["Ann", "/people/person/place_lived", "Rome"]]}'


def read_triple_lists(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """One example a triple; a JSON list is streamed like lines. What is bad raises InputError, or goes to `on_bad`."""
    return read_rows(path, json_rows(path), _examples, shape=SHAPE, on_bad=on_bad)


def _examples(line: Any) -> Iterator[Example | InputError]:
    row = json_value(line)
    text = string(row["text"], "text")
    for number, (head, relation, tail) in enumerate(row["triple_list"], start=1):
        try:
            pair = nearest_pair(text, string(head, "head"), string(tail, "tail"))
            yield Example(Sentence(text, pair), *pair, relation_name(relation, none=NO_RELATION))
        except InputError as error:
            yield InputError(f"triple {number}: {error}")
