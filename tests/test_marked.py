"""Texts written for training: how they are read, what is known of their pairs, and that the shipped ones are sound."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tiny

from zslre.datasets import group_examples
from zslre.datasets.marked import read_marked_documents, read_texts, read_told_relations
from zslre.exceptions import InputError
from zslre.relations import Relation, RelationSet, catalogue
from zslre.training.builtin.augmentation import Doubter
from zslre.training.builtin.episodes import BuiltinEpisodes
from zslre.training.builtin.told import told_sentences
from zslre.training.drawn import Drawn
from zslre.training.reversal import reverse_labels, with_inverses

WRITTEN = Path(__file__).parent.parent / "data/written"
TEXTS = """\
{1:ORG|Zeta}, led by {2:PERSON|Ann}, owns {3:ORG|Acme} since {4:DATE|1990}.
1 chief executive officer 2; 2 employer 1
1 subsidiary 3

{1:PERSON|Bob} flew to {2:GPE|Rome}.
"""
TOLD = """\
= sponsor | who pays for an event | organisation, person | event
~ bears the logo of; is paid for by
{2:EVENT|Marathon} is kept by {1:ORG|Acme}, as {3:PERSON|Ann} said.
- {1:ORG|Zeta} saw the {2:EVENT|Regatta}.

= rival of | competitor | person | person | symmetric
{1:PERSON|Ann} fought {2:PERSON|Bob}.
"""


DOCUMENTS = """\
# Acme
{1:ORG|Acme} was founded by {2:PERSON|Ann Ruiz}, a {3:MISC|baker}.
1 founded by 2; 2 occupation 3
{2:PERSON|She} says that {2:PERSON|her} {1:ORG|firm} likes {4:PERSON|Bob}, {2:PERSON|her} husband.
2 spouse 4; 4 spouse 2
{2:PERSON|Ann} is a {3:MISC|baker}, {2:PERSON|she} said.

# Nothing
{1:PERSON|Bob} flew.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "texts.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_documents_number_what_their_marks_mean(tmp_path: Path) -> None:
    first, second = read_marked_documents(written(tmp_path, DOCUMENTS))
    assert [s.sentence.text for s in first][1] == "She says that her firm likes Bob, her husband."
    assert [s.sentence.start for s in first] == [0, 39, 86]
    assert first[1].entities == (2, 2, 1, 4, 2)
    assert first[1].facts == {(2, "spouse", 4), (4, "spouse", 2)}
    assert [sorted(m.text for m in s.anaphors) for s in first] == [[], ["She", "firm", "her", "her"], ["she"]]
    assert [s.facts for s in second] == [frozenset()]


