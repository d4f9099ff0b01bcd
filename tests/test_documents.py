"""Reading inputs: text, JSON Lines, folders, standard input, and what is wrong with them."""

from __future__ import annotations

import io
import json
import os
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.documents import Document, _text_blocks, read_documents
from zslre.exceptions import InputError
from zslre.types import Mention


def text_of(document: Document) -> str:
    return "".join(text for _, text in document.blocks)


def json_lines(folder: Path, *lines: str) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


# Text


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\r\n\u2028\ufeff"),
        min_size=1,
    ),
    st.integers(0, 9),
)
@settings(max_examples=80)
def test_blocks_are_the_text_of_the_file(text: str, power: int) -> None:
    text = text * 4**power if len(text) < 20 else text
    blocks = list(_text_blocks("t", lambda: io.BytesIO(text.encode())))
    for offset, block in blocks:
        assert block == text[offset : offset + len(block)] != ""
    assert "".join(block for _, block in blocks) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".TXT"])
def test_line_ends_and_the_byte_order_mark_count(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"\xef\xbb\xbfRome\r\nis \x00old.\r")
    [document] = read_documents([path])
    assert document.id == str(path)
    assert document.mentions is None
    assert list(document.blocks) == [(1, "Rome\r\nis \x00old.\r")]


def test_memory_does_not_grow_with_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes("Zoë left. ".encode() * 2_000_000)
    [document] = read_documents([path])
    tracemalloc.start()
    try:
        assert sum(len(text) for _, text in document.blocks) == 20_000_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("before", [0, 65_534, 200_000])
def test_not_utf8_names_file_byte_line_and_remedy(tmp_path: Path, before: int) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"x\n" + b"y" * before + b"caf\xe9 au lait")
    [document] = read_documents([path])
    with pytest.raises(
        InputError, match=rf"latin.txt: .*0xe9 at byte offset {before + 5}, line 2: .*iconv -f WINDOWS-1252"
    ):
        list(document.blocks)


