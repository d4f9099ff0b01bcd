"""Reading what `zslre predict` is given: text files, Markdown, JSON Lines, folders of them, standard input.

Text comes in blocks, so a document larger than memory can be read; every offset counts characters of the decoded text,
line ends and a byte order mark included. Text and Markdown are read alike: see `zslre.sentences` and `zslre.plain`.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from zslre.exceptions import InputError
from zslre.records import parse_record
from zslre.types import Mention

TEXT_SUFFIXES = (".txt", ".md")
SUFFIXES = (*TEXT_SUFFIXES, ".jsonl")
STDIN = "-"

_READ_BYTES = 65_536
_LONGEST_RECORD = 2**24  # bytes that are read of a first line, to see if it is one
_OBJECT = re.compile(r'\s*\{\s*"')
_JSON_LINE = re.compile(_OBJECT.pattern + r'[^\n]*(?<=")text"\s*:')


@dataclass(frozen=True, slots=True)
class Document:
    """A text with a name.

    `blocks` gives the text once, as adjoining pieces `(offset in characters, text)`; reading them can raise InputError.
    `mentions` (offsets into the text) is None unless the input names them.
    """

    id: str
    blocks: Iterator[tuple[int, str]]
    mentions: tuple[Mention, ...] | None = None

    @classmethod
    def from_text(cls, id: str, text: str, mentions: tuple[Mention, ...] | None = None) -> Document:
        """A document whose text is in memory already."""
        return cls(id, iter([(0, text)]), mentions)


def read_documents(
    paths: Sequence[str | Path], *, on_bad: Callable[[InputError], None] | None = None
) -> Iterator[Document]:
    """The documents of files, folders (see `walk`) and "-".

    A text file is one document with its path as the id, a line of JSON Lines is one with its "id", or "PATH:LINE".
    Standard input is JSON Lines if it begins with an object that has a "text", else plain text.
    An empty file that is named by itself cannot be used; one in a folder has no triples.
    What cannot be used goes to `on_bad` and is left out, or is raised where that is None: paths at once, before
    anything is read, the rest in its turn. Errors in the middle of a text file are raised by its `blocks`.
    """
    usable = []
    for path in paths:
        try:
            _check_path(path)
        except InputError as error:
            _report(error, on_bad)
        else:
            usable.append(path)
    if sum(str(path) == STDIN for path in usable) > 1:
        raise InputError("standard input ('-') can be read only once: name it once")
    return _read(usable, on_bad)


def _check_path(path: str | Path) -> None:
    if str(path) == STDIN or os.path.isdir(path):
        return
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file or folder: check the name; '-' reads standard input")
    if Path(path).suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path}: cannot tell what it holds: zslre reads {', '.join(SUFFIXES)}; rename it, or pass plain text on "
            f"standard input: zslre predict - < {path}"
        )


def _read(paths: Iterable[str | Path], on_bad: Callable[[InputError], None] | None) -> Iterator[Document]:
    for path in paths:
        if str(path) == STDIN:
            yield from _standard_input(on_bad)
            continue
        of_folder = os.path.isdir(path)
        for file in _files(path, on_bad) if of_folder else [str(path)]:
            if Path(file).suffix.lower() in TEXT_SUFFIXES:
                yield Document(_printable(file), _text_blocks(file, _opener(file), may_be_empty=of_folder))
            else:
                yield from _json_file(file, on_bad, may_be_empty=of_folder)


def walk(folder: str | Path, unreadable: Callable[[OSError], None] | None = None) -> Iterator[tuple[str, list[str]]]:
    """The folder and those in it, each with the names of its files that zslre reads; all in sorted order.

    Names with a leading dot are left out. Links to folders are followed; each folder comes once. What is wrong with a
    folder goes to `unreadable`.
    """
    seen = {os.path.realpath(folder)}
    for parent, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        paths = [os.path.join(parent, name) for name in sorted(folders) if not name.startswith(".")]
        paths.sort(key=os.path.islink)  # of a folder and a link to it, the folder
        new = {place: path for path in reversed(paths) if (place := os.path.realpath(path)) not in seen}
        folders[:] = sorted(map(os.path.basename, new.values()))
        seen.update(new)
        yield parent, sorted(n for n in files if not n.startswith(".") and Path(n).suffix.lower() in SUFFIXES)


def _files(folder: str | Path, on_bad: Callable[[InputError], None] | None) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        _report(InputError(f"{error.filename}: cannot be read: {error.strerror}"), on_bad)

    found = False
    for parent, names in walk(folder, unreadable):
        for path in (os.path.join(parent, name) for name in names):
            found = True
            if os.path.exists(path) and not os.path.isfile(path):  # a pipe may have nobody who writes
                _report(InputError(f"{path}: is no regular file: name it by itself, or move it away"), on_bad)
            else:
                yield path
    if not found:
        _report(InputError(f"{folder}: holds no file that zslre reads ({', '.join(SUFFIXES)})"), on_bad)


def _report(error: InputError, on_bad: Callable[[InputError], None] | None) -> None:
    if on_bad is None:
        raise error
    on_bad(error)


def _opener(path: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            return open(path, "rb")
        except OSError as error:
            remedy = ": check its permissions" if isinstance(error, PermissionError) else ""
            broken = ": it is a link to what is not there" if os.path.islink(path) and not os.path.exists(path) else ""
            raise InputError(f"{path}: cannot be read: {error.strerror}{remedy}{broken}") from error

    return opened


def _standard_input(on_bad: Callable[[InputError], None] | None) -> Iterator[Document]:
    """JSON Lines, if the first line that is not blank is one, else a document."""
    stream = sys.stdin.buffer
    head = line = stream.readline(_READ_BYTES)
    while line and not line.removeprefix(codecs.BOM_UTF8).strip() and len(head) < _READ_BYTES:
        line = stream.readline(_READ_BYTES - len(head))
        head += line
    if _OBJECT.match(head.decode("utf-8-sig", "ignore")) and not head.endswith(b"\n"):
        head += stream.readline(_LONGEST_RECORD)
    if _JSON_LINE.match(head.decode("utf-8-sig", "ignore")):
        head += stream.readline() if not head.endswith(b"\n") else b""
        yield from _json_lines(STDIN, chain(io.BytesIO(head), stream), on_bad)
    else:
        yield Document(STDIN, _text_blocks(_shown(STDIN), lambda: stream, head))


def _text_blocks(
    name: str, opened: Callable[[], BinaryIO], head: bytes = b"", *, may_be_empty: bool = False
) -> Iterator[tuple[int, str]]:
    """The text of a stream of which `head` has been read already."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = bytes_before = lines_before = 0
    with opened() as stream:
        while True:
            data, head = head + stream.read(max(0, _READ_BYTES - len(head))), b""
            if bytes_before == 0 and (encoding := _wide(data)) is not None:
                raise InputError(
                    f"{name}: is not UTF-8 but {encoding}, for half of it are NUL characters: convert it, for example "
                    f"with: iconv -f {encoding} -t UTF-8 FILE > NEW"
                )
            held_back = len(decoder.getstate()[0])  # the first bytes of a character that the last read cut in two
            try:
                block = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                line = lines_before + error.object[: error.start].count(b"\n") + 1
                raise _not_utf8(name, error, bytes_before - held_back, line) from error
            bytes_before += len(data)
            lines_before += data.count(b"\n")
            if block.startswith("\ufeff") and offset == 0:
                block, offset = block[1:], 1  # a byte order mark counts as a character but is no part of a sentence
            if block:
                yield offset, block
            offset += len(block)
            if not data:
                break
    if bytes_before == 0 and not may_be_empty:
        raise InputError(f"{name}: is empty: there is nothing to read relations from")