def test_a_fact_of_a_document_is_that_of_the_nearest_mentions(tmp_path: Path) -> None:
    first, _ = read_marked_documents(written(tmp_path, DOCUMENTS))
    pairs = first[1].annotated()
    named = {(h.text, h.start, t.text): set(n) for (h, t), n in zip(pairs.pairs, pairs.labels, strict=True)}
    assert {key: names for key, names in named.items() if names} == {
        ("her", 34, "Bob"): {"spouse"},
        ("Bob", 29, "her"): {"spouse"},
    }
    assert ("She", 0, "Bob") not in named  # it is she as well
    assert named["firm", 18, "Bob"] == named["She", 0, "firm"] == set()
    assert not any(head == "She" and tail == "her" for head, _, tail in named)
    last = first[2].annotated()
    assert [m.text for m in last.sentence.mentions] == ["Ann", "baker"]  # a name says it better


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("# A\n{1:ORG|Acme} grew.\n1 founded by 2\n", "line 3: '1 founded by 2' is no fact"),
        ("# A\n{1:ORG|Acme grew.\n", "line 2: has a brace"),
        ("# A\n1 founded by 2\n{1:ORG|Acme} grew.\n", "line 2: has facts of no text"),
    ],
)
def test_a_document_that_cannot_be_read(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(InputError, match=error):
        list(read_marked_documents(written(tmp_path, text)))


def test_texts_have_all_of_their_pairs(tmp_path: Path) -> None:
    first, second = read_texts(written(tmp_path, TEXTS))
    assert first.sentence.text == "Zeta, led by Ann, owns Acme since 1990."
    assert [(m.text, m.type) for m in first.sentence.mentions][2:] == [("Acme", "ORG"), ("1990", "DATE")]
    assert all(first.sentence.text[m.start : m.end] == m.text for m in first.sentence.mentions)
    labels = {(h.text, t.text): names for (h, t), names in zip(first.pairs, first.labels, strict=True)}
    assert len(labels) == 9  # a date heads none
    assert {pair: set(names) for pair, names in labels.items() if names} == {
        ("Zeta", "Ann"): {"chief executive officer"},
        ("Ann", "Zeta"): {"employer"},
        ("Zeta", "Acme"): {"subsidiary"},
    }
    assert [set(names) for names in second.labels] == [set(), set()]


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("{1:ORG|Zeta} met {3:ORG|Acme}.", "line 1", "numbered from 1"),
        ("{1:ORG|Zeta} met {1:ORG|Acme}.", "line 1", "numbered from 1"),
        ("{1:ORG|Zeta met Acme.", "line 1", "brace"),
        ("{1:ORG|Zeta} met {2:ORG|Acme}.\n1 owned by 3", "line 2", "'1 owned by 3'"),
        ("\n{1:ORG|Zeta} met {2:ORG|Acme}.\nowned by", "line 3", "'owned by'"),
    ],
)
def test_broken_texts_are_refused_with_their_line(tmp_path: Path, text: str, place: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=f"{re.escape(str(path))}, {place}: .*{re.escape(says)}"):
        list(read_texts(path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{1:ORG|Zeta} met {2:ORG|Acme}.", "begins with"),
        ("= sponsor | who pays\n{1:ORG|Zeta} won.", "name | description"),
        ("= sponsor | who pays | firm | event\n{1:ORG|Zeta} won.", "mentions 1 and 2"),
        ("= sponsor | who pays | firm | event | symetric\n{1:ORG|Zeta} saw {2:ORG|Acme}.", "name | description"),
    ],
)
def test_broken_relations_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        list(read_told_relations(written(tmp_path, text)))


def test_told_relations(tmp_path: Path) -> None:
    sponsor, rival = read_told_relations(written(tmp_path, TOLD))
    assert sponsor.relation.side.synonyms == ("bears the logo of", "is paid for by")
    assert sponsor.relation.side.head_hypernyms == ("organisation", "person")
    assert (sponsor.relation.symmetric, rival.relation.symmetric) == (False, True)
    assert [s.numbered[1].text for s in (*sponsor.stating, *sponsor.lacking)] == ["Acme", "Zeta"]
    assert [s.sentence.mentions[0].text for s in sponsor.stating] == ["Marathon"]


def known_of(drawn: Drawn) -> dict[tuple[str, str], tuple[set[str], set[str]]]:
    """What each pair has, and what it is known to have or lack."""
    rows = zip(drawn.pairs, drawn.labels, drawn.asked, strict=True)
    return {(h.text, t.text): (set(labels), set(asked or ())) for (h, t), labels, asked in rows}


def test_what_told_sentences_say(tmp_path: Path) -> None:
    told = list(read_told_relations(written(tmp_path, TOLD)))
    stating, lacking = told_sentences(told, frozenset(["spouse"]))
    own = {"sponsor"}
    assert known_of(stating["sponsor"][0]) == {
        ("Acme", "Marathon"): ({"sponsor"}, {"sponsor", "rival of", "spouse"}),
        ("Marathon", "Acme"): (set(), own),
        ("Acme", "Ann"): (set(), own),
        ("Ann", "Marathon"): (set(), own),
    }
    # It might be another of the relations that holds instead.
    assert known_of(lacking["sponsor"][0]) == {("Zeta", "Regatta"): (set(), own), ("Regatta", "Zeta"): (set(), own)}
    assert known_of(stating["rival of"][0])["Bob", "Ann"][0] == {"rival of"}
    assert "rival of" not in lacking


def test_inverses_are_closed(tmp_path: Path) -> None:
    relations = RelationSet([Relation("subsidiary", inverse=("owned by",)), Relation("owned by")])
    first, _ = read_texts(written(tmp_path, TEXTS))
    closed = with_inverses(first, reverse_labels(relations))
    labels = {(h.text, t.text): names for (h, t), names in zip(closed.pairs, closed.labels, strict=True)}
    assert labels["Acme", "Zeta"] == {"owned by"}
    assert labels["Zeta", "Acme"] == {"subsidiary"}


