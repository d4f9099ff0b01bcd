"""Texts with their mentions marked, written and read by people: what the built-in model learns beside the datasets.

    {1:ORG|Nordkyst}, led by {2:PERSON|Mads Winther}, also owns {3:ORG|Fjordlys}.
    1 chief executive officer 2; 2 employer 1; 1 subsidiary 3; 3 owned by 1

`read_texts` reads those: a text, the facts that it states, a blank line. `read_marked_documents` reads texts of several
sentences, in which a number belongs to an entity, and pronouns and nouns that mean it are marked as well:

    # Nordkyst grows
    {1:PERSON|Ann Ruiz} founded {2:ORG|Nordkyst} in {3:DATE|1998}.
    2 founded by 1; 2 inception 3
    {1:PERSON|She} sold the {2:ORG|firm} to {4:ORG|Fjordlys}.
    2 owned by 4; 4 subsidiary 2

`read_told_relations` reads sentences about
one relation, from its first mention to its second:

    = sponsor | organisation that pays for an event | organisation | event, team
    ~ sponsored by; bears the logo of
    The {2:EVENT|Tallinn Marathon} keeps the name of {1:ORG|Eesti Gaas}, which has paid for it since {3:DATE|2014}.
    - {1:ORG|Red Lantern Tea} had a stall at the {2:EVENT|Whitby Regatta}.

name, description, kinds of heads and of tails (a fifth part: symmetric); "~": other names; "- ": it does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from zslre.antecedents import PRONOUNS
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
class EntitySentence:
    """A sentence of a document, the number of each mention's entity, and the facts that it states of these numbers."""

    sentence: Sentence
    entities: tuple[int, ...]
    facts: frozenset[tuple[int, str, int]]
    anaphors: frozenset[Mention]  # the mentions that are no names

    @property
    def named(self) -> Sentence:
        """The sentence with names alone."""
        names = tuple(mention for mention in self.sentence.mentions if mention not in self.anaphors)
        return replace(self.sentence, mentions=names)

    def annotated(self) -> AnnotatedSentence:
        """Its pairs, as they are asked about: of the names, and of anaphors where no name says the same.

        A fact is that of the two mentions nearest to each other; other pairs of its entities are left out.
        """
        of = dict(zip(self.sentence.mentions, self.entities, strict=True))
        named = {entity for mention, entity in of.items() if mention not in self.anaphors}
        kept = tuple(m for m, entity in of.items() if m not in self.anaphors or entity not in named)
        sentence = replace(self.sentence, mentions=kept, start=0)
        stated = {(head, tail) for head, _, tail in self.facts}
        labels: dict[Pair, frozenset[str]] = {}
        for head, tail in sorted(candidate_pairs(sentence), key=lambda pair: abs(pair[0].start - pair[1].start)):
            entities = (of[head], of[tail])
            if entities in stated:
                stated.remove(entities)
                labels[head, tail] = frozenset(r for h, r, t in self.facts if (h, t) == entities)
            elif of[head] != of[tail] and not any((h, t) == entities for h, _, t in self.facts):
                labels[head, tail] = frozenset()
        return AnnotatedSentence(sentence, tuple(labels), tuple(labels.values()))


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
    sentence, numbers = _unmarked(line)
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        raise InputError(f"its marks must be numbered from 1, each once, not {sorted(numbers)}")
    return Marked(sentence, dict(zip(numbers, sentence.mentions, strict=True)))


def _unmarked(line: str, start: int = 0) -> tuple[Sentence, tuple[int, ...]]:
    """The sentence, and the number of each of its mentions."""
    text, end = "", 0
    numbers, mentions = list[int](), list[Mention]()
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        numbers.append(int(mark[1]))
        mentions.append(Mention(mark[3], len(text), len(text) + len(mark[3]), mark[2]))
        text, end = text + mark[3], mark.end()
    text += line[end:]
    if set("{}|") & set(text):
        raise InputError("has a brace or bar that belongs to no mark; a mark looks like {1:PERSON|Ann Ruiz}")
    return Sentence(text, tuple(mentions), start), tuple(numbers)


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
                for head, relation, tail in _facts(line, text.numbered):
                    labels.setdefault((text.numbered[head], text.numbered[tail]), set()).add(relation)
        yield AnnotatedSentence(text.sentence, tuple(labels), tuple(map(frozenset, labels.values())))


def read_marked_documents(path: str | Path) -> Iterator[list[EntitySentence]]:
    """The documents of a file; offsets of a sentence's place count from the first one's, with a space between two.

    Raises InputError, with file and line, for what cannot be read.
    """
    for block in _blocks(path):
        sentences, start = list[EntitySentence](), 0
        first: dict[int, str] = {}
        for where, line in block[1:]:
            with _placed(path, where):
                if _FACT.fullmatch(_parts(line, ";")[0]):
                    if not sentences:
                        raise InputError("has facts of no text: they stand below theirs")
                    last = sentences[-1]
                    sentences[-1] = replace(last, facts=frozenset(_facts(line, last.entities)))
                else:
                    sentence, entities = _unmarked(line, start)
                    pairs = zip(sentence.mentions, entities, strict=True)
                    anaphors = frozenset(m for m, entity in pairs if _is_anaphor(m, first.setdefault(entity, m.text)))
                    sentences.append(EntitySentence(sentence, entities, frozenset(), anaphors))
                    start += len(sentence.text) + 1
        yield sentences


def _is_anaphor(mention: Mention, first: str) -> bool:
    """Whether it is no name, and not the noun by which something without a name came first."""
    return mention.text.lower() in PRONOUNS or (mention.text[0].islower() and first[0].isupper())


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


def _facts(line: str, numbers: Collection[int]) -> Iterator[tuple[int, str, int]]:
    for fact in _parts(line, ";"):
        read = _FACT.fullmatch(fact)
        if read is None or not {int(read[1]), int(read[3])} <= set(numbers):
            raise InputError(f"{fact!r:.60} is no fact of this text; one looks like 1 founded by 2")
        yield int(read[1]), read[2], int(read[3])


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