def _wide(data: bytes) -> str | None:
    """The encoding of two bytes a character that the data is in, though no byte order mark says so.

    >>> _wide("Rome".encode("utf-16-le")), _wide(b"Rome"), _wide("Łódź, Rome".encode("utf-16-be"))
    ('UTF-16LE', None, 'UTF-16BE')
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None  # which is no UTF-8 either
    for encoding, first in (("UTF-16LE", 1), ("UTF-16BE", 0)):
        halves = data[first::2]
        if halves.count(0) > len(halves) / 2:
            return encoding
    return None


def _not_utf8(name: str, error: UnicodeDecodeError, bytes_before: int, line: int) -> InputError:
    utf16 = error.object[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and bytes_before == 0 and error.start < 2
    encoding = "UTF-16" if utf16 else "WINDOWS-1252"
    return InputError(
        f"{name}: is not UTF-8: byte 0x{error.object[error.start]:02x} at byte offset {bytes_before + error.start}, "
        f"line {line}: convert it, for example with: iconv -f {encoding} -t UTF-8 FILE > NEW"
    )


def _json_file(path: str, on_bad: Callable[[InputError], None] | None, *, may_be_empty: bool) -> Iterator[Document]:
    try:
        stream = _opener(path)()
    except InputError as error:
        _report(error, on_bad)
        return
    with stream:
        yield from _json_lines(path, stream, on_bad, may_be_empty=may_be_empty)


def _json_lines(
    path: str, lines: Iterable[bytes], on_bad: Callable[[InputError], None] | None, *, may_be_empty: bool = False
) -> Iterator[Document]:
    empty = not may_be_empty
    bytes_before = 0
    for number, line in enumerate(lines, 1):
        if number == 1 and line.startswith(codecs.BOM_UTF8):
            line, bytes_before = line.removeprefix(codecs.BOM_UTF8), len(codecs.BOM_UTF8)
        if line.strip():
            empty = False
            try:
                yield _json_document(path, number, line, bytes_before)
            except InputError as error:
                _report(error, on_bad)
        bytes_before += len(line)
    if empty:
        _report(InputError(f"{path}: is empty: it has no line with a JSON object"), on_bad)


def _json_document(path: str, number: int, line: bytes, bytes_before: int) -> Document:
    name = _shown(path)
    try:
        content = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _not_utf8(name, error, bytes_before, number) from error
    id, text, mentions = parse_record(f"{name}, line {number}", content)
    return Document.from_text(f"{_printable(path)}:{number}" if id is None else id, text, mentions)


def _shown(path: str) -> str:
    return "standard input" if path == STDIN else path


def _printable(path: str) -> str:
    """The path as text: a file name that is not UTF-8 has its odd bytes written out."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
