"""The challenge set is whole, and the script that scores a model on it counts as it says."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tiny
from scripting import load_script

from zslre.datasets.jsonl import read_examples
from zslre.extractor import RelationExtractor
from zslre.relations import RelationSet, catalogue
from zslre.types import Example, Mention, Sentence, Triple
from zslre.verifier import Verifier

SENTENCES = {
    "plain": 81,
    "cooccurrence": 53,
    "negation": 52,
    "direction": 56,
    "hypothetical": 51,
    "neighbour": 40,
    "pronoun": 32,
    "owner": 80,
}
KEYS = {"text", "head", "tail", "relation", "mentions", "asked", "category"}


@pytest.fixture(scope="module")
def path(project: Path) -> Path:
    return project / "data" / "challenge" / "challenge.jsonl"


@pytest.fixture(scope="module")
def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# The set


def test_rows_have_what_they_need(path: Path, rows: list[dict[str, Any]]) -> None:
    for row, example in zip(rows, read_examples(path), strict=True):
        assert KEYS <= set(row) <= KEYS | {"also"}
        assert row["relation"] in (row["asked"], None)
        assert row["category"] in SENTENCES
        assert example.head in example.sentence.mentions
        assert example.tail in example.sentence.mentions
        assert example.head != example.tail
        for mention in example.sentence.mentions:
            around = f" {row['text']} "[mention.start : mention.end + 2]
            assert mention.text == mention.text.strip()
            assert not around[0].isalnum(), mention  # whole words
            assert not around[-1].isalnum(), mention


def test_mentions_do_not_overlap(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        ends = [0, *(place for span in row["mentions"] for place in span[:2])]
        assert ends == sorted(ends)
        assert len({tuple(span[:2]) for span in row["mentions"]}) == len(row["mentions"])


def test_nothing_is_there_twice(rows: list[dict[str, Any]]) -> None:
    asked = {(row["text"], *row["head"][:2], *row["tail"][:2], row["asked"]) for row in rows}
    assert len(asked) == len(rows)
    category = {}
    for row in rows:
        assert category.setdefault(row["text"].casefold(), row["category"]) == row["category"]


def test_categories_have_their_sentences(project: Path, rows: list[dict[str, Any]]) -> None:
    sentences, held = defaultdict(set), defaultdict(list)
    for row in rows:
        sentences[row["category"]].add(row["text"])
        held[row["category"]].append(row["relation"] is not None)
    assert {category: len(texts) for category, texts in sentences.items()} == SENTENCES
    assert all(held["plain"])
    assert all(held["direction"])
    assert not any(held["cooccurrence"])
    assert sum(held["neighbour"]) * 2 == len(held["neighbour"])
    readme = (project / "data" / "README.md").read_text(encoding="utf-8")
    for category, holds in held.items():
        figures = [len(sentences[category]), sum(holds), len(holds) - sum(holds)]
        cells = [f" {figure} " if figure else " " for figure in figures]
        assert f"| `{category}` |{'|'.join(cells)}|" in readme


def test_relations_are_the_catalogues(project: Path, rows: list[dict[str, Any]]) -> None:
    names = set(catalogue().names)
    assert {row["asked"] for row in rows} <= names
    assert {name for row in rows for name in row.get("also", ())} <= names
    ids = (project / "scripts" / "builtin_relations.txt").read_text(encoding="utf-8").split()
    default = RelationSet.of(ids)
    plain = [row["asked"] for row in rows if row["category"] == "plain"]
    assert sorted(plain) == sorted(default.names)


def test_direction_can_be_wrong(rows: list[dict[str, Any]]) -> None:
    asked = {row["asked"] for row in rows if row["category"] == "direction"}
    assert not any(catalogue()[name].symmetric for name in asked)
    assert len(asked) > 20


# The script


@pytest.fixture(scope="module")
def script(project: Path) -> ModuleType:
    return load_script(project / "scripts" / "bench" / "challenge.py")


ANN, ACME, BOB = Mention("Ann", 0, 3), Mention("Acme", 14, 18), Mention("Bob", 23, 26)


def row(script: ModuleType, tail: Mention, relation: str | None, also: tuple[str, ...] = ()) -> Any:
    sentence = Sentence("Ann works for Acme and Bob .", (ANN, ACME, BOB))
    return script.Row(Example(sentence, ANN, tail, relation), "employer", "plain", frozenset(also))


def test_verdicts_by_hand(script: ModuleType) -> None:
    right, swapped = Triple(ANN, "employer", ACME, 0.9), Triple(ACME, "employer", ANN, 0.2)
    other = Triple(ACME, "owned by", ANN, 0.8)
    true = row(script, ACME, "employer")

    said = script.verdict(true, [right], [right], symmetric=False)
    assert (said.printed, said.printed_swapped, said.right_way) == (True, False, True)
    said = script.verdict(true, [swapped, other], [swapped, other], symmetric=False)
    assert (said.printed, said.printed_swapped, said.right_way) == (False, True, False)
    said = script.verdict(true, [], [right], symmetric=False)
    assert (said.printed, said.right_way) == (False, True)
    said = script.verdict(true, [], [], symmetric=False)  # no such mentions were found
    assert said.right_way is None
    said = script.verdict(true, [swapped], [swapped], symmetric=True)
    assert (said.printed, said.printed_swapped, said.right_way) == (True, False, None)

    false = row(script, ACME, None)
    said = script.verdict(false, [other], [other, right], symmetric=False)
    assert (said.printed, said.printed_any) == (False, True)
    assert not script.verdict(row(script, ACME, None, ("owned by",)), [other], [], symmetric=False).printed_any
    assert not script.verdict(row(script, BOB, None), [right, other], [], symmetric=False).printed_any


def test_mentions_match_where_they_overlap(script: ModuleType) -> None:
    text = "Ann works for Acme"
    wider = Mention(text[10:], 10, 18)
    assert script.between([Triple(ANN, "employer", wider, 0.9)], ANN, ACME) == {"employer"}
    assert script.between([Triple(ANN, "employer", Mention(" for ", 9, 14), 0.9)], ANN, ACME) == set()


def test_shares_by_category(script: ModuleType) -> None:
    right, swapped = Triple(ANN, "employer", ACME, 0.9), Triple(ACME, "employer", ANN, 0.2)
    true, false = row(script, ACME, "employer"), row(script, BOB, None)
    said = [
        script.verdict(true, [right], [right], symmetric=False),
        script.verdict(true, [], [], symmetric=False),
        script.verdict(true, [], [swapped], symmetric=False),
        script.verdict(false, [Triple(BOB, "owned by", ANN, 0.7)], [], symmetric=False),
    ]
    figures = script.by_category(said)["plain"]
    assert figures == {
        "hold": 3,
        "recall": 0.3333,
        "with direction": 2,
        "right direction": 0.5,
        "printed swapped": 0.0,
        "do not hold": 1,
        "false, asked": 0.0,
        "false, any": 1.0,
    }
    header, body = script.table({"plain": figures})
    assert dict(zip(header, body, strict=True))["false, any"] == "100.0"
    assert script.by_category([said[0]])["plain"]["false, any"] is None


def test_a_run_with_a_tiny_model(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {"text": "Ann works for Acme and Bob", "head": [0, 3], "tail": [14, 18], "relation": "employer"},
        {"text": "Ann met Bob", "head": [0, 3], "tail": [8, 11], "relation": None},
    ]
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.json"
    extra = [{"asked": "employer", "category": "plain"}, {"asked": "spouse", "category": "cooccurrence"}]
    rows.write_text("\n".join(json.dumps(a | b) for a, b in zip(lines, extra, strict=True)) + "\n", encoding="utf-8")
    monkeypatch.setattr(RelationExtractor, "from_pretrained", lambda model: tiny.extractor())

    def run(*options: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", ["challenge.py", "--set", str(rows), "--json", str(out), *options])
        script.main()
        return json.loads(out.read_text(encoding="utf-8"))

    everything, nothing = run("--threshold", "0"), run("--threshold", "1")
    assert everything["given mentions"]["cooccurrence"]["false, any"] == 1.0
    assert nothing["given mentions"]["cooccurrence"]["false, any"] == 0.0
    assert nothing["detected mentions"]["plain"]["recall"] == 0.0
    assert nothing["detected mentions"]["plain"]["with direction"] == 1  # at any threshold
    assert "| cooccurrence |" in capsys.readouterr().out

    config = {**tiny.extractor().config, "verifier": {"first_weight": 0.0}, "threshold": 1.0, "name": "v"}
    strict = Verifier(tiny.runtime_encoder(), tiny.scorer(), config)
    monkeypatch.setattr(Verifier, "from_pretrained", lambda folder: strict)
    verified = run("--verify", "folder")
    assert (everything["verifier"], verified["verifier"], verified["threshold"]) == (None, "v", 1.0)
    assert verified["given mentions"]["cooccurrence"]["false, any"] == 0.0
