"""Our own examples: JSON Lines of {"text", "head": [start, end, type?], "tail": [...], "relation": name or null}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence

SHAPE = '{"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17], "relation": "residence"}'


def read_examples(path: str | Path) -> Iterator[Example]:
    """Examples of a JSON Lines file; raises InputError naming the line."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    yield _example(json.loads(line))
                except (KeyError, IndexError, TypeError, ValueError) as error:
                    raise InputError(
                        f"{path}, line {number}: {type(error).__name__}: {error}; a line looks like {SHAPE}"
                    ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 ({error}); convert it, for instance with iconv") from error


def _example(row: dict[str, Any]) -> Example:
    text = row["text"]
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, not {type(text).__name__}")
    if "relation" not in row:
        raise KeyError("relation (null stands for none)")
    relation = row["relation"]
    if relation is not None and (not isinstance(relation, str) or not relation.strip()):
        raise TypeError("relation must be a name or null")
    head, tail = (_mention(text, role, row[role]) for role in ("head", "tail"))
    return Example(Sentence(text, (head, tail)), head, tail, relation)


def _mention(text: str, role: str, span: list[Any]) -> Mention:
    start, end = span[:2]
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise ValueError(f"{role} span {span} is outside the text of {len(text)} characters")
    kind = span[2] if len(span) > 2 else None
    if kind is not None and not isinstance(kind, str):
        raise TypeError(f"the type of {role} must be a text or null, not {kind!r}")
    return Mention(text[start:end], start, end, kind)
