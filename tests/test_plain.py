"""What is read of a text: its language, at the same places."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zslre.plain import FILL, NOTHING, plain
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
        ('<p class="x"><s>Ann</s><br/>left</P>', ['<p class="x">', "<s>", "</s>", "<br/>", "</P>"]),
        (
            "Ann ~~of Oslo~~ <del>Bob</del> <DEL class='x'>E <b>e</b></del>",
            ["~~of Oslo~~", "<del>Bob</del>", "<DEL class='x'>E <b>e</b></del>"],
        ),
        ("It is ~~5 km to ~~6, ~~~ or ~~~~ or `~~x~~` <s>Ann</s>", ["<s>", "</s>"]),
        ("Acme\u00ae makes Zeta\u2122 \U0001f680\u2764\ufe0f!", ["\u00ae", "\u2122", "\U0001f680\u2764\ufe0f"]),
        ("<td nowrap>Ann</td> <li class='x'>left", ["<td nowrap>", "</td>", "<li class='x'>"]),
        ("Acme (NASDAQ: ACME; LSE: ACM) and Zeta (ZETA.L) of the (U.S.)", ["(NASDAQ: ACME; LSE: ACM)", "(ZETA.L)"]),
        ("Acme(R) and Zeta(TM)", ["(R)", "(TM)"]),
        ("o Acme grew", ["o"]),
        ("(iv) Acme grew", ["(iv)"]),
        ("A. Smith v. Board", []),
        ("b. Oslo, 1900", []),
        ("(v) Acme (aim: Berlin), (Six: Oslo), f(r), (St.L)", ["(v)"]),
        (
            '<img src="data:image/png;base64,' + "A" * 2500 + '"> Ann',
            ['<img src="data:image/png;base64,' + "A" * 2500 + '">'],
        ),
        (
            "BERT (Zhu et al., 2015; Ott, 2020b) and Ann (Oslo, 1867) of Faber (Faber and Faber, 1998)",
            ["(Zhu et al., 2015; Ott, 2020b)"],
        ),
        ("<!DOCTYPE html><html><o:p>Ann</o:p>", ["<!DOCTYPE html>", "<html>", "<o:p>", "</o:p>"]),
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


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Tom O&#39;Neil of AT&amp;T", "Tom O'Neil of AT&T"),
        ("Ann -LRB- Oslo -rsb- , -LRBS- -LRB", "Ann ( Oslo ] , -LRBS- -LRB"),
        ("&Eacute;mile&nbsp;Caf&#xe9; &ndash; &quot;H&M;&quot;", '\u00c9mile Caf\u00e9 \u2013 "H&M;"'),
        ("Zeta&trade; &unheard; R&D; &#55296;", "Zeta  &unheard; R&D;  "),
    ],
)
def test_a_reference_is_read_as_its_character(text: str, read: str) -> None:
    assert len(plain(text)) == len(text)
    assert plain(text).replace(FILL, "") == read


def test_a_reference_in_a_mention_is_read_but_not_one_that_it_cuts() -> None:
    assert plain("AT&amp;T", [Mention("AT&amp;T", 0, 8)]).replace(FILL, "") == "AT&T"
    assert plain("AT&amp;T", [Mention("amp", 3, 6)]) == "AT&amp;T"
    assert plain("Ann -LRB-", [Mention("LRB", 5, 8)]) == "Ann -LRB-"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("**Anna** Berg, __Carl__ Ott, *Ida*, _Oslo_ and ***all***", "Anna Berg, Carl Ott, Ida, Oslo and all"),
        ("**_Anna_ Berg** left", "Anna Berg left"),
        ("works for **Deutsche\nBank** and _Rosings\nPark_", "works for Deutsche\nBank and Rosings\nPark"),
        ("<B class='x'>Anna</b> Berg, <i>I</i>da", "Anna Berg, Ida"),
        ("the Univer-\n> sity of a well-\r\nknown town, 1990-\n92", "the University of a wellknown town, 1990-\n92"),
        ("Ida Holm\u00b9\u00b2 of 5 km\u00b2 and \u2020Ann", "Ida Holm of 5 km\u00b2 and Ann"),
        ("2 * 3 * 4, 5*3*2, *args, **kwargs, snake_case_name, C* and A*, * an item", None),
    ],
)
def test_a_word_goes_on_behind_emphasis_and_what_else_is_within_it(text: str, read: str | None) -> None:
    assert len(plain(text)) == len(text)
    assert plain(text).replace(NOTHING, "") == (text if read is None else read)


def test_comments_and_signs_of_quoting_are_blank() -> None:
    assert plain("> Ann of Deutsche\n> > Bank <!-- or so --> left.") == (
        "  Ann of Deutsche\n    Bank                left."
    )


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert plain("a\ud800b") == "a?b"


def test_what_a_mention_stands_in_stays() -> None:
    assert plain("\U0001f680 \u2764", [Mention("\U0001f680", 0, 1)]) == "\U0001f680  "
    text = "Ann left acme.org for www.zeta.org and ann@zeta.org."
    start = text.index("zeta")
    assert plain(text, [Mention("zeta", start, start + 4)]) == text.replace("ann@zeta.org", " " * 12)


@given(
    st.lists(
        st.sampled_from(
            [
                "[a]",
                "](b)",
                "(",
                "<p ",
                ">",
                "http://",
                "www.",
                "a@b.c",
                "&gt",
                ";",
                "**",
                "_",
                "\n",
                " ",
                "\u2122",
                "\ud800",
            ]
        )
    ).map("".join)
)
def test_every_character_keeps_its_place(text: str) -> None:
    read = plain(text)
    assert len(read) == len(text)
    assert all(new in (old, " ", "?", ">", FILL, "\u2060") for old, new in zip(text, read, strict=True))


@pytest.mark.parametrize(
    "part", ["[", "](", "<p ", "a.", "a@", "www.", "http://(", "![a](b", "*a", "_a ", "&amp;", "<!--", "\n>"]
)
def test_no_text_takes_quadratic_time(part: str) -> None:
    started = time.process_time()
    assert len(plain("@" + part * 20_000)) == 1 + 20_000 * len(part)
    assert time.process_time() - started < 5
