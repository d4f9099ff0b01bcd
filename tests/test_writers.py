from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import read_dataset, read_examples, read_fewrel, write_fewrel, write_jsonl
from zslre.datasets.tokens import TokenText, split_tokens
from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence

texts = st.text(st.characters(codec="utf-8") | st.sampled_from("  ab"), min_size=1, max_size=12)


@st.composite
def mentions(draw: st.DrawFn, text: str) -> Mention:
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    return Mention(text[start:end], start, end, draw(st.none() | st.sampled_from(["PER", "LOC"])))


@st.composite
def examples(draw: st.DrawFn) -> Example:
    text = draw(texts)
    head, tail = draw(mentions(text)), draw(mentions(text))
    others = draw(st.lists(mentions(text), max_size=2))
    relation = draw(st.none() | st.sampled_from(["P1", "lives in", "é"]))
    return Example(Sentence(text, (head, tail, *others)), head, tail, relation)


@given(st.lists(examples(), max_size=5))
def test_jsonl_loses_nothing(tmp_path_factory: pytest.TempPathFactory, given_examples: list[Example]) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "examples.jsonl"
    assert write_jsonl(path, given_examples) == len(given_examples)
    assert list(read_examples(path)) == given_examples


def words(text: str) -> Iterator[Mention]:
    """The words of a text whose words single blanks divide."""
    place = 0
    for word in text.split(" "):
        yield Mention(word, place, place + len(word))
        place += len(word) + 1


word_texts = st.lists(st.text(st.characters(codec="utf-8", exclude_characters=" "), min_size=1, max_size=4), min_size=2)


@st.composite
def word_examples(draw: st.DrawFn) -> Example:
    text = " ".join(draw(word_texts))
    pair = draw(st.tuples(*[st.sampled_from(list(words(text)))] * 2))
    return Example(Sentence(text, pair), *pair, draw(st.none() | st.sampled_from(["P1", "P2", "P3"])))


@given(st.lists(word_examples(), max_size=6))
def test_fewrel_loses_nothing_of_words(tmp_path_factory: pytest.TempPathFactory, given_examples: list[Example]) -> None:
    path = tmp_path_factory.mktemp("fewrel") / "examples.json"
    assert write_fewrel(path, given_examples) == len(given_examples)
    order = list(dict.fromkeys(example.relation for example in given_examples))
    assert list(read_fewrel(path)) == sorted(given_examples, key=lambda example: order.index(example.relation))


