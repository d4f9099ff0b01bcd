"""CoNLL-style span JSON, the shape of CoNLL04, SciERC and ADE in SpERT's release.

A row: {"tokens": [...], "entities": [{"type", "start", "end"}, …], "relations": [{"type", "head", "tail"}, …]}, as a
JSON list or one a line; start and end (exclusive) count tokens, head and tail count entities.

Such corpora label all relations of a sentence, so every other ordered pair of its entities is an example of no
relation, the reverse of a labelled pair too. A corpus with symmetric relations must list both directions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

from zslre.datasets.annotated import AnnotatedSentence, examples_of
from zslre.datasets.checks import label, name
from zslre.datasets.rows import OnBad, json_rows, json_value, read_rows
from zslre.datasets.tokens import TokenText
from zslre.exceptions import InputError
from zslre.types import Example, Sentence

SHAPE = (
    'a row looks like {"tokens": ["Ann", "left", "Rome"], "entities": [{"type": "PER", "start": 0, "end": 1}, …], '
    '"relations": [{"type": "left", "head": 0, "tail": 1}]}'
)


def read_spans(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """Examples of all ordered pairs; a JSON list is streamed like lines. A bad row raises, or goes to `on_bad`."""
    return read_rows(path, json_rows(path), _examples, shape=SHAPE, on_bad=on_bad)


def _examples(line: Any) -> Iterator[Example]:
    row = json_value(line)
    text = TokenText(row["tokens"])
    entities = [text.mention(e["start"], e["end"], name(e["type"], "an entity's type")) for e in row["entities"]]
    found = tuple(dict.fromkeys(entities))
    labels: dict[Any, set[str]] = {pair: set() for pair in permutations(found, 2)}
    for relation in row["relations"]:
        head, tail = relation["head"], relation["tail"]
        if not (0 <= head < len(entities) and 0 <= tail < len(entities)):
            raise InputError(f"relation {relation} names an entity outside 0 … {len(entities) - 1}")
        if entities[head] == entities[tail]:
            raise InputError(f"relation {relation} has one entity as head and tail")
        labels[entities[head], entities[tail]].add(label(relation["type"], "a relation's type"))
    annotated = AnnotatedSentence(Sentence(text.text, found), tuple(labels), tuple(map(frozenset, labels.values())))
    yield from examples_of([annotated])
