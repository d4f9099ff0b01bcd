"""The sample's gold file fits its text, and the script that scores against it counts as it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zslre.mentions import SpacyDetector
from zslre.relations import catalogue
from zslre.sentences import split_sentences


@pytest.fixture
def gold(project: Path) -> list[dict[str, Any]]:
    return json.loads((project / "data" / "samples" / "news.gold.json").read_text(encoding="utf-8"))


def ways(gold: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"sentence": item["sentence"], **way} for item in gold for way in (item, *item.get("or", ()))]


def test_the_gold_triples_are_in_the_text_and_can_be_found(project: Path, gold: list[dict[str, Any]]) -> None:
    text = (project / "data" / "samples" / "news.txt").read_text(encoding="utf-8")
    found = {s.text: {m.text for m in s.mentions} for s in SpacyDetector().detect(list(split_sentences(text)))}
    for way in ways(gold):
        assert {way["head"], way["tail"]} <= found[way["sentence"]]


def test_the_gold_relations_are_in_the_catalogue(gold: list[dict[str, Any]]) -> None:
    first = {item["relation"][0] for item in gold}
    assert first <= set(catalogue().names)


def run_script(project: Path, predicted: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script, gold = project / "scripts" / "score_sample.py", project / "data" / "samples" / "news.gold.json"
    command = [sys.executable, str(script), str(predicted), str(gold), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def predictions(path: Path, triples: list[tuple[str, str, str]]) -> Path:
    records = [{"head": {"text": h}, "relation": r, "tail": {"text": t}, "score": 0.5} for h, r, t in triples]
    path.write_text(json.dumps({"id": "a", "triples": records}) + "\n", encoding="utf-8")
    return path


def test_a_score_by_hand(project: Path, tmp_path: Path) -> None:
    triples = [
        ("Clara Whitmore", "spouse", "Daniel Brooks"),
        ("Daniel Brooks", "spouse", "Clara Whitmore"),
        ("the silent harbour", "director", "Oliver Grant"),
        ("Marta Lindqvist", "employer", "Siemens"),
    ]
    predicted = predictions(tmp_path / "p.jsonl", triples)
    done = run_script(project, predicted)
    assert done.returncode == 0
    for line in ("true: 3", "false: 1", "missed: 16", "recall 0.111 (2/18)", "precision 0.750 (3/4)"):
        assert line in done.stdout.splitlines()
    assert run_script(project, predicted, "--max-false-share", "0.25", "--min-recall", "0.11").returncode == 0
    assert run_script(project, predicted, "--max-false-share", "0.24").returncode == 1
    assert run_script(project, predicted, "--min-recall", "0.12").returncode == 1


def test_all_gold_triples_are_a_full_score(project: Path, gold: list[dict[str, Any]], tmp_path: Path) -> None:
    triples = [(way["head"], relation, way["tail"]) for way in ways(gold) for relation in way["relation"]]
    done = run_script(
        project, predictions(tmp_path / "p.jsonl", triples), "--min-recall", "1", "--max-false-share", "0"
    )
    assert done.returncode == 0
