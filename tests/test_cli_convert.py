from __future__ import annotations

import json
from pathlib import Path

import pytest

from zslre.cli import main
from zslre.cli.progress import REPORTED
from zslre.datasets import detect_format, read_dataset

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples" / "formats"
BAD = {"text": "Ann lives in Rome", "relation": "/a/b/c", "h": {"name": "A", "pos": [0, 3]}, "t": {"name": "Rome"}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The OpenNRE sample, with a bad row in it."""
    lines = (SAMPLES / "nyt-opennre.txt").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "source"
    path.write_text("\n".join([*lines[:2], json.dumps(BAD), *lines[2:]]), encoding="utf-8")
    return path


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_every_format_becomes_jsonl_without_loss(sample: Path, tmp_path: Path) -> None:
    destination = tmp_path / "out.jsonl"
    assert main(["convert", str(sample), str(destination), "--to", "jsonl"]) == 0
    assert detect_format(destination) == "jsonl"
    assert list(read_dataset(destination)) == list(read_dataset(sample))


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.stem)
def test_every_format_becomes_fewrel_with_the_same_facts(sample: Path, tmp_path: Path) -> None:
    destination, back = tmp_path / "out.json", tmp_path / "back.jsonl"
    assert main(["convert", str(sample), str(destination), "--to", "fewrel"]) == 0
    assert detect_format(destination) == "fewrel"
    assert main(["convert", str(destination), str(back), "--to", "jsonl"]) == 0

    def facts(path: Path) -> list[tuple[str, ...]]:
        return sorted((e.head.text, e.tail.text, str(e.relation)) for e in read_dataset(path))

    assert facts(destination) == facts(sample) == facts(back)


def test_a_bad_row_stops_and_leaves_nothing(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    destination = tmp_path / "out.json"
    assert main(["convert", str(source), str(destination), "--to", "fewrel"]) == 1
    told = capsys.readouterr().err
    assert "source, line 3: h is named 'A', but the text at 0:3 is 'Ann'" in told
    assert told.endswith("(--skip-bad leaves out such rows)\n")
    assert list(tmp_path.iterdir()) == [source]


def test_skip_bad_counts_them(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    destination = tmp_path / "out.jsonl"
    assert main(["convert", str(source), str(destination), "--to", "jsonl", "--skip-bad"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"zslre: skipped: {source}, line 3: ")
    assert said[1:] == [f"{destination}: 5 examples", "zslre: 1 bad row skipped"]
    assert len(list(read_dataset(destination))) == 5


def test_no_more_than_the_first_bad_rows_are_told(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = source.read_text("utf-8").splitlines()
    source.write_text("\n".join([*lines, *[lines[2]] * REPORTED]) + "\n", "utf-8")
    assert main(["convert", str(source), str(tmp_path / "out.jsonl"), "--to", "jsonl", "--skip-bad"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("zslre: skipped: ") for line in said) == REPORTED
    assert said[-1] == f"zslre: {REPORTED + 1} bad rows skipped"


def test_from_overrules_the_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "source"
    line = '{"text": "Ann left Rome", "head": [0, 3], "tail": [9, 13], "relation": "left", "triple_list": []}\n'
    source.write_text(line, encoding="utf-8")
    command = ["convert", str(source), str(tmp_path / "out"), "--to", "jsonl"]
    assert main(command) == 0
    assert "out: 1 example\n" in capsys.readouterr().err
    assert main([*command, "--from", "nyt-triples"]) == 0
    assert "out: 0 examples" in capsys.readouterr().err
    assert main([*command, "--from", "nyt"]) == 1
    assert "no format 'nyt'" in capsys.readouterr().err


def test_the_source_is_not_overwritten(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = source.read_bytes()
    assert main(["convert", str(source), str(source), "--to", "jsonl"]) == 1
    assert "is the file to read" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_what_cannot_be_written_is_told_before_the_source_is_read(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("zslre.datasets.read_dataset", None)  # would fail if called
    (tmp_path / "folder").mkdir()
    for destination, said in (("folder", "is a folder"), ("source/out.jsonl", "cannot be written")):
        assert main(["convert", str(source), str(tmp_path / destination), "--to", "jsonl"]) == 1
        told = capsys.readouterr().err
        assert f"{tmp_path / destination}: {said}" in told
        assert "partial" not in told


def test_folders_are_made(tmp_path: Path) -> None:
    destination = tmp_path / "new" / "folder" / "out.jsonl"
    assert main(["convert", str(SAMPLES / "fewrel.json"), str(destination), "--to", "jsonl"]) == 0
    assert len(list(read_dataset(destination))) == 5


def test_the_source_behind_a_link_is_not_overwritten(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    source.rename(tmp_path / "out")
    assert main(["convert", str(tmp_path / "out"), str(tmp_path / "link"), "--to", "jsonl"]) == 1
    assert (tmp_path / "out").read_bytes() == before


def test_progress_unless_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for options, shown in (([], True), (["-q"], False)):
        monkeypatch.setattr("sys.stderr", terminal := Terminal())
        assert main(["convert", str(SAMPLES / "fewrel.json"), str(tmp_path / "o"), "--to", "jsonl", *options]) == 0
        assert ("\r\x1b[K1 examples" in terminal.getvalue()) == shown
        assert terminal.getvalue().endswith(f"{tmp_path / 'o'}: 5 examples\n")


def test_usage(tmp_path: Path) -> None:
    for options in ([], ["--to", "docred"]):
        with pytest.raises(SystemExit) as error:
            main(["convert", "a", "b", *options])
        assert error.value.code == 2
    assert main(["convert", str(tmp_path / "nowhere"), str(tmp_path / "out"), "--to", "jsonl"]) == 1
