"""FewRel's format: a JSON object, relation id or name → rows of tokens, head and tail.

A row: {"tokens": [...], "h": [name, entity id, [[token, …], …]], "t": [...]}. FewRel 2.0 and Wiki-ZSL have the same
shape. The rows may also stand in a list, or one a line, each with its own "relation". The relation "NA" is none.

An entity that occurs several times counts where it occurs first: its first list of tokens, and of a list with gaps
(Wiki-ZSL puts "Warner Bros. … Warner Bros." into one) what is before the first gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson

from zslre.datasets.checks import NO_RELATION, relation_name
from zslre.datasets.rows import OnBad, head_of, json_rows, json_stream, json_value, read_rows
from zslre.datasets.tokens import TokenText
from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence

SHAPE = 'a row needs tokens, h and t, as {"tokens": ["Ann", …], "h": ["ann", "Q1", [[0]]], "t": [...]}'


def read_fewrel(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """Examples of a FewRel file, labelled with its keys. Streamed: no more than one relation's rows are in memory.

    A bad row raises InputError naming relation and row, or, with `on_bad`, is handed that error and left out. Rows
    without any relation, FewRel 2.0's `pubmed_unsupervised.json`, are bad here: nobody knows what they express, which
    is not the same as no relation. `read_unlabelled` reads them.
    """
    head = head_of(path)
    if head.startswith("[") or "tokens" in _first_line(head):
        return read_rows(path, json_rows(path), _labelled, shape=SHAPE, on_bad=on_bad)
    return read_rows(path, _keyed_rows(path, head), _keyed, shape=SHAPE, on_bad=on_bad)


def read_unlabelled(path: str | Path) -> Iterator[Sentence]:
    """Sentences, each with two mentions, of a list or lines of rows; a bad row raises InputError.

    What relation a row may have is left alone.
    """
    for example in read_rows(path, json_rows(path), _unlabelled, shape=SHAPE, on_bad=None):
        yield example.sentence


def _first_line(head: str) -> dict[str, Any]:
    """The object that is the first line; empty where the line is something else or only the beginning of it."""
    try:
        value = json.loads(head.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _keyed_rows(path: str | Path, head: str) -> Iterator[tuple[str, tuple[str, Any]]]:
    if not head.startswith("{"):
        raise InputError(f"{path}: a FewRel file is a JSON object, relation → rows; this begins with {head[:10]!r}")
    with json_stream(path) as stream:
        for relation, rows in ijson.kvitems(stream, "", use_float=True):
            if not isinstance(rows, list):
                raise InputError(f"{path}: relation {relation!r}: needs a list of rows")
            for number, row in enumerate(rows, start=1):
                yield f"relation {relation!r}, row {number}", (relation, row)


def _keyed(row: tuple[str, Any]) -> Iterator[Example]:
    yield _example(row[1], row[0])


def _labelled(line: Any) -> Iterator[Example]:
    row = json_value(line)
    if "relation" not in row:
        raise InputError("has no relation; unlabelled rows are no examples")
    yield _example(row, row["relation"])


def _unlabelled(line: Any) -> Iterator[Example]:
    yield _example(json_value(line), NO_RELATION)


def _example(row: Any, relation: Any) -> Example:
    tokens = TokenText(row["tokens"])
    head, tail = (_mention(tokens, role, row[role][2]) for role in "ht")
    return Example(Sentence(tokens.text, (head, tail)), head, tail, relation_name(relation, none=NO_RELATION))


def _mention(tokens: TokenText, role: str, occurrences: list[list[int]]) -> Mention:
    if not occurrences or not occurrences[0]:
        raise InputError(f"{role} has no tokens")
    places = occurrences[0]
    length = next((n for n in range(1, len(places)) if places[n] != places[n - 1] + 1), len(places))
    return tokens.mention(places[0], places[0] + length)
