"""Examples of a file, whatever its format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from zslre.datasets.annotated import examples_of
from zslre.datasets.docred import read_docred
from zslre.datasets.fewrel import read_fewrel
from zslre.datasets.jsonl import read_examples
from zslre.exceptions import InputError
from zslre.types import Example


def read_dataset(
    path: str | Path, *, format: str | None = None, on_bad: Callable[[InputError], None] | None = None
) -> Iterator[Example]:
    """Examples of a FewRel, DocRED or JSON Lines file; `format`: instead of finding out."""
    kind = format if format is not None else detect_format(path)
    if kind == "docred":
        return examples_of(read_docred(path))
    return read_fewrel(path, on_bad=on_bad) if kind == "fewrel" else read_examples(path)


def detect_format(path: str | Path) -> str:
    """By the first character; of a single JSON object, by whether it ends in the first line of several."""
    with Path(path).open(encoding="utf-8") as file:
        first = file.readline().strip()
    if first.startswith("["):
        return "docred"
    try:
        row = json.loads(first)
    except json.JSONDecodeError:
        return "fewrel"
    return "jsonl" if "text" in row else "fewrel"
