"""FewRel's format: a JSON object, relation id or name → rows of tokens, head and tail.

A row: {"tokens": [...], "h": [name, entity id, [[token, …], …]], "t": [...]}; Wiki-ZSL comes in the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zslre.datasets.tokens import TokenText
from zslre.exceptions import InputError
from zslre.types import Example, Sentence


def read_fewrel(path: str | Path, *, on_bad: Callable[[InputError], None] | None = None) -> Iterator[Example]:
    """Examples of a FewRel file, labelled with the file's keys.

    A bad row raises InputError naming relation and row, or, with `on_bad`, is handed that error and left out.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a FewRel JSON file") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is not UTF-8 JSON ({error}); give a FewRel JSON file") from error
    if not isinstance(data, dict):
        raise InputError(f"{path}: a FewRel file is a JSON object, relation → rows; this is a {type(data).__name__}")
    for relation, rows in data.items():
        if not isinstance(rows, list):
            raise InputError(f"{path}: relation {relation!r}: needs a list of rows")
        for number, row in enumerate(rows, start=1):
            try:
                example = _example(row, relation)
            except (KeyError, IndexError, TypeError, ValueError) as error:
                bad = InputError(
                    f"{path}: relation {relation!r}, row {number}: {type(error).__name__}: {error}; a row needs "
                    'tokens, h and t, as {"tokens": ["Ann", …], "h": ["ann", "Q1", [[0]]], "t": [...]}'
                )
                if on_bad is None:
                    raise bad from error
                on_bad(bad)
            else:
                yield example


def _example(row: dict[str, Any], relation: str) -> Example:
    tokens = TokenText(row["tokens"])
    head, tail = (tokens.mention(min(span), max(span) + 1) for span in (row["h"][2][0], row["t"][2][0]))
    return Example(Sentence(tokens.text, (head, tail)), head, tail, relation)
