"""docs/tutorial.md, run from top to bottom on a small scale: a tiny base encoder, two steps."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import tiny

from zslre.cli import build_parser, main
from zslre.datasets import read_examples
from zslre.relations import RelationSet
from zslre.serialization import save_model

PROJECT = Path(__file__).resolve().parent.parent
TUTORIAL = (PROJECT / "docs" / "tutorial.md").read_text(encoding="utf-8")
COMMANDS = [
    line for body in re.findall(r"^```sh\n(.*?)^```$", TUTORIAL, re.M | re.S) for line in body.splitlines() if line
]


def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("sh") is None:
        pytest.skip("the tutorial's commands are for a POSIX shell")
    pytest.importorskip("torch", reason="training needs torch")
    builtin = tiny.model_files()
    builtin.config.update(base_encoder="some/base", trained_relations=[])
    save_model(tmp_path / "builtin", builtin)
    monkeypatch.setattr("zslre.serialization.BUILTIN", tmp_path / "builtin")
    monkeypatch.setattr("zslre.mentions.load_detector", lambda *_, **__: tiny.CapitalDetector())
    monkeypatch.setenv("ZSLRE_CACHE", str(tmp_path / "cache"))
    shutil.copytree(PROJECT / "data", tmp_path / "run" / "data")
    monkeypatch.chdir(tmp_path / "run")
    ran = []
    for line in COMMANDS:
        if not line.startswith("zslre "):
            subprocess.run(["sh", "-c", line], check=True)
            continue
        words = shlex.split(line)[1:]
        if words[0] == "train" and "--head-only" not in words:
            words[words.index("--steps") + 1] = "2"
        assert main(words) == 0, line
        ran.append(words[0])
    assert ran == ["evaluate", "train", "evaluate", "train", "evaluate", "predict"]
    shown = capsys.readouterr().out
    assert "zero-shot" in shown
    assert "supervised" in shown


def test_what_the_text_mentions_exists() -> None:
    mentioned = re.findall(r"`(zslre [^`…]*)`", TUTORIAL)
    assert mentioned
    for command in mentioned:
        build_parser().parse_args(shlex.split(command)[1:])
    for link in re.findall(r"\]\(([^)]+)\)", TUTORIAL):
        assert (PROJECT / "docs" / link.partition("#")[0]).exists()
    (line,) = re.findall(r"^```json\n(.*?)\n^```$", TUTORIAL, re.M | re.S)
    data = (PROJECT / "data/samples/tutorial.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) in [json.loads(row) for row in data]


def test_the_data_are_as_the_text_says() -> None:
    examples = list(read_examples(PROJECT / "data/samples/tutorial.jsonl"))
    names = RelationSet.from_file(PROJECT / "data/samples/tutorial.toml").names
    assert {name: sum(e.relation == name for e in examples) for name in names} == dict.fromkeys(names, 20)
    assert len(names) == 8
    assert {name: sum(e.relation == name for e in examples[-32:]) for name in names} == dict.fromkeys(names, 4)

    def wording(text: str, *mentions: str) -> str:
        for mention in mentions:
            text = text.replace(mention, "_")
        return text

    wordings = [wording(e.sentence.text, e.head.text, e.tail.text) for e in examples]
    assert not set(wordings[:-32]) & set(wordings[-32:])
