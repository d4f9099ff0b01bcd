"""Writing examples: our JSON Lines, which keep all that an example holds, and FewRel's format.

Files are written aside and renamed when they are whole; links are followed. A pipe or a device is
written to as it is.
"""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from zslre.datasets.checks import NO_RELATION
from zslre.datasets.tokens import split_tokens
from zslre.exceptions import InputError
from zslre.paths import aside
from zslre.types import Example, Mention, checked_examples


def write_jsonl(path: str | Path, examples: Iterable[Example]) -> int:
    """Write examples as `read_examples` reads them, and return how many. All is kept but `Sentence.start`.

    Folders that are not there are made. Raises InputError where the file cannot be written, and for what is no example.
    """
    count = 0
    with _stream(path) as stream:
        for example in checked_examples(examples):
            stream.write(_dump(_line(example)) + b"\n")
            count += 1
    return count


def write_fewrel(path: str | Path, examples: Iterable[Example]) -> int:
    """Write examples as `read_fewrel` reads them, grouped by relation, and return how many.

    Lost are types of mentions, mentions other than head and tail, and the order of relations that alternate. Where a
    mention begins or ends within a word, the word becomes two. Memory holds a few bytes an example: rows wait for
    their relation to be written in a temporary file.

    Folders that are not there are made. Raises InputError where the file cannot be written, for what is no example, and
    for a relation that is called "NA", which the format has for none.
    """
    count = 0
    places: dict[str, array[int]] = {}  # relation -> start and length of each of its rows among the waiting
    # Beside the file, where there is room for it; beside a pipe or device there may be none.
    beside = None if _is_special(Path(path)) else Path(path).resolve().parent
    with _stream(path) as stream, tempfile.TemporaryFile(dir=beside) as waiting:
        end = 0
        for example in checked_examples(examples):
            if example.relation == NO_RELATION:
                raise InputError(
                    f"{path}: FewRel's format has {NO_RELATION!r} for no relation, and a relation here is called so: "
                    "rename it, or write jsonl"
                )
            row = _dump(_row(example))
            relation = example.relation if example.relation is not None else NO_RELATION
            places.setdefault(relation, array("q")).extend((end, len(row)))
            end += waiting.write(row)
            count += 1
        stream.write(b"{")
        for number, (relation, rows) in enumerate(places.items()):
            stream.write((b",\n" if number else b"") + _dump(relation) + b": [\n")
            for place in range(0, len(rows), 2):
                waiting.seek(rows[place])
                stream.write((b",\n" if place else b"") + waiting.read(rows[place + 1]))
            stream.write(b"\n]")
        stream.write(b"}\n")
    return count


WRITERS: dict[str, Callable[[str | Path, Iterable[Example]], int]] = {"jsonl": write_jsonl, "fewrel": write_fewrel}


def _line(example: Example) -> dict[str, object]:
    line: dict[str, object] = {
        "text": example.sentence.text,
        "head": _span(example.head),
        "tail": _span(example.tail),
        "relation": example.relation,
    }
    if example.sentence.mentions != (example.head, example.tail):
        line["mentions"] = [_span(mention) for mention in example.sentence.mentions]
    return line


def _span(mention: Mention) -> list[object]:
    return [mention.start, mention.end, *([mention.type] if mention.type is not None else [])]


def _row(example: Example) -> dict[str, object]:
    pair = (example.head, example.tail)
    tokens, places = split_tokens(example.sentence.text, [(mention.start, mention.end) for mention in pair])
    h, t = ([mention.text, "", [list(range(*place))]] for mention, place in zip(pair, places, strict=True))
    return {"tokens": tokens, "h": h, "t": t}


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, which must not be replaced by a file."""
    return path.exists() and not path.is_file()


@contextmanager
def _stream(path: str | Path) -> Iterator[BinaryIO]:
    with nullcontext(Path(path)) if _is_special(Path(path)) else aside(path) as place:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            stream = place.open("wb")
        except OSError as error:
            raise InputError(
                f"{path}: cannot be written ({error.strerror}); check the folder and its permissions"
            ) from error
        with stream:
            yield stream
