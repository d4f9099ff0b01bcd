"""Words, shapes and the best tags: against a case worked by hand and a slow search through all sequences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from zslre.tagger import _windows
from zslre.tagging import (
    DIGITS,
    INITIAL,
    LOWER,
    OTHER,
    TITLE,
    UPPER,
    best_tags,
    closed,
    spans,
    without_titles,
    words_of,
)

O, B0, B1, I0, I1 = range(5)  # noqa: E741 (the tags of two types)


def test_a_mention_goes_on_only_as_what_it_began_as() -> None:
    scores = np.zeros((1, 3, 5), dtype=np.float32)
    scores[0, 0, B0] = 2.0
    scores[0, 1, I1] = 3.0  # would be best alone, but nothing of type 1 has begun
    scores[0, 1, I0] = 2.5
    assert best_tags(scores).tolist() == [[B0, I0, O]]
    scores[0, 0, B1] = 1.8  # 1.8 + 3.0 beats 2.0 + 2.5
    assert best_tags(scores).tolist() == [[B1, I1, O]]


def allowed(tags: tuple[int, ...]) -> bool:
    return all(tag < I0 or before in (tag, tag - 2) for before, tag in zip((O, *tags), tags, strict=False))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60)
def test_no_sequence_is_better(seed: int, words: int, rows: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((rows, words, 5)).astype(np.float32)
    for row, tags in enumerate(best_tags(scores)):
        assert allowed(tuple(tags))
        total = {c: sum(scores[row, w, tag] for w, tag in enumerate(c)) for c in product(range(5), repeat=words)}
        best = max(value for candidate, value in total.items() if allowed(candidate))
        assert total[tuple(tags)] == pytest.approx(best, abs=1e-5)


def test_no_words_have_no_tags() -> None:
    assert best_tags(np.zeros((2, 0, 5), dtype=np.float32)).shape == (2, 0)
    assert spans([], 2) == []


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        ("Bishop of ; Ripon", ["Bishop of Ripon"]),
        ("Speaker of ; the ; House", ["Speaker of the House"]),
        ("House of the ; Lords and ; Ladies", ["House of the Lords and Ladies"]),
        ("Free Church of ; a ; Sunday", ["Free Church", "Sunday"]),  # an article that names nothing parts them
        ("1933 and ; 1945", ["1933", "1945"]),  # dates and numbers stand for themselves
        ("half of ; the ; 17th century", ["half", "17th century"]),
        ("of the ; said ; Ripon", ["Ripon"]),  # nothing is left of the first
        ("Bishop ; of ; Ripon", ["Bishop", "Ripon"]),  # as tagged: nothing asks for the next
    ],
)
def test_no_mention_ends_with_a_word_that_asks_for_another(marked: str, wanted: list[str]) -> None:
    """`marked`: the spans, and single words that are in none, between semicolons."""
    words: list[str] = []
    given = []
    for stretch in marked.split(" ; "):
        first = len(words)
        words += stretch.split()
        if stretch not in ("the", "a", "said", "of"):
            given.append((first, len(words), int(stretch[0].isdigit() or stretch.startswith("half"))))
    found = closed(given, words, ["ORG", "DATE"])
    assert [" ".join(words[first:end]) for first, end, _ in found] == wanted


def test_a_person_of_one_word_right_before_another_is_a_title() -> None:
    # "Professor Ada Holm and Bo, Cy Acme Dee": ORG between two persons, and two words before a person.
    given = [(0, 1, 0), (1, 3, 0), (4, 5, 0), (6, 7, 0), (7, 8, 1), (8, 10, 0), (10, 11, 0)]
    assert without_titles(given, ["PERSON", "ORG", "MISC"]) == [(0, 1, 2), *given[1:]]
    assert without_titles(given, ["PERSON", "ORG"]) == given


def test_words_know_their_tokens_characters_and_shapes() -> None:
    text = "Ann, xyz of ROME (J 7)"
    words = words_of(tiny.tokenizer().encode(text, add_special_tokens=False), text)
    assert [text[a:b] for a, b in zip(words.starts, words.ends, strict=True)] == [
        *("Ann", ",", "xyz", "of", "ROME", "(", "J", "7", ")")
    ]
    assert words.tokens.tolist() == [0, 1, 2, 5, 6, 7, 8, 9, 10]  # "xyz" is three tokens
    assert words.shapes.tolist() == [*(TITLE, OTHER, LOWER, LOWER, LOWER, LOWER, UPPER, OTHER, INITIAL, DIGITS, OTHER)]


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_words_index_the_text_in_order(text: str) -> None:
    words = words_of(tiny.tokenizer().encode(text, add_special_tokens=False), text)
    edges = [edge for pair in zip(words.starts, words.ends, strict=True) for edge in pair]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


def test_a_word_ends_behind_its_combining_marks() -> None:
    text = "Ann\u0301, xyz\u0327\u0301"  # as decomposed text has it: the tokenizer strips accents, the last ones too
    tokenizer = tiny.tokenizer()
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=True)
    words = words_of(tokenizer.encode(text, add_special_tokens=False), text)
    assert [text[a:b] for a, b in zip(words.starts, words.ends, strict=True)] == ["Ann\u0301", ",", "xyz\u0327\u0301"]


@given(st.integers(0, 60), st.integers(2, 20))
def test_windows_use_every_token_once_and_away_from_their_ends(length: int, room: int) -> None:
    rows = list(_windows(0, length, room))
    assert [token for row in rows for token in range(row.start, row.end)] == list(range(length))
    for row in rows:
        assert 0 <= row.first <= row.start < row.end <= row.last <= length
        assert row.last - row.first <= room
        for edge, used in ((row.first, row.start), (row.last, row.end)):
            assert edge in (0, length) or abs(edge - used) >= (room // 2) // 2
