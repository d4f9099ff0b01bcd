"""The challenge set is whole, and the script that scores a model on it counts as it says."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from zslre.datasets.jsonl import read_examples
from zslre.relations import RelationSet, catalogue

SENTENCES = {
    "plain": 81,
    "cooccurrence": 53,
    "negation": 52,
    "direction": 56,
    "hypothetical": 51,
    "neighbour": 40,
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
