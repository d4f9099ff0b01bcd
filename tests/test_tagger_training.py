"""What teaches a mention tagger, and that the head in torch is the one that runs without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny

torch = pytest.importorskip("torch", reason="training needs torch")

from zslre.encoder.runtime import RuntimeEncoder  # noqa: E402
from zslre.tagger import TaggerDetector  # noqa: E402
from zslre.tagging import INITIAL, LOWER, NO_WORD, TITLE, TYPES, UPPER, words_of  # noqa: E402
from zslre.training.builtin.tag_targets import NAMED, Taught, noun_like, targets  # noqa: E402
from zslre.training.builtin.tagging import TaggerSettings, TorchHead, recased, set_loss, text_states, train_head  # noqa: E402
from zslre.types import Mention, Sentence  # noqa: E402


def mention(text: str, name: str, type: str | None = None) -> Mention:
    return Mention(name, text.index(name), text.index(name) + len(name), type)


def tags(taught: Taught, nouns: frozenset[str] = frozenset()) -> list[str]:
    """Each word's allowed tags as text; NAMED and all are abbreviated, and ? marks a doubtful word."""
    names = ["O", *(f"B-{t}" for t in TYPES), *(f"I-{t}" for t in TYPES)]
    words = words_of(tiny.tokenizer().encode(taught.text, add_special_tokens=False), taught.text)
    found = targets(taught, words, nouns)
    rows = []
    for allowed, doubtful in zip(found.allowed, found.doubtful, strict=True):
        row = " ".join(name for name, there in zip(names, allowed, strict=True) if there)
        for part in ("B", "I"):
            row = row.replace(" ".join(f"{part}-{t}" for t in TYPES if t in NAMED), f"{part}-NAMED")
        rows.append(("any" if allowed.all() else row) + ("?" if doubtful else ""))
    return rows


def test_an_argument_that_the_teacher_missed_is_of_the_other_type_or_of_any_named_one() -> None:
    text = "Ann is a person of New Acme"
    given = (mention(text, "person"), mention(text, "New Acme"))
    taught = Taught(text, (mention(text, "Ann", "PERSON"),), given, complete=False)
    assert tags(taught) == ["B-PERSON", "O", "O", "B-MISC", "O", "B-NAMED", "I-NAMED"]


def test_unmarked_nouns_are_not_taken_for_negatives() -> None:
    text = "the company was a person of the city"
    taught = Taught(text, (), (mention(text, "person"),), complete=False)
    nouns = noun_like([taught, Taught("a city", (), (mention("a city", "city"),), complete=False)])
    assert nouns == {"person", "city"}
    assert tags(taught, nouns) == ["O", "O", "O", "O", "B-MISC", "O", "O", "O B-MISC I-MISC?"]


def test_where_teacher_and_argument_disagree() -> None:
    text = "Ann married Bob in new Rome , Lima"
    found = (mention(text, "Ann married", "ORG"), mention(text, "Rome", "GPE"))
    inside = Taught(text, found, (mention(text, "Ann"), mention(text, "new Rome")), complete=False)
    assert tags(inside) == ["any", "any", "O", "O", "B-NAMED", "I-NAMED", "O", "O"]
    listed = Taught(text, found, (mention(text, "Rome , Lima"),), complete=False)  # two mentions, says the teacher
    assert tags(listed)[5:] == ["B-GPE", "O", "O"]
    exact = Taught(text, found, (mention(text, "Rome"),), complete=False)
    assert tags(exact)[5:] == ["B-GPE", "O", "O"]


def test_complete_sentences_say_what_is_no_mention_and_the_teacher_makes_types_finer() -> None:
    text = "Ann of Oslo first works for 7 and Rome"
    found = (mention(text, "Oslo", "GPE"), mention(text, "first", "ORDINAL"), mention(text, "7", "CARDINAL"))
    given = (mention(text, "Ann", "PER"), mention(text, "Oslo", "LOC"), mention(text, "Rome", "LOC"))
    expected = ["B-PERSON", "O", "B-GPE", "O", "O", "O", "O", "O", "B-NORP B-FAC B-GPE B-LOC"]
    assert tags(Taught(text, found, given, complete=True), frozenset({"works"})) == expected


def test_the_loss_of_a_set_is_that_of_its_share() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]))
    allowed = torch.tensor([[True, True, False], [False, False, True]])
    doubtful = torch.tensor([True, False])
    expected = -(np.log(0.8) + 0.1 * np.log(0.5) + np.log(0.2)) / 2
    assert float(set_loss(scores, allowed, doubtful, 0.1)) == pytest.approx(expected, abs=1e-5)


