"""Denied and doubted sentences; the parser's part runs on the pinned English pipeline."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from zslre.exceptions import InputError
from zslre.packing import Pair
from zslre.training.builtin import augmentation
from zslre.training.builtin.augmentation import (
    ASSURANCES,
    ASSURANCES_BEHIND,
    DOUBTS,
    DOUBTS_BEHIND,
    POSSIBLE,
    POSSIBLE_HELPERS,
    UNREALISED,
    Doubter,
    Edit,
    assurance,
    behind,
    in_front,
    negation,
    possibility,
    tying_verb,
)
from zslre.types import Mention, Sentence


@cache
def pipeline() -> Language:
    return Doubter().pipeline


def asked(text: str, head: str, tail: str) -> tuple[Sentence, Pair]:
    made = tiny.example(text, head, tail, None)
    return made.sentence, (made.head, made.tail)


@given(st.text(min_size=1, max_size=30), st.data())
def test_an_edit_moves_mentions_along(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.integers(0, len(text))) for _ in range(4))
    mention_first = data.draw(st.booleans())
    a, b, c, d = cuts
    (start, end), (first, last) = ((a, b), (c, d)) if mention_first else ((c, d), (a, b))
    if start == end:
        return
    mention = Mention(text[start:end], start, end)
    edit = Edit(first, last, data.draw(st.text(max_size=5)))
    sentence, ((moved, same),) = edit.apply(Sentence(text, (mention,)), [(mention, mention)])
    assert sentence.text == text[:first] + edit.new + text[last:]
    assert moved.text == mention.text == sentence.text[moved.start : moved.end]
    assert moved == same


@pytest.mark.parametrize(("start", "end"), [(14, 15), (14, 14), (10, 14), (16, 20), (13, 17)])
def test_an_edit_inside_a_mention_is_refused(start: int, end: int) -> None:
    with pytest.raises(InputError, match="would change the mention 'Rome'"):
        Edit(start, end, "").mention(Mention("Rome", 13, 17))


def test_a_verb_inside_a_name_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence, pair = asked("Ann directed The Cranes Are Flying .", "Ann", "The Cranes Are Flying")
    inside = sentence.text.index(" Flying")
    for edit in ("negation", "possibility"):
        monkeypatch.setattr(augmentation, edit, lambda verb, rng: Edit(inside, inside, " not"))
    for seed in range(9):
        (changed,) = doubt([(sentence, pair)], seed)
        assert changed is not None
        assert sentence.text.removesuffix(" .") in changed[0].text
        assert changed[0].text != sentence.text


@pytest.mark.parametrize(
    ("text", "head", "tail", "verb"),
    [
        ("Acme Corp acquired Beta Ltd in 2010 .", "Acme Corp", "Beta Ltd", "acquired"),
        ("Anna Ruiz was born in Porto , Portugal .", "Anna Ruiz", "Porto", "born"),
        ("Anna Ruiz was born in Porto , Portugal .", "Porto", "Portugal", None),
        ("Tom is the son of Mary .", "Tom", "Mary", "is"),
        ("The company , which Anna Ruiz founded , makes cars in Porto .", "Anna Ruiz", "The company", "founded"),
        ("In Spain in 1989 , young men rioted in Madrid .", "Madrid", "Spain", None),
    ],
)
def test_the_verb_that_ties(text: str, head: str, tail: str, verb: str | None) -> None:
    _, pair = asked(text, head, tail)
    found = tying_verb(pipeline()(text), pair)
    assert (found.text if found is not None else None) == verb


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme acquired Beta .", {"Acme did not acquire Beta .", "Acme never acquired Beta ."}
         | {f"Acme {verb} acquire Beta ." for verb in UNREALISED["VBD"]}),
        ("Ann was born in Porto .", {"Ann was not born in Porto .", "Ann was never born in Porto ."}),
        ("Ann has played for Porto .", {"Ann has not played for Porto .", "Ann has never played for Porto ."}),
        ("Tom is the son of Mary .", {"Tom is not the son of Mary .", "Tom is never the son of Mary ."}),
        ("Ann leads Acme .", {"Ann does not lead Acme .", "Ann never leads Acme ."}
         | {f"Ann {verb} lead Acme ." for verb in UNREALISED["VBZ"]}),
        ("They lead Acme .", {"They do not lead Acme .", "They never lead Acme ."}),
    ],
)  # fmt: skip
def test_negations_by_hand(text: str, expected: set[str]) -> None:
    mentions = tiny.capitals(text)
    sentence, pair = Sentence(text), (mentions[0], mentions[-1])
    verb = tying_verb(pipeline()(text), pair)
    assert verb is not None
    edits = [negation(verb, np.random.default_rng(seed)) for seed in range(200)]
    assert {edit.apply(sentence, [pair])[0].text for edit in edits} == expected


def test_doubts_keep_the_order_and_leave_out_what_they_cannot_deny() -> None:
    one, two = (
        asked("Ann works for Acme .", "Ann", "Acme"),
        asked("Anna was born in Porto , Portugal .", "Porto", "Portugal"),
    )
    forms = set()
    for seed in range(60):
        changed = Doubter().doubt([two, one], np.random.default_rng(seed)) if seed == 0 else doubt([two, one], seed)
        assert changed[0] is None
        assert changed[1] is not None
        sentence, (head, tail) = changed[1]
        assert (head.text, tail.text) == ("Ann", "Acme")
        assert sentence.text != one[0].text
        forms.add(sentence.text)
    assert any(text.startswith(DOUBTS) for text in forms)
    assert any(text.removesuffix(" .").endswith(DOUBTS_BEHIND) for text in forms)
    assert "Ann does not work for Acme ." in forms


@cache
def doubter() -> Doubter:
    return Doubter()


def doubt(sentences: list[tuple[Sentence, Pair]], seed: int) -> list[tuple[Sentence, Pair] | None]:
    return doubter().doubt(sentences, np.random.default_rng(seed))


def test_what_is_put_in_front() -> None:
    edit = in_front(ASSURANCES, np.random.default_rng(0))
    sentence, _ = edit.apply(*asked("Ann works", "Ann", "works")[:1], [])
    assert sentence.text.removesuffix(" Ann works") in ASSURANCES
    assert not set(ASSURANCES) & set(DOUBTS)
    assert not set(ASSURANCES_BEHIND) & set(DOUBTS_BEHIND)


@pytest.mark.parametrize(("text", "end"), [("Ann works .", " ."), ("Ann works.", "."), ("Ann works", "")])
def test_what_is_put_behind_comes_before_the_full_stop(text: str, end: str) -> None:
    edit = behind(text, [", they say"], np.random.default_rng(0))
    assert edit.edited(text) == f"Ann works , they say{end}"


def test_assurances_leave_mentions_as_they_are() -> None:
    sentence, pair = asked("Ann works for Warner Bros .", "Ann", "Warner Bros .")
    assert {assurance(sentence.text, pair, np.random.default_rng(seed)).start for seed in range(20)} == {0}
    sentence, pair = asked("Ann works for Warner Bros .", "Ann", "Warner Bros")
    made = [assurance(sentence.text, pair, np.random.default_rng(seed)).apply(sentence, [pair]) for seed in range(20)]
    assert {text.text.endswith(".") for text, _ in made} == {True}
    assert {text.text.startswith("Ann") for text, _ in made} == {True, False}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme acquired Beta .", {f"Acme {modal} acquire Beta ." for modal in POSSIBLE}),
        ("Ann was born in Porto .", {f"Ann {words} born in Porto ." for words in POSSIBLE_HELPERS["be"]}),
        ("Ann has played for Porto .", {f"Ann {words} played for Porto ." for words in POSSIBLE_HELPERS["have"]}),
        ("Tom is the son of Mary .", {f"Tom {modal} be the son of Mary ." for modal in POSSIBLE}),
        ("Ann did not marry Bob .", {None}),
        ("Ann had been called Porto .", {None}),
    ],
)
def test_possibilities_by_hand(text: str, expected: set[str | None]) -> None:
    mentions = tiny.capitals(text)
    sentence, pair = Sentence(text), (mentions[0], mentions[-1])
    verb = tying_verb(pipeline()(text), pair)
    assert verb is not None
    edits = [possibility(verb, np.random.default_rng(seed)) for seed in range(90)]
    assert {None if edit is None else edit.apply(sentence, [pair])[0].text for edit in edits} == expected
