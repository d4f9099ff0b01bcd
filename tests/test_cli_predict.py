"""`zslre predict` with a small extractor in the model's place: each option does what it says, records are whole."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import zslre.cli
import zslre.extractor
import zslre.serialization
import zslre.verifier
from zslre.cli import main
from zslre.cli.progress import Progress, SkippedRows
from zslre.exceptions import InputError
from zslre.relations import RelationSet
from zslre.serialization import BUILTIN
from zslre.sideinfo.hypernyms import Hypernym, HypernymTable
from zslre.types import Mention, Sentence, Triple


@dataclass
class Fake:
    """Relates each capitalised word to the next, by every relation, with a score that falls from one to the next."""

    loaded: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ("built in", "second")
    threshold: float = 0.0
    batches: list[int] = field(default_factory=list)
    interrupt_at: str | None = None

    @property
    def detector(self) -> Fake:
        return self

    @property
    def relations(self) -> SimpleNamespace:
        return SimpleNamespace(names=self.names)

    def from_pretrained(self, model: Path | None = None, *, threads: int | None = None, ner: str | None = None) -> Fake:
        self.loaded = {"model": model, "threads": threads, "ner": ner}
        return self

    def with_relations(self, relations: RelationSet) -> Fake:
        self.names = tuple(relations.names)
        return self

    def with_hypernyms(self, hypernyms: HypernymTable) -> Fake:
        self.loaded["hypernyms"] = list(hypernyms)
        return self

    def with_verifier(self, verifier: object) -> Fake:
        self.loaded["verifier"] = verifier
        return self

    def detect(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        return [
            replace(s, mentions=tuple(Mention(m[0], *m.span(), "X") for m in re.finditer(r"\b[A-Z]\w+", s.text)))
            for s in sentences
        ]

    def extract_sentences(
        self,
        sentences: Iterable[Sentence],
        *,
        threshold: float | None = None,
        top_k: int = 1,
        explain: bool = False,
        batch_size: int = 32,
    ) -> Iterator[list[Triple]]:
        self.batches.append(batch_size)
        least = threshold if threshold is not None else 0.5
        for s in sentences:
            if self.interrupt_at is not None and self.interrupt_at in s.text:
                raise KeyboardInterrupt
            placed = [m.shifted(s.start) for m in s.mentions]
            yield [
                Triple(head, name, tail, 0.9 - 0.5 * at, {"name": 1.5} if explain else None)
                for head, tail in pairwise(placed)
                for at, name in enumerate(self.names[:top_k])
                if 0.9 - 0.5 * at >= least
            ]


@pytest.fixture(autouse=True)
def _only_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other verbs have their own tests, and need not be imported for these."""
    monkeypatch.setattr(zslre.cli, "VERBS", ("predict",))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(zslre.extractor.RelationExtractor, "from_pretrained", fake.from_pretrained)
    return fake


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "in.txt"
    path.write_text("Ann met Bob. Nobody came.\r\n\r\nCy met Di.", encoding="utf-8", newline="")
    return str(path)


@pytest.fixture
def lines(tmp_path: Path) -> str:
    path = tmp_path / "in.jsonl"
    records = [{"id": str(n), "text": f"Ann{n} met Bob."} for n in range(10)]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return str(path)


def records(output: str) -> list[dict[str, Any]]:
    assert output == "" or output.endswith("\n")
    return [json.loads(line) for line in output.splitlines()]


def relations(output: str) -> list[str]:
    return [triple["relation"] for record in records(output) for triple in record["triples"]]


