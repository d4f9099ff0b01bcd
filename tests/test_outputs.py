"""Outputs that would cost an input, or cannot be written, are refused before the work begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zslre.cli import main
from zslre.cli.outputs import check_output_file
from zslre.exceptions import InputError


def test_an_input_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ann lives in Rome.")
    for output, inputs in [
        (tmp_path / "a.txt", [None, "-", tmp_path / "a.txt"]),
        (tmp_path / "b" / ".." / "a.txt", [str(tmp_path / "a.txt")]),
        (tmp_path / "new.jsonl", [tmp_path]),  # a folder of inputs, which a second run would read it in
    ]:
        with pytest.raises(InputError, match=r"the output lies in the input .*: give it another name"):
            check_output_file(output, inputs)
    check_output_file(tmp_path / "new.csv", [tmp_path, tmp_path / "a.txt"])
    check_output_file(None, [tmp_path / "a.txt"])
    check_output_file(tmp_path / "new" / "folder" / "a.txt", [])


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_an_input_by_another_name_is_no_output(tmp_path: Path) -> None:
    folder, other = tmp_path / "in", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (folder / "a.txt").write_text("Ann lives in Rome.")
    os.link(folder / "a.txt", tmp_path / "hard.out")
    (other / "b.txt").write_text("Bob lives in Rome.")
    (folder / "link").symlink_to(other)
    (folder / "c.txt").symlink_to(tmp_path / "soft.out")
    (tmp_path / "soft.out").write_text("Cy lives in Rome.")
    for output, source in [
        (tmp_path / "hard.out", folder / "a.txt"),
        (tmp_path / "hard.out", folder),
        (tmp_path / "soft.out", folder),
        (other / "b.txt", folder),
        (other / "new.jsonl", folder),
    ]:
        with pytest.raises(InputError, match="give it another name"):
            check_output_file(output, [source])
    check_output_file(other / "new.csv", [folder])


@pytest.mark.skipif(os.name == "nt", reason="shells redirect otherwise")
def test_standard_input_is_no_output(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ann lives in Rome.")
    os.link(path, tmp_path / "hard.jsonl")
    before = os.dup(0)
    try:
        with path.open() as stream:
            os.dup2(stream.fileno(), 0)
        for output in (path, tmp_path / "hard.jsonl"):
            with pytest.raises(InputError, match="the output lies in the input -: give it another name"):
                check_output_file(output, ["-"])
        check_output_file(tmp_path / "new.jsonl", ["-"])
        with open(os.devnull) as stream:
            os.dup2(stream.fileno(), 0)
        check_output_file(os.devnull, ["-"])  # which nothing can be lost of
    finally:
        os.dup2(before, 0)
        os.close(before)


@pytest.mark.parametrize("output", ["folder", "a.txt/b.json"])
def test_what_cannot_be_written_is_told_first(tmp_path: Path, output: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").touch()
    with pytest.raises(InputError, match="is a folder; give" if output == "folder" else r"because of .*a\.txt; check"):
        check_output_file(tmp_path / output, [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_may_be_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        check_output_file(tmp_path / "a.json", [])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names open files as Linux does")
def test_a_pipe_can_be_written() -> None:
    reading, writing = os.pipe()
    try:
        check_output_file(f"/proc/self/fd/{writing}", [])  # what /dev/stdout is in a pipe
    finally:
        os.close(reading)
        os.close(writing)


ROW = '{"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17], "relation": "residence"}\n'
SCHEMA = '[[relations]]\nname = "residence"\ndescription = "where somebody lives"\n'


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        ("predict a.txt -r schema.toml -o schema.toml", "schema.toml"),
        ("predict a.txt --hypernyms names.jsonl -o names.jsonl", "names.jsonl"),
        ("evaluate rows.jsonl --setting zero-shot --allow-seen --json rows.jsonl", "rows.jsonl"),
        ("evaluate rows.jsonl --setting zero-shot --allow-seen -r schema.toml --markdown schema.toml", "schema.toml"),
        ("side-info build schema.toml --examples rows.json -o rows.json", "rows.json"),
        ("crawl --entities names.jsonl -o names.jsonl --source wordnet", "names.jsonl"),
        ("convert rows.jsonl rows.jsonl --to jsonl", "rows.jsonl"),
    ],
)
def test_no_command_overwrites_what_it_reads(
    command: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("Ann lives in Rome.")
    Path("schema.toml").write_text(SCHEMA)
    for name in ("rows.jsonl", "rows.json"):
        Path(name).write_text(ROW)
    Path("names.jsonl").write_text('{"entity": "Rome", "hypernyms": []}\n')
    before = Path(lost).read_text()
    assert main(command.split()) == 1
    assert "another name" in capsys.readouterr().err
    assert Path(lost).read_text() == before
