"""Texts with their mentions marked, written and read by people: what the built-in model learns beside the datasets.

    {1:ORG|Nordkyst}, led by {2:PERSON|Mads Winther}, also owns {3:ORG|Fjordlys}.
    1 chief executive officer 2; 2 employer 1; 1 subsidiary 3; 3 owned by 1

`read_texts` reads those: a text, the facts that it states, a blank line. `read_told_relations` reads sentences about
one relation, from its first mention to its second:

    = sponsor | organisation that pays for an event | organisation | event, team
    ~ sponsored by; bears the logo of
    The {2:EVENT|Tallinn Marathon} keeps the name of {1:ORG|Eesti Gaas}, which has paid for it since {3:DATE|2014}.
    - {1:ORG|Red Lantern Tea} had a stall at the {2:EVENT|Whitby Regatta}.

name, description, kinds of heads and of tails (a fifth part: symmetric); "~": other names; "- ": it does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zslre.candidates import candidate_pairs
from zslre.datasets.annotated import AnnotatedSentence
from zslre.exceptions import InputError
from zslre.packing import Pair
from zslre.relation import Relation, SideInformation
from zslre.types import Mention, Sentence

_MARK = re.compile(r"\{(\d+):([A-Z_]+)\|([^{}|]+)\}")
_FACT = re.compile(r"(\d+) (.+) (\d+)")


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence and its mentions by number."""

    sentence: Sentence
    numbered: Mapping[int, Mention]


@dataclass(frozen=True, slots=True)
class ToldRelation:
    """A relation, sentences that state it of their mentions 1 and 2, and sentences that do not."""

    relation: Relation
    stating: list[Marked] = field(default_factory=list)
    lacking: list[Marked] = field(default_factory=list)


def marked(line: str) -> Marked:
    """The sentence that a marked line stands for.

    >>> marked("{2:GPE|Rome} bore {1:PERSON|Ann}.").sentence.text
    'Rome bore Ann.'

    Raises InputError if the marks are not numbered from 1, or one is broken.
    """
    text, end, numbered = "", 0, dict[int, Mention]()
    marks = list(_MARK.finditer(line))
    for mark in marks:
        text += line[end : mark.start()]
        numbered[int(mark[1])] = Mention(mark[3], len(text), len(text) + len(mark[3]), mark[2])
        text, end = text + mark[3], mark.end()
    text += line[end:]
    if set("{}|") & set(text):
        raise InputError("has a brace or bar that belongs to no mark; a mark looks like {1:PERSON|Ann Ruiz}")
    if sorted(numbered) != list(range(1, len(marks) + 1)):
        raise InputError(f"its marks must be numbered from 1, each once, not {sorted(numbered)}")
    return Marked(Sentence(text, tuple(numbered.values())), numbered)


def read_texts(path: str | Path) -> Iterator[AnnotatedSentence]:
    """The texts of a file with all of their pairs, but for those whose head is a date or a number, and their relations.

    Raises InputError, with file and line, for what cannot be read.
    """
    for block in _blocks(path):
        where, line = block[0]
        with _placed(path, where):
            text = marked(line)
        labels: dict[Pair, set[str]] = {pair: set() for pair in candidate_pairs(text.sentence)}
        for where, line in block[1:]:
            with _placed(path, where):
                for pair, relation in _facts(line, text.numbered):
                    labels.setdefault(pair, set()).add(relation)
        yield AnnotatedSentence(text.sentence, tuple(labels), tuple(map(frozenset, labels.values())))


def read_told_relations(path: str | Path) -> Iterator[ToldRelation]:
    """The relations of a file. Raises InputError, with file and line, for what cannot be read."""
    for block in _blocks(path):
        where, line = block.pop(0)
        synonyms = _parts(block.pop(0)[1][1:], ";") if block and block[0][1].startswith("~") else ()
        with _placed(path, where):
            told = ToldRelation(_relation(line, synonyms))
        for where, line in block:
            with _placed(path, where):
                sentence = marked(line.removeprefix("-").strip())
                if len(sentence.numbered) < 2:
                    raise InputError("needs the mentions 1 and 2, of which the relation holds or does not")
            (told.lacking if line.startswith("-") else told.stating).append(sentence)
        yield told


def _relation(line: str, synonyms: tuple[str, ...]) -> Relation:
    parts = [part.strip() for part in line.removeprefix("=").split("|")]
    if not line.startswith("=") or parts[4:] not in ([], ["symmetric"]) or len(parts) < 4:
        raise InputError('a block begins with "= name | description | kinds of heads | kinds of tails"')
    side = SideInformation(synonyms, _parts(parts[2], ","), _parts(parts[3], ","))
    return Relation(parts[0], parts[1], side, symmetric=len(parts) > 4)


def _parts(line: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in line.split(separator) if part.strip())


def _facts(line: str, numbered: Mapping[int, Mention]) -> Iterator[tuple[Pair, str]]:
    for fact in _parts(line, ";"):
        read = _FACT.fullmatch(fact)
        if read is None or not {int(read[1]), int(read[3])} <= set(numbered):
            raise InputError(f"{fact!r:.60} is no fact of this text; one looks like 1 founded by 2")
        yield (numbered[int(read[1])], numbered[int(read[3])]), read[2]


def _blocks(path: str | Path) -> Iterator[list[tuple[str, str]]]:
    """Lines that no blank line parts, each with its place."""
    block: list[tuple[str, str]] = []
    for number, line in enumerate([*Path(path).read_text(encoding="utf-8").splitlines(), ""], start=1):
        if line.strip():
            block.append((f"line {number}", line.strip()))
        elif block:
            yield block
            block = []


@contextmanager
def _placed(path: str | Path, where: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise InputError(f"{path}, {where}: {error}") from error