@given(texts, st.data())
def test_tokens_of_any_text_keep_the_spans(text: str, data: st.DataObject) -> None:
    """Joined, they are the text with blanks put in; what spans that do not overlap hold is the same."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
    spans = [(cuts[0], cuts[1]), *([(cuts[2], cuts[3])] if len(cuts) == 4 else [])]
    tokens, places = split_tokens(text, spans)
    joined = TokenText(tokens)
    found = [joined.mention(*place) for place in places]
    assert [mention.text for mention in found] == [text[start:end] for start, end in spans]
    # Around the spans stands what stood there, parted from them by a blank where there was none.
    places = [0, *(place for span in spans for place in span), len(text)]
    new_places = [0, *(place for mention in found for place in (mention.start, mention.end)), len(joined.text)]
    for number in range(0, len(places), 2):
        before = text[places[number] : places[number + 1]]
        behind_span, before_span = number > 0, number < len(places) - 2
        if before:
            expected = " " * (behind_span and before[0] != " ") + before + " " * (before_span and before[-1] != " ")
        else:
            expected = " " * (behind_span and before_span)
        assert joined.text[new_places[number] : new_places[number + 1]] == expected


@pytest.mark.parametrize(
    ("text", "spans", "tokens", "places"),
    [
        ("Ann's in Rome.", [(0, 3), (9, 13)], ["Ann", "'s", "in", "Rome", "."], [(0, 1), (3, 4)]),
        ("Ann Lee met Bob", [(12, 15), (0, 7)], ["Ann", "Lee", "met", "Bob"], [(3, 4), (0, 2)]),
        ("New York City", [(0, 13), (4, 8)], ["New", "York", "City"], [(0, 3), (1, 2)]),
        ("a  b", [(0, 1), (3, 4)], ["a", "", "b"], [(0, 1), (2, 3)]),
        ("ab", [(0, 1), (1, 2)], ["a", "b"], [(0, 1), (1, 2)]),
        (" a ", [(1, 2)], ["", "a", ""], [(1, 2)]),
        ("a b", [(1, 3)], ["a", "", "b"], [(1, 3)]),
    ],
)
def test_tokens_by_hand(
    text: str, spans: list[tuple[int, int]], tokens: list[str], places: list[tuple[int, int]]
) -> None:
    assert split_tokens(text, spans) == (tokens, places)


def test_fewrel_by_hand(tmp_path: Path) -> None:
    rows = [
        tiny.example("Ann lives in Rome", "Ann", "Rome", "P551"),
        tiny.example("Bob met Ann", "Bob", "Ann", None),
        tiny.example("Bob lives in Rome", "Bob", "Rome", "P551"),
    ]
    path = tmp_path / "data.json"
    assert write_fewrel(path, rows) == 3
    data = json.loads(path.read_text(encoding="utf-8"))
    assert list(data) == ["P551", "NA"]
    assert data["P551"][0] == {
        "tokens": ["Ann", "lives", "in", "Rome"],
        "h": ["Ann", "", [[0]]],
        "t": ["Rome", "", [[3]]],
    }
    assert [row["tokens"][0] for row in data["P551"]] == ["Ann", "Bob"]


@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
def test_a_file_appears_when_it_is_whole(tmp_path: Path, write: object) -> None:
    path = tmp_path / "data"
    path.write_text("old")
    (tmp_path / "data.partial").write_text("mine")

    def broken() -> Iterator[Example]:
        yield tiny.example("Ann lives in Rome", "Ann", "Rome", "residence")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write(path, broken())  # type: ignore[operator]
    assert path.read_text() == "old"
    write(path, ROWS)  # type: ignore[operator]
    assert list(read_dataset(path)) == ROWS
    assert (tmp_path / "data.partial").read_text() == "mine"
    assert {each.name for each in tmp_path.iterdir()} == {"data", "data.partial"}


def test_a_new_file_has_the_mode_that_others_have(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_jsonl(tmp_path / ("x" * 250), ROWS)
    assert len({each.stat().st_mode for each in tmp_path.iterdir()}) == 1


ROWS = [tiny.example("Ann lives in Rome", "Ann", "Rome", "residence")]


@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
@pytest.mark.parametrize(
    ("bad", "said"), [([*ROWS, 3], r"\] must be an Example\(.*, got 3"), ("a.jsonl", "read_dataset reads")]
)
def test_what_is_no_example_is_not_written(tmp_path: Path, write: Any, bad: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        write(tmp_path / "data", bad)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
def test_a_link_is_followed(tmp_path: Path, write: Any) -> None:
    (tmp_path / "place").mkdir()
    target, link = tmp_path / "place" / "data", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    assert write(link, ROWS) == 1
    assert link.is_symlink()
    assert list(read_dataset(target)) == ROWS
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["data"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are named pipes on Unix alone")
@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path, write: Any) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write(pipe, ROWS) == 1
        written = os.read(reading, 1000)
    finally:
        os.close(reading)
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
    write(file, ROWS)
    assert file.read_bytes() == written


@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
def test_folders_are_made(tmp_path: Path, write: Any) -> None:
    assert write(tmp_path / "new" / "folder" / "data", ROWS) == 1
    assert list(read_dataset(tmp_path / "new" / "folder" / "data")) == ROWS
    with pytest.raises(InputError, match="new: cannot be written"):
        write(tmp_path / "new", ROWS)


def test_a_relation_called_as_fewrel_calls_none_is_refused(tmp_path: Path) -> None:
    rows = [*ROWS, tiny.example("Bob met Ann", "Bob", "Ann", "NA")]
    with pytest.raises(InputError, match=r"data: FewRel's format has 'NA' for no relation.*rename it, or write jsonl"):
        write_fewrel(tmp_path / "data", rows)
    assert not list(tmp_path.iterdir())
    assert write_jsonl(tmp_path / "data", rows) == 2


@pytest.mark.parametrize("write", [write_jsonl, write_fewrel])
def test_no_examples_make_a_file_too(tmp_path: Path, write: object) -> None:
    path = tmp_path / "data"
    assert write(path, []) == 0  # type: ignore[operator]
    assert path.read_text() in ("", "{}\n")
