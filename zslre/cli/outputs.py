"""Files that commands write; whether they may be written is asked before the work begins."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from zslre.documents import STDIN, SUFFIXES, walk
from zslre.exceptions import InputError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_output_file(output: str | Path | None, inputs: Iterable[str | Path | None]) -> None:
    """Raise InputError where the output cannot be written, is one of the inputs, or would be read in a folder of them.

    None stands for a file that was not given.
    """
    if output is None:
        return
    target = Path(output).resolve()
    for path in inputs:
        if path is None:
            continue
        if _is_standard_input(target) if path == STDIN else _is_read(Path(path).resolve(), target):
            raise InputError(f"{output}: the output lies in the input {path}: give it another name")
    if target.is_dir():
        raise InputError(f"{output}: is a folder; give the name of a file")
    _check_place(Path(output), is_file=True)


def check_output_folder(folder: Path | None) -> None:
    """Raise InputError where files cannot be written to a folder, which need not be there. None: none was given."""
    if folder is not None:
        _check_place(folder, is_file=False)


def _check_place(given: Path, *, is_file: bool) -> None:
    # Of /dev/stdout, which may be a pipe, only the name that was given exists.
    there = next(place for place in (given, *given.resolve().parents) if place.exists())
    if not (there.is_dir() or (is_file and there == given)) or not os.access(there, os.W_OK):
        raise InputError(f"{given}: cannot be written, because of {there}; check that, or give another name")


def _is_standard_input(target: Path) -> bool:
    try:
        given, there = os.fstat(0), target.stat()
    except OSError:  # closed, or not there yet
        return False
    return stat.S_ISREG(there.st_mode) and os.path.samestat(given, there)


def _is_read(source: Path, target: Path) -> bool:
    """Whether the target is the source, or would be read in that folder, hard links and linked folders included."""
    there = target.exists()
    if not source.is_dir():
        return source == target or (there and source.exists() and target.samefile(source))
    text = target.suffix.lower() in SUFFIXES
    if text and source in target.parents:
        return True
    if not text and not there:
        return False
    for folder, names in walk(source):
        files = (os.path.join(folder, name) for name in names)
        if text and os.path.realpath(folder) == str(target.parent):
            return True
        if there and any(os.path.exists(file) and target.samefile(file) for file in files):
            return True
    return False


def write_output(path: Path, text: str) -> None:
    """Write a text file, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@contextmanager
def output_stream(path: str | None, format: str, size: int) -> Iterator[TextIO]:
    """The stream for one of `zslre.output.FORMATS`, in UTF-8: the file, which is first cut to `size` bytes to go on
    behind them, or where that is None standard output."""
    if path is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            if format == "table":
                sys.stdout.reconfigure(errors="replace")  # better a question mark than no table
            else:
                sys.stdout.reconfigure(encoding="utf-8", newline="")
        yield sys.stdout
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if size:
        os.truncate(path, size)
    try:
        with open(path, "a" if size else "w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = path
        raise
