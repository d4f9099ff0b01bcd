from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from zslre.datasets import (
    detect_format,
    examples_of,
    group_examples,
    read_docred,
    read_examples,
    read_fewrel,
    read_unlabelled,
)
from zslre.datasets.tokens import TokenText
from zslre.exceptions import InputError
from zslre.types import Mention

FEWREL = {
    "P551": [
        {
            "tokens": ["Ann", "Lee", "lives", "in", "New", "York", "."],
            "h": ["ann lee", "Q1", [[0, 1]]],
            "t": ["new york", "Q60", [[4, 5], [2]]],
        }
    ],
    "P26": [{"tokens": ["Bob", "married", "Éva"], "h": ["éva", "Q3", [[2]]], "t": ["bob", "Q2", [[0]]]}],
}
DOCRED = [
    {
        "title": "Ann",
        "sents": [
            ["Ann", "Lee", "lives", "in", "Rome", "."],
            ["She", "met", "Bob", "in", "Rome", "."],
            ["Nothing", "."],
        ],
        "vertexSet": [
            [
                {"name": "Ann Lee", "pos": [0, 2], "sent_id": 0, "type": "PER"},
                {"name": "She", "pos": [0, 1], "sent_id": 1, "type": "PER"},
            ],
            [
                {"name": "Rome", "pos": [4, 5], "sent_id": 0, "type": "LOC"},
                {"name": "Rome", "pos": [4, 5], "sent_id": 1, "type": "LOC"},
            ],
            [{"name": "Bob", "pos": [2, 3], "sent_id": 1, "type": "PER"}],
        ],
        "labels": [{"h": 0, "t": 1, "r": "P551"}, {"h": 0, "t": 1, "r": "P19"}, {"h": 2, "t": 0, "r": "P26"}],
    }
]


def write(folder: Path, data: object) -> Path:
    path = folder / "data.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def damaged(data: Any, *keys: Any, value: Any = None) -> Any:
    """A copy with one place set to `value`, or left out when that is None."""
    copy = json.loads(json.dumps(data))
    place = copy
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return copy


def test_fewrel_by_hand(tmp_path: Path) -> None:
    first, second = read_fewrel(write(tmp_path, FEWREL))
    assert first.sentence.text == "Ann Lee lives in New York ."
    assert (first.head, first.tail) == (Mention("Ann Lee", 0, 7), Mention("New York", 17, 25))
    assert first.sentence.mentions == (first.head, first.tail)
    assert (second.head, second.tail) == (Mention("Éva", 12, 15), Mention("Bob", 0, 3))
    assert [first.relation, second.relation] == ["P551", "P26"]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("tokens",), None, "has no 'tokens'"),
        (("h",), None, "has no 'h'"),
        (("t", 2), [], "t has no tokens"),
        (("t", 2, 0), [2, 3], "token span 2:4 is outside a sentence of 3 tokens"),
        (("t", 2, 0), [-1], "token span -1:0 is outside"),
        (("t", 2, 0), [], "t has no tokens"),
        (("t", 2, 0), ["x"], "has another shape"),
        (("tokens", 0), 7, "has another shape"),
        (("tokens",), "Bob", "tokens must be a list of strings"),
        (("tokens", 0), "", "needs 0 <= start < end"),
    ],
)
def test_a_bad_fewrel_row_is_named(tmp_path: Path, place: tuple[Any, ...], value: object, message: str) -> None:
    good = {"P551": FEWREL["P551"] * 2, "P26": FEWREL["P26"] * 2}
    path = write(tmp_path, damaged(good, "P26", 1, *place, value=value))
    with pytest.raises(InputError, match=rf"data\.json, relation 'P26', row 2: .*{message}"):
        list(read_fewrel(path))
    assert len(list(islice(read_fewrel(path), 3))) == 3


@pytest.mark.parametrize("reader", [read_fewrel, read_docred])
@pytest.mark.parametrize("content", [b"", b'{"P1": [', b"\xff\xfe", b"7", b'{"P1":' * 3_000])
def test_a_file_of_another_kind_is_named(tmp_path: Path, reader: Any, content: bytes) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"data\.json"):
        list(reader(path))


@pytest.mark.parametrize("reader", [read_fewrel, read_docred, read_examples])
def test_a_missing_file_is_named(tmp_path: Path, reader: Any) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json.*cannot be read"):
        list(reader(tmp_path / "nowhere.json"))


def test_fewrel_and_docred_are_not_taken_for_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 1: has no relation"):
        list(read_fewrel(write(tmp_path, DOCRED)))
    with pytest.raises(InputError, match=r"is a JSON list of documents; this begins with '\{"):
        list(read_docred(write(tmp_path, FEWREL)))
    with pytest.raises(InputError, match="relation 'P1': needs a list of rows"):
        list(read_fewrel(write(tmp_path, {"P1": {"tokens": []}})))


