"""The sentences of a user's own relations are whole, and the script that scores a model on them counts as it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripting import load_script

from zslre.relations import RelationSet
from zslre.types import Example, Mention, Sentence, Triple

PROJECT = Path(__file__).parent.parent
DATA = PROJECT / "data/own"

own = load_script(PROJECT / "scripts/bench/own_relations.py")


def test_the_set_is_whole() -> None:
    rows, relations = own.read_rows(DATA / "sentences.jsonl"), RelationSet.from_file(DATA / "relations.toml")
    assert {row.asked for row in rows} == set(relations.names) > set(own.UNSEEN)
    assert len({row.example.sentence.text for row in rows}) == len(rows)
    for name in relations.names:
        counts = Counter(row.category for row in rows if row.asked == name)
        assert counts.pop("reversed", 2) == 2
        assert counts == {"support": 12, "holds": 10, "denied": 4, "planned": 3, "other": 5, "neighbour": 3}
    for row in rows:
        assert row.example.relation == (row.asked if row.category in ("support", "holds") else None)
        assert {row.example.head, row.example.tail} <= set(row.example.sentence.mentions)


def row(text: str, category: str, asked: str = "likes") -> Any:
    head, tail = (Mention(name, text.index(name), text.index(name) + 3) for name in ("Ann", "Bob"))
    return own.Row(
        Example(Sentence(text, (head, tail)), head, tail, asked if category in ("support", "holds") else None),
        asked,
        category,
        frozenset(),
    )


ROWS = [row("Ann likes Bob", "holds"), row("Ann loves Bob", "holds"), row("Ann loathes Bob", "denied")]


class Fixed:
    """Finds of each sentence a triple of this score, the other way round in one whose verb is "loves"."""

    threshold = 0.5

    def extract_sentences(self, sentences: Any, *, threshold: float) -> Any:
        for one in sentences:
            head, tail = one.mentions[::-1] if "loves" in one.text else one.mentions
            yield [Triple(head, "likes", tail, 0.9 if "likes" in one.text else 0.6)]

    def pipe(self, texts: Any, *, threshold: float) -> Any:
        for _ in texts:
            first, second = ROWS[0].example.sentence.mentions
            yield [Triple(first, name, second, score) for name, score in (("likes", 0.7), ("sees", 0.9))]


def test_what_is_printed_is_counted() -> None:
    others = [row("Ann met Bob", name) for name in ("planned", "other", "neighbour", "reversed", "support")]
    found = own.found_by(Fixed(), [*ROWS, *others], ["one", "two"], 0.5)
    at_half, above = (found.scores(["likes"], least) for least in (0.5, 0.8))
    assert (at_half["holds"], at_half["denied"], at_half["elsewhere"]) == (0.5, 1.0, 2)
    assert at_half["f1"] == pytest.approx(2 * 1 / (6 + 2))  # six printed, the support left out; two hold
    assert (above["holds"], above["denied"], above["f1"], above["elsewhere"]) == (0.5, 0.0, pytest.approx(2 / 3), 0)


def test_examples_are_drawn_of_each_relation_by_the_seed() -> None:
    rows = [row(f"Ann {n} likes Bob", "support", asked) for asked in ("likes", "sees") for n in range(9)]
    first, again, other = (own.drawn(rows, 3, seed) for seed in (0, 0, 1))
    assert first == again != other
    assert [sum(row.asked == name and row.example in first for row in rows) for name in ("likes", "sees")] == [3, 3]
    assert own.drawn(rows, 0, 0) == []


def test_f1_by_hand() -> None:
    assert own.f1(np.array([True, True, False]), np.array([True, False, True])) == 0.5
    assert own.f1(np.array([False]), np.array([False])) == 0.0