@pytest.mark.usefixtures("fake")
def test_json_lines_are_the_default_in_a_pipe(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", text]) == 0
    out, err = capsys.readouterr()
    [record] = records(out)
    assert record["id"] == text
    assert [(t["head"]["text"], t["tail"]["text"]) for t in record["triples"]] == [("Ann", "Bob"), ("Cy", "Di")]
    content = Path(text).read_bytes().decode()
    for triple in record["triples"]:
        assert triple["score"] == 0.9
        for side in ("head", "tail"):
            assert content[triple[side]["start"] : triple[side]["end"]] == triple[side]["text"]
    assert err == ""


def test_a_table_of_hypernyms_reaches_the_extractor(fake: Fake, text: str, tmp_path: Path) -> None:
    table = tmp_path / "hypernyms.jsonl"
    HypernymTable({"Ann": (Hypernym("person", 2, 0.8),)}).write(table)
    assert main(["predict", text, "--hypernyms", str(table)]) == 0
    assert fake.loaded["hypernyms"] == ["Ann"]
    assert main(["predict", text, "--hypernyms", str(tmp_path / "none.jsonl")]) == 1


def test_a_verifier_reaches_the_extractor(fake: Fake, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        zslre.verifier.Verifier, "from_pretrained", lambda folder, *, threads: f"{folder} on {threads} threads"
    )
    assert main(["predict", text, "--verify", "folder", "--threads", "2"]) == 0
    assert fake.loaded["verifier"] == "folder on 2 threads"


@pytest.mark.usefixtures("fake")
def test_a_folder_that_is_no_verifier_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", text, "--verify", str(zslre.serialization.BUILTIN)]) == 1
    assert "is no verifier: scripts/train_verifier.py writes one" in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_json_lines_on_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = b'{"id": "a", "text": "Ann met Bob."}\n{"text": "Cy met Di."}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert main(["predict", "-"]) == 0
    assert [record["id"] for record in records(capsys.readouterr().out)] == ["a", "-:2"]


@pytest.mark.usefixtures("fake")
def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["predict", "-"], ["predict"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Zoë met Bob.".encode())))
        assert main(arguments) == 0
        assert records(capsys.readouterr().out)[0]["id"] == "-"


def test_which_relations_are_looked_for(
    fake: Fake, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "schema.json"
    RelationSet.of(["met with"]).to_file(file)
    assert main(["predict", text]) == 0
    assert main(["predict", text, "-r", str(file)]) == 0
    assert main(["predict", text, "--relation", "works with", "--relation", "knows"]) == 0
    assert fake.names == ("works with", "knows")
    assert main(["predict", text, "-r", str(file), "--relation", "knows"]) == 0
    assert fake.names == ("met with", "knows")
    found = relations(capsys.readouterr().out)
    assert found == ["built in"] * 2 + ["met with"] * 2 + ["works with"] * 2 + ["met with"] * 2


def test_relation_files_add_up(fake: Fake, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = str(tmp_path / "one.json"), str(tmp_path / "two.toml")
    RelationSet.of(["met with", "knows"]).to_file(one)
    RelationSet.of(["knows", "works with"]).to_file(two)
    assert main(["predict", text, "-r", one, "-r", two, "--relation", "likes", "-r", one]) == 0
    assert fake.names == ("met with", "knows", "works with", "likes")
    RelationSet.of({"Likes": "somebody is fond of somebody", "hates": ""}).to_file(two)
    RelationSet.of({"likes": "the head is fond of the tail"}).to_file(one)
    for options, named in ((["-r", two, "--relation", "likes"], "--relation"), (["-r", two, "-r", one], one)):
        assert main(["predict", text, *options]) == 1
        assert f"{named}, taken together with {two}: relation 3 ('likes'): its name" in capsys.readouterr().err
    assert main(["predict", text, "--relation", "P0", "-r", one]) == 1
    assert "error: --relation: relation 1 ('P0')" in capsys.readouterr().err


def test_how_the_model_is_loaded(fake: Fake, text: str) -> None:
    assert main(["predict", text]) == 0
    assert fake.loaded == {"model": None, "threads": None, "ner": None}
    assert main(["predict", text, "-m", "folder", "--ner", "spacy:other", "--threads", "3", "--batch-size", "7"]) == 0
    assert fake.loaded == {"model": Path("folder"), "threads": 3, "ner": "spacy:other"}
    assert fake.batches == [256, 7]
    assert main(["predict", text, "-m", "builtin"]) == 0
    assert fake.loaded["model"] == BUILTIN


@pytest.mark.usefixtures("fake")
def test_threshold_top_k_and_explain(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    def found(*options: str) -> list[str]:
        assert main(["predict", text, *options]) == 0
        return relations(capsys.readouterr().out)

    assert found() == ["built in"] * 2
    assert found("--threshold", "0.3") == ["built in", "second"] * 2
    assert found("--threshold", "0.3", "--top-k", "1") == ["built in"] * 2
    assert found("--threshold", "0.95") == []
    assert main(["predict", text, "--explain"]) == 0
    assert records(capsys.readouterr().out)[0]["triples"][0]["explanation"] == {"name": 1.5}


def test_mentions_are_written_as_they_are_read(
    fake: Fake, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named, marked, lists = tmp_path / "named.jsonl", tmp_path / "marked.txt", tmp_path / "mentions.jsonl"
    named.write_text('{"id": "n", "text": "Ann met Bob.", "mentions": [[0, 3], [8, 11, "PER"]]}\n', encoding="utf-8")
    marked.write_text("\ufeffCy\u2028met Di.", encoding="utf-8")
    inputs = [text, str(named), str(marked)]
    assert main(["predict", *inputs, "--mentions-only", "-v", "--ner", "spacy", "-o", str(lists)]) == 0
    assert "3 documents, 4 sentences, 9 mentions" in capsys.readouterr().err
    assert fake.loaded["ner"] == "spacy"
    first, second, third = records(lists.read_text(encoding="utf-8"))
    content = Path(text).read_bytes().decode()
    assert (first["id"], first["text"]) == (text, content)
    assert [content[start:end] for start, end, _ in first["mentions"]] == ["Ann", "Bob", "Nobody", "Cy", "Di"]
    assert second == {"id": "n", "text": "Ann met Bob.", "mentions": [[0, 3, None], [8, 11, "PER"]]}
    assert third["mentions"][0] == [1, 3, "X"]
    for paths in (inputs, [str(lists)]):
        assert main(["predict", *paths]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == out[3:]


@pytest.mark.usefixtures("fake")
def test_mentions_on_a_terminal_are_json_lines_too(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["predict", text, "--mentions-only"]) == 0
    assert len(records(capsys.readouterr().out)) == 1


@pytest.mark.usefixtures("fake")
def test_what_cannot_be_read_has_no_mentions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.txt").write_bytes(b"Ann met \xff.")
    (tmp_path / "good.txt").write_text("nobody", encoding="utf-8")
    assert main(["predict", str(tmp_path), "--mentions-only"]) == 1
    assert "bad.txt: is not UTF-8" in capsys.readouterr().err
    assert main(["predict", str(tmp_path), "--mentions-only", "--skip-bad"]) == 0
    [record] = records(capsys.readouterr().out)
    assert (record["text"], record["mentions"]) == ("nobody", [])


@pytest.mark.usefixtures("fake")
def test_formats(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(name: str, *options: str) -> str:
        assert main(["predict", text, "-o", str(tmp_path / name), *options]) == 0
        return (tmp_path / name).read_text(encoding="utf-8")

    assert written("a.jsonl") == written("a.out") == written("a.csv", "--format", "jsonl")
    assert len(list(csv.DictReader(io.StringIO(written("a.csv"))))) == 2
    assert written("table.txt") == written("a.jsonl", "--format", "table")
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["predict", text]) == 0
    assert capsys.readouterr().out == written("table.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "1.5"], "needs a number from 0 to 1, got '1.5'"),
        (["--threshold", "nan"], "needs a number from 0 to 1"),
        (["--threshold", "high"], "needs a number from 0 to 1"),
        (["--top-k", "0"], "needs a whole number of at least 1, got '0'"),
        (["--batch-size", "-1"], "needs a whole number"),
        (["--threads", "two"], "needs a whole number"),
        (["--format", "xml"], "invalid choice"),
        (["-o", "out.xlsx"], "no .xlsx is written: name a .jsonl, .csv or .txt file, or give --format"),
        (["-q", "-v"], "not allowed with"),
        (["--relation", "s.json"], "--relation takes a relation's name; to read the file s.json, write -r s.json"),
        (["--relation", "spouse", "--relation", "a/B.TOML"], "to read the file a/B.TOML, write -r"),
        (["--resume"], "--resume needs -o FILE"),
        (["-", "--resume", "-o", "out.jsonl"], "--resume cannot tell one text of standard input from another"),
        (["--resume", "-o", "out.csv"], "--resume needs JSON Lines output, not csv"),
        (["--resume", "-o", "out.jsonl", "--format", "table"], "--resume needs JSON Lines output, not table"),
        (
            ["--mentions-only", "--threshold", "0", "-r", "a.toml"],
            "finds no triples: leave out --relations, --threshold",
        ),
        (["--mentions-only", "--relation", "a", "--explain"], "leave out --relation, --explain"),
        (["--mentions-only", "--hypernyms", "h", "--verify", "v", "--top-k", "1"], "--hypernyms, --verify, --top-k"),
        (["--mentions-only", "--resume", "-o", "out.jsonl"], "leave out --resume"),
        (["--mentions-only", "--format", "table"], "--mentions-only writes JSON Lines, not table"),
        (["--mentions-only", "-o", "out.csv"], "--mentions-only writes JSON Lines, not csv"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_usage_errors(text: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["predict", text, *options])
    assert left.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_a_terminal_is_not_read_by_accident(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit):
        main(["predict"])
    assert "name a FILE or DIR to read" in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_the_input_is_not_overwritten(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(text).read_bytes()
    assert main(["predict", text, "-o", text]) == 1
    assert main(["predict", str(tmp_path), "-o", str(tmp_path / "out.jsonl")]) == 1
    assert capsys.readouterr().err.count("give it another name") == 2
    assert Path(text).read_bytes() == before
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.usefixtures("fake")
def test_the_folder_of_the_output_is_made(text: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder" / "out.jsonl"
    for options in (["--resume"], []):
        assert main(["predict", text, "-o", str(out), *options]) == 0
        assert len(records(out.read_text(encoding="utf-8"))) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
@pytest.mark.usefixtures("fake")
def test_a_full_disk_names_the_output(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for format in ("jsonl", "csv", "table"):
        assert main(["predict", text, "-o", "/dev/full", "--format", format]) == 1
        assert capsys.readouterr().err == "zslre: error: /dev/full: No space left on device\n"


# What cannot be read


@pytest.fixture
def bad_line(lines: str) -> str:
    content = Path(lines).read_text(encoding="utf-8").splitlines(keepends=True)
    Path(lines).write_text("".join([*content[:4], "{oops\n", *content[4:]]), encoding="utf-8")
    return lines


@pytest.mark.usefixtures("fake")
def test_a_bad_line_ends_the_run_behind_what_was_read(bad_line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", bad_line]) == 1
    out, err = capsys.readouterr()
    assert [record["id"] for record in records(out)] == ["0", "1", "2", "3"]
    assert "in.jsonl, line 5: is not JSON" in err
    assert "--skip-bad leaves out what cannot be read" in err


@pytest.mark.usefixtures("fake")
def test_skip_bad_reports_and_goes_on(bad_line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latin, missing = tmp_path / "latin.txt", tmp_path / "missing.txt"
    latin.write_bytes(b"Ann met Bob. " * 6000 + b"\xe9")
    paths = [str(missing), str(latin), bad_line]
    assert main(["predict", *paths, "--skip-bad", "-q"]) == 0
    out, err = capsys.readouterr()
    assert [record["id"] for record in records(out)] == [str(n) for n in range(10)]
    assert "zslre: skipped: " in err
    for part in (
        "missing.txt: no such file",
        "latin.txt: is not UTF-8",
        "line 5: is not JSON",
        "3 bad inputs skipped",
    ):
        assert part in err
    assert main(["predict", str(latin)]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("fake")
def test_that_nothing_could_be_read_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{oops\n[]\n", encoding="utf-8")
    for paths in (["none.txt", "none_2.txt"], [str(bad)]):
        assert main(["predict", *paths, "--skip-bad"]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.endswith("2 bad inputs skipped\nzslre: error: nothing could be read: every input was skipped\n")


@pytest.mark.usefixtures("fake")
def test_a_single_input_is_not_offered_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hinted(*paths: str) -> bool:
        assert main(["predict", *paths]) == 1
        return "--skip-bad" in capsys.readouterr().err

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "bad.jsonl").write_bytes(b"{oops\n")
    alone = str(tmp_path / "latin.txt"), str(tmp_path / "misspelt.jsonl"), "-"
    assert not any(map(hinted, alone))
    assert hinted(str(tmp_path / "latin.txt"), str(tmp_path / "bad.jsonl"))
    assert hinted(str(tmp_path / "bad.jsonl"))
    assert hinted(str(tmp_path))


def test_a_missing_file_is_reported_before_the_model_is_loaded(fake: Fake, tmp_path: Path) -> None:
    assert main(["predict", str(tmp_path / "missing.txt")]) == 1
    assert fake.loaded == {}


# Interrupted, and going on


def test_an_interrupt_leaves_whole_records_and_resume_goes_on(
    fake: Fake, lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ["predict", lines, "-o", str(out), "--batch-size", "1"]
    assert main([*arguments, "--resume"]) == 0  # nothing to go on from yet
    expected = out.read_text(encoding="utf-8")
    fake.interrupt_at = "Ann6"
    assert main(arguments) == 130
    assert capsys.readouterr().err == "zslre: interrupted: the same command with --resume goes on\n"
    whole = records(out.read_text(encoding="utf-8"))
    assert 0 < len(whole) < 10
    with out.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "6", "trip')  # as a power cut leaves it
    fake.interrupt_at = "Ann0"  # would stop the run if the first document were read again
    assert main([*arguments, "--resume", "-v"]) == 0
    assert out.read_text(encoding="utf-8") == expected
    assert f"{len(whole)} documents done before" in capsys.readouterr().err


@pytest.mark.usefixtures("fake")
def test_resume_counts_documents_with_the_same_id(tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text('{"id": "a", "text": "Ann met Bob."}\n{"id": "a", "text": "Cy met Di."}\n', encoding="utf-8")
    assert main(["predict", str(path), "-o", str(out)]) == 0
    expected = out.read_text(encoding="utf-8")
    out.write_text(expected.splitlines(keepends=True)[0], encoding="utf-8")
    assert main(["predict", str(path), "-o", str(out), "--resume"]) == 0
    assert out.read_text(encoding="utf-8") == expected


@pytest.mark.usefixtures("fake")
def test_resume_does_not_mix_relations(lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ["predict", lines, "-o", str(out), "--resume"]
    assert main(arguments) == 0
    before = out.read_bytes()
    assert main([*arguments, "--relation", "second"]) == 1
    assert "line 1: has the relation 'built in', which is not looked for now" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_resume_does_not_mix_thresholds(
    fake: Fake, lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ["predict", lines, "-o", str(out), "--resume"]
    assert main(arguments) == 0
    before = out.read_bytes()
    assert main([*arguments, "--threshold", "0.99"]) == 1
    assert "which is below the threshold of 0.99 now" in capsys.readouterr().err
    fake.threshold = 0.98  # the model's own, where none is asked for
    assert main(arguments) == 1
    assert "which is below the threshold of 0.98 now" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_an_interrupt_that_cannot_be_gone_on_from(
    fake: Fake, lines: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.interrupt_at = "Ann6"
    for options in ([], ["-o", str(tmp_path / "out.csv")]):
        assert main(["predict", lines, *options]) == 130
        assert capsys.readouterr().err == "zslre: interrupted\n"


@pytest.mark.usefixtures("fake")
def test_without_resume_the_output_is_made_anew(lines: str, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old\n", encoding="utf-8")
    assert main(["predict", lines, "-o", str(out), "--resume"]) == 1
    assert out.read_text(encoding="utf-8") == "old\n"
    assert main(["predict", lines, "-o", str(out)]) == 0
    assert len(records(out.read_text(encoding="utf-8"))) == 10


SLOW_RUN = """
import sys, time
sys.modules["torch"] = None  # spaCy would import it, which takes seconds
sys.path.insert(0, {tests!r})
from test_cli_predict import Fake
import zslre.cli, zslre.extractor
from zslre.cli import main

class Slow(Fake):
    def extract_sentences(self, sentences, **options):
        for triples in super().extract_sentences(sentences, **options):
            time.sleep(0.01)
            yield triples

zslre.cli.VERBS = ("predict",)
zslre.extractor.RelationExtractor.from_pretrained = Slow().from_pretrained
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("how", ["interrupted", "closed"])
def test_a_real_run_that_is_stopped(how: str, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text('{"text": "Ann met Bob."}\n' * 5000, encoding="utf-8")
    code = SLOW_RUN.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", code, "predict", str(path), "--batch-size", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = "".join(process.stdout.readline() for _ in range(2))
        if how == "interrupted":
            process.send_signal(signal.SIGINT)
            out = first + process.stdout.read()
            assert 2 <= len(records(out)) < 5000
        process.stdout.close()
        err = process.stderr.read()
    assert "Traceback" not in err
    assert process.returncode == 130 if how == "interrupted" else err == ""


# Progress


@pytest.mark.usefixtures("fake")
def test_progress_and_summary(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*options: str) -> str:
        assert main(["predict", text, *options]) == 0
        return capsys.readouterr().err

    to_file = ["-o", str(tmp_path / "out.jsonl")]
    assert said(*to_file) == ""
    assert re.fullmatch(r"1 document, 3 sentences, 2 triples, [\d,]+ sentences/s\n", said(*to_file, "-v"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert re.match(r"\r\x1b\[K[01] documents?, 3 sentences", said(*to_file))
    assert said(*to_file, "-q") == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert said() == ""


class Screen(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "verbosity", "shown"),
    [
        (True, 0, "\r\x1b[K0\r\x1b[K5\r\x1b[K10\r\x1b[K15\r\x1b[K20\r\x1b[K25\r\x1b[Kend\n"),
        (False, 1, "10\n20\nend\n"),
        (False, 0, ""),
        (True, -1, ""),
    ],
)
def test_progress_is_shown_now_and_then(terminal: bool, verbosity: int, shown: str) -> None:
    now = [0.0]
    screen = Screen(terminal)
    progress = Progress(verbosity=verbosity, stream=screen, clock=lambda: now[0])
    for second in range(0, 30, 5):
        for _ in range(3):
            progress.update(lambda second=second: str(second))  # type: ignore[misc]
        now[0] += 5
    progress.finish("end")
    assert screen.getvalue() == shown


def test_progress_makes_room() -> None:
    screen = Screen(True)
    progress = Progress(stream=screen)
    progress.clear()
    progress.update(lambda: "one")
    progress.clear()
    progress.clear()
    assert screen.getvalue() == "\r\x1b[Kone\r\x1b[K"


def test_progress_makes_room_for_a_skipped_row(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(True)
    progress = Progress(stream=screen)
    progress.update(lambda: "one")
    SkippedRows(progress, skip=True)(InputError("line 2: bad"))
    assert screen.getvalue() == "\r\x1b[Kone\r\x1b[K"
    assert capsys.readouterr().err == "zslre: skipped: line 2: bad\n"
