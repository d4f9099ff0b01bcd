"""OpenNRE's JSON Lines with character offsets, the shape of NYT10.

A line: {"text", "relation", "h": {"name", "pos": [start, end]}, "t": {...}}; other keys are left alone. The relation
"NA" is none. A name that is not the text at its place makes the row bad: one of the two is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zslre.datasets.checks import NO_RELATION, mention_at, relation_name, string
from zslre.datasets.rows import OnBad, json_rows, json_value, read_rows
from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence

SHAPE = (
    'a line looks like {"text": "Ann lives in Rome", "relation": "/people/person/place_lived", '
    '"h": {"name": "Ann", "pos": [0, 3]}, "t": {"name": "Rome", "pos": [13, 17]}}'
)


def read_opennre(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """Examples of an OpenNRE file, streamed. A bad line raises InputError naming it, or goes to `on_bad`."""
    return read_rows(path, json_rows(path), _examples, shape=SHAPE, on_bad=on_bad)


def _examples(line: Any) -> Iterator[Example]:
    row = json_value(line)
    text = string(row["text"], "text")
    head, tail = (_mention(text, role, row[role]) for role in "ht")
    yield Example(Sentence(text, (head, tail)), head, tail, relation_name(row["relation"], none=NO_RELATION))


def _mention(text: str, role: str, entity: dict[str, Any]) -> Mention:
    start, end = entity["pos"]
    mention = mention_at(text, role, start, end)
    if mention.text != entity["name"]:
        raise InputError(f"{role} is named {entity['name']!r}, but the text at {start}:{end} is {mention.text!r}")
    return mention