def test_a_fewrel_entity_stands_where_it_first_occurs(tmp_path: Path) -> None:
    """Wiki-ZSL writes the tokens of several occurrences into one list."""
    tokens = ["Warner", "Bros.", "sued", "Warner", "Bros.", "of", "Rome"]
    row = {"tokens": tokens, "h": ["warner", "", [[0, 1, 3, 4]]], "t": ["rome", "", [[6], [0]]]}
    (example,) = read_fewrel(write(tmp_path, {"P1": [row]}))
    assert (example.head, example.tail) == (Mention("Warner Bros.", 0, 12), Mention("Rome", 34, 38))


def test_fewrel_rows_in_a_list_or_one_a_line(tmp_path: Path) -> None:
    rows = [{**row, "relation": name} for name in FEWREL for row in FEWREL[name]]
    path = tmp_path / "rows"
    for text in (json.dumps(rows), json.dumps(rows, indent=2), "\n\n".join(map(json.dumps, rows))):
        path.write_text(text, encoding="utf-8")
        assert list(read_fewrel(path)) == list(read_fewrel(write(tmp_path, FEWREL)))


def test_fewrel_says_na_for_no_relation(tmp_path: Path) -> None:
    (example,) = read_fewrel(write(tmp_path, {"NA": FEWREL["P26"]}))
    assert example.relation is None


def test_fewrel_without_labels_is_no_example(tmp_path: Path) -> None:
    path = write(tmp_path, FEWREL["P551"] + FEWREL["P26"])
    bad: list[InputError] = []
    assert list(read_fewrel(path, on_bad=bad.append)) == []
    assert [str(error).split(";")[0] for error in bad] == [
        f"{path}, row {number}: has no relation" for number in (1, 2)
    ]
    first, second = read_unlabelled(path)
    assert (first.text, first.mentions[1]) == ("Ann Lee lives in New York .", Mention("New York", 17, 25))
    assert [mention.text for mention in second.mentions] == ["Éva", "Bob"]


def test_a_broken_fewrel_file_gives_what_it_holds_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(FEWREL)[:-5], encoding="utf-8")
    rows = read_fewrel(path, on_bad=pytest.fail)
    assert next(rows).relation == "P551"
    with pytest.raises(InputError, match=r"cut\.json: is no UTF-8 JSON, or breaks off"):
        next(rows)


def test_a_byte_order_mark_is_no_part_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "data"
    for data, reader in ((FEWREL, read_fewrel), (DOCRED, read_docred), (GOOD, read_examples)):
        path.write_text(json.dumps(data), encoding="utf-8-sig")
        assert list(reader(path))


def test_docred_by_hand(tmp_path: Path) -> None:
    first, second, third = read_docred(write(tmp_path, DOCRED))
    ann, rome = Mention("Ann Lee", 0, 7, "PER"), Mention("Rome", 17, 21, "LOC")
    assert first.sentence.text == "Ann Lee lives in Rome ."
    assert first.sentence.mentions == (ann, rome)
    assert dict(zip(first.pairs, first.labels, strict=True)) == {
        (ann, rome): {"P551", "P19"},
        (rome, ann): frozenset(),
    }
    she, bob, rome = second.sentence.mentions
    labels = dict(zip(second.pairs, second.labels, strict=True))
    assert len(labels) == 6
    assert {pair: names for pair, names in labels.items() if names} == {
        (she, rome): {"P551", "P19"},
        (bob, she): {"P26"},
    }
    assert (third.sentence.text, third.pairs) == ("Nothing .", ())


