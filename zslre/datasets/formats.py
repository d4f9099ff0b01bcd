"""Which format a dataset file has, told from its content, and one reader for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zslre.datasets.annotated import examples_of
from zslre.datasets.docred import read_docred
from zslre.datasets.fewrel import read_fewrel
from zslre.datasets.jsonl import read_examples
from zslre.datasets.opennre import read_opennre
from zslre.datasets.riedel import read_riedel
from zslre.datasets.rows import OnBad, head_of
from zslre.datasets.semeval import read_semeval
from zslre.datasets.spans import read_spans
from zslre.datasets.triple_lists import read_triple_lists
from zslre.exceptions import InputError
from zslre.relation import suggestion
from zslre.types import Example

_KEY = r'"(?:[^"\\]|\\.)*"\s*:\s*'
_NESTED_ROW = re.compile(rf"\{{\s*(?:{_KEY}\[\s*\]\s*,\s*)*{_KEY}\[\s*(?=\{{)")  # behind keys without rows
_NO_ROWS = re.compile(rf"\A\{{\s*(?:{_KEY}\[\s*\]\s*(?:,\s*(?=\"))?)*\}}\s*\Z")  # a FewRel file of no examples
_BETWEEN_ROWS = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Format:
    """A format of examples: how to read it and how to know it, by the keys of its JSON rows, else by a pattern."""

    name: str
    shape: str
    read: Callable[..., Iterator[Example]]
    keys: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None


def _read_documents(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    return examples_of(read_docred(path, on_bad=on_bad))


def _json(
    name: str,
    shape: str,
    read: Callable[..., Iterator[Example]],
    *keys: str,
    pattern: re.Pattern[str] | None = None,
) -> Format:
    return Format(name, f"JSON rows {shape}", read, keys=frozenset(keys), pattern=pattern)


def _text(name: str, shape: str, read: Callable[..., Iterator[Example]], pattern: str) -> Format:
    return Format(name, shape, read, pattern=re.compile(pattern, re.MULTILINE))


FORMATS = {
    format.name: format
    for format in (
        _json("jsonl", '{"text", "head", "tail", "relation"}, a line each', read_examples, "text", "head", "tail"),
        _json(
            "fewrel",
            '{"tokens", "h", "t"} by relation, also Wiki-ZSL',
            read_fewrel,
            *("tokens", "h", "t"),
            pattern=_NO_ROWS,
        ),
        _json("nyt-opennre", '{"text", "relation", "h", "t"}', read_opennre, "text", "h", "t"),
        _json("nyt-triples", '{"text", "triple_list"}', read_triple_lists, "text", "triple_list"),
        _text("nyt-riedel", "m1 m2 head tail relation text ###END###", read_riedel, r"^(?:[^\t\n]*\t){5}.*###END###"),
        _json("docred", '{"sents", "vertexSet", "labels"}', _read_documents, "sents", "vertexSet"),
        _text("semeval", 'blocks of 7<tab>"The <e1>…</e1> … <e2>…</e2>"', read_semeval, r"^\d+\t.*<e1>.*</e1>"),
        _json("spans", '{"tokens", "entities", "relations"}', read_spans, "tokens", "entities", "relations"),
    )
}


def read_dataset(path: str | Path, *, format: str | None = None, on_bad: OnBad = None) -> Iterator[Example]:
    """The examples of a file, streamed; `format` is a name of FORMATS, None to tell it from the content.

    A bad row raises InputError with file, row and reason, or is handed to `on_bad` and left out. A file that cannot be
    read, has no known format or is broken as a whole raises InputError in any case.
    """
    name = format if format is not None else detect_format(path)
    if name not in FORMATS:
        raise InputError(f"no format {name!r}{suggestion(name, FORMATS)} (known: {', '.join(FORMATS)})")
    return FORMATS[name].read(path, on_bad=on_bad)


def detect_format(path: str | Path) -> str:
    """The name in FORMATS of the format that the start of the file has. Raises InputError where it has none."""
    head = head_of(path)
    if not head:
        raise InputError(f"{path}: is empty, or no text in UTF-8")
    for row in _rows(head):
        for format in FORMATS.values():
            if format.keys and isinstance(row, dict) and format.keys <= row.keys():
                return format.name
    for format in FORMATS.values():
        if format.pattern is not None and format.pattern.search(head):
            return format.name
    shapes = "".join(f"\n  {format.name}: {format.shape}" for format in FORMATS.values())
    raise InputError(f"{path}: is in none of the formats that zslre knows by their content:{shapes}")


def _rows(head: str) -> Iterator[Any]:
    """What may be rows at the start of a JSON file: items of a list, lines, or a first row under a key."""
    if head.startswith("["):
        yield from _values(head, 1)
    elif head.startswith("{"):
        for line in head.split("\n"):
            yield from _values(line, 0)
        if nested := _NESTED_ROW.match(head):
            yield from _values(head, nested.end())


def _values(text: str, place: int) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    try:
        while True:
            between = _BETWEEN_ROWS.match(text, place)
            value, place = decoder.raw_decode(text, between.end() if between is not None else place)
            yield value
    except (ValueError, RecursionError):  # the end, the end of what was read, or something else than JSON
        return
