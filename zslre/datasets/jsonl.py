"""Our own examples: JSON Lines of {"text", "head": [start, end, type?], "tail": [...], "relation": name or null}.

A line may have "mentions", [[start, end, type?], …]: all that are known of the sentence, head and tail among them.
Other keys are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zslre.datasets.checks import mention_at, relation_name, string
from zslre.datasets.rows import OnBad, json_rows, json_value, read_rows
from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence

SHAPE = 'a line looks like {"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17], "relation": "residence"}'


def read_examples(path: str | Path, *, on_bad: OnBad = None) -> Iterator[Example]:
    """Examples of a JSON Lines file, streamed. A bad line raises InputError naming it, or goes to `on_bad`."""
    return read_rows(path, json_rows(path), _examples, shape=SHAPE, on_bad=on_bad)


def _examples(line: Any) -> Iterator[Example]:
    row = json_value(line)
    text = string(row["text"], "text")
    if "relation" not in row:
        raise InputError("has no relation (null stands for none)")
    head, tail = (_mention(text, role, row[role]) for role in ("head", "tail"))
    mentions = tuple(_mention(text, "mention", span) for span in row["mentions"]) if "mentions" in row else (head, tail)
    yield Example(Sentence(text, mentions), head, tail, relation_name(row["relation"], none=None))


def _mention(text: str, role: str, span: Any) -> Mention:
    if not isinstance(span, list) or not 2 <= len(span) <= 3:
        raise InputError(f"{role} span {span!r:.60} must be [start, end] or [start, end, type]")
    return mention_at(text, role, *span)
