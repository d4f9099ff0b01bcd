"""The WordNet table that ships, and its choice of senses."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wordbag import BagOfWords

from zslre.exceptions import InputError
from zslre.sideinfo import wordnet as module
from zslre.sideinfo.senses import choose_sense
from zslre.sideinfo.vectors import PhraseVectors
from zslre.sideinfo.wordnet import PATH, WordNet, wordnet

W = wordnet()


def name(number: int) -> str:
    return W.synset(number).name


def test_senses_come_in_wordnets_order_whatever_the_case() -> None:
    assert [name(n) for n in W.senses("Founder", "n")] == ["laminitis.n.01", "founder.n.02", "founder.n.03"]
    assert W.senses("chief_executive_officer", "n") == W.senses("chief executive officer", "n") != ()
    assert W.senses("qwerty keyboardist", "n") == ()


def test_a_synset_has_its_words_and_its_definition_without_examples() -> None:
    synset = W.synset(W.senses("bankroll", "v")[0])
    assert (synset.name, synset.words) == ("bankroll.v.01", ("bankroll",))
    assert synset.gloss == "provide with sufficient funds; finance"


def test_hypernyms_up_to_the_top() -> None:
    river = W.senses("river", "n")[0]
    assert [W.words(n)[0] for n in W.ancestors(river)] == [
        "river", "stream", "body of water", "thing", "physical entity", "entity",
    ]  # fmt: skip
    paris = W.senses("Paris", "n")[0]
    assert W.is_instance(paris)
    assert not W.is_instance(river)
    assert [W.words(n)[0] for n in W.parents(paris)] == ["national capital"]


def test_information_grows_downwards() -> None:
    chain = [W.information(n) for n in W.ancestors(W.senses("footballer", "n")[0])]
    assert W.information(W.senses("entity", "n")[0]) == 0.0
    assert max(chain) == chain[0]
    assert min(chain) == 0.0


def test_derivations_join_nouns_and_verbs() -> None:
    founder = W.senses("founder", "n")[1]
    assert {word for _, word in W.derived(founder, "founder")} == {"found"}
    assert W.derived(founder, "father") == ()
    assert W.derived(founder, "no word of it") == ()


@pytest.mark.parametrize(
    ("word", "part", "bases"),
    [
        ("bankrolled", "v", ("bankroll",)),
        ("found", "v", ("find", "found")),
        ("sits", "v", ("sit",)),
        ("companies", "n", ("company",)),
        ("men", "n", ("man", "men")),
        ("quizzed", "v", ("quiz",)),
        ("fulfilling", "v", ("fulfil", "fulfill")),
        ("xyzzies", "n", ()),
    ],
)
def test_base_forms(word: str, part: module.Part, bases: tuple[str, ...]) -> None:
    assert set(bases) <= set(W.base_forms(word, part))
    assert bool(bases) == bool(W.base_forms(word, part))


@settings(max_examples=50)
@given(st.integers(0, 95_881))
def test_every_synset_is_found_by_its_words_and_ends_at_a_top(number: int) -> None:
    synset = W.synset(number)
    part: module.Part = "n" if ".n." in synset.name[-6:] else "v"
    assert all(number in W.senses(word, part) for word in synset.words)
    assert synset.gloss
    assert any(not W.parents(above) for above in W.ancestors(number))


def test_a_missing_table_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "WordNet", lambda: WordNet(tmp_path / "wordnet.npz"))
    wordnet.cache_clear()
    try:
        with pytest.raises(InputError, match="install zslre again"):
            wordnet()
    finally:
        wordnet.cache_clear()


def test_the_sense_is_the_one_whose_definition_fits() -> None:
    vectors = PhraseVectors(BagOfWords())
    senses = W.senses("founder", "n")
    person = choose_sense(W, senses, "founder: person who establishes an institution", vectors)
    horse = choose_sense(W, senses, "founder: inflammation of the hoof of a horse", vectors)
    assert person is not None
    assert horse is not None
    assert (name(person[0]), name(horse[0])) == ("founder.n.02", "laminitis.n.01")
    assert 0.0 < person[1] <= 1.0
    assert choose_sense(W, (), "anything", vectors) is None


def test_the_table_is_small_and_its_licence_is_beside_it() -> None:
    assert PATH.stat().st_size < 5_000_000
    notice = PATH.with_name("WORDNET.md").read_text("utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in notice
    assert "Permission to use, copy, modify and distribute" in notice


DATA_NOUN = """\
  1 This is the licence.
00000100 03 n 01 entity 0 001 ~ 00000200 n 0000 | that which is; "an entity"
00000200 18 n 02 founder 0 Founding_Father 0 002 @ 00000100 n 0000 + 00000900 v 0101 | a person who founds
00000300 18 n 01 Ada 0 001 @i 00000200 n 0000 | a founder: "Ada"
"""
DATA_VERB = """\
00000800 41 v 01 act 0 000 01 + 08 00 | do something
00000900 41 v 01 found 0 002 @ 00000800 v 0000 + 00000200 n 0101 01 + 08 00 | set up; "she founded it"
"""


def test_the_script_builds_the_table(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "data.noun": DATA_NOUN,
        "data.verb": DATA_VERB,
        "index.noun": "  1 licence\nada n 1 1 @i 1 0 00000300\nentity n 1 1 ~ 1 0 00000100\n"
        "founder n 1 2 @ + 1 0 00000200\nfounding_father n 1 1 @ 1 0 00000200\n",
        "index.verb": "act v 1 0 1 0 00000800\nfound v 1 2 @ + 1 0 00000900\n",
        "noun.exc": "foundres founder\n",
        "verb.exc": "fand found\n",
    }
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    monkeypatch.syspath_prepend(project / "scripts")
    import build_wordnet  # type: ignore[import-not-found]

    monkeypatch.setattr(sys, "argv", ["build_wordnet", str(tmp_path), "--out", str(tmp_path / "made.npz")])
    build_wordnet.main()
    made = WordNet(tmp_path / "made.npz")
    (founder,) = made.senses("founder", "n")
    assert made.synset(founder).words == ("founder", "Founding Father")
    assert made.synset(founder).gloss == "a person who founds"
    assert made.derived(founder, "founder") == ((4, "found"),)
    assert made.parents(made.senses("ada", "n")[0]) == (founder,)
    assert made.is_instance(made.senses("ada", "n")[0])
    assert made.base_forms("fand", "v") == ("found",)
    assert made.irregular_forms("founder", "n") == ("foundres",)
    # entity has all 3 nouns at or below it, founder 2 of them, Ada itself
    assert [made.information(n) for n in (0, founder, 2)] == pytest.approx([0, 1 - np.log(2) / np.log(3), 1], abs=1e-3)
