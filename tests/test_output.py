"""Records: their form, and that each is whole or absent."""

from __future__ import annotations

import csv
import io
import json
import signal
import threading
from collections.abc import Iterator

import pytest

from zslre.exceptions import InputError
from zslre.output import open_writer, triple_record, write_mentions
from zslre.terminal import columns
from zslre.types import Mention, Triple

TRIPLE = Triple(
    Mention("Ann", 0, 3, "PERSON"),
    "works for",
    Mention("Bob\r\nInc", 8, 16),
    0.876543,
    {"name": 1.23456, "keywords": -0.5},
)


def failing(error: BaseException) -> Iterator[Triple]:
    yield TRIPLE
    raise error


def written(format: str, *, explain: bool = False) -> str:
    stream = io.StringIO(newline="")
    writer = open_writer(format, stream, explain=explain)
    assert writer.write("a", [TRIPLE, TRIPLE]) == 2
    assert writer.write("none", []) == 0
    return stream.getvalue()


def test_json_lines() -> None:
    lines = written("jsonl").splitlines()
    triple = {
        "head": {"text": "Ann", "start": 0, "end": 3, "type": "PERSON"},
        "relation": "works for",
        "tail": {"text": "Bob\r\nInc", "start": 8, "end": 16, "type": None},
        "score": 0.8765,
    }
    assert [json.loads(line) for line in lines] == [{"id": "a", "triples": [triple] * 2}, {"id": "none", "triples": []}]


def test_the_parts_of_a_score_are_there_only_if_asked_for() -> None:
    assert "explanation" not in triple_record(TRIPLE)
    assert triple_record(TRIPLE, explain=True)["explanation"] == {"name": 1.2346, "keywords": -0.5}
    assert json.loads(written("jsonl", explain=True).splitlines()[0])["triples"][0]["explanation"]["name"] == 1.2346


def test_a_record_is_one_line_for_every_reader() -> None:
    stream = io.StringIO()
    open_writer("jsonl", stream).write("a\u2028b\x85c\u2029\n", [])
    assert len(stream.getvalue().splitlines()) == 1
    assert json.loads(stream.getvalue())["id"] == "a\u2028b\x85c\u2029\n"


def test_csv_has_a_row_a_triple() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv"), newline="")))
    assert len(rows) == 2
    assert rows[0] == {
        **{
            "id": "a",
            "head": "Ann",
            "head_start": "0",
            "head_end": "3",
            "head_type": "PERSON",
            "relation": "works for",
        },
        **{"tail": "Bob\r\nInc", "tail_start": "8", "tail_end": "16", "tail_type": "", "score": "0.8765"},
    }
    explained = list(csv.DictReader(io.StringIO(written("csv", explain=True), newline="")))
    assert json.loads(explained[0]["explanation"]) == {"name": 1.2346, "keywords": -0.5}


def test_a_carriage_return_ends_no_row() -> None:
    stream = io.StringIO(newline="")
    split = Triple(Mention("Ann\rReed", 0, 8), "spouse", Mention("Bob", 12, 15), 0.5)
    open_writer("csv", stream).write("a\rb", [split, TRIPLE])
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert [(row["id"], row["head"], row["tail"], row["head_type"]) for row in rows] == [
        ("a\rb", "Ann\rReed", "Bob", ""),
        ("a\rb", "Ann", "Bob\r\nInc", "PERSON"),
    ]


def test_a_table_is_aligned() -> None:
    assert written("table").split("\n") == [
        "a",
        "  score  head  relation   tail",
        "   0.88  Ann   works for  Bob Inc",
        "   0.88  Ann   works for  Bob Inc",
        "",
        "none",
        "  (no relation found)",
        "",
    ]
    assert "         name +1.23  keywords -0.50\n" in written("table", explain=True)


def test_a_table_cuts_long_names_and_steers_no_terminal() -> None:
    stream = io.StringIO()
    long, steering, wide = (Mention(text, 0, len(text)) for text in ("x" * 90, "a\x1b[31m", "東京" * 15))
    open_writer("table", stream).write("d\x1b", [Triple(long, "r", steering, 1.0), Triple(wide, "r", steering, 1.0)])
    assert "\x1b" not in stream.getvalue()
    _, _, first, second, _ = stream.getvalue().split("\n")
    assert f"{'x' * 39}…  r" in first
    assert columns(first) - 1 <= columns(second) <= columns(first)


def test_a_table_shows_no_sign_for_what_has_no_width() -> None:
    stream = io.StringIO()
    names = [Mention(text, 0, len(text)) for text in ("Na\u00adtio\u00adnal\u200b Grid", "Ali\u200creza", "a\u202eb")]
    open_writer("table", stream).write(
        "d", [Triple(names[0], "r", names[1], 1.0), Triple(names[2], "r", names[0], 1.0)]
    )
    assert columns("Ali\u200creza") == 7
    for shown in ("National Grid", "Ali\u200creza", "a\ufffdb"):
        assert shown in stream.getvalue()


def test_a_table_of_many_rows_has_all_of_them() -> None:
    stream = io.StringIO()
    assert open_writer("table", stream).write("a", [TRIPLE] * 2500) == 2500
    assert stream.getvalue().count("works for") == 2500


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(InputError, match="'xml': use one of table, jsonl, csv"):
        open_writer("xml", io.StringIO())


@pytest.mark.parametrize("format", ["table", "jsonl", "csv"])
@pytest.mark.parametrize("error", [InputError("bad"), KeyboardInterrupt()])
def test_a_document_that_fails_leaves_nothing(format: str, error: BaseException) -> None:
    stream = io.StringIO()
    writer = open_writer(format, stream)
    writer.write("a", [TRIPLE])
    before = stream.getvalue()
    with pytest.raises(type(error)):
        writer.write("b", failing(error))
    assert stream.getvalue() == before


class Interrupting(io.StringIO):
    """Ctrl-C is pressed at each write."""

    def write(self, text: str) -> int:
        signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_an_interrupt_while_a_record_is_copied_waits_for_its_end() -> None:
    stream = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        open_writer("jsonl", stream).write("a", [TRIPLE])
    assert json.loads(stream.getvalue())["id"] == "a"
    assert stream.getvalue().endswith("\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_does_not_wait() -> None:
    stream = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        open_writer("jsonl", stream).write("a", [TRIPLE] * 20_000)  # more than one piece to copy
    assert not stream.getvalue().endswith("\n")


def test_a_record_may_be_written_by_any_thread() -> None:
    stream = io.StringIO()
    thread = threading.Thread(target=lambda: open_writer("jsonl", stream).write("a", [TRIPLE]))
    thread.start()
    thread.join()
    assert json.loads(stream.getvalue())["id"] == "a"


def test_mentions_are_a_line_that_no_character_ends() -> None:
    stream = io.StringIO()
    assert write_mentions(stream, "a", "Ann\u2028\x85é", [Mention("Ann", 0, 3, "PERSON"), Mention("é", 5, 6)]) == 2
    line = stream.getvalue()
    assert line.splitlines(keepends=True) == [line]
    assert "é" in line
    assert json.loads(line) == {"id": "a", "text": "Ann\u2028\x85é", "mentions": [[0, 3, "PERSON"], [5, 6, None]]}
