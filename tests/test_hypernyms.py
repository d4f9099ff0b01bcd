"""The hypernym table: lookup, file, errors."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.exceptions import InputError
from zslre.sideinfo.hypernyms import Evidence, Hypernym, HypernymTable

SENTENCE = Evidence("wikipedia", "https://wiki.test/wiki/BMW", "2026-11-23", "BMW ist „groß“.")
TABLE = HypernymTable({"BMW": (Hypernym("car company", 3, 0.82, (SENTENCE,)), Hypernym("company", 2, 0.5)), "Xyz": ()})


def test_lookup_ignores_case_and_white_space() -> None:
    assert TABLE[" bmw\n"] == TABLE["BMW"]
    assert "Bmw" in TABLE
    assert "Audi" not in TABLE
    assert TABLE.get("Audi", ()) == ()
    assert (list(TABLE), len(TABLE)) == (["BMW", "Xyz"], 2)


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    TABLE.write(path)
    assert dict(HypernymTable.read(path)) == dict(TABLE)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0]) == {
        "entity": "BMW",
        "hypernyms": [
            {
                "name": "car company",
                "count": 3,
                "confidence": 0.82,
                "sources": [
                    {
                        "source": "wikipedia",
                        "url": "https://wiki.test/wiki/BMW",
                        "date": "2026-11-23",
                        "sentence": "BMW ist „groß“.",
                    }
                ],
            },
            {"name": "company", "count": 2, "confidence": 0.5, "sources": []},
        ],
    }


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_and_permissions_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "h.jsonl", tmp_path / "link"
    path.touch(mode=0o600)
    link.symlink_to(path)
    TABLE.write(link)
    assert link.is_symlink()
    assert dict(HypernymTable.read(path)) == dict(TABLE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"h.jsonl", "link"}


def test_who_did_not_answer_is_kept(tmp_path: Path) -> None:
    table = TABLE.with_unanswered({"xyz": "wikipedia: is down", "nobody": "wikipedia: is down"})
    table.write(tmp_path / "h.jsonl")
    read = HypernymTable.read(tmp_path / "h.jsonl")
    assert [read.unanswered(name) for name in ("BMW", "Xyz", "nobody")] == ["", "wikipedia: is down", ""]


def test_newer_rows_replace_older_ones() -> None:
    newer = HypernymTable({"bmw": (), "Audi": ()})
    assert dict(TABLE.replaced_by(newer)) == {"bmw": (), "Xyz": (), "Audi": ()}
    kept = TABLE.replaced_by(newer.with_unanswered({"BMW": "is down"}))
    assert dict(kept) == {"bmw": TABLE["BMW"], "Xyz": (), "Audi": ()}
    assert kept.unanswered("BMW") == "is down"
    assert kept.replaced_by(HypernymTable({"BMW": ()})).unanswered("BMW") == ""


def test_a_table_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text("old")
    TABLE.write(path)
    assert len(HypernymTable.read(path)) == 2
    with pytest.raises(UnicodeEncodeError):
        HypernymTable({"Par\ud800is": ()}).write(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors save it
    assert len(HypernymTable.read(path)) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_the_table_in_the_documentation(project: Path, tmp_path: Path) -> None:
    text = (project / "docs" / "side-info.md").read_text(encoding="utf-8")
    [line] = re.findall(r'^{"entity": .*$', text, re.MULTILINE)
    (tmp_path / "h.jsonl").write_text(line, encoding="utf-8")
    assert HypernymTable.read(tmp_path / "h.jsonl")["halden foods"][0] == Hypernym("food company", 1, 0.9)


GOOD = '{"entity": "a", "hypernyms": []}'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "is not JSON: Expecting value: column 1; a line"),
        ('{"entity":', "is not JSON: Expecting value: column 11; a line"),
        ("[" * 100_000, "recursion"),
        ("[]", "must be an object"),
        ('{"hypernyms": []}', "'entity' is missing"),
        ('{"entity": "b"}', "'hypernyms' is missing"),
        ('{"entity": 1, "hypernyms": []}', "entity must be a text"),
        ('{"entity": " ", "hypernyms": []}', "needs a name"),
        ('{"entity": " A ", "hypernyms": []}', "stands twice"),
        ('{"entity": "b", "hypernyms": {}}', "must be a list"),
        ('{"entity": "b", "hypernyms": [], "unanswered": 1}', "unanswered must be a text"),
        ('{"entity": "b", "hypernyms": [], "more": 1}', "unknown keys: more"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": 1}]}', "'confidence' is missing"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": 1.5, "confidence": 1}]}', "whole number"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": -1, "confidence": 1}]}', "not be negative"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": 1, "confidence": 1.5}]}', "from 0 to 1"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": 1, "confidence": NaN}]}', "from 0 to 1"),
        ('{"entity": "b", "hypernyms": [{"name": "", "count": 1, "confidence": 1}]}', "needs a name"),
        ('{"entity": "b", "hypernyms": [{"name": "x", "count": 1, "confidence": 1, "sources": [{}]}]}', "'source'"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(f"{GOOD}\n\n{line}\n")
    with pytest.raises(InputError, match=rf"h\.jsonl, line 3: .*{why}"):
        HypernymTable.read(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        HypernymTable.read(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"entity": "\xff"}')
    with pytest.raises(InputError, match="not UTF-8"):
        HypernymTable.read(tmp_path / "latin.jsonl")


@given(st.dictionaries(st.text(min_size=1).filter(str.strip), st.integers(0, 9), max_size=4))
def test_any_names_survive_a_file(tmp_path_factory: pytest.TempPathFactory, names: dict[str, int]) -> None:
    distinct = {" ".join(name.split()).casefold(): name for name in names}.values()
    table = HypernymTable({name: (Hypernym(name, names[name], 0.25),) for name in distinct})
    path = tmp_path_factory.mktemp("any") / "h.jsonl"
    table.write(path)
    assert dict(HypernymTable.read(path)) == dict(table)