def test_mentions_of_one_entity_make_no_pair(tmp_path: Path) -> None:
    data = damaged(DOCRED, 0, "vertexSet", 0, 1, value={"name": "lives", "pos": [2, 3], "sent_id": 0, "type": "PER"})
    first = next(read_docred(write(tmp_path, data)))
    assert [mention.text for mention in first.sentence.mentions] == ["Ann Lee", "lives", "Rome"]
    assert {(a.text, b.text) for a, b in first.pairs} == {
        ("Ann Lee", "Rome"), ("Rome", "Ann Lee"), ("lives", "Rome"), ("Rome", "lives")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("sents",), None, "has no 'sents'"),
        (("labels",), None, "has no 'labels'"),
        (("vertexSet", 2, 0, "pos"), [2, 9], "token span 2:9 is outside a sentence of 6 tokens"),
        (("vertexSet", 2, 0, "pos"), [2], "has another shape"),
        (("vertexSet", 2, 0, "sent_id"), 3, "mention 'Bob' is in sentence 3, which is not there"),
        (("vertexSet", 2, 0, "type"), None, "has no 'type'"),
        (("labels", 2, "h"), 3, "names an entity outside 0 … 2"),
        (("labels", 2, "t"), -1, "names an entity outside"),
        (("labels", 2, "r"), 26, "a label's r must be a name, not 26"),
        (("labels", 2, "r"), " ", "a label's r must be a name, not ' '"),
    ],
)
def test_a_bad_docred_document_is_named(tmp_path: Path, place: tuple[Any, ...], value: object, message: str) -> None:
    bad = damaged(DOCRED * 3, 2, *place, value=value)
    bad[2]["title"] = "Broken"
    path = write(tmp_path, bad)
    for documents in (slice(None), slice(1, 3), slice(2, None)):  # its number is its place in the file
        with pytest.raises(InputError, match=rf"data\.json, document 3 \('Broken'\): .*{message}"):
            list(read_docred(path, documents))
    assert len(list(read_docred(path, slice(2)))) == 6


def test_a_bad_docred_document_is_collected(tmp_path: Path) -> None:
    bad: list[InputError] = []
    path = write(tmp_path, damaged(DOCRED * 3, 1, "sents", 0, value=[7]))
    assert len(list(read_docred(path, on_bad=bad.append))) == 6
    assert [str(error).split(":")[0] for error in bad] == [f"{path}, document 2 ('Ann')"]
    assert len(list(read_docred(path, slice(None, None, 2)))) == 6


def test_examples_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(
        '{"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17, "LOC"], "relation": "residence"}\n'
        "\n"
        '{"id": 7, "text": "Éva met Bob", "head": [8, 11], "tail": [0, 3], "relation": null}\n'
        '{"text": "Éva met Bob", "head": [8, 11], "tail": [0, 3], "relation": "met", "mentions": [[4, 7, "V"]]}',
        encoding="utf-8",
    )
    first, second, third = read_examples(path)
    assert (first.head, first.tail, first.relation) == (
        Mention("Ann", 0, 3),
        Mention("Rome", 13, 17, "LOC"),
        "residence",
    )
    assert (second.head.text, second.tail.text, second.relation) == ("Bob", "Éva", None)
    assert second.sentence.mentions == (second.head, second.tail)
    assert third.sentence.mentions == (Mention("met", 4, 7, "V"),)


GOOD = {"text": "Ann lives in Rome", "head": [0, 3], "tail": [13, 17], "relation": "residence"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": 7}, "text must be a string, not int"),
        ({"head": [0, 18]}, r"head span \[0, 18\] is outside the text of 17 characters"),
        ({"head": [0.0, 3.0]}, r"head span must hold whole numbers of characters, not 0\.0"),
        ({"head": ["0", "3"]}, "head span must hold whole numbers of characters, not '0'"),
        ({"tail": [False, True]}, "tail span must hold whole numbers of characters, not False"),
        ({"tail": [3, 3]}, "tail span"),
        ({"tail": [-4, 17]}, "tail span"),
        ({"tail": [13.0, 17]}, "tail span"),
        ({"tail": [13]}, r"tail span \[13\] must be \[start, end\]"),
        ({"tail": [13, 17, None, 1]}, "tail span"),
        ({"tail": "Rome"}, "tail span"),
        ({"tail": [13, 17, 5]}, "the type of tail must be a text or null, not 5"),
        ({"relation": " "}, "relation, if not null, must be a name, not ' '"),
        ({"relation": ["residence"]}, "relation, if not null, must be a name"),
        ({"head": None}, "head span None must be"),
        ({"mentions": [[0, 3], [13, 18]]}, r"mention span \[13, 18\] is outside"),
        ({"mentions": 7}, "has another shape"),
        ({"text": "Ann lives in Rome \ud83d"}, "half a surrogate pair at character 18"),
        ({"head": [0, 3, "\ud800"]}, "half a surrogate pair at character 0"),
        ({"head": [0, 3, "\ud800"], "mentions": [[0, 3]]}, "half a surrogate pair at character 0"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n{json.dumps({**GOOD, **change})}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"examples\.jsonl, line 3: .*{message}.*a line looks like"):
        list(read_examples(path))


def test_what_python_calls_an_error_is_not_told(tmp_path: Path) -> None:
    path, bad = tmp_path / "examples.jsonl", list[InputError]()
    path.write_text(f'{json.dumps(GOOD)}\n[1]\n{{"text": "Ann"}}\n{{"relation": null}}', encoding="utf-8")
    assert len(list(read_examples(path, on_bad=bad.append))) == 1
    reasons = [str(error).split(": ", 1)[1].split(";")[0] for error in bad]
    assert reasons[0].startswith("has another shape (list indices must be")
    assert reasons[1:] == ["has no relation (null stands for none)", "has no 'text'"]


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"text": "a"}', '{"text": "ab", "head": [0, 1], "tail": [1, 2]}'])
def test_lines_of_another_shape_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"examples\.jsonl, line 2"):
        list(read_examples(path))


