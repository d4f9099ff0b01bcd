from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zslre
from zslre import types
from zslre.exceptions import InputError
from zslre.types import Example, Mention, Sentence, Triple

TEXT = "Ann lives in Rome."
ANN, ROME = Mention("Ann", 0, 3, "PERSON"), Mention("Rome", 13, 17)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (5, 4)])
def test_a_mention_needs_characters(start: int, end: int) -> None:
    with pytest.raises(InputError, match=f"'Ann'.*start={start}, end={end}"):
        Mention("Ann", start, end)


def test_offsets_of_numpy_become_pythons() -> None:
    mention = Mention("Ann", np.int64(0), np.int32(3))  # type: ignore[arg-type]
    assert json.dumps([mention.start, mention.end]) == "[0, 3]"
    assert mention == Mention("Ann", 0, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Ann", 0.0, 3.0), r"'Ann': start and end must be whole numbers, got 0\.0 and 3\.0"),
        (("Ann", None, 3), "must be whole numbers, got None and 3"),
        ((b"Ann", 0, 3), "text must be a string, got b'Ann'"),
        (("Ann", 0, 3, 5), "'Ann': type must be a string or None, got 5"),
    ],
)
def test_what_makes_no_mention_is_named(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Mention(*arguments)  # type: ignore[arg-type]


def test_mentions_of_any_iterable_are_checked_and_kept() -> None:
    given = [ANN, ROME]
    sentence = Sentence(TEXT, given)  # type: ignore[arg-type]
    assert Sentence(TEXT, iter(given)) == sentence == Sentence(TEXT, (ANN, ROME))  # type: ignore[arg-type]
    assert len({sentence, Sentence(TEXT, (ANN, ROME))}) == 1
    given.clear()
    assert sentence.mentions == (ANN, ROME)
    with pytest.raises(InputError, match="does not match"):
        Sentence(TEXT, (mention for mention in [Mention("Rome", 0, 4)]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "mentions", "message"),
    [
        (TEXT, [ANN, (13, 17)], r"mentions\[1\] must be a Mention\(text, start, end\), got \(13, 17\)"),
        (TEXT, 5, "mentions must be a list of Mention, got 5"),
        (None, (), "a sentence's text must be a string, got None"),
    ],
)
def test_what_makes_no_sentence_is_named(text: object, mentions: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Sentence(text, mentions)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", ["0", 1.5, None])
def test_a_sentence_starts_at_a_whole_number(start: Any) -> None:
    with pytest.raises(InputError, match=f"start must be a whole number, got {start!r}"):
        Sentence(TEXT, start=start)
    assert type(Sentence(TEXT, start=np.int64(3)).start) is int  # type: ignore[arg-type]


def test_a_triple_with_an_explanation_can_be_hashed() -> None:
    triple = Triple(ANN, "residence", ROME, 0.5, {"text": 1.0})
    assert hash(triple) == hash(Triple(ANN, "residence", ROME, 0.5))
    assert len({triple, Triple(ANN, "residence", ROME, 0.5, {"text": 1.0})}) == 1


def test_shifted_keeps_text_and_type() -> None:
    assert ANN.shifted(7) == Mention("Ann", 7, 10, "PERSON")


@pytest.mark.parametrize(
    ("type", "label"),
    [
        ("PERSON", "PERSON"),
        ("person", "PERSON"),
        ("PER", "PER"),
        ("Organisation", "ORG"),
        ("work_of_art", "WORK_OF_ART"),
        ("point in time", "DATE"),
        ("award", None),
    ],
)
def test_a_type_stays_as_it_is_given_and_has_a_label(type: str, label: str | None) -> None:
    mention = Mention("Ann", 0, 3, type)
    assert (mention.type, mention.label, mention.shifted(2).label) == (type, label, label)
    assert dataclasses.replace(mention, type=None).label is None
    assert repr(mention) == f"Mention(text='Ann', start=0, end=3, type={type!r})"
    assert Mention(**dataclasses.asdict(mention)) == mention


def test_an_empty_type_is_none() -> None:
    assert Mention("Ann", 0, 3, "") == Mention("Ann", 0, 3)


def test_sentence_checks_its_mentions() -> None:
    assert Sentence(TEXT, (ANN, ROME), start=5).start == 5
    with pytest.raises(InputError, match=r"'Rome' at 12:16 .* has ' Rom' there"):
        Sentence(TEXT, (Mention("Rome", 12, 16),))
    with pytest.raises(InputError, match="start must not be negative, got -1"):
        Sentence(TEXT, start=-1)


def test_a_span_beyond_the_end_does_not_match() -> None:
    with pytest.raises(InputError, match="does not match"):
        Sentence("Ann", (Mention("Ann ", 0, 4),))


@pytest.mark.parametrize("role", ["head", "tail"])
def test_example_checks_both_ends(role: str) -> None:
    wrong = Mention("Oslo", 13, 17)
    pair = (wrong, ROME) if role == "head" else (ANN, wrong)
    with pytest.raises(InputError, match=f"{role} 'Oslo' at 13:17"):
        Example(Sentence(TEXT), *pair, relation=None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((TEXT, ANN, ROME, None), r"sentence must be a Sentence\(text\), got 'Ann lives in Rome\.'"),
        ((Sentence(TEXT), "Ann", ROME, None), r"head must be a Mention\(text, start, end\), got 'Ann'"),
        ((Sentence(TEXT), ANN, (13, 17), None), r"tail must be a Mention\(text, start, end\), got \(13, 17\)"),
        ((Sentence(TEXT), ANN, ROME, 3), "relation must be a relation's name or None, got 3"),
    ],
)
def test_what_makes_no_example_is_named(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Example(*arguments)  # type: ignore[arg-type]


def test_head_and_tail_may_be_one_span() -> None:
    assert Example(Sentence(TEXT), ANN, ANN, "residence").tail == ANN  # Wiki-ZSL has such rows


def test_data_is_frozen_and_hashable() -> None:
    sentence = Sentence(TEXT, (ANN, ROME))
    assert len({ANN, Mention("Ann", 0, 3, "PERSON"), ROME}) == 2
    assert hash(Example(sentence, ANN, ROME, "residence")) == hash(Example(sentence, ANN, ROME, "residence"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        ANN.start = 1  # type: ignore[misc]


@given(st.text(min_size=1, max_size=20), st.data())
def test_any_true_span_is_accepted_and_any_other_text_is_not(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    Sentence(text, (Mention(text[start:end], start, end),))
    with pytest.raises(InputError):
        Sentence(text, (Mention(text[start:end] + "x", start, end),))


def test_public_names_are_the_modules_own() -> None:
    assert zslre.Mention is types.Mention
    assert set(zslre.__all__) <= set(dir(zslre))
    for name in zslre.__all__:
        assert getattr(zslre, name) is not None
    with pytest.raises(AttributeError, match="'zslre' has no attribute 'Extractor'"):
        _ = zslre.Extractor  # type: ignore[attr-defined]


def test_import_loads_nothing_heavy() -> None:
    code = (
        "import sys, zslre; print(zslre.__version__)\n"
        "heavy = {'numpy', 'openvino', 'spacy', 'tokenizers', 'torch', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from zslre import *\n"
        "assert 'torch' not in sys.modules and RelationExtractor and catalogue()[0]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, zslre.__version__), done.stderr
