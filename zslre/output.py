"""Writing triples, a record a document: JSON Lines, CSV, or a table to read.

A record is whole or absent. It is made in a temporary file first, since the last triple of a document may fail and a
large document has more triples than fit in memory; a Ctrl-C while it is copied waits for its end.
"""

from __future__ import annotations

import csv
import json
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any, Protocol, TextIO

from zslre.exceptions import InputError
from zslre.terminal import aligned, printable, shortened
from zslre.types import Mention, Triple

FORMATS = ("table", "jsonl", "csv")

_IN_MEMORY = 1 << 20  # bytes of a record that are kept in memory before a temporary file is used
SCORE_DIGITS = 4
_TABLE_ROWS = 1000  # that are aligned together

_CSV_HEADER = (
    *("id", "head", "head_start", "head_end", "head_type", "relation"),
    *("tail", "tail_start", "tail_end", "tail_type", "score"),
)


class Writer(Protocol):
    """Writes one document after another to a text stream."""

    def write(self, document_id: str, triples: Iterable[Triple]) -> int:
        """Write a document's record and return how many triples it has; nothing is written if `triples` raises."""
        ...


def open_writer(format: str, stream: TextIO, *, explain: bool = False) -> Writer:
    """The writer of one of `FORMATS`. `explain` adds the parts of each score."""
    if format == "jsonl":
        return JsonLinesWriter(stream, explain=explain)
    if format == "csv":
        return CsvWriter(stream, explain=explain)
    if format == "table":
        return TableWriter(stream, explain=explain)
    raise InputError(f"unknown output format {format!r}: use one of {', '.join(FORMATS)}")


class JsonLinesWriter:
    """One JSON object a document, on a line: `{"id": …, "triples": [{"head": {…}, "relation": …, …}]}`."""

    def __init__(self, stream: TextIO, *, explain: bool = False) -> None:
        self._stream, self._explain = stream, explain

    def write(self, document_id: str, triples: Iterable[Triple]) -> int:
        """See `Writer`."""
        count = 0
        with _record(self._stream) as spool:
            spool.write(f'{{"id": {_json(document_id)}, "triples": [')
            for triple in triples:
                spool.write(f"{', ' if count else ''}{_json(triple_record(triple, explain=self._explain))}")
                count += 1
            spool.write("]}\n")
        return count


class CsvWriter:
    """One row a triple below a header row; a document without triples has none. `explain` adds a column of JSON."""

    def __init__(self, stream: TextIO, *, explain: bool = False) -> None:
        self._stream, self._explain = stream, explain
        header = (*_CSV_HEADER, "explanation") if explain else _CSV_HEADER
        with _record(stream) as spool:
            _write_row(spool, header)

    def write(self, document_id: str, triples: Iterable[Triple]) -> int:
        """See `Writer`."""
        count = 0
        with _record(self._stream) as spool:
            for triple in triples:
                head, tail = ((m.text, m.start, m.end, m.type) for m in (triple.head, triple.tail))
                row = [document_id, *head, triple.relation, *tail, round(triple.score, SCORE_DIGITS)]
                _write_row(spool, [*row, _json(_explanation(triple))] if self._explain else row)
                count += 1
        return count


def _write_row(spool: TextIO, row: Sequence[object]) -> None:
    # Before Python 3.13 a carriage return alone is not quoted, though it ends the row for most readers.
    ends = any("\r" in cell for cell in row if isinstance(cell, str))
    csv.writer(spool, lineterminator="\n", quoting=csv.QUOTE_ALL if ends else csv.QUOTE_MINIMAL).writerow(row)


class TableWriter:
    """Aligned columns below the document's id. `explain` adds a line with the parts of each score."""

    def __init__(self, stream: TextIO, *, explain: bool = False) -> None:
        self._stream, self._explain = stream, explain
        self._first = True

    def write(self, document_id: str, triples: Iterable[Triple]) -> int:
        """See `Writer`."""
        count = 0
        with _record(self._stream) as spool:
            spool.write(f"{'' if self._first else chr(10)}{printable(document_id)}\n")
            rows = iter(triples)
            while some := list(islice(rows, _TABLE_ROWS)):
                self._write_rows(spool, some)
                count += len(some)
            if not count:
                spool.write("  (no relation found)\n")
        self._first = False
        return count

    def _write_rows(self, spool: TextIO, triples: list[Triple]) -> None:
        rows = [(f"{t.score:.2f}", *map(shortened, (t.head.text, t.relation, t.tail.text))) for t in triples]
        for index, line in enumerate(aligned([("score", "head", "relation", "tail"), *rows], right=(0,))):
            spool.write(f"  {line}\n")
            if self._explain and index:
                parts = "  ".join(f"{name} {value:+.2f}" for name, value in _explanation(triples[index - 1]).items())
                spool.write(f"         {parts}\n")


def write_mentions(stream: TextIO, document_id: str, text: str, mentions: Iterable[Mention]) -> int:
    """Write a document with its mentions as `zslre predict` reads it, and return how many these are."""
    spans = [[mention.start, mention.end, mention.type] for mention in mentions]
    with _record(stream) as spool:
        spool.write(f"{_json({'id': document_id, 'text': text, 'mentions': spans})}\n")
    return len(spans)


def triple_record(triple: Triple, *, explain: bool = False) -> dict[str, Any]:
    """The triple as JSON has it. `score` is rounded to four digits.

    >>> record = triple_record(Triple(Mention("Ada", 0, 3), "spouse", Mention("Bo", 8, 10, "PERSON"), 0.91234567))
    >>> record["tail"], record["score"]
    ({'text': 'Bo', 'start': 8, 'end': 10, 'type': 'PERSON'}, 0.9123)
    """
    record: dict[str, Any] = {
        "head": _mention_record(triple.head),
        "relation": triple.relation,
        "tail": _mention_record(triple.tail),
        "score": round(triple.score, SCORE_DIGITS),
    }
    if explain:
        record["explanation"] = _explanation(triple)
    return record


def _mention_record(mention: Mention) -> dict[str, Any]:
    return {"text": mention.text, "start": mention.start, "end": mention.end, "type": mention.type}


def _explanation(triple: Triple) -> dict[str, float]:
    parts = triple.explanation if triple.explanation is not None else {}
    return {name: round(value, SCORE_DIGITS) for name, value in parts.items()}


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # JSON allows these in a string, but many programs take them for the end of a line.
    return text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@contextmanager
def _record(stream: TextIO) -> Iterator[TextIO]:
    """A temporary text stream, copied to `stream` as a whole if the block ends well."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as spool:
        yield spool  # type: ignore[misc]  # before Python 3.11 it is a TextIO in all but name
        spool.seek(0)
        with _interrupt_waits():
            shutil.copyfileobj(spool, stream, _IN_MEMORY)
            stream.flush()


@contextmanager
def _interrupt_waits() -> Iterator[None]:
    """Hold a Ctrl-C back until the block has ended; a second one, where the reader is stuck, does not wait."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # ignored, or set by a program that embeds Python
        yield
        return
    held = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal held
        if held:
            raise KeyboardInterrupt
        held = True

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        signal.raise_signal(signal.SIGINT)
