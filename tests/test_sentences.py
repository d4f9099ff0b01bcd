"""Sentences and their offsets, whatever the text."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import zslre.sentences
from zslre.plain import plain
from zslre.sentences import BLOCK, WINDOW, split_blocks, split_sentences

NASTY = [
    "\r\n",
    "\u2028",
    "\u2029",
    "\x00",
    "e\u0301",
    "\u0301",
    "\ufeff",
    "\U0001f600",
    "\ud800",
    "\u3000",
    "\n \n",
    "\t",
]
PIECES = st.sampled_from(
    [*NASTY, "|", "Mr. Lee", "U.S.", "Rome", "hired", ".", "!", "?", " ", "  ", "\n", '"', "'s", "(", "a.B"]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Apple Inc. bought a start-up.", "It paid in cash."],
        ["J. R. Smith said no.", "He left."],
        ["They met at 5 p.m. in the U.S. Senate.", "Then they left."],
        ["Mr. Jones and Dr. Lee, e.g. here, disagree.", "Why?!", "Nobody knows."],
        ['He said "Go."', "Sales rose 3.5 percent."],
        ["She was born in the U.S.", "In 1990 she left."],
        ["He lost both in World War I.", "Insulin came later.", "It is 16 \xa0 m.", "The reef spans 9mm.", "Why?"],
        ["Michael I. Jordan won.", "He was born (m. 1902)."],
        ["He has joined Acme Inc. Founder Bob Ray is ill.", "It was made of Zinc.", "Bob Ray was ill."],
        ["He is Ed.", "It grew."],
        ["It was founded by Ms. Holm and Wm. Berg.", "Acme Pty. Ltd. grew.", "See Figs. Two and Three."],
        ["Orlen Sp. z o.o. was sold.", "Sime Sdn. Bhd. was not.", "It left Sime Sdn. Bhd.", "Avv. Lee won."],
        [
            "Vexler was owned by Telmira S.A.",
            "Vale Ltd. was founded by Bob Ray.",
            "It has left Acme Co.",
            "Bosch grew.",
        ],
        ["He lives in Washington D.C.", "Bob Ray works for Google.", "They met at 5 p.m.", "Ann was late."],
        ["Ann met Acme Inc. Chairman Bob Ray is ill.", "When he was young the U.S. Army was small."],
        [
            "She said Acme Co. Ltd. has grown.",
            "At 5 p.m. Ann left.",
            "Acme Co. Kerry has grown.",
            "Vale Corp. and Acme Inc. were sold.",
        ],
        ["The banks' bosses met.", "Siemens bought Nordvik.", "The workers' unions protested."],
        [
            "Ann was born in Ft. Worth.",
            "She lives in Sault Ste. Marie.",
            "See Vol. Two.",
            "Two eds. Ann and Bob left the Ft.",
        ],
        ['The 12" single by Ann sold.', "Bob left.", 'His 7" one failed.', '"It is No. 1."', "She won."],
    ],
)
def test_abbreviations_do_not_end_a_sentence(sentences: list[str]) -> None:
    assert texts(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "lines",
    [
        ["About Cordelle", "Cordelle is a firm with a seat in Boston."],
        ["Members of the board:", "Ann Ruiz, a lawyer who came to the firm from Boston."],
        ["Cast", "Mrs Bloom, a landlady: Gwen Tibbs", "Percy, her lodger: Adrian Loach", "Inspector Rudd: Mike Fann"],
        ["THE PLAYERS present", "DEAD MAN'S TROUSERS", "A farce in three acts by Leonard Askew"],
        ["The firm was founded by Karl Ott and Anna\nMeier in Berlin in 1990 and moved to\nHamburg.", "It failed."],
        ["The firm was founded by\nKarl Ott, a teacher from the\nEifel."],  # broken by its clauses
        ["She met\nKarl Ott, who had come to Rome."],
    ],
)
def test_a_line_with_room_for_more_ends_a_sentence(lines: list[str]) -> None:
    assert texts("\n".join(lines)) == lines


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n    "])
@pytest.mark.parametrize(
    "sentences",
    [
        ["Anna Berg works for Deutsche{}Bank."],
        ["Our colleague Peter Novak, as we{0}know, works for General{0}Electric and was born in New{0}York in 1970."],
        ["The novel was written by Ursula{}Morgan, a teacher."],
        ["He was born on 5 May{}1990.", "He lives in Oslo."],
        ["The soap is made by Procter{}& Gamble."],
        ["Nokia grew.", "Its head Anna{}Berg was born in Paris."],
        ["The head is **Anna{}Berg**, born in _New{}York_ and schooled at the *College of{}Dover* in 1970."],
    ],
)
def test_a_name_goes_on_in_the_next_line(sentences: list[str], gap: str) -> None:
    sentences = [sentence.format(*[gap] * 3) for sentence in sentences]
    assert texts(" ".join(sentences)) == sentences
    assert texts(" ".join(sentences) + gap) == sentences


@pytest.mark.parametrize(
    "lines",
    [
        ["Siemens acquired Nordvik", "Berlin (Reuters) - Siemens has bought the firm."],
        ["Siemens acquired Nordvik", "Siemens has bought the firm Nordvik."],
        ["Ann Ruiz joined Cordelle", "Leeds, 3 May.", "The firm has hired Ann Ruiz."],
        ["Later years in Boston", "The firm grew."],
        ["He was born in Rome", "Mr Lee was born in Oslo."],
        ["I have moved to Acme", "Anna Berg"],
        ["Karl Ott joined Acme", "Anna and Bob left Zeta", "Ruth Lee runs Nordvik."],
        ["All songs were written by John Lennon", "Help!", "Yesterday", "Dizzy Miss Lizzy."],
        ["Employer: Acme was founded by Ott", "City: Oslo."],
        ["*Note of Anna Berg", "Bob Ott left Acme in May.", "* Acme"],
        ["**Anna Berg** of Nordvik", "**Bob Ott** of Acme"],
    ],
)
def test_a_line_that_ends_in_a_name_may_be_a_heading(lines: list[str]) -> None:
    assert texts("\n".join(lines)) == lines


def test_letters_mark_items() -> None:
    lines = ["a) Apple bought Beats", "b) Google bought YouTube", "c) Acme bought Zeta"]
    assert texts("\n".join(lines)) == lines
    lines = ["o Apple bought Beats", "o Google bought YouTube"]
    assert texts("\n".join(lines)) == lines
    text = "The court has ruled in the case of Brown\nv. Board of Education."
    assert texts(text) == [text]


def test_numbers_of_items_are_no_dates() -> None:
    assert texts("1. Karl Ott joined Acme\n2. Ruth Lee runs Nordvik.") == [
        *("1.", "Karl Ott joined Acme"),
        *("2.", "Ruth Lee runs Nordvik."),
    ]


def test_indentation_counts_as_width_unless_it_centres_a_line() -> None:
    title = ["A HISTORY OF NORDVIK", f"{' ' * 40}Third edition, 1990"]
    assert texts("\n".join(title)) == [line.strip() for line in title]
    item = (
        "a) The firm moved in those years to the old port of Hamburg\n"
        "   and was led from there by the chemist Ute\n"
        "   Brandt-Hoffmann of Oslo"
    )
    assert texts(item) == [item]


def test_a_quoted_line_goes_on_as_one_that_is_not() -> None:
    assert texts("> Anna Berg works for Deutsche\n> Bank.\n>\n> About Acme\n> We met.") == [
        "> Anna Berg works for Deutsche\n> Bank.",
        ">",
        "> About Acme",
        "> We met.",
    ]


@pytest.mark.parametrize("gap", ["\n", "\r\n"])
def test_a_cell_of_a_table_stands_alone(gap: str) -> None:
    table = ["The staff:", "| Name | Firm |", "|---|:-:|", "| Ann Lee | It was founded by Ott. It grew. |", "They met."]
    cells = ["The staff:", "Name", "Firm", "Ann Lee", "It was founded by Ott.", "It grew.", "They met."]
    assert texts(gap.join(table)) == cells
    bare = ["Name | Firm", "--- | ---", "Ann Lee | Acme", "Bob", "Carl | Zeta"]
    assert texts(gap.join(bare)) == ["Name", "Firm", "Ann Lee", "Acme", "Bob", "Carl | Zeta"]
    assert texts("Ann | Acme, where |x| is 1") == ["Ann | Acme, where |x| is 1"]


@pytest.mark.parametrize("gap", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "code",
    [
        ["```python", "Ann works for Acme.", "", "Bob left.", "```"],
        ["> ````", "> Ann works for Acme. ````", "> ```", "> `````"],
        ["<script src='a.js'>", "a = 'Ann works for Acme.'", "</SCRIPT>"],
        ["<STYLE>.Ann { color: red }", "", "</style>"],
        ["<!-- Ann works for Acme.", "Bob left. -->"],
    ],
)
def test_code_and_comments_are_in_no_sentence(code: list[str], gap: str) -> None:
    text = gap.join(["The code of Ott", *code, "She met Carl."])
    assert texts(text) == ["The code of Ott", "She met Carl."]
    [_, last] = split_sentences(text)
    assert text[last.start :] == last.text


def test_no_sentence_ends_in_what_is_struck_out() -> None:
    assert texts("Ann ~~Bob. Carl.~~ <del>Eve. Flo.</del> left.") == ["Ann ~~Bob. Carl.~~ <del>Eve. Flo.</del> left."]
    assert texts("Ann left.\n<del>Bob ran.\n\nCarl ran.</del>\nEve sat.") == ["Ann left.", "Eve sat."]


def test_what_is_opened_and_not_closed_is_read() -> None:
    lines = ["The <script> tag is old.", "```", "Ann works for Acme.", "~~~", "Dora ran.", "~~~"]
    assert texts("\n\n".join(lines)) == lines
    assert texts("Ann <!-- Bob. Carl. --> left. <script>x</script> Bob") == ["Ann <!-- Bob. Carl. --> left.", "Bob"]
    named = ["Use `<script>` tags.", "Ann ran.", "Close with `</script>`.", "Bob ran."]
    assert texts(" ".join(named)) == named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<h1>Siemens</h1><p>Nordvik grew</p>", ["Siemens", "Nordvik grew"]),
        ("<ul><li>Ann, Acme</li><LI class='x'>Bob <b>ran</b></LI></ul>", ["Ann, Acme", "Bob <b>ran</b>"]),
        ("Best regards<br>Ann Lee<br/>Acme", ["Best regards", "Ann Lee", "Acme"]),
        ("<table><tr><td nowrap>AT&amp;T</td><td>Acme</td></tr></table>", ["AT&amp;T", "Acme"]),
        ("| Ann<br>Lee | Acme |\n| --- | --- |", ["Ann<br>Lee", "Acme"]),
        ("Use `<p>` and <para> tags, if a <p and q> b.", ["Use `<p>` and <para> tags, if a <p and q> b."]),
    ],
)
def test_tags_of_blocks_end_a_paragraph(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PARIS (AFP) - Renault grew. It hired.", ["PARIS", "Renault grew.", "It hired."]),
        ("ATHENS, Greece (AP) -- Ann left.", ["ATHENS, Greece", "Ann left."]),
        ("NEW YORK, March 3 (Reuters) \u2013 Ann left.", ["NEW YORK", "Ann left."]),
        ("LONDON, Oct. 30 \u2014 Ann left.", ["LONDON", "Ann left."]),
        ("COPENHAGEN, Denmark--(BUSINESS WIRE)--Acme grew.", ["COPENHAGEN, Denmark", "Acme grew."]),
        ("HLN (CNN) is owned by Warner.", ["HLN (CNN) is owned by Warner."]),
        ("CES, January 5 - 8, was opened by Ann.", ["CES, January 5 - 8, was opened by Ann."]),
        ("BMW, X5 - built in Spartanburg.", ["BMW, X5 - built in Spartanburg."]),
        ("IBM (Armonk) - a firm", ["IBM (Armonk) - a firm"]),
        ("IBM \u2013 Big Blue \u2013 grew.", ["IBM \u2013 Big Blue \u2013 grew."]),
        ("On PARIS (AFP) - it says.", ["On PARIS (AFP) - it says."]),
    ],
)
def test_a_dateline_stands_apart(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def check_cuts(text: str, cuts: list[int]) -> None:
    """Its sentences are the same in blocks that end at these places, few or many of which are read at a time."""
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    blocks = [(start, text[start:end]) for start, end in pairwise(edges)]
    whole = list(split_sentences(text))
    for size in (8, BLOCK):  # of 8, sentences are given out before the text has ended
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(zslre.sentences, "BLOCK", size)
            found = list(split_blocks(iter(blocks)))
            assert found == whole
            assert [s.paragraph for s in found] == [s.paragraph for s in whole]


UNREAD = [
    "```",
    "```\n",
    "~~~\n",
    "<script>",
    "</script>",
    "<!--",
    "<del>",
    "~~",
    "-->",
    "<p>",
    "<br",
    " class='x'>",
    "|",
    "\n",
    "\n\n",
    "Ann left. ",
    "Bob ",
    "x" * 400,
]


@example("Bob " * 80 + "\f```\nAnn left.\n```\n" + "Bob " * 80, [621])
@given(st.lists(st.sampled_from(UNREAD), max_size=20).map("".join), st.lists(st.integers(0, 3000), max_size=8))
@settings(max_examples=100)
def test_where_blocks_are_cut_does_not_matter_to_what_is_not_read(text: str, cuts: list[int]) -> None:
    check_cuts(text, cuts)


def test_code_may_be_longer_than_a_block() -> None:
    bob, carl = "Bob left " * 100 + "Acme.", "Carl met " * 100 + "Ann."
    code = "```\n" + f"{bob}\n" * 60 + "```\n"
    text = (f"{bob}\n\n" * 60 + code) * 3 + "\n```\n\n" + f"{carl}\n\n" * 80
    assert len(code) < BLOCK < len(text) / 4
    for size in (5000, BLOCK):
        found = [s.text for s in split_blocks((at, text[at : at + size]) for at in range(0, len(text), size))]
        assert found == [bob] * 180 + ["```"] + [carl] * 80


@pytest.mark.parametrize(
    "sentences",
    [
        ["Jeopardy! is hosted by Ken.", "It is old."],
        ["Who Framed Roger Rabbit? was directed by Lee.", "Why?", "It paid."],
        ["Louis XIV. was born in Paris.", "He saw World War I.", "It ended."],
        ["ann lives in Paris!", "my sister works for Acme!", "ok?", "de Gaulle was born in Lille."],
        ["Was Ann born in Oslo?", "no, in Rome.", "Who won?", "eBay did."],
    ],
)
def test_what_goes_on_in_a_small_letter_is_one_sentence(sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(" ".join(sentences))] == sentences


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\u2028\u2028", "\u2029", "\f", "\r\r", "\n\r\n"])
def test_a_heading_stands_alone(gap: str) -> None:
    assert texts(f"A heading{gap}Rome grew.") == ["A heading", "Rome grew."]


@pytest.mark.parametrize("gap", [" ", "  ", "\r\n", "\n"])
def test_paragraphs_begin_behind_an_empty_line(gap: str) -> None:
    text = f"\n Ann left.{gap}Bob came.\n\nCarl ran.{gap}Dora sat.<p>Eve slept."
    assert [s.text[:3] for s in split_sentences(text) if s.paragraph] == ["Ann", "Car", "Eve"]
    long = "Ann left. " * (WINDOW // 4)
    assert [s.paragraph for s in split_sentences(long)] == [True] + [False] * (WINDOW // 4 - 1)


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\u2028", "   "])
def test_a_wrapped_line_goes_on(gap: str) -> None:
    assert texts(f"Rome{gap}grew.") == [f"Rome{gap}grew."]


@pytest.mark.parametrize("text", ["", " ", "\n\n \r\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert texts(text) == []


@given(TEXTS)
@settings(max_examples=150)
def test_offsets_index_the_text_and_only_white_space_and_pipes_of_tables_are_left_out(text: str) -> None:
    end = 0
    for sentence in split_sentences(text):
        assert sentence.text == text[sentence.start : sentence.start + len(sentence.text)]
        assert sentence.text == sentence.text.strip() != ""
        assert not _between(text[end : sentence.start])
        end = sentence.start + len(sentence.text)
    assert not _between(text[end:])


def _between(text: str) -> str:
    """What is left of it without white space and the pipes of tables."""
    return "".join(text.replace("|", " ").split())


@given(TEXTS, st.lists(st.integers(0, 200), max_size=8))
@example('\u2028\x00000."😀\x00', [])
@example("Ann left.\n\n\nSome error\n  Some error here\n\n" + "Bob left. " * 40, [311])
@settings(max_examples=150)
def test_where_blocks_are_cut_does_not_matter(text: str, cuts: list[int]) -> None:
    check_cuts(text, cuts)


def test_quotation_marks_hold_together_what_stands_between_wherever_blocks_are_cut() -> None:
    text = 'He said: "I am Ann. I live in Rome." She left. ' + "Bob came. " * 3
    expected = ['He said: "I am Ann. I live in Rome."', "She left.", *["Bob came."] * 3]
    assert texts(text) == expected
    blocks = [(at, text[at : at + 7]) for at in range(0, len(text), 7)]
    assert [s.text for s in split_blocks(blocks)] == expected


def test_blocks_may_begin_anywhere_in_a_document() -> None:
    assert [s.start for s in split_blocks([(100, "Rome grew. It h"), (115, "ired.")])] == [100, 111]


def test_a_long_text_has_the_same_sentences_as_its_parts() -> None:
    sentences = [f"Number {n} of the U.S. list went to Mr. Lee at 5 p.m. sharp." for n in range(4000)]
    text = " ".join(sentences)
    assert len(text) > 3 * BLOCK
    assert texts(text) == sentences


def test_a_sentence_without_end_comes_in_pieces() -> None:
    pieces = texts("word " * WINDOW)
    assert all(len(piece) <= WINDOW for piece in pieces)
    assert " ".join(pieces) == ("word " * WINDOW).strip()


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "a." * 50_000, "'s" * 50_000, " " * 200_000, "\n" * 200_000, ". " * 30_000, "X! is " * 30_000]
    + [
        part * (100_000 // len(part))
        for part in ("```\n", "<script>", "<!--", "<del>", "~~", "~~a", "*a\n", "|a", "> ", "Aa\n", "- |")
    ],
)
def test_no_text_takes_quadratic_time(text: str) -> None:
    started = time.process_time()
    assert sum(len(piece) for piece in texts(text)) <= len(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("white", ["\u3000", "\u2009", "\xa0", "\u2028"])
def test_wide_white_space_behind_an_initial(white: str) -> None:
    text = f"8Ú A\rE{white}. . "
    assert "".join(s.text for s in split_sentences(text)).startswith("8Ú A")


@pytest.mark.parametrize("sign", ["; ", " | ", "\t"])
def test_what_is_strung_together_is_parted_where_it_is_long(sign: str) -> None:
    facts = [f"Ann{number} lives in Rome with her mother and a cat" for number in range(20)]
    text = sign.join(facts) + "."
    found = list(split_sentences(text))
    assert [s.text for s in found] == [*facts[:-1], facts[-1] + "."]
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in found)
    short = sign.join(facts[:3]) + "."
    assert len(list(split_sentences(short))) == 1


def test_a_long_sentence_with_semicolons_in_its_midst_stays_whole() -> None:
    text = "It was " + "; ".join(["so long that nobody had read all of what it said to them"] * 20) + "."
    assert len(list(split_sentences(text))) == 1  # none of these begins with a capital


def test_an_indented_line_goes_on_with_its_item() -> None:
    text = "- Ann Berg works for Deutsche\n  Bank\n- Bo Lind left\n  - Cy came\n"
    assert [s.text for s in split_sentences(text)] == [
        "- Ann Berg works for Deutsche\n  Bank", "- Bo Lind left", "- Cy came"
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_subtitles_are_read_from_line_to_line(end: str) -> None:
    lines = ["1", "00:00:01,000 --> 00:00:04,000", "Ann was born in", "", "2", "00:00:04,400 --> 00:00:08,100", "Rome."]
    text = end.join([*lines, "", "3", "00:00:09,000 --> 00:00:10,000", "She left.", ""])
    found = list(split_sentences(text))
    assert [s.text.split()[0] for s in found] == ["Ann", "She"]
    assert plain(found[0].text).split() == ["Ann", "was", "born", "in", "Rome."]
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in found)
    web = "WEBVTT\n\n00:01.000 --> 00:04.000 align:start\nAnn was born."
    assert [s.text for s in split_sentences(web)] == ["Ann was born."]
    assert len(list(split_sentences("At 00:00:01,000 --> 2 they left.\n\nAnn stayed."))) == 2