def test_episodes_ask_texts_what_they_were_read_for(tmp_path: Path) -> None:
    partial = group_examples([tiny.example("Carl works for Acme", "Carl", "Acme", "employer")])
    relations = RelationSet([Relation("employer"), Relation("chief executive officer"), Relation("sponsor")])
    texts = list(read_texts(written(tmp_path, TEXTS)))
    stating, lacking = told_sentences(list(read_told_relations(written(tmp_path, TOLD)))[:1])
    sampler = BuiltinEpisodes(
        partial,
        [],
        relations,
        texts=texts,
        n_texts=2,
        read_for=frozenset(["employer"]),
        told=stating,
        lacking=lacking,
        n_told=1,
    )
    seen = set()
    for step in range(20):
        episode = sampler.episode(step)
        column = {relation.name: number for number, relation in enumerate(episode.relations)}
        row = 0
        for sentence, pairs in episode.items:
            rows = slice(row, row := row + len(pairs))
            seen.add(sentence.text.split()[0])
            if sentence.text.startswith("Zeta, led"):
                assert episode.known[rows, column["employer"]].all()
                assert episode.targets[rows, column["employer"]].sum() == 1
                assert not (episode.known & ~episode.targets)[rows, column["sponsor"]].any()
    assert seen == {"Carl", "Zeta,", "Bob", "Marathon", "Zeta"}


def test_texts_are_doubted(tmp_path: Path) -> None:
    partial = group_examples([tiny.example("Carl works for Acme", "Carl", "Acme", "employer")])
    line = "{1:PERSON|Ann Ruiz} founded {2:ORG|Zeta}.\n2 founded by 1\n"
    relations = RelationSet([Relation("employer"), Relation("founded by")])
    settings = {"texts": list(read_texts(written(tmp_path, line))), "n_texts": 1, "read_for": frozenset(["founded by"])}
    sampler = BuiltinEpisodes(partial, [], relations, doubter=Doubter(), **settings)  # type: ignore[arg-type]
    for step in range(10):
        episode = sampler.episode(step)
        (told, doubted) = (s.text for s, _ in episode.items if "Ruiz" in s.text)
        assert told == "Ann Ruiz founded Zeta."
        assert doubted != told
        row = sum(len(pairs) for sentence, pairs in episode.items if sentence.text != doubted)
        assert not episode.targets[row:].any()  # it comes last


# Texts that tell what holds from what does not are fewer, and some of their files hold many facts or hardly any.
BOUNDS = {"texts": (390, 0.1, 0.3), "contrasts": (179, 0.02, 0.4), "labelled": (7630, 0.1, 0.3)}
SHIPPED = [*sorted(WRITTEN.glob("[ct]*/*.txt")), WRITTEN.parent / "labelled/fewrel.txt"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_texts_are_of_known_relations(path: Path) -> None:
    texts = list(read_texts(path))
    more_than, least, most = BOUNDS[path.parent.name]
    assert len(texts) > more_than
    assert {name for s in texts for names in s.labels for name in names} <= set(catalogue().names)
    assert len({s.sentence.text for s in texts}) == len(texts)
    assert least < np.mean([bool(names) for s in texts for names in s.labels]) < most
    for annotated in texts:
        assert all(a.end <= b.start for a, b in pairwise(annotated.sentence.mentions))


def test_shipped_relations_are_in_no_dataset() -> None:
    paths = sorted(
        [*WRITTEN.glob("relations/*.txt"), *WRITTEN.glob("unseen/*.txt"), WRITTEN.parent / "marked/relations.txt"]
    )
    told = [of for path in paths for of in read_told_relations(path)]
    # What the encoder never saw, and what nothing is trained on, no name says that is trained.
    names = [of.relation.name.casefold() for of in told]
    assert len(set(names)) == len(names) > 1000
    known = {name.casefold() for r in catalogue() for name in (r.name, *r.side.synonyms)}
    assert not known & set(names)
    assert all(len(of.stating) >= 4 and of.relation.side.synonyms and of.relation.description for of in told)
