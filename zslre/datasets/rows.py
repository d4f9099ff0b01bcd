"""Rows of a dataset file, one at a time, and what becomes of a bad one.

A row is a line, or an item of a JSON list. Files are streamed: memory does not grow with their length.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

import ijson

from zslre.exceptions import InputError
from zslre.types import Example

OnBad: TypeAlias = Callable[[InputError], None] | None
Row = TypeVar("Row")

# How much of a file is looked at to tell what it is; a row or two of every format fit in, whole documents too.
HEAD_BYTES = 1 << 18
# What taking a row of the wrong shape apart can raise.
ROW_ERRORS = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)


def read_rows(
    path: str | Path,
    rows: Iterable[tuple[str, Row]],
    parse: Callable[[Row], Iterable[Example | InputError]],
    *,
    shape: str,
    on_bad: OnBad,
) -> Iterator[Example]:
    """The examples that `parse` finds in each of the rows (its place, what it holds).

    A row that `parse` fails on gives no example. An InputError that it returns among its examples stands for a part of
    the row. Both are raised with file, place, reason and `shape`, what a good row looks like; or handed to `on_bad`.
    """

    def report(where: str, error: Exception) -> None:
        bad = InputError(f"{path}, {where}: {reason(error)}; {shape}")
        if on_bad is None:
            raise bad from error
        on_bad(bad)

    for where, row in rows:
        try:
            found = list(parse(row))
            for item in found:
                if not isinstance(item, InputError):
                    _check_utf8(item)
        except ROW_ERRORS as error:
            report(where, error)
            continue
        for item in found:
            if isinstance(item, InputError):
                report(where, item)
            else:
                yield item


def reason(error: Exception) -> str:
    """What an error says, in a line; the name of its class where that helps."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 ({error.reason} at byte {error.start}); convert it, for instance with iconv"
    if isinstance(error, UnicodeEncodeError):
        return f"half a surrogate pair at character {error.start}, which is no character; write the pair, or U+FFFD"
    if isinstance(error, json.JSONDecodeError):  # of a line, whose own number the error does not know
        return f"is not JSON: {error.msg}: column {error.colno}"
    if isinstance(error, KeyError):
        return f"has no {error}"
    if isinstance(error, RecursionError):
        return "is nested too deep"
    return f"has another shape ({error})"


def numbered_lines(path: str | Path) -> Iterator[tuple[str, bytes]]:
    """("line N", line) for every line that is not blank, N from 1."""
    with open_dataset(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.isspace():
                yield f"line {number}", line


def json_rows(path: str | Path) -> Iterator[tuple[str, Any]]:
    """The lines of JSON Lines, as bytes for `json_value`; or, of a file that begins with "[", that list's items."""
    return list_rows(path) if head_of(path).startswith("[") else numbered_lines(path)


def list_rows(path: str | Path) -> Iterator[tuple[str, Any]]:
    """("row N", item) for every item of a JSON list, N from 1."""
    with json_stream(path) as stream:
        for number, item in enumerate(ijson.items(stream, "item", use_float=True), start=1):
            yield f"row {number}", item


def json_value(row: Any) -> Any:
    """What a row of `json_rows` holds."""
    return json.loads(row.decode("utf-8").rstrip("\r\n")) if isinstance(row, bytes) else row


@contextmanager
def json_stream(path: str | Path) -> Iterator[BinaryIO]:
    """A file for ijson to read; what is wrong with it as JSON is raised as InputError."""
    with open_dataset(path) as stream:
        try:
            yield stream
        except ijson.JSONError as error:
            said = error.args[0] if error.args else ""
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            raise InputError(
                f"{path}: is no UTF-8 JSON, or breaks off ({' '.join(text.split()):.120}); get the file again"
            ) from error


@contextmanager
def open_dataset(path: str | Path) -> Iterator[BinaryIO]:
    """The file, behind its byte order mark if it has one. Raises InputError where it cannot be read.

    A file is opened twice, to tell its format and to read it.
    """
    try:
        with Path(path).open("rb") as stream:
            if not stream.seekable():
                raise InputError(
                    f"{path}: is a pipe or a terminal, which cannot be read twice: write it to a file first"
                )
            if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                stream.seek(0)
            yield stream
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the name") from error


def head_of(path: str | Path) -> str:
    """The first HEAD_BYTES of a file, without leading white space; bytes that are not UTF-8 are left out."""
    with open_dataset(path) as stream:
        return stream.read(HEAD_BYTES).decode("utf-8", "ignore").lstrip()


def _check_utf8(example: Example) -> None:
    example.sentence.text.encode("utf-8")
    mentions = (example.head, example.tail, *example.sentence.mentions)
    for name in (example.relation, *(mention.type for mention in mentions)):
        if name is not None:
            name.encode("utf-8")
