"""Going on with a run of `zslre predict` from what its output holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from zslre.exceptions import InputError
from zslre.output import SCORE_DIGITS

_ROUNDING = 10**-SCORE_DIGITS  # that scores may have lost in the file


def resume_point(
    path: Path, relations: Collection[str], *, threshold: float, explain: bool
) -> tuple[Counter[str], int]:
    """How often each document id has a whole record in the JSON Lines file `path`, and the bytes they take.

    A record that an interruption cut short is not counted: truncate the file there. Raises InputError for a file that
    is no output of zslre, or that breaks off in something else than a record, and for one that was seen to be begun
    with other options: with a relation that is not looked for, a score below the threshold, or explanations that are
    not asked for or that are missing. That its threshold was higher cannot be seen.
    """
    done: Counter[str] = Counter()
    size = 0
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                if not line.endswith(b"\n"):
                    if _begins_a_record(line):
                        break
                    raise ValueError("its last line breaks off")
                id, triples = _read_record(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{path}, line {number}: is no record of zslre ({error}): give another file to -o, or leave out "
                    f"--resume to overwrite this one"
                ) from error
            if (other := next(_contradictions(triples, relations, threshold, explain), None)) is not None:
                raise InputError(
                    f"{path}, line {number}: has {other}: --resume goes on with the options that the file was begun "
                    "with; give those, or another file to -o"
                )
            done[id] += 1
            size += len(line)
    return done, size


def _begins_a_record(line: bytes) -> bool:
    """Whether a line without an end may be what an interruption left of a record.

    >>> _begins_a_record(b'{"id": "a", "trip'), _begins_a_record(b'{"id": "a", "text": "b"}')
    (True, False)
    """
    line = line.rstrip(b"\0")  # which a power cut may leave
    name = re.match(rb'\{"id": "(\\.|[^"\\])*\\?', line)
    rest, whole = (line[name.end() :], b'", "triples": [') if name else (line, b'{"id": "')
    return rest.startswith(whole) or whole.startswith(rest)


def _read_record(record: object) -> tuple[str, list[dict[str, Any]]]:
    """The document's id and the triples that were found in it."""
    if isinstance(record, dict) and isinstance(record.get("triples"), list) and isinstance(record.get("id"), str):
        return record["id"], [triple for triple in record["triples"] if isinstance(triple, dict)]
    raise ValueError('needs "id" and "triples"')


def _contradictions(
    triples: list[dict[str, Any]], relations: Collection[str], threshold: float, explain: bool
) -> Iterator[str]:
    """What the triples have that this run would not have written."""
    for triple in triples:
        if "relation" in triple and triple["relation"] not in relations:
            yield f"the relation {triple['relation']!r}, which is not looked for now"
        score = triple.get("score")
        if isinstance(score, int | float) and score < threshold - _ROUNDING:
            yield f"a triple with score {score}, which is below the threshold of {threshold:g} now"
        if ("explanation" in triple) != explain:
            yield "no explanations, which --explain asks for" if explain else "explanations, which --explain asks for"
