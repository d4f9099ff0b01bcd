"""Going on with a run from what its output holds."""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path

import pytest

from zslre.exceptions import InputError
from zslre.output import open_writer
from zslre.resuming import resume_point
from zslre.types import Mention, Triple

TRIPLE = Triple(Mention("Ann", 0, 3, "PERSON"), "works for", Mention("Ford", 14, 18, "ORG"), 0.50004)


def record_lines(*ids: str, explain: bool = False) -> str:
    stream = io.StringIO()
    for id in ids:
        open_writer("jsonl", stream, explain=explain).write(id, [TRIPLE])
    return stream.getvalue()


def point(path: Path, *relations: str, threshold: float = 0.45, explain: bool = False) -> tuple[Counter[str], int]:
    return resume_point(path, relations or [TRIPLE.relation], threshold=threshold, explain=explain)


@pytest.mark.parametrize("cut", [1, 5, 40, -3, -11, -15, -22])
def test_a_cut_record_is_not_counted(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "out.jsonl"
    whole = record_lines("a", "b", "a", "é")
    path.write_text(whole + record_lines('la"st\\')[:-cut], encoding="utf-8")
    done, size = point(path)
    assert done == Counter({"a": 2, "b": 1, "é": 1})
    os.truncate(path, size)
    assert path.read_text(encoding="utf-8") == whole


@pytest.mark.parametrize(
    "line", ["id,head", "[" * 100_000, "{}", '{"id": 1, "triples": []}', "[1]", "\x00", '{"id": "a", "triples"']
)
def test_a_foreign_file_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(f"{record_lines('a')}{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"out\.jsonl, line 2: is no record of zslre"):
        point(path)


@pytest.mark.parametrize(
    "line", ["my precious notes", '{"id": "a", "text": "b"}', '{"triples": [', '{"id": 1', '{"id": "a"}', "id,head"]
)
def test_a_foreign_line_without_an_end_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "out.jsonl"
    for before in ("", record_lines("a")):
        path.write_text(before + line, encoding="utf-8")
        with pytest.raises(InputError, match=r"out\.jsonl, line .: is no record of zslre \(its last line breaks off\)"):
            point(path)
        assert path.read_text(encoding="utf-8") == before + line


def test_what_a_power_cut_leaves_is_no_foreign_line(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for rest in ("\0\0\0", '{"id": "b", "tri\0\0'):
        path.write_text(record_lines("a") + rest, encoding="utf-8")
        assert point(path) == ({"a": 1}, len(record_lines("a")))


def test_a_file_with_other_relations_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"id": "b", "triples": []}\n' + record_lines("a"), encoding="utf-8")
    assert point(path, TRIPLE.relation, "more")[0] == {"a": 1, "b": 1}
    with pytest.raises(InputError, match=rf"out\.jsonl, line 2: has the relation '{TRIPLE.relation}', which is not"):
        point(path, "another")


@pytest.mark.parametrize(("threshold", "accepted"), [(0.0, True), (TRIPLE.score, True), (0.5002, False), (0.8, False)])
def test_a_file_with_lower_scores_is_not_gone_on_with(tmp_path: Path, threshold: float, accepted: bool) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"id": "b", "triples": []}\n' + record_lines("a"), encoding="utf-8")
    if accepted:  # written without the digits behind the fourth
        assert point(path, threshold=threshold)[0].total() == 2
        return
    with pytest.raises(InputError, match=rf"line 2: has a triple with score 0\.5, which is below .* {threshold:g} now"):
        point(path, threshold=threshold)


def test_a_file_with_other_explanations_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for explain, message in ((True, "has explanations, which"), (False, "has no explanations, which")):
        path.write_text(record_lines("a", explain=explain), encoding="utf-8")
        assert point(path, explain=explain)[0] == {"a": 1}
        with pytest.raises(InputError, match=message):
            point(path, explain=not explain)