def test_a_character_cut_off_by_the_end_is_found(tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    path.write_bytes(b"a" * 65_535 + "é".encode()[:1])
    [document] = read_documents([path])
    with pytest.raises(InputError, match="0xc3 at byte offset 65535, line 1"):
        list(document.blocks)


def test_utf16_gets_its_own_remedy(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes("Rome".encode("utf-16"))
    [document] = read_documents([path])
    with pytest.raises(InputError, match="iconv -f UTF-16"):
        list(document.blocks)


@pytest.mark.parametrize(("codec", "name"), [("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE")])
def test_utf16_without_a_byte_order_mark_is_no_text(tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / "windows.txt"
    for text in ("Zoë \u2013 of Rome", "R", "Rome. " * 40_000):
        path.write_bytes(text.encode(codec))
        [document] = read_documents([path])
        with pytest.raises(InputError, match=rf"windows\.txt: is not UTF-8 .*iconv -f {name} -t UTF-8"):
            list(document.blocks)


def test_an_empty_text_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    [document] = read_documents([tmp_path / "a.txt"])
    with pytest.raises(InputError, match=r"a\.txt: is empty"):
        list(document.blocks)


def test_empty_files_of_a_folder_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (tmp_path / "b.jsonl").write_text("\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("Rome is old.", encoding="utf-8")
    found = [(Path(d.id).name, "".join(text for _, text in d.blocks)) for d in read_documents([tmp_path])]
    assert found == [("a.txt", ""), ("c.txt", "Rome is old.")]


def test_standard_input_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"Rome\r\nis old.")
    [document] = read_documents(["-"])
    assert document.id == "-"
    assert list(document.blocks) == [(0, "Rome\r\nis old.")]


def test_empty_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"")
    [document] = read_documents(["-"])
    with pytest.raises(InputError, match="standard input: is empty"):
        list(document.blocks)


@pytest.mark.parametrize(
    "start",
    [
        '{"text": "',
        '\ufeff\n {"id": 7, "text" : "',
        '{"mentions": [], "id": "a", "text": "' + "Ann " * 40_000,
        '{"html": "' + "b" * 99_999 + '", "text": "',
    ],
)
def test_json_lines_on_standard_input_are_known_by_their_first_line(
    monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    standard_input(monkeypatch, f'{start}Rome"}}\n\n{{"text": "b", "mentions": [[0, 1]]}}\n{{"text": 1}}\n'.encode())
    bad: list[InputError] = []
    first, second = read_documents(["-"], on_bad=bad.append)
    number = start.count("\n") + 3
    assert (text_of(first)[-4:], text_of(second)) == ("Rome", "b")
    assert second.id == f"-:{number}"
    assert second.mentions == (Mention("b", 0, 1),)
    assert [str(error) for error in bad] == [
        f'standard input, line {number + 1}: "text" must be a string, got a number'
    ]


def test_standard_input_that_only_begins_like_json_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    data = '{ "a": ' + "Łódź " * 40_000
    standard_input(monkeypatch, data.encode())
    [document] = read_documents(["-"])
    assert text_of(document) == data


def test_standard_input_is_read_by_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b'{ "a": ' + b"a" * 99_999 + b"\n" + b"Ann left. " * 99_999)
    [document] = read_documents(["-"])
    assert max(len(block) for _, block in document.blocks) < 200_000


def test_json_lines_on_standard_input_that_are_not_utf8_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b'{"text": "Rome"}\n{"text": "\xe9"}\n')
    with pytest.raises(InputError, match="standard input: is not UTF-8: byte 0xe9 at byte offset 27, line 2"):
        list(read_documents(["-"]))


@pytest.mark.parametrize("text", ["\n" * 70_000 + "Rome", "Rome\n" + "Ann " * 40_000, "Ann " * 40_000 + "\nRome"])
def test_the_first_line_of_standard_input_may_be_of_any_length(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    standard_input(monkeypatch, text.encode())
    [document] = read_documents(["-"])
    assert text_of(document) == text


@pytest.mark.parametrize("text", ['{"a": 1}\n{"text": "b"}', '"text": Rome', '{Rome} "text": is old', "{"])
def test_standard_input_with_braces_is_text(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    standard_input(monkeypatch, text.encode())
    [document] = read_documents(["-"])
    assert text_of(document) == text


# Paths


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.txt", "no such file"), ("report.pdf", r"reads \.txt, \.md, \.jsonl; rename it.*zslre predict - <")],
)
def test_a_wrong_path_is_seen_before_anything_is_read(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "report.pdf").touch()
    with pytest.raises(InputError, match=message):
        read_documents([tmp_path, tmp_path / name])
    bad: list[InputError] = []
    assert list(read_documents([tmp_path / name], on_bad=bad.append)) == []
    assert len(bad) == 1


def test_standard_input_twice_is_an_error() -> None:
    with pytest.raises(InputError, match="only once"):
        read_documents(["-", "-"])


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    for name in ("b/2.md", "b/1.txt", "a.txt", "c.jsonl", ".hidden.txt", ".git/x.txt", "notes.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"text": "Rome."}', encoding="utf-8")
    ids = [os.path.relpath(document.id, tmp_path) for document in read_documents([tmp_path])]
    assert ids == ["a.txt", "c.jsonl:1", os.path.join("b", "1.txt"), os.path.join("b", "2.md")]


def names_in(folder: Path) -> list[str]:
    return [Path(document.id).relative_to(folder).as_posix() for document in read_documents([folder])]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_linked_folders_are_walked_but_not_for_ever(tmp_path: Path) -> None:
    folder, other = tmp_path / "in", tmp_path / "other"
    for path in (folder / "a.txt", folder / "sub" / "b.txt", other / "deep" / "c.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Rome.")
    for link, target in {
        folder / "link": other,
        folder / "sub" / "same": folder / "sub",
        folder / "sub" / "up": folder,
        other / "deep" / "back": folder,
        folder / "file.txt": other / "deep" / "c.txt",
        folder / ".hidden": other,
    }.items():
        link.symlink_to(target)
    (other / "above").symlink_to(tmp_path)  # where both are real folders
    assert names_in(folder) == ["a.txt", "file.txt", "link/deep/c.txt", "sub/b.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_folder_comes_once_however_many_links_lead_there(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(9)]
    for folder in folders:
        folder.mkdir()
        (folder / "a.txt").write_text("Rome.")
    for folder in folders:
        for other in folders:
            (folder / f"to {other.name}").symlink_to(other)
    (tmp_path / "!first").symlink_to(folders[0])
    assert len(names_in(tmp_path)) == 9
    assert names_in(tmp_path)[0] == "0/a.txt"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "b.jsonl")
    (tmp_path / "c.txt").write_text("Rome.")
    with pytest.raises(InputError, match=r"a\.txt: is no regular file"):
        list(read_documents([tmp_path]))
    bad: list[InputError] = []
    assert [text_of(document) for document in read_documents([tmp_path], on_bad=bad.append)] == ["Rome."]
    assert len(bad) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_link_to_nothing_is_named_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"cannot be read: No such file or directory: it is a link to what is not"):
        [text_of(document) for document in read_documents([tmp_path])]


def test_a_folder_without_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file that zslre reads"):
        list(read_documents([tmp_path]))


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_file_that_vanishes_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    documents = read_documents([path])
    path.unlink()
    with pytest.raises(InputError, match=r"cannot be read: No such file or directory$"):
        [text_of(document) for document in documents]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_file_name_that_is_not_utf8_becomes_an_id_that_is(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("Rome.")
    [document] = read_documents([tmp_path])
    assert document.id.encode("utf-8").endswith(b"caf\\udce9.txt")
    assert text_of(document) == "Rome."


# JSON Lines


def test_json_lines(tmp_path: Path) -> None:
    path = json_lines(
        tmp_path,
        '\ufeff{"id": "a", "text": "Rome fell.", "mentions": [[0, 4, "GPE"], [5, 9]], "source": {"any": 1}}',
        "",
        '{"text": "x\\u2028y\U0001f600", "id": 7}',
        '{"text": "", "mentions": []}',
        '{"text": "z", "id": null, "mentions": null}',
    )
    documents = list(read_documents([path]))
    assert [document.id for document in documents] == ["a", "7", f"{path}:4", f"{path}:5"]
    assert [document.mentions for document in documents] == [
        (Mention("Rome", 0, 4, "GPE"), Mention("fell", 5, 9)),
        None,
        (),
        None,
    ]
    assert [text_of(document) for document in documents] == ["Rome fell.", "x\u2028y\U0001f600", "", "z"]


BAD_LINES = [
    ("{", "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    ("[1]", "must be an object such as .*got a list"),
    ('{"id": 1}', '"text" must be a string, got no such key'),
    ('{"text": 3}', '"text" must be a string, got a number'),
    ('{"text": null}', '"text" must be a string, got null'),
    ('{"text": "a\\ud800b"}', r"unpaired surrogate \(\\ud800\) at character 1"),
    ('{"text": "a", "id": [1]}', '"id" must be a string or a whole number, got a list'),
    ('{"text": "a", "id": true}', '"id" must be .*got true or false'),
    ('{"text": "a", "id": "\\ud800"}', '"id" has an unpaired surrogate'),
    ('{"text": "a", "mentions": {}}', '"mentions" must be a list of .*got an object'),
    ('{"text": "a", "mentions": [[0]]}', r'"mentions"\[0\] must be \[start, end\] or .*got \[0\]'),
    ('{"text": "a", "mentions": [[0, 1], [0, true]]}', r'"mentions"\[1\] must be'),
    ('{"text": "a", "mentions": [[0, 1, 2]]}', r'"mentions"\[0\] must be'),
    ('{"text": "abc", "mentions": [[0, 4]]}', r'"mentions"\[0\] is 0:4, but the text has 3 characters'),
    ('{"text": "abc", "mentions": [[1, 1]]}', r"needs 0 <= start < end"),
    ('{"text": "abc", "mentions": [[-1, 1]]}', r"needs 0 <= start < end"),
    ('{"text": "a c", "mentions": [[1, 2]]}', r"covers only white space"),
    ('{"text": "abc", "mentions": [[0, 1, "A"], [0, 1, "B"]]}', r'\[1\] repeats the span 0:1 of "mentions"\[0\]'),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_a_bad_line_is_named_or_left_out(tmp_path: Path, line: str, message: str) -> None:
    path = json_lines(tmp_path, '{"text": "good"}', line, '{"text": "good too"}')
    documents: Iterator[Document] = read_documents([path])
    assert text_of(next(documents)) == "good"
    with pytest.raises(InputError, match=rf"in\.jsonl, line 2: .*{message}"):
        next(documents)
    bad: list[InputError] = []
    assert [text_of(document) for document in read_documents([path], on_bad=bad.append)] == ["good", "good too"]
    assert len(bad) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_breaks_off_is_told_as_that_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'{{"text": "good"}}{end}{{"text": {end}', newline="")
    with pytest.raises(InputError, match=r"in\.jsonl, line 2: is not JSON: Expecting value: column 1[01]: each line"):
        list(read_documents([path]))


def test_offsets_count_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a"}\n{"text": "\xe9"}\n')
    with pytest.raises(InputError, match=f"byte 0xe9 at byte offset {path.read_bytes().index(0xE9)}, line 2"):
        list(read_documents([path]))


def test_an_empty_type_is_none(tmp_path: Path) -> None:
    path = json_lines(tmp_path, '{"text": "abc", "mentions": [[0, 1, ""], [1, 2, null], [2, 3, "A"]]}')
    (document,) = read_documents([path])
    assert [mention.type for mention in document.mentions or ()] == [None, None, "A"]


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": "\xe9"}\n')
    documents = read_documents([path])
    next(documents)
    with pytest.raises(InputError, match="0xe9 at byte offset 24, line 2"):
        next(documents)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_json_lines_without_a_line_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "in.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="is empty: it has no line"):
        list(read_documents([tmp_path / "in.jsonl"]))


def test_the_sample_with_mentions(project: Path) -> None:
    documents = list(read_documents([project / "data" / "samples" / "mentions.jsonl"]))
    assert [document.id for document in documents] == ["news-1", "news-2", "news-3"]
    news = (project / "data" / "samples" / "news.txt").read_text(encoding="utf-8")
    gold = json.loads((project / "data" / "samples" / "news.gold.json").read_text(encoding="utf-8"))
    named = {mention.text for document in documents for mention in document.mentions or ()}
    assert {item[side] for item in gold for side in ("head", "tail")} <= named
    assert all(text_of(document) in news for document in documents)