def test_labels_that_differ_in_blanks_are_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    labels = ("place of birth", " place of\u00a0 birth\n")
    path.write_text("\n".join(json.dumps({**GOOD, "relation": label}) for label in labels), encoding="utf-8")
    assert {example.relation for example in read_examples(path)} == {"place of birth"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are named pipes on Unix alone")
@pytest.mark.parametrize("reader", [detect_format, lambda path: list(read_examples(path))])
def test_a_pipe_cannot_be_read_twice(tmp_path: Path, reader: Any) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    both = os.open(pipe, os.O_RDWR)  # so that nobody waits for the other side
    os.write(both, json.dumps(GOOD).encode())
    try:
        with pytest.raises(InputError, match="pipe: is a pipe or a terminal, which cannot be read twice: write it to"):
            reader(pipe)
    finally:
        os.close(both)


def test_examples_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_bytes(b'{"text": "\xe9"}')
    with pytest.raises(InputError, match=r"examples\.jsonl, line 1: is not UTF-8"):
        list(read_examples(path))


def test_examples_of_one_text_are_grouped() -> None:
    text = "Ann lives in Rome with Bob"
    rows = [
        tiny.example(text, "Ann", "Rome", "residence"),
        tiny.example("Ann is old and lives in Rome", "Ann", "Rome", "residence"),
        tiny.example(text, "Ann", "Rome", "birthplace"),
        tiny.example(text, "Rome", "Ann", None),
        tiny.example(text, "Ann", "Bob", "spouse"),
        tiny.example(text, "Ann", "Rome", None),
    ]
    first, second = group_examples(rows)
    assert [(head.text, tail.text) for head, tail in first.pairs] == [("Ann", "Rome"), ("Rome", "Ann"), ("Ann", "Bob")]
    assert first.labels == ({"residence", "birthplace"}, frozenset(), {"spouse"})
    assert (len(second.pairs), second.labels) == (1, ({"residence"},))


names = st.sampled_from(["Ann", "Bob", "Carl", "Rome"])
rows = st.tuples(
    st.sampled_from(["Ann Bob Carl Rome", "Rome Carl Bob Ann"]), names, names, st.sampled_from("abc") | st.none()
)


@given(st.lists(rows.filter(lambda row: row[1] != row[2]), max_size=12))
def test_grouping_loses_no_label(given_rows: list[tuple[str, str, str, str | None]]) -> None:
    examples = [tiny.example(*row) for row in given_rows]
    grouped = group_examples(examples)
    assert len({annotated.sentence.text for annotated in grouped}) == len(grouped)

    def facts(some: Any) -> set[tuple[object, ...]]:
        return {(e.sentence.text, e.head, e.tail, e.relation) for e in some if e.relation is not None}

    back = list(examples_of(grouped))
    assert facts(back) == facts(examples)
    assert {(e.sentence.text, e.head, e.tail) for e in back} == {(e.sentence.text, e.head, e.tail) for e in examples}
    for one, other in zip(group_examples(back), grouped, strict=True):
        assert (one.sentence.text, one.pairs, one.labels) == (other.sentence.text, other.pairs, other.labels)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5), min_size=1, max_size=8), st.data())
def test_tokens_stand_where_they_are_said_to(tokens: list[str], data: st.DataObject) -> None:
    text = TokenText(tokens)
    first = data.draw(st.integers(0, len(tokens) - 1))
    end = data.draw(st.integers(first + 1, len(tokens)))
    mention = text.mention(first, end)
    assert mention.text == " ".join(tokens[first:end]) == text.text[mention.start : mention.end]


def test_the_fewrel_files_can_be_read(shared: Path) -> None:
    counts: dict[str, int] = {}
    for example in read_fewrel(shared / "data" / "fewrel" / "val_wiki.json"):
        counts[str(example.relation)] = counts.get(str(example.relation), 0) + 1
    assert len(counts) == 16
    assert set(counts.values()) == {700}


def test_re_docred_can_be_read(shared: Path) -> None:
    sentences = list(read_docred(shared / "data" / "redocred" / "dev_revised.json", slice(100)))
    pairs = sum(len(sentence.pairs) for sentence in sentences)
    related = sum(bool(labels) for sentence in sentences for labels in sentence.labels)
    assert len(sentences) > 500
    assert 0.05 < related / pairs < 0.4
