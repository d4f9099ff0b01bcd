"""A line of JSON Lines that `zslre predict` is given: a text, and where they are known its id and mentions."""

from __future__ import annotations

import json
from typing import Any

from zslre.exceptions import InputError
from zslre.sentences import SURROGATE
from zslre.types import Mention


def parse_record(where: str, line: str) -> tuple[str | None, str, tuple[Mention, ...] | None]:
    """Id, text and mentions (offsets into the text) of a line, None where it does not name them.

    Raises InputError, with `where` the line stands, for what is no such record.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg}: column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
        raise InputError(f'{where}: is not JSON: {reason}: each line must be an object with a "text"') from error
    if not isinstance(record, dict):
        raise InputError(f'{where}: must be an object such as {{"text": "…"}}, got {_kind(record)}')
    text = record.get("text")
    if not isinstance(text, str):
        got = _kind(text) if "text" in record else "no such key"
        raise InputError(f'{where}: "text" must be a string, got {got}')
    if found := SURROGATE.search(text):
        raise InputError(
            f'{where}: "text" has an unpaired surrogate (\\u{ord(found[0]):04x}) at character {found.start()}, '
            f"which is not a character: write the whole pair, or \\ufffd in its place"
        )
    name = record.get("id")
    if name is not None and (not isinstance(name, (str, int)) or isinstance(name, bool)):
        raise InputError(f'{where}: "id" must be a string or a whole number, got {_kind(name)}')
    if isinstance(name, str) and SURROGATE.search(name):
        raise InputError(f'{where}: "id" has an unpaired surrogate, which is not a character: leave it out')
    mentions = _mentions(where, record["mentions"], text) if record.get("mentions") is not None else None
    return None if name is None else str(name), text, mentions


def _mentions(where: str, spans: Any, text: str) -> tuple[Mention, ...]:
    if not isinstance(spans, list):
        raise InputError(
            f'{where}: "mentions" must be a list of [start, end] or [start, end, type], got {_kind(spans)}'
        )
    seen: dict[tuple[int, int], int] = {}
    mentions = []
    for index, span in enumerate(spans):
        entry = f'{where}: "mentions"[{index}]'
        if not (
            isinstance(span, list)
            and len(span) in (2, 3)
            and all(isinstance(n, int) and not isinstance(n, bool) for n in span[:2])
            and (len(span) == 2 or span[2] is None or (isinstance(span[2], str) and not SURROGATE.search(span[2])))
        ):
            raise InputError(f"{entry} must be [start, end] or [start, end, type], got {json.dumps(span)[:80]}")
        start, end = span[:2]
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"{entry} is {start}:{end}, but the text has {len(text)} characters: needs 0 <= start < end <= "
                f"{len(text)}; offsets count characters (not bytes), the end is exclusive"
            )
        if not text[start:end].strip():
            raise InputError(f"{entry} at {start}:{end} covers only white space: leave it out")
        if (start, end) in seen:
            raise InputError(f'{entry} repeats the span {start}:{end} of "mentions"[{seen[start, end]}]: give it once')
        seen[start, end] = index
        mentions.append(Mention(text[start:end], *span))
    return tuple(mentions)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
