"""Sentence ends and tokens, against spaCy, whose rules they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from zslre.datasets import read_docred
from zslre.english import sentence_starts, tokens
from zslre.sentences import for_spacy


@pytest.fixture(scope="module")
def english() -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


def starts_of_spacy(english: Any, text: str) -> list[int]:
    return [sentence.start_char for sentence in english(text).sents] or [0]


NAMES = (
    "Mr.",
    "Lee",
    "U.S.",
    "Rome",
    "hired",
    "3.5",
    "p.m.",
    "www.x.org/a?b",
    "e.g.",
    "don't",
    "Inc.,",
    "$5.",
    "cannot",
)
MARKS = (".", "!", "?!", " ", "  ", "\n", '"', "'s", "(", ")", "\u2026", "\u201d", "\u3002", "-", "\t", "\u2028")


@given(st.lists(st.sampled_from([*NAMES, *MARKS]), max_size=25).map("".join))
@settings(max_examples=200, deadline=None)
def test_sentences_begin_where_spacy_begins_them(english: Any, text: str) -> None:
    # spaCy looks for special cases, such as "d." and ":)", inside a run as well: there the two may differ.
    if all(list(tokens(run)) == [token.text for token in english.tokenizer(run)] for run in text.split()):
        assert sentence_starts(text) == starts_of_spacy(english, text)


RUNS = (
    "(Mr.",
    "well-known.",
    "U.S.-based",
    "don't",
    "3.5%",
    '"Go!"',
    "xxxxxx",
    "http://a.org/b.c.",
    "(p.m.)",
    "..",
    "$5,",
)


@pytest.mark.parametrize("run", RUNS)
def test_tokens_are_spacys(english: Any, run: str) -> None:
    assert list(tokens(run)) == [token.text for token in english.tokenizer(run)]


def test_real_text_is_split_as_by_spacy(english: Any, project: Path, shared: Path) -> None:
    documents = shared / "data/redocred/dev_revised.json"
    texts = [(project / "data/samples/news.txt").read_text(encoding="utf-8")]
    texts.append(" ".join(s.sentence.text for s in read_docred(documents, slice(40))))
    texts.append(texts[1].replace(" .", ".").replace(" ,", ",").replace(' "', '"'))
    for text in texts:
        assert sentence_starts(for_spacy(text)) == starts_of_spacy(english, for_spacy(text))


def test_spacy_is_not_imported() -> None:
    code = "import sys, zslre.sentences as s; list(s.split_sentences('A.')); assert 'spacy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
