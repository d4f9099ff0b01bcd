"""The text of pages: boilerplate, encodings, hostile markup within the time limit."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from zslre.exceptions import MissingDependencyError
from zslre.sideinfo.crawler.problems import Refused
from zslre.sideinfo.crawler.reader import ProcessReader, Reading, Text, _serve, read_here
from zslre.sideinfo.crawler.text import decode, html_text, links, page_text

PAGE = """<!doctype html><html><head><title>BMW - Site</title><style>p {color: red}</style>
<script>var x = "Fiat is a script.";</script></head><body>
<nav><a href="/">Home</a> <a href="/cars">Cars</a></nav>
<header>Our site is a header.</header>
<div class="cookie-banner">Cookies are a banner.</div>
<main><h1>BMW</h1>
<table class="infobox"><tr><td>Type</td><td>Company</td></tr></table>
<p>BMW is a <b>German</b>
car&nbsp;company.<sup>[1]</sup> It is big.</p><!-- A comment is a comment. -->
<ul><li><a href="/a">Audi</a></li><li><a href="/b">Volvo</a></li></ul>
<p>See <a href="https://other.test/x">this</a>.<br>And that.</p>
<div hidden>Hidden is a word.</div></main>
<footer>Footer is a footer.</footer></body></html>"""


def test_paragraphs_without_boilerplate() -> None:
    assert html_text(PAGE).split("\n\n") == [
        "BMW",
        "BMW is a German car company. It is big.",
        "See this. And that.",
    ]


SAID = "<p>BMW is a car company.</p>"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (f'<form id="aspnetForm"><input><div>{SAID}</div><button>Go</button></form>', "BMW is a car company."),
        (f'<div class="site has-sidebar">{SAID}</div>', "BMW is a car company."),
        (f'<div id="layout_no_sidebar">{SAID}</div>', "BMW is a car company."),
        (f'<div class="with-header without-footer">{SAID}</div>', "BMW is a car company."),
        (f'<div class="left-sidebar">{SAID}</div>', ""),
        ('<p><a href="1">BMW</a> is a <a href="2">car</a> <a href="3">company</a>.</p>', "BMW is a car company."),
        ('<div><p><a href="1">BMW</a> is a <a href="2">car</a> <a href="3">firm</a>.</p></div>', "BMW is a car firm."),
        ('<div><a href="1">Cars</a> | <a href="2">Vans</a></div>', ""),
    ],
)
def test_what_is_text(page: str, text: str) -> None:
    assert html_text(f"<body>{page}</body>") == text


def test_a_nul_byte_is_no_text() -> None:
    assert page_text(b"<p>BMW is a car\0 company.", "text/html") == "BMW is a car company."
    assert page_text(b"BMW\0", "text/plain") == "BMW"


def test_links_outside_navigation() -> None:
    assert links(PAGE) == ["/a", "/b", "https://other.test/x"]


GREEK = "πόλη Αθήνα"
META = f'<meta charset="iso-8859-7">{GREEK}'
CAFE = "Café “Größe”"


@pytest.mark.parametrize(
    ("body", "type", "text"),
    [
        (CAFE.encode(), "text/html; charset=utf-8", CAFE),
        (CAFE.encode(), "text/html; charset=ISO-8859-1", CAFE),  # the server is wrong
        (CAFE.encode(), "text/html", CAFE),
        (CAFE.encode("cp1252"), "text/html; charset=ISO-8859-1", CAFE),
        (CAFE.encode("cp1252"), "text/html; charset=utf-8", CAFE),  # and again
        (CAFE.encode("cp1252"), "text/html", CAFE),
        (CAFE.encode("utf-16"), "text/html", CAFE),
        (b"\xef\xbb\xbf" + CAFE.encode(), "text/html; charset=latin-1", CAFE),
        (GREEK.encode("iso-8859-7"), "text/html; charset=ISO-8859-7", GREEK),
        (
            f'<meta charset="iso-8859-7">{GREEK}'.encode("iso-8859-7"),
            "text/html",
            f'<meta charset="iso-8859-7">{GREEK}',
        ),
        (
            GREEK.encode("iso-8859-7"),
            "text/html; charset=no-such",
            GREEK.encode("iso-8859-7").decode("cp1252", "replace"),
        ),
        (CAFE.encode()[:4], "text/html", "Caf"),  # cut off inside a character
        (b"", "", ""),
    ],
)
def test_encodings(body: bytes, type: str, text: str) -> None:
    assert decode(body, type) == text


def test_plain_text_is_taken_as_it_is() -> None:
    assert page_text(b"a < b\n\n<p>c", "text/plain; charset=utf-8") == "a < b\n\n<p>c"


def test_deep_nesting_and_broken_markup_do_no_harm() -> None:
    assert html_text("<div>" * 500 + "deep" + "</p></table>").strip() == "deep"


def test_reading_a_page_finds_what_it_says() -> None:
    reading = read_here(Text(PAGE.encode(), "text/html"))
    assert [(m.hyponym, m.hypernyms[0][0]) for m in reading.matches] == [("BMW", "German car company")]
    assert not reading.links
    reading = read_here(Text(PAGE.encode(), "text/html", links=True))
    assert not reading.matches
    assert reading.links[-1] == "https://other.test/x"


def read_or_hang(text: Text) -> Reading:
    """Stands for a parser that takes quadratic time, or all memory, on some pages."""
    if text.body == b"hang":
        time.sleep(60)
    if text.body == b"burst":
        raise MemoryError
    if text.body == b"die":
        os._exit(1)
    return Reading((), (text.body.decode(),))


def test_pages_that_make_the_parser_run_away_are_refused_and_the_next_ones_read() -> None:
    reader = ProcessReader(seconds=0.5, read=read_or_hang)
    try:
        for body, why in ((b"hang", r"more than 0\.5 s"), (b"burst", "MemoryError"), (b"die", "too much memory")):
            with pytest.raises(Refused, match=why):
                reader.read(Text(body))
        assert reader.read(Text(b"good")).links == ("good",)
    finally:
        reader.close()


def read_without_tagger(text: Text) -> Reading:
    raise MissingDependencyError("finding hypernyms in text needs spaCy")


def test_a_missing_tagger_is_no_fault_of_a_page() -> None:
    reader = ProcessReader(read=read_without_tagger)
    try:
        with pytest.raises(MissingDependencyError, match="needs spaCy"):
            reader.read(Text(b"good"))
    finally:
        reader.close()


def read_and_note(text: Text) -> Reading:
    """Notes in a file each time that it is asked, and takes too long."""
    if text.type:
        with open(text.type, "ab") as notes:
            notes.write(b"x")
        time.sleep(60)
    return Reading()


def test_a_page_that_takes_too_long_is_read_once(tmp_path: Path) -> None:
    reader = ProcessReader(seconds=0.1, read=read_and_note)
    try:
        with pytest.raises(Refused, match=r"more than 0\.1 s"):
            reader.read(Text(b"", type=str(tmp_path / "notes")))
    finally:
        reader.close()
    assert (tmp_path / "notes").read_bytes() == b"x"


def test_a_reading_process_whose_parent_was_killed_ends_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, read_or_hang))
    process.start()
    ours.close()
    theirs.close()
    process.join(60)
    assert (process.exitcode, capfd.readouterr().err) == (0, "")
