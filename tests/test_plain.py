"""What is read of a text: its language, at the same places."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.plain import plain
from zslre.types import Mention


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (
            "[Ann Reed](https://a.org/x_(y)) lives in [Oslo](/wiki/Oslo).",
            ["[", "](https://a.org/x_(y))", "](/wiki/Oslo)"],
        ),
        ('See ![a map](map.png "The map") of Oslo.', ["![", '](map.png "The map")']),
        (
            "Ask Ann (ann.reed@mail.acme.org, www.acme.org/ann?x=1) today.",
            ["ann.reed@mail.acme.org", "www.acme.org/ann?x=1"],
        ),
        ("Ann <ann@acme.org> wrote <https://acme.org>.", ["<ann@acme.org>", "<https://acme.org>"]),
        ('<p class="x"><b>Ann</b><br/>left</P>', ['<p class="x">', "<b>", "</b>", "<br/>", "</P>"]),
        ("Acme\u00ae makes Zeta\u2122 \U0001f680\u2764\ufe0f!", ["\u00ae", "\u2122", "\U0001f680\u2764\ufe0f"]),
        ("1 < 2, a [sic] (x), x@y, the <unknown>, C# [1] at 20 \u00b0C \u2013 \u4eba", []),
        ("If a <b and c> d, mAP@0.5 of [sic](1990) and A[i](j)?", []),
        (
            "See https://a.org/x, and http://b.org\u2014by Bob. Or www.c.org!",
            ["https://a.org/x", "http://b.org", "www.c.org"],
        ),
    ],
)
def test_what_is_no_language_is_blank(text: str, gone: list[str]) -> None:
    expected = text
    for part in gone:
        assert part in expected
        expected = expected.replace(part, " " * len(part))
    assert plain(text) == expected


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert plain("a\ud800b") == "a?b"


def test_what_a_mention_stands_in_stays() -> None:
    assert plain("\U0001f680 \u2764", [Mention("\U0001f680", 0, 1)]) == "\U0001f680  "
    text = "Ann left acme.org for www.zeta.org and ann@zeta.org."
    start = text.index("zeta")
    assert plain(text, [Mention("zeta", start, start + 4)]) == text.replace("ann@zeta.org", " " * 12)


@given(
    st.lists(
        st.sampled_from(["[a]", "](b)", "(", "<p ", ">", "http://", "www.", "a@b.c", " ", "\u2122", "\ud800"])
    ).map("".join)
)
def test_every_character_keeps_its_place(text: str) -> None:
    read = plain(text)
    assert len(read) == len(text)
    assert all(new in (old, " ", "?") for old, new in zip(text, read, strict=True))


@pytest.mark.parametrize("part", ["[", "](", "<p ", "a.", "a@", "www.", "http://(", "![a](b"])
def test_no_text_takes_quadratic_time(part: str) -> None:
    started = time.perf_counter()
    assert len(plain("@" + part * 20_000)) == 1 + 20_000 * len(part)
    assert time.perf_counter() - started < 5