def test_recased_shapes() -> None:
    shapes = np.array([TITLE, LOWER, INITIAL, NO_WORD])
    assert recased(shapes, 0.1, 0.2).tolist() == [LOWER, LOWER, LOWER, NO_WORD]
    assert recased(shapes, 0.25, 0.2).tolist() == [UPPER, UPPER, INITIAL, NO_WORD]
    assert recased(shapes, 0.31, 0.2).tolist() == shapes.tolist()
    assert recased(shapes, 0.0, 0.0).tolist() == shapes.tolist()


SETTINGS = TaggerSettings(layers=(0, 2), channels=16, epochs=60, learning_rate=0.02, gold=1, dropout=0.0, recased=0.0)


def test_the_head_in_torch_is_the_one_that_runs() -> None:
    torch.manual_seed(0)
    head = TorchHead(tiny.H, SETTINGS).eval()
    with torch.no_grad():
        head.mix.copy_(torch.tensor([0.4, -0.2]))
    stored = head.stored(SETTINGS.layers)
    floats = {name: torch.from_numpy(value.copy()) for name, value in stored.floats.items()}
    floats["mix"] = floats["mix"].log()  # the shares are stored, their logarithms are learned
    head.load_state_dict(floats)  # rounded as it is stored
    model = replace(tiny.model_files(), tagger=stored)
    rows = [
        model.tokenizer.encode(text, add_special_tokens=False).ids for text in ("ann lives in rome", "xyz", "a b a b a")
    ]
    runtime = RuntimeEncoder(model.encoder, model.config["encoder"], model.tokenizer, threads=1, tagger=stored)
    first, last = model.tokenizer.encode("").ids
    length = 2 + max(map(len, rows))
    for number, states in text_states(model, rows, SETTINGS.layers, threads=1):
        size = len(rows[number])
        ids, shapes = np.zeros((2, length), dtype=np.int64), np.full((2, length), NO_WORD)
        ids[0, : size + 2] = [first, *rows[number], last]
        shapes[0, 1 : size + 1] = np.arange(size) % 5
        mask = np.arange(length)[None] < np.array([size + 2, 1])[:, None]
        found = runtime.tag_scores(ids, mask, shapes)[0, 1 : size + 1]
        with torch.inference_mode():
            expected = head(torch.from_numpy(states)[None], torch.from_numpy(shapes[:1, 1 : size + 1]))[0]
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_the_bonus_moves_only_the_other_type() -> None:
    head = TorchHead(tiny.H, SETTINGS)
    plain, more = (head.stored(SETTINGS.layers, other_bonus=bonus).floats["output.bias"] for bonus in (0.0, 1.5))
    moved = np.flatnonzero(more - plain)
    assert moved.tolist() == [1 + TYPES.index("MISC"), 1 + len(TYPES) + TYPES.index("MISC")]
    np.testing.assert_allclose((more - plain)[moved], 1.5, atol=1e-6)


def test_a_head_learns_and_the_encoder_stays(tmp_path: Path) -> None:
    people, places = ("Ann", "Bob", "Carl", "Dora"), ("Rome", "Oslo", "Lima", "Paris")
    taught = []
    for person in people:
        for place in places:
            for text in (f"{person} lives in {place} .", f"the company of {person} , {place} is old ."):
                given = (mention(text, person, "PER"), mention(text, place, "LOC"))
                taught.append(Taught(text, (mention(text, place, "GPE"),), given, complete=True))
    model = tiny.model_files()
    before = {name: value.copy() for name, value in model.encoder.items()}
    lines: list[str] = []
    trained = [train_head(model, taught, SETTINGS, tmp_path / "work", threads=1, report=lines.append) for _ in range(2)]
    heads = [head.stored(SETTINGS.layers) for head in trained]
    for name, value in heads[0].tensors.items():
        np.testing.assert_array_equal(value, heads[1].tensors[name])  # the same seed, the same head
    assert f"{len(taught)} sentences; 0 words" in lines[0]
    for name, value in model.encoder.items():
        np.testing.assert_array_equal(value, before[name])
    encoder = RuntimeEncoder(model.encoder, model.config["encoder"], model.tokenizer, threads=1, tagger=heads[0])
    [found] = TaggerDetector(encoder).detect([Sentence("the company of Dora , Oslo is old .")])
    assert [(m.text, m.type) for m in found.mentions] == [("Dora", "PERSON"), ("Oslo", "GPE")]
