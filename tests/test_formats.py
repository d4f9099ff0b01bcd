"""Every format: its sample, its detection by content, and its bad rows."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from zslre.datasets import FORMATS, detect_format, read_dataset
from zslre.datasets.splits import normal_text
from zslre.exceptions import InputError
from zslre.types import Mention

DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLES = DATA / "samples" / "formats"
PAIRS = [
    ("Lumen Dairy", "Marta Kovač"),
    ("Tomas Lind", "Oslo"),
    ("Harlund", "Nordvik"),
    ("Ida Holm", "Erik Berg"),
    ("Jonas Weir", "Kestrel Bay"),
]
NYT = [
    "/business/company/founders",
    "/people/person/place_of_birth",
    "/location/location/contains",
    None,
    "/people/person/place_lived",
]
NAMES = ["founded by", "place of birth", "contains", None, "residence"]
WIKIDATA = ["P112", "P19", "P150", None, "P551"]
OF_THE_SAMPLES = {
    "jsonl": NAMES,
    "fewrel": WIKIDATA,
    "nyt-opennre": NYT,
    "nyt-triples": NYT,
    "nyt-riedel": NYT,
    "docred": WIKIDATA,
    "spans": NAMES,
}


def sample(name: str) -> Path:
    (path,) = SAMPLES.glob(f"{name}.*")
    return path


def test_every_format_has_a_sample() -> None:
    assert sorted(path.stem for path in SAMPLES.iterdir()) == sorted(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_sample_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / "no-suffix"
    path.write_bytes(sample(name).read_bytes())
    assert detect_format(path) == name
    assert list(read_dataset(path)) == list(read_dataset(path, format=name))


@pytest.mark.parametrize("name", OF_THE_SAMPLES)
def test_the_samples_say_the_same(name: str) -> None:
    """The same five sentences in all shapes; formats that label all pairs add the reverse ones, without relation."""
    examples = list(read_dataset(sample(name)))
    related = [(example.head.text, example.tail.text, example.relation) for example in examples]
    expected = [(*pair, relation) for pair, relation in zip(PAIRS, OF_THE_SAMPLES[name], strict=True)]
    assert [fact for fact in related if fact[:2] in PAIRS] == expected
    rest = [fact for fact in related if fact[:2] not in PAIRS]
    assert sorted(rest) == (sorted((t, h, None) for h, t in PAIRS) if name in ("docred", "spans") else [])
    first = next(example for example in examples if example.head.text == "Lumen Dairy")
    assert first.sentence.text == "Marta Kovač founded Lumen Dairy in Ljubljana ."
    assert (first.head.start, first.tail.start) == (20, 0)
    born = next(example for example in examples if example.head.text == "Tomas Lind")
    assert born.tail.start == 23  # Oslo stands there twice; this one is nearer to the head


def test_the_semeval_sample() -> None:
    examples = list(read_dataset(sample("semeval")))
    assert [(e.head.text, e.relation, e.tail.text) for e in examples] == [
        ("lamp", "Cause-Effect", "blaze"),
        ("drought", "Cause-Effect", "harvest"),
        ("coins", "Content-Container", "tin"),
        ("gardener", None, "moon"),
        ("handle", "Component-Whole", "kettle"),
    ]
    assert examples[0].sentence.text == "The blaze in the old mill was caused by a broken lamp."
    assert (examples[0].head, examples[0].tail) == (Mention("lamp", 49, 53), Mention("blaze", 4, 9))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("Some text.", "none of the formats"),
        ("[]", "none of the formats"),
        ('{"a": 1}', "none of the formats"),
        ('{"a": [{"b": 1}]}', "none of the formats"),
        ('{"a": [], "b": 1}', "none of the formats"),
        ('some text {"a": []}', "none of the formats"),
        ('{"a": 1}\n{}', "none of the formats"),
        ('["tokens", "h", "t"]', "none of the formats"),
        ("[" * 100_000, "none of the formats"),
        ("a\tb\tc", "none of the formats"),
    ],
)
def test_what_has_no_known_format(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "data"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=f"data: .*{message}") as error:
        detect_format(path)
    assert message.startswith("is empty") or all(f"{name}: " in str(error.value) for name in FORMATS)


def test_only_the_start_is_read_to_detect(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in sample("jsonl").read_text(encoding="utf-8").splitlines()]
    path = tmp_path / "data"
    path.write_text(json.dumps({"P1": [{"tokens": ["a"] * 9, "h": 0, "t": 0}] * 9_000}), encoding="utf-8")
    assert detect_format(path) == "fewrel"
    path.write_bytes(json.dumps(rows[0]).encode() + b"\n" + b"\xff" * 1_000_000)
    assert detect_format(path) == "jsonl"


@pytest.mark.parametrize("content", ["{}\n", '{"P1": []}', '{"P1": [],\n "P551": [\n]}'])
def test_a_fewrel_file_may_have_no_rows(tmp_path: Path, content: str) -> None:
    path = tmp_path / "data"
    path.write_text(content, encoding="utf-8")
    assert detect_format(path) == "fewrel"
    assert list(read_dataset(path)) == []


def test_a_first_relation_without_rows_hides_no_format(tmp_path: Path) -> None:
    rows = json.loads(sample("fewrel").read_text(encoding="utf-8"))
    path = tmp_path / "data"
    path.write_text(json.dumps({"P1": [], 'a "[b]"': [], **rows}), encoding="utf-8")
    assert detect_format(path) == "fewrel"
    assert list(read_dataset(path)) == list(read_dataset(sample("fewrel")))


def test_a_line_may_hold_another_kind_of_line_end(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text(json.dumps({"text": "a\u2028b", "head": [0, 1], "tail": [2, 3]}, ensure_ascii=False), "utf-8")
    assert detect_format(path) == "jsonl"


def test_a_bad_first_row_hides_no_format(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b'{"text": \n' + sample("jsonl").read_bytes())
    bad: list[InputError] = []
    assert len(list(read_dataset(path, on_bad=bad.append))) == 5
    assert "data, line 1: is not JSON: Expecting value: column 10; " in str(bad[0])


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InputError, match=r"no format 'nyt-triple'; did you mean 'nyt-triples'\? \(known: jsonl"):
        read_dataset(sample("jsonl"), format="nyt-triple")
    with pytest.raises(InputError, match=r"nowhere: cannot be read"):
        read_dataset(SAMPLES / "nowhere")


OPENNRE = {
    "text": "Ann lives in Rome",
    "relation": "/a/b/c",
    "h": {"name": "Ann", "pos": [0, 3]},
    "t": {"name": "Rome", "pos": [13, 17]},
}
TRIPLES = {"text": "Ann lives in Rome", "triple_list": [["Ann", "/a/b/c", "Rome"]]}
SPANS = {
    "tokens": ["Ann", "left", "Rome"],
    "entities": [{"type": "PER", "start": 0, "end": 1}, {"type": "LOC", "start": 2, "end": 3}],
    "relations": [{"type": "left", "head": 0, "tail": 1}],
}
BAD_ROWS = [
    ("nyt-opennre", {"h": {"name": "ANN", "pos": [0, 3]}}, "h is named 'ANN', but the text at 0:3 is 'Ann'"),
    ("nyt-opennre", {"t": {"name": "Rome", "pos": [13, 18]}}, r"t span \[13, 18\] is outside the text of 17"),
    ("nyt-opennre", {"t": {"name": "Rome", "pos": [13]}}, "has another shape"),
    ("nyt-opennre", {"t": ["Rome", [13, 17]]}, "has another shape"),
    ("nyt-opennre", {"relation": None}, "relation must be a name, not None"),
    ("nyt-opennre", {"text": None}, "text must be a string, not NoneType"),
    ("nyt-triples", {"triple_list": [["Ann", "/a/b/c"]]}, "has another shape"),
    ("nyt-triples", {"triple_list": [["An", "/a/b/c", "Rome"]]}, "triple 1: head 'An' does not stand in the text"),
    ("nyt-triples", {"triple_list": [["Ann", "/a/b/c", ""]]}, "triple 1: tail '' does not stand"),
    ("nyt-triples", {"triple_list": [["Ann", "/a/b/c", "Ann"]]}, "triple 1: head 'Ann' and tail 'Ann' overlap"),
    ("nyt-triples", {"triple_list": [["Ann", "", "Rome"]]}, "triple 1: relation must be a name"),
    ("nyt-triples", {"triple_list": None}, "has another shape"),
    ("spans", {"tokens": "Ann left Rome"}, "tokens must be a list of strings"),
    ("spans", {"entities": [{"type": "PER", "start": 0, "end": 4}]}, "token span 0:4 is outside"),
    ("spans", {"entities": [{"start": 0, "end": 1}]}, "has no 'type'"),
    ("spans", {"entities": [{"type": 7, "start": 0, "end": 1}]}, "an entity's type must be a name, not 7"),
    ("spans", {"relations": [{"type": "left", "head": 0, "tail": 2}]}, "names an entity outside 0 … 1"),
    ("spans", {"relations": [{"type": "left", "head": -1, "tail": 1}]}, "names an entity outside 0 … 1"),
    ("spans", {"relations": [{"type": "left", "head": 1, "tail": 1}]}, "has one entity as head and tail"),
    ("spans", {"relations": [{"type": " ", "head": 0, "tail": 1}]}, "a relation's type must be a name"),
]
GOOD = {"nyt-opennre": OPENNRE, "nyt-triples": TRIPLES, "spans": SPANS}


@pytest.mark.parametrize(("name", "change", "message"), BAD_ROWS)
def test_a_bad_json_row_is_named(tmp_path: Path, name: str, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "data"
    rows = [GOOD[name], {**GOOD[name], **change}, GOOD[name]]
    for where, content in (("line", "\n".join(map(json.dumps, rows))), ("row", json.dumps(rows))):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=f"data, {where} 2: .*{message}.*; a (line|row) looks like"):
            list(read_dataset(path))
        bad: list[InputError] = []
        good = list(read_dataset(path, on_bad=bad.append))
        assert (len(good), len(bad)) == (4 if name == "spans" else 2, 1)


def test_one_bad_triple_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "data"
    triples = [["Oslo", "r", "Ann"], ["Ann", "s", "Rome"], ["Rome", "NA", "Ann"]]
    path.write_text(json.dumps({**TRIPLES, "triple_list": triples}), encoding="utf-8")
    bad: list[InputError] = []
    assert [e.relation for e in read_dataset(path, on_bad=bad.append)] == ["s", None]
    assert "data, line 1: triple 1: head 'Oslo'" in str(bad[0])


def test_names_may_touch(tmp_path: Path) -> None:
    path = tmp_path / "data"
    triples = {"text": "It grew 5% a year", "triple_list": [["5", "unit", "%"], ["%", "of", "5"]]}
    path.write_text(json.dumps(triples), encoding="utf-8")
    there, back = read_dataset(path)
    assert (there.head, there.tail) == (back.tail, back.head) == (Mention("5", 8, 9), Mention("%", 9, 10))


def test_spans_that_name_one_entity_twice(tmp_path: Path) -> None:
    path = tmp_path / "data"
    entities = [SPANS["entities"][0], *SPANS["entities"]]
    relations = [{"type": "left", "head": 0, "tail": 2}, {"type": "quit", "head": 1, "tail": 2}]
    path.write_text(json.dumps({**SPANS, "entities": entities, "relations": relations}), encoding="utf-8")
    assert [(e.head.text, e.relation) for e in read_dataset(path)] == [("Ann", "left"), ("Ann", "quit"), ("Rome", None)]


LINE = "m.1\tm.2\tnew_york\tann\t/a/b/c\tnew_york_city is not new_york , says ann .\t###END###\r\n"


def test_a_name_in_a_riedel_bag_is_not_found_within_a_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "data"
    line = LINE.replace("new_york_city is not new_york", "new_york is not new_york_city")  # the longer one is nearer
    path.write_text(line, encoding="utf-8", newline="")
    (example,) = read_dataset(path)
    assert example.sentence.text == "new york is not new york city , says ann ."
    assert (example.head, example.tail) == (Mention("new york", 0, 8), Mention("ann", 37, 40))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINE.replace("###END###", ""), "does not end in ###END###"),
        (LINE.rstrip() + " more", "does not end in ###END###"),
        (LINE.replace("m.1\t", ""), "has 5 columns"),
        (LINE.replace("\tann\t", "\tan\t"), "tail 'an' does not stand in the text"),
        (LINE.replace("/a/b/c", " "), "relation must be a name"),
    ],
)
def test_a_bad_riedel_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "data"
    path.write_text(f"{LINE}\n{line}\n{LINE}", encoding="utf-8", newline="")
    with pytest.raises(InputError, match=f"data, line 3: .*{message}.*; a line has the columns"):
        list(read_dataset(path))
    assert len(list(read_dataset(path, on_bad=lambda error: None))) == 2


BLOCK = '7\t"The <e1>fire</e1> came from <e2>lightning</e2>."\nCause-Effect(e2,e1)\nComment: none\n\n'


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (BLOCK.replace("Cause-Effect(e2,e1)\n", ""), "the label must be .* it is 'Comment: none'"),
        (BLOCK.split("\n")[0] + "\n", "the label must be .* it is ''"),
        (BLOCK.replace("(e2,e1)", ""), "the label must be .* it is 'Cause-Effect'"),
        (BLOCK.replace("(e2,e1)", "(e1,e1)"), "the label must be"),
        (BLOCK.replace("</e2>", ""), "needs <e1>…</e1> and <e2>…</e2>"),
        (BLOCK.replace("<e2>", "<e1>"), "<e1> stands there twice"),
        (BLOCK.replace("<e1>fire</e1>", "</e1>fire<e1>"), r"e1 span \[8, 4\] is outside"),
    ],
)
def test_a_bad_semeval_block_is_named(tmp_path: Path, block: str, message: str) -> None:
    path = tmp_path / "data"
    path.write_text(BLOCK + block + BLOCK, encoding="utf-8")
    with pytest.raises(InputError, match=f"data, line 5: {message}.*; a block is"):
        list(read_dataset(path))
    assert len(list(read_dataset(path, on_bad=lambda error: None))) == 2


def test_semeval_files_may_have_windows_line_ends_and_no_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text((BLOCK * 2).replace("\n\n", "\n").replace("\n", "\r\n"), encoding="utf-8", newline="")
    first, second = read_dataset(path)
    assert first == second
    assert (first.head.text, first.sentence.text) == ("lightning", "The fire came from lightning.")


def test_a_semeval_sentence_without_quotation_marks_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text('7\t"Go!" said the <e1>judge</e1> to <e2>Ann</e2>.\nOther\n', encoding="utf-8")
    (example,) = read_dataset(path)
    assert (example.sentence.text, example.head.start) == ('"Go!" said the judge to Ann.', 15)


def test_what_stands_before_the_first_block_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text(f"Training data\n{BLOCK}", encoding="utf-8")
    bad: list[InputError] = []
    assert len(list(read_dataset(path, on_bad=bad.append))) == 1
    assert "data, line 1: does not begin with a number and a tab" in str(bad[0])


def test_rows_come_as_they_are_read(tmp_path: Path) -> None:
    """Nothing behind a row is looked at to give it: the files are streamed."""
    for name in ("jsonl", "nyt-opennre", "nyt-riedel"):
        path = tmp_path / name
        path.write_bytes(sample(name).read_bytes() + b"\xff\n")
        assert len(list(islice(read_dataset(path), 5))) == 5
        with pytest.raises(InputError, match="line 6: is not UTF-8"):
            list(read_dataset(path))


@pytest.mark.parametrize(
    ("file", "name", "examples", "relations", "rejected"),
    [
        ("nyt/zslrc_unseen.txt", "nyt-opennre", 4_578, 41, 17),
        ("nyt/nyt24_29.jsonl", "fewrel", 22_647, 32, 0),
        ("nyt/casrel_val.json", "nyt-triples", 8_442, 22, 47),
        ("fewrel/val_nyt.json", "fewrel", 2_500, 25, 0),
        ("fewrel/val_pubmed.json", "fewrel", 1_000, 10, 0),
    ],
)
def test_the_public_files_can_be_read(
    shared: Path, file: str, name: str, examples: int, relations: int, rejected: int
) -> None:
    path = shared / "data" / file
    bad: list[InputError] = []
    labels = [example.relation for example in read_dataset(path, on_bad=bad.append)]
    assert detect_format(path) == name
    assert (len(labels), len({*labels} - {None}), len(bad)) == (examples, relations, rejected)


def test_ten_sentences_were_written_for_each_relation_of_fewrel(shared: Path) -> None:
    """In either order, and none that is FewRel's own."""
    written = list(read_dataset(DATA / "examples" / "fewrel.txt"))
    files = [shared / f"data/fewrel/{name}_wiki.json" for name in ("train", "val")]
    labels = [label for file in files for label in json.loads(file.read_text(encoding="utf-8"))]
    assert Counter(example.relation for example in written) == dict.fromkeys(labels, 10)
    assert len({example.sentence.text for example in written}) == 800
    for label in labels:
        orders = [e.head.start < e.tail.start for e in written if e.relation == label]
        assert 3 <= sum(orders) <= 7, label
    texts = {normal_text(example.sentence.text) for file in files for example in read_dataset(file)}
    assert not texts & {normal_text(example.sentence.text) for example in written}
